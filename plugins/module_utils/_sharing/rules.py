# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of sharing as pure functions: what has to change, and what may not. No I/O happens here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._tfe.errors import UsageError
from .asking import Request
from .identity import Organization, leftover
from .kinds import Kind


class Partnership(NamedTuple):
    """One consumer of a producer; ``id`` is None where the server did not give one."""

    consumer: Organization
    id: str | None = None


class Sharing(NamedTuple):
    """Who may use one kind of a producer's registry: everybody (``everyone``), else those of ``partnerships``."""

    everyone: bool
    partnerships: tuple[Partnership, ...] = ()

    @property
    def consumers(self) -> list[Organization]:
        return [partnership.consumer for partnership in self.partnerships]

    @property
    def names(self) -> list[str]:
        return sorted(consumer.name for consumer in self.consumers)

    def without(self, other: Sharing) -> list[str]:
        """The names of the consumers here that ``other`` does not have."""
        return sorted(consumer.name for consumer in leftover(self.consumers, other.consumers))

    def is_same_as(self, other: Sharing) -> bool:
        return self.everyone == other.everyone and not self.without(other) and not other.without(self)


class Plan(NamedTuple):
    """From what a producer shares of one kind to what it shall share; check mode and the diff are drawn from it too.

    ``exact``: whether ``after`` is the whole list, so that nobody else may be there when it was written. ``leaving``:
    whom the task asked to be absent, in its own words. ``everybody`` are all organizations of the instance, where
    global sharing ends and they are known.
    """

    producer: Organization
    kind: Kind
    before: Sharing
    after: Sharing
    warnings: tuple[str, ...] = ()
    exact: bool = True
    leaving: tuple[str, ...] = ()
    everybody: tuple[Organization, ...] | None = None

    @property
    def changed(self) -> bool:
        return not self.before.is_same_as(self.after)

    @property
    def writes_list(self) -> bool:
        """Whether a list has to be written: where global sharing begins, or ends for nobody, the flag is all."""
        return self.changed and not self.after.everyone and bool(self.after.partnerships or not self.before.everyone)


class Outcome(NamedTuple):
    """What became of a plan: ``after`` is what the server shows now, None where that is not known.

    ``written`` is false where nothing can have been written, so that whatever differs is somebody else's doing.
    """

    plan: Plan
    after: Sharing | None
    written: bool = True

    @property
    def changed(self) -> bool:
        return self.written and (self.after is None or not self.after.is_same_as(self.plan.before))

    @property
    def added(self) -> list[str]:
        """Whom somebody else added meanwhile is not among them."""
        if self.after is None or not self.written:
            return []
        planned = leftover(self.plan.after.consumers, self.plan.before.consumers)
        return sorted(it.name for it in planned if it not in leftover(planned, self.after.consumers))

    @property
    def removed(self) -> list[str]:
        return [] if self.after is None or not self.written else self.plan.before.without(self.after)

    @property
    def ends_global(self) -> bool:
        return bool(self.written and self.plan.before.everyone and self.after and not self.after.everyone)

    @property
    def revoked(self) -> list[Organization]:
        """Who could use it before and cannot now, sorted by name."""
        if self.after is None or self.after.everyone or not self.written:
            return []
        before = (self.plan.everybody or ()) if self.plan.before.everyone else self.plan.before.consumers
        return sorted(leftover(before, [self.plan.producer, *self.after.consumers]))


class Result(NamedTuple):
    """What became of one producer: an outcome for each kind that the task was about, or that a write touched.

    ``fault`` is an exception that nobody expected.
    """

    outcomes: tuple[Outcome, ...]
    failure: str = ""
    fault: Exception | None = None

    @property
    def producer(self) -> Organization:
        return self.outcomes[0].plan.producer

    @property
    def changed(self) -> bool:
        return any(outcome.changed for outcome in self.outcomes)


def refuse_one_id_for_two(producer: Organization, before: Sharing, wanted: Iterable[Organization]) -> None:
    """Raises UsageError where two names have one external id: one was renamed meanwhile, or ids tell nothing here."""
    seen: dict[str, Organization] = {}
    for organization in (producer, *before.consumers, *wanted):
        other = seen.setdefault(organization.external_id or "", organization)
        if organization.external_id and other.key != organization.key:
            raise UsageError(
                f"{other.name} and {organization.name} have the same external id, {organization.external_id}. Was one "
                "of them renamed this moment? Nothing was changed: run again."
            )


def refuse_hidden_revocation(request: Request, producer: Organization, before: Sharing) -> None:
    """Adding or removing one name under global sharing would revoke everybody else: refused unless said knowingly."""
    if not before.everyone or request.consumers is None or request.state == "exact":
        return
    if request.state == "present" and request.share_globally is False:
        return
    mend = (
        f"add {request.kind.flag_option}: false"
        if request.state == "present"
        else "say who shall remain, with state: exact and the whole list of consumers"
    )
    raise UsageError(
        f"{producer.name} shares its {request.kind.name} with every organization. state: {request.state} would "
        f"turn that off and cut everybody else off. If you mean that, {mend}; nothing was changed."
    )


def make_plan(request: Request, producer: Organization, before: Sharing, wanted: Sequence[Organization]) -> Plan:
    """What has to become of ``before``; ``wanted`` are the organizations that the request's consumers mean."""
    if request.consumers is None:
        after = before if before.everyone == request.share_globally else Sharing(everyone=bool(request.share_globally))
    else:
        after = Sharing(everyone=False, partnerships=_combine(request.state, before.partnerships, wanted))
    return Plan(
        producer,
        request.kind,
        before,
        after,
        tuple(_warnings(request, producer, before, after)),
        # Who is listed after global sharing ended with nobody can only be from a list that came back.
        exact=request.consumers is None or request.state == "exact" or (before.everyone and not after.partnerships),
        leaving=(request.consumers or ()) if request.state == "absent" else (),
    )


def _combine(state: str, current: tuple[Partnership, ...], wanted: Sequence[Organization]) -> tuple[Partnership, ...]:
    consumers = [partnership.consumer for partnership in current]
    others = set(leftover(consumers, wanted))
    if state == "absent":
        return tuple(partnership for partnership in current if partnership.consumer in others)
    kept = [partnership for partnership in current if state == "present" or partnership.consumer not in others]
    new = {it.external_id or it.name: it for it in leftover(wanted, consumers)}
    return (*kept, *map(Partnership, new.values()))


def _warnings(request: Request, producer: Organization, before: Sharing, after: Sharing) -> Iterable[str]:
    kind = request.kind
    if before.everyone and not after.everyone and request.share_globally is None:
        yield (
            f"{producer.name} stops sharing its {kind.name} with every organization: all that are not listed in "
            f"{request.option} lose access. Set {kind.flag_option}: false to say that this is meant."
        )
    if after.everyone and not before.everyone and before.partnerships:
        yield (
            f"{producer.name} starts sharing its {kind.name} with every organization, which drops its list of "
            f"consumers for good: {', '.join(before.names)}."
        )
    if kind.not_in_names and kind.not_in_names in producer.name and (after.everyone or after.partnerships):
        yield (
            f"Terraform cannot address the {kind.name} of {producer.name}, since its name contains "
            f"{kind.not_in_names!r}: sharing them helps nobody."
        )
