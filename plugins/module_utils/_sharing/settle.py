# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what is planned for one producer, and takes nothing for done that the server does not show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .._tfe.errors import (
    ApiError,
    NotSentError,
    StrangerError,
    UnknownStateError,
    UsageError,
    describe_fault,
)
from .identity import Organization, leftover
from .kinds import KINDS, Kind
from .reading import NEVER, Document, Look, Registry, read_document, refuse_stranger
from .rules import Outcome, Plan, Result, Sharing
from .writing import PutNeededError, Writers, needs_put, refuse_to_risk, untold

if TYPE_CHECKING:
    from .._tfe.tries import Tries

Anything = TypeVar("Anything")
Shown = Mapping[Kind, Sharing]

_MOST_LOOKS = 10


class _OldLookError(Exception):
    """Requests had to wait so long that somebody else may have written since the look."""


class _AgainError(Exception):
    """Nothing was done yet: from the top."""


class _Step:
    """One write that is to be made: of the lists of some plans, or else of their flags."""

    def __init__(self, plans: Sequence[Plan], tries: Tries, *, is_of_lists: bool, by_put: bool) -> None:
        self.plans = plans
        self.tries = tries
        self.is_of_lists = is_of_lists
        self.by_put = by_put
        self.old_looks = 0
        self.was_sent = False
        self.failure: ApiError | None = None
        """Of the last try."""
        self.again = False
        """Whether it may be sent once more after that."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Those that the write may change."""
        return KINDS if self.by_put else tuple(plan.kind for plan in self.plans)

    def is_done(self, shown: Shown) -> bool:
        if self.is_of_lists:
            return all(_is_reached(plan, shown[plan.kind]) for plan in self.plans)
        return all(shown[plan.kind].everyone == plan.after.everyone for plan in self.plans)


def write(registry: Registry, plans: Sequence[Plan], look: Look, still_locked: Callable[[], None]) -> Result:
    """Writes one producer's plans where they change something, and makes sure that the server shows it afterwards.

    ``look`` is what the plans were made from; ``still_locked`` raises NotSentError where the lock was lost.
    """
    if not any(plan.changed for plan in plans):
        return Result(tuple(Outcome(plan, plan.after) for plan in plans))
    return _Writing(registry, plans, look, still_locked).run()


class _Writing:
    """One producer on its way from what was planned from to what is planned."""

    def __init__(self, registry: Registry, plans: Sequence[Plan], look: Look, still_locked: Callable[[], None]) -> None:
        self._registry = registry
        self._writers = Writers(registry, self._ready)
        self._still_locked = still_locked
        self._look = look
        self._producer = plans[0].producer
        self._asked_about = [plan.kind for plan in plans]
        self._plans = {plan.kind: plan for plan in plans}
        """E5 adds the kind that the task is not about: it shall stay as it is."""
        self._now: dict[Kind, Sharing] = {plan.kind: plan.before for plan in plans}
        """What the server showed last; what is planned next starts from it."""
        self._touched: set[Kind] = set()
        """What a write may have changed."""
        self._unknown: set[Kind] = set()
        """Of which is not known any more what is there."""
        self._kept: dict[Kind, Sharing] = {}
        """What E5 was to leave as it is."""
        self._why_put = ""
        self._told: list[str] = []
        """What went wrong."""
        self._unsent: list[Plan] = []
        """Whose flags would have been next."""

    def run(self) -> Result:
        """Writes lists, then flags, until all is as planned."""
        fault: Exception | None = None
        try:
            self._reach()
        except NotSentError as error:
            self._now.update(error.shown or {})
            self._told += [str(error), *self._what_is_left()]
        except StrangerError as error:
            what = " and the ".join(kind.name for kind in KINDS if kind in self._unknown)
            self._told.append(
                f"{error} The write may have reached it: look at who may use the {what} of {self._producer.name}."
            )
        except UnknownStateError as error:
            self._told.append(str(error))
        except Exception as error:  # noqa: BLE001  # it must not hide what became of the others
            self._lose_sight_of(self._plans)
            self._told.append(describe_fault(error))
            fault = error
        self._told += [*self._harm(), *self._not_sent_any_more()]
        outcomes = (
            Outcome(plan, None if kind in self._unknown else self._now[kind], written=kind in self._touched)
            for kind, plan in self._plans.items()
        )
        return Result(tuple(outcomes), " ".join(self._told), fault)

    def _reach(self) -> None:
        while True:
            lists = [plan for plan in self._plans.values() if self._needs_list(plan)]
            flags = [plan for plan in self._plans.values() if self._now[plan.kind].everyone != plan.after.everyone]
            if not lists and not flags:
                return
            step = self._step(lists or flags, is_of_lists=bool(lists))
            problem = self._settle(step)
            if not problem and not any(map(self._is_list_harmed, self._kept)):
                continue
            self._told += filter(None, [problem])
            if lists:
                self._unsent = [plan for plan in flags if plan not in lists]
            ended = [self._plans[kind] for kind in self._kept if self._is_flag_harmed(kind)]
            if ended and lists and not step.failure:
                # The write was taken: nobody shall be cut off because something else of it went wrong.
                self._told += filter(None, [self._settle(self._step(ended, is_of_lists=False))])
            return

    def _step(self, plans: Sequence[Plan], *, is_of_lists: bool) -> _Step:
        by_put = is_of_lists and (self._registry.put_only or needs_put([plan.kind for plan in plans]))
        return _Step(plans, self._registry.client.tries(), is_of_lists=is_of_lists, by_put=by_put)

    def _needs_list(self, plan: Plan) -> bool:
        """A list from before global sharing may come back when that ends (API 9p): it is written then."""
        now = self._now[plan.kind]
        if plan.after.everyone or (now.everyone and not plan.after.partnerships):
            return False
        return not _is_reached(plan, now)

    def _settle(self, step: _Step) -> str:
        """Makes one write, until what it left is known: why that is not what was planned, "" where it is.

        A write that failed, or whose answer was lost, may have been applied all the same: reading settles it. It is
        sent again only where all is as it was before, so that nothing that somebody else wrote meanwhile is undone.
        """
        while True:
            if self._look.at == NEVER:
                with self._reading_before_write():
                    self._look = self._look_at({**self._plans, **dict.fromkeys(step.kinds)})
                if step.was_sent and step.is_done(self._look.sharing):
                    return self._take(step, self._look.sharing)
                self._refuse_changes()
            with self._reading_before_write():
                self._look_at_the_rest(step.kinds)
            try:
                shown = self._try(step)
            except _AgainError:
                continue
            if step.by_put:
                self._keep_track(step)
            if shown is None or not step.is_done(shown):
                shown = self._read_back(step)
            is_unchanged = all(_is_just(shown[kind], self._now[kind]) for kind in step.kinds)
            if not (step.failure and is_unchanged and not step.tries.may_arrive):
                self._touched.update(step.kinds)
            if step.is_done(shown):
                return self._take(step, shown)
            if not step.again or not is_unchanged:
                problem = self._not_reached(step, shown)
                self._now.update(shown)
                return problem

    def _try(self, step: _Step) -> Shown | None:
        """Sends the write once. Returns what its answer shows, None where it failed or does not tell.

        Raises _AgainError where it was not looked at, and may be.
        """
        step.failure, step.again = None, False
        try:
            if not step.is_of_lists:
                return self._send_flags(step.plans)
            if not step.by_put:
                return self._send_list(*step.plans)
            self._send_all_lists(step.plans)
        except _OldLookError:
            self._look, step.old_looks = self._look._replace(at=NEVER), step.old_looks + 1
            if step.old_looks < _MOST_LOOKS:
                raise _AgainError from None
            raise NotSentError(
                f"{self._producer.name} could not be written right after a look at it, {_MOST_LOOKS} times in a "
                "row: the rate limit, which all tools of this TFE user share, kept being reached."
            ) from None
        except PutNeededError as error:
            self._why_put, step.by_put = f"{error} ", True
            self._look = self._look._replace(at=NEVER)
            raise _AgainError from None
        except StrangerError:
            self._lose_sight_of(step.kinds)
            raise
        except ApiError as error:
            step.failure, step.again, step.old_looks, step.was_sent = error, step.tries.again(error), 0, True
            if error.had_no_effect and step.again:
                raise _AgainError from None
            if error.had_no_effect and not step.tries.may_arrive:
                raise NotSentError(str(error)) from error
        return None

    def _take(self, step: _Step, shown: Shown) -> str:
        """What was written is there."""
        self._touched.update(step.kinds)
        self._now.update(shown)
        return ""

    def _keep_track(self, step: _Step) -> None:
        """What E5 was to leave as it is; global sharing that shall end anyway is not among it."""
        for kind, plan in self._plans.items():
            before = self._now[kind]
            if plan not in step.plans and plan.after.everyone >= before.everyone:
                self._kept[kind] = before

    def _is_list_harmed(self, kind: Kind) -> bool:
        kept, now = self._kept[kind], self._now[kind]
        return not kept.everyone and not now.is_same_as(kept) and not now.is_same_as(self._plans[kind].after)

    def _is_flag_harmed(self, kind: Kind) -> bool:
        """The flag can be set again, which comes next."""
        return self._kept[kind].everyone and not self._now[kind].everyone

    # Looking.

    def _look_at(self, kinds: Collection[Kind]) -> Look:
        """Raises ApiError, StrangerError where another organization has the producer's name.

        Raises NotSentError where E5 would be a risk for a kind that the task is not about.
        """
        return self._registry.look_at(lambda: self._read_document(kinds), [*kinds])

    def _read_document(self, kinds: Collection[Kind]) -> Document:
        producer = self._producer
        document = read_document(self._registry.client, producer.name)
        shown = document.organization
        refuse_stranger(producer, shown)
        if shown.name != producer.name and not producer.external_id:
            raise StrangerError(
                f"The name {producer.name} is not there any more, and {shown.name} may be somebody else."
            )
        for kind in kinds:
            if kind not in self._plans and document.shares_globally(kind) is None:
                raise NotSentError(f"{self._why_put}{untold(producer.name, kind)}")
        return document

    def _look_at_the_rest(self, kinds: Collection[Kind]) -> None:
        """Before E5: what the task is not about is read right before as well, to be sent back as it is."""
        for kind in [kind for kind in kinds if kind not in self._plans]:
            document, sharing = self._look.document, self._look.sharing.get(kind)
            if sharing is None:
                if document.shares_globally(kind) is None:
                    raise NotSentError(f"{self._why_put}{untold(self._producer.name, kind)}")
                sharing = self._registry.sharing(document, kind)
                if sharing == Sharing(everyone=False):
                    # Or everybody may use it by now: the list is empty then, too (API 1.2).
                    document = self._read_document([kind])
                    sharing = Sharing(everyone=bool(document.shares_globally(kind)))
            self._look = self._look._replace(document=document, sharing={**self._look.sharing, kind: sharing})
            self._plans[kind] = Plan(self._producer, kind, sharing, sharing)
            self._now[kind] = sharing

    @contextmanager
    def _reading_before_write(self) -> Iterator[None]:
        """Raises NotSentError where there can be no look, or another organization is seen."""
        try:
            yield
        except StrangerError as error:
            self._unknown.update(self._plans)
            if self._touched:
                self._lose_sight_of(self._plans)
                raise
            raise NotSentError(f"{self._producer.name} has changed meanwhile, run again. {error}") from error
        except ApiError as error:
            self._unknown.update(self._plans)
            raise NotSentError(
                f"{error} So {self._producer.name} could not be read again right before it would have been written."
            ) from error

    def _refuse_changes(self) -> None:
        for kind, before in self._now.items():
            shown = self._look.sharing[kind]
            if not _is_just(shown, before):
                raise NotSentError(
                    f"{self._producer.name} has changed meanwhile, run again. Since it was read, somebody else changed "
                    f"its sharing: {_differences(kind, before, shown)}.",
                    self._look.sharing,
                )

    def _read_back(self, step: _Step) -> Shown:
        """Reads what a write left. Raises UnknownStateError where that is not known."""
        try:
            self._look = self._look_at(step.kinds)
        except StrangerError:
            self._lose_sight_of(step.kinds)
            raise
        except ApiError as problem:
            self._lose_sight_of(step.kinds)
            raise UnknownStateError(
                f"{step.failure or ''} The write may have been applied: what {self._producer.name} shares now is not "
                f"known, since reading it back failed. {problem}".strip()
            ) from problem
        return self._look.sharing

    def _lose_sight_of(self, kinds: Iterable[Kind]) -> None:
        """Something may have been written, and what is there now is not known."""
        self._touched.update(kinds)
        self._unknown.update(kinds)

    def _ready(self) -> None:
        self._still_locked()
        if self._registry.is_old(self._look):
            raise _OldLookError

    # Writing.

    # Each returns the sharing that the answer shows, completed by a read where half of it is missing; None where that
    # does not tell. It raises what the write raised, and nothing of a read after it but StrangerError.

    def _send_list(self, plan: Plan) -> Shown | None:
        document, now = self._look.document, self._now[plan.kind]
        consumers = plan.after.consumers
        new = leftover(consumers, now.consumers)
        partnerships = self._writers.replace_alone(document, plan.kind, consumers, new)
        if partnerships is None:
            return None
        if now.everyone:
            shown = _read(partial(read_document, self._registry.client, self._producer.name))
            if shown is None or shown.shares_globally(plan.kind) is not False:
                return None
            refuse_stranger(self._producer, shown.organization)
        return {plan.kind: Sharing(everyone=False, partnerships=partnerships)}

    def _send_all_lists(self, plans: Sequence[Plan]) -> None:
        document = self._look.document
        lists = {kind: self._now[kind].consumers for kind in KINDS}
        written = {plan.kind: plan.after.consumers for plan in plans}
        if needs_put(written):
            try:
                refuse_to_risk(document, written, self._asked_about)
            except UsageError as error:
                raise NotSentError(str(error)) from error
        else:
            new = [it for kind, consumers in written.items() for it in leftover(consumers, lists[kind])]
            self._writers.confirm(new)  # names stand in for ids that were to be written
        try:
            self._writers.replace_all(document, {**lists, **written})
        except ApiError as error:
            raise ApiError(f"{self._why_put}{error}", error.status, error.failed_try) from error
        self._registry.put_only = self._registry.put_only or not needs_put(written)

    def _send_flags(self, plans: Sequence[Plan]) -> Shown | None:
        document = self._look.document
        flags = {plan.kind: plan.after.everyone for plan in plans}
        answer = self._writers.set_flags(
            document, flags, is_repair=all(kind in self._kept and self._kept[kind].everyone for kind in flags)
        )
        if answer is None or any(answer.shares_globally(kind) != value for kind, value in flags.items()):
            return None
        shown = {}
        for kind, everyone in flags.items():
            # The flag alone does not tell whether anybody is listed.
            partnerships = () if everyone else _read(partial(self._registry.read, document, kind))
            if partnerships is None:
                return None
            shown[kind] = Sharing(everyone, partnerships)
        return shown

    # Telling.

    def _harm(self) -> list[str]:
        """What E5 did to what it was to leave as it is, or may have done."""
        told = []
        for kind, kept in self._kept.items():
            if kind in self._unknown:
                what, now = " may have", ""
            elif self._is_list_harmed(kind) or self._is_flag_harmed(kind):
                what, now = ", or somebody else meanwhile,", f": {_differences(kind, kept, self._now[kind])}"
            else:
                continue
            were = "everybody" if kept.everyone else ", ".join(kept.names) or "nobody"
            task = f"with {kind.flag_option}: true" if kept.everyone else f"about its {kind.name}"
            told.append(
                f"PUT registry-partnerships{what} changed who may use the {kind.name} of {self._producer.name} too"
                f"{now}. It was: {were}. Set that right in TFE's admin pages, or by a task {task}."
            )
        return told

    def _not_sent_any_more(self) -> list[str]:
        left = [
            it for it in self._unsent if it.kind in self._unknown or self._now[it.kind].everyone != it.after.everyone
        ]
        return [f"{it.kind.flag_option}: {str(it.after.everyone).lower()} was not sent any more." for it in left]

    def _what_is_left(self) -> list[str]:
        """What to tell where a write could not be sent."""
        if not self._touched:
            return [f"Nothing of {self._producer.name} was changed."]
        told = ["An earlier write of this task may have been applied."]
        wrong = [
            text
            for kind, plan in self._plans.items()
            if kind not in self._unknown and not (kind in self._kept and self._kept[kind].everyone)
            for text in _wrong(plan, self._now[kind])
        ]
        if wrong:
            told.append(
                f"When it was last read, the sharing of {self._producer.name} was not what was asked for: "
                f"{'; '.join(wrong)}."
            )
        return told

    def _not_reached(self, step: _Step, shown: Shown) -> str:
        """What to tell when the server does not show what was asked for."""
        failure, tries, plans = step.failure, step.tries, step.plans
        times = tries.failed + (failure is None)
        name = self._producer.name
        said = str(failure) if failure else "The server accepted the write."
        if times > 1:
            said += f" It was sent {times} times."
        now = {**self._now, **shown}
        if failure and all(now[kind].is_same_as(plan.before) for kind, plan in self._plans.items()):
            if tries.may_arrive:
                return (
                    f"{said} Read again, the sharing of {name} is as it was before. Yet the server may still be at "
                    "work on the write: run again to see."
                )
            rest = "" if self._touched else ": nothing was changed"
            return f"{said} Read again, the sharing of {name} is as it was before{rest}."
        wrong = [text for plan in plans for text in _wrong(plan, shown[plan.kind])]
        return f"{said} Read again, the sharing of {name} is not what was asked for: {'; '.join(wrong)}."


def _is_just(shown: Sharing, before: Sharing) -> bool:
    """Whether it is the same, and nobody is called otherwise: what writes names depends on them."""
    return shown.is_same_as(before) and shown.names == before.names


def _is_reached(plan: Plan, shown: Sharing) -> bool:
    return shown.everyone == plan.after.everyone and not _missing(plan, shown) and not _left_over(plan, shown)


def _missing(plan: Plan, shown: Sharing) -> list[Organization]:
    """Who should be among the consumers that the server shows, and is not."""
    return leftover(plan.after.consumers, shown.consumers)


def _left_over(plan: Plan, shown: Sharing) -> list[Organization]:
    """Who should not be; whom somebody else added meanwhile is theirs, unless the list was to be exact."""
    extra = leftover(shown.consumers, plan.after.consumers)
    new = [] if plan.exact else leftover(extra, plan.before.consumers)
    return [it for it in extra if it not in new or any(map(it.is_called, plan.leaving))]


def _read(read: Callable[[], Anything]) -> Anything | None:
    """What a read returns, None where it fails: the write before it is what has to be told of."""
    try:
        return read()
    except ApiError:
        return None


def _wrong(plan: Plan, shown: Sharing) -> Iterable[str]:
    missing, left_over = _missing(plan, shown), _left_over(plan, shown)
    if shown.everyone != plan.after.everyone:
        yield f"global {plan.kind.one} sharing is {'still on' if shown.everyone else 'off'}"
    others = {it.name for it in missing} & set(shown.names)
    for stranger in sorted(others):
        yield f"{stranger} is another organization now, and may use the {plan.kind.name}"
    for what, who in (("missing", missing), ("left over", left_over)):
        names = sorted(it.name for it in who if it.name not in others)
        if names:
            yield f"{what}: {', '.join(names)}"


def _differences(kind: Kind, before: Sharing, now: Sharing) -> str:
    told = []
    if before.everyone != now.everyone:
        told.append(f"global {kind.one} sharing is {'on' if now.everyone else 'off'} now")
    renamed = sorted({*before.names} ^ {*now.names}) if now.is_same_as(before) else []
    for what, names in (("added", now.without(before)), ("removed", before.without(now)), ("renamed", renamed)):
        if names:
            told.append(f"{what}: {', '.join(names)}")
    return "; ".join(told)
