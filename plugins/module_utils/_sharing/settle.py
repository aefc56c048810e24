# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one producer's plan, and takes nothing for done that the server does not show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from .._tfe.errors import ApiError, HarmError, NotSentError, StrangerError, TfeError, UnknownStateError
from .documents import Producer, read_document
from .reading import NEVER, Look, Registry
from .rules import Organization, Outcome, Plan, Sharing, leftover
from .writing import Writers, refuse_stranger

if TYPE_CHECKING:
    from .._tfe.pace import Tries

Result = TypeVar("Result")

_MOST_LOOKS = 10


class _OldLookError(Exception):
    """Requests had to wait so long that somebody else may have written since the look."""


def write(registry: Registry, plan: Plan, look: Look, still_locked: Callable[[], None]) -> Outcome:
    """Writes the plan where it changes something, and makes sure that the server shows it afterwards.

    ``look`` is what the plan was made from; ``still_locked`` raises NotSentError where the lock was lost.
    """
    if not plan.changed:
        return Outcome(plan, plan.after)
    name, tries = plan.producer.name, registry.client.tries()
    try:
        shown, problem = _write_until_settled(registry, plan, look, still_locked, tries)
    except NotSentError as error:
        rest = f"Nothing of {name} was changed."
        if tries.may_arrive:
            rest = "An earlier write of this task may have been applied."
        return Outcome(plan, error.shown, f"{error} {rest}", written=tries.may_arrive)
    except StrangerError as error:
        return Outcome(plan, None, f"{error} The write may have reached it: look at who may use the modules of {name}.")
    except UnknownStateError as error:
        return Outcome(plan, None, str(error))
    except HarmError as error:  # it has to be told, whatever became of the plan
        after = None
        with suppress(TfeError):
            after = _look(registry, plan.producer).sharing
        return Outcome(plan, after, str(error), harm=True)
    return Outcome(plan, shown, problem)


def _write_until_settled(
    registry: Registry, asked: Plan, look: Look, still_locked: Callable[[], None], tries: Tries
) -> tuple[Sharing, str]:
    """(what the server shows, "" or why that is not what was asked for).

    A write that failed, or whose answer was lost, may have been applied all the same: reading settles it. It is sent
    again only where all is as it was before, so that nothing that somebody else wrote meanwhile is undone.
    """
    plan, old_looks, was_sent = asked, 0, False

    def ready() -> None:
        still_locked()
        if registry.is_old(look):
            raise _OldLookError

    while True:
        if look.at == NEVER:
            look = _look_again(registry, plan, tries)
            if was_sent and plan.is_reached_by(look.sharing):
                return look.sharing, ""
            _refuse_changes(plan, look.sharing)
        shown, failure, again = None, None, False
        try:
            shown = _send(registry, look.document, plan, ready)
        except _OldLookError:
            look, old_looks = look._replace(at=NEVER), old_looks + 1
            if old_looks < _MOST_LOOKS:
                continue
            raise NotSentError(
                f"{plan.producer.name} could not be written right after a look at it, {_MOST_LOOKS} times in a row: "
                "the rate limit, which all tools of this TFE user share, kept being reached.",
                look.sharing,
            ) from None
        except ApiError as error:
            failure, again, old_looks, was_sent = error, tries.again(error), 0, True
            if error.had_no_effect and again:
                continue
            if error.had_no_effect and not tries.may_arrive:
                raise NotSentError(str(error), plan.before) from error
        if shown is None or not plan.is_reached_by(shown):
            look = _settle(registry, plan, failure)
            shown = look.sharing
        if plan.is_reached_by(shown):
            return shown, ""
        if plan.before.everyone and not (failure or shown.everyone or plan.after.partnerships):
            # The list from before global sharing came back (API 9p): it is emptied by a write of its own.
            plan, tries.may_arrive = plan._replace(before=shown), True
        elif not again or not shown.is_just(plan.before):
            return shown, _not_reached(asked, shown, failure, tries)


def _settle(registry: Registry, plan: Plan, failure: ApiError | None) -> Look:
    """Reads what a write left. Raises UnknownStateError where that is not known."""
    try:
        return _look(registry, plan.producer)
    except ApiError as problem:
        raise UnknownStateError(
            f"{failure or ''} The write may have been applied: what {plan.producer.name} shares now is not known, "
            f"since reading it back failed. {problem}".strip()
        ) from problem


def _look(registry: Registry, producer: Organization) -> Look:
    """Raises ApiError, and StrangerError where another organization has the producer's name."""
    look = registry.look_at(lambda: read_document(registry.client, producer.name))
    shown = look.document.organization
    refuse_stranger(producer, shown)
    if shown.name != producer.name and not producer.external_id:
        raise StrangerError(f"The name {producer.name} is not there any more, and {shown.name} may be somebody else.")
    return look


def _look_again(registry: Registry, plan: Plan, tries: Tries) -> Look:
    """A look before a write. Raises NotSentError where there can be none, or another organization is seen."""
    name = plan.producer.name
    try:
        return _look(registry, plan.producer)
    except StrangerError as error:
        if tries.may_arrive:
            raise
        raise NotSentError(f"{name} has changed meanwhile, run again. {error}") from error
    except ApiError as error:
        raise NotSentError(
            f"{error} So {name} could not be read again right before it would have been written."
        ) from error


def _refuse_changes(plan: Plan, shown: Sharing) -> None:
    if not shown.is_just(plan.before):
        raise NotSentError(
            f"{plan.producer.name} has changed meanwhile, run again. Since it was read, somebody else changed its "
            f"sharing: {_differences(plan.before, shown)}.",
            shown,
        )


def _send(registry: Registry, document: Producer, plan: Plan, ready: Callable[[], None]) -> Sharing | None:
    """One write. Returns the sharing that its answer shows, completed by a read where half of it is missing.

    None where that does not tell. Raises what the write raised, and nothing of a read after it but StrangerError.
    """
    writers = Writers(registry, ready)
    if plan.after.everyone:
        return Sharing(everyone=True) if writers.share_with_everyone(document, True) else None
    if plan.before.everyone and not plan.after.partnerships:
        # The flag alone does not tell whether anybody is listed.
        flag = writers.share_with_everyone(document, False)
        partnerships = None if flag is not False else _read(lambda: registry.read(document))
        return None if partnerships is None else Sharing(everyone=False, partnerships=partnerships)
    new = leftover(plan.after.consumers, plan.before.consumers)
    partnerships = writers.replace(document, plan.after.consumers, new)
    if partnerships is None:
        return None
    if plan.before.everyone:
        now = _read(lambda: read_document(registry.client, plan.producer.name))
        if now is None or now.shares_modules_globally is not False:
            return None
        refuse_stranger(plan.producer, now.organization)
    return Sharing(everyone=False, partnerships=partnerships)


def _read(read: Callable[[], Result]) -> Result | None:
    """What a read returns, None where it fails: the write before it is what has to be told of."""
    try:
        return read()
    except ApiError:
        return None


def _not_reached(plan: Plan, shown: Sharing, failure: ApiError | None, tries: Tries) -> str:
    """What to tell when the server does not show what was asked for."""
    name = plan.producer.name
    said = str(failure) if failure else "The server accepted the write."
    times = tries.failed + (failure is None)
    if times > 1:
        said += f" It was sent {times} times."
    if failure and shown.is_same_as(plan.before):
        if tries.may_arrive:
            return (
                f"{said} Read again, the sharing of {name} is as it was before. Yet the server may still be at work "
                "on the write: run again to see."
            )
        return f"{said} Read again, the sharing of {name} is as it was before: nothing was changed."
    missing, left_over = plan.missing(shown), plan.left_over(shown)
    others = {it.name for it in missing} & set(shown.names)
    wrong = [f"{stranger} is another organization now, and may use the modules" for stranger in sorted(others)]
    if shown.everyone != plan.after.everyone:
        wrong.insert(0, f"global module sharing is {'still on' if shown.everyone else 'off'}")
    for what, who in (("missing", missing), ("left over", left_over)):
        names = sorted(it.name for it in who if it.name not in others)
        if names:
            wrong.append(f"{what}: {', '.join(names)}")
    return f"{said} Read again, the sharing of {name} is not what was asked for: {'; '.join(wrong)}."


def _differences(before: Sharing, now: Sharing) -> str:
    told = []
    if before.everyone != now.everyone:
        told.append(f"global module sharing is {'on' if now.everyone else 'off'} now")
    renamed = sorted({*before.names} ^ {*now.names}) if now.is_same_as(before) else []
    for what, names in (("added", now.without(before)), ("removed", before.without(now)), ("renamed", renamed)):
        if names:
            told.append(f"{what}: {', '.join(names)}")
    return "; ".join(told)
