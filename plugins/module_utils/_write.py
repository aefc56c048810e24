# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one producer's plan, and takes nothing for done that the server does not show."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ._errors import ApiError, NotSentError, StrangerError, TfeError, UnknownStateError
from ._organizations import Producer
from ._registry import Registry, read_producer
from ._sharing import Organization, Outcome, Plan, Sharing, leftover
from ._writers import Writers, refuse_stranger

if TYPE_CHECKING:
    from ._pace import Tries

Result = TypeVar("Result")

_FRESH = 5.0
"""Seconds that a look may be old when what it saw is replaced: other people write too."""


class Look(NamedTuple):
    """What was there, and when (of the monotonic clock)."""

    document: Producer
    sharing: Sharing
    at: float


def write(registry: Registry, plan: Plan, look: Look, still_locked: Callable[[], None]) -> Outcome:
    """Writes the plan where it changes something, and makes sure that the server shows it afterwards.

    ``look`` is what the plan was made from; ``still_locked`` raises NotSentError where the lock was lost.
    """
    if not plan.changed:
        return Outcome(plan, plan.after)
    tries = registry.client.tries()
    try:
        shown, problem = _write_until_settled(registry, plan, look, still_locked, tries)
    except NotSentError as error:
        return Outcome(plan, error.shown, str(error), written=tries.may_arrive)
    except UnknownStateError as error:
        return Outcome(plan, None, str(error))
    except TfeError as error:  # what was broken on the way has to be told, whatever became of the plan
        with suppress(TfeError):
            return Outcome(plan, look_at(registry, plan.producer).sharing, str(error))
        return Outcome(plan, None, str(error))
    return Outcome(plan, shown, problem)


def _write_until_settled(
    registry: Registry, plan: Plan, look: Look, still_locked: Callable[[], None], tries: Tries
) -> tuple[Sharing, str]:
    """(what the server shows, "" or why that is not what was asked for).

    A write that failed, or whose answer was lost, may have been applied all the same: reading settles it. It is sent
    again only where all is as it was before, so that nothing that somebody else wrote meanwhile is undone.
    """
    while True:
        look = _renew(registry, plan, look)
        still_locked()
        shown, failure, again = None, None, False
        try:
            shown = _send(registry, look.document, plan)
        except ApiError as error:
            failure, again = error, tries.again(error)
            if error.had_no_effect and again:
                continue
            if error.had_no_effect and not tries.may_arrive:
                raise NotSentError(f"{error} Nothing of {plan.producer.name} was changed.", plan.before) from error
        if shown is None or not plan.is_reached_by(shown):
            look = _settle(registry, plan, failure)
            shown = look.sharing
        if plan.is_reached_by(shown):
            return shown, ""
        if not again or not shown.is_same_as(plan.before):
            return shown, _not_reached(plan, shown, failure, tries)


def _settle(registry: Registry, plan: Plan, failure: ApiError | None) -> Look:
    """Reads what a write left. Raises UnknownStateError where that is not known."""
    try:
        return look_at(registry, plan.producer)
    except ApiError as problem:
        raise UnknownStateError(
            f"{failure or ''} The write may have been applied: what {plan.producer.name} shares now is not known, "
            f"since reading it back failed. {problem}".strip()
        ) from problem


def look_at(registry: Registry, producer: Organization) -> Look:
    """Reads a producer and its sharing. Raises ApiError, and StrangerError where another one has its name."""
    document = read_producer(registry.client, producer.name)
    refuse_stranger(producer, document.organization)
    return Look(document, registry.sharing(document), time.monotonic())


def _renew(registry: Registry, plan: Plan, look: Look) -> Look:
    """The same look where it is fresh, else a new one. Raises NotSentError where it does not show the same."""
    if time.monotonic() - look.at < _FRESH:
        return look
    name = plan.producer.name
    try:
        new = look_at(registry, plan.producer)
    except StrangerError as error:
        raise NotSentError(f"{name} has changed meanwhile, run again: nothing was written to it. {error}") from error
    except ApiError as error:
        raise NotSentError(
            f"{error} Nothing was written to {name}, since it could not be read again right before."
        ) from error
    if not new.sharing.is_same_as(plan.before):
        differences = _differences(plan.before, new.sharing)
        raise NotSentError(
            f"{name} has changed meanwhile, run again: nothing was written to it. Since it was read, somebody else "
            f"changed its sharing: {differences}.",
            new.sharing,
        )
    return new


def _send(registry: Registry, document: Producer, plan: Plan) -> Sharing | None:
    """One write. Returns the sharing that its answer shows, completed by a read where half of it is missing.

    None where that does not tell. Raises what the write raised, and nothing of a read after it but StrangerError.
    """
    writers = Writers(registry)
    if plan.after.everyone:
        return Sharing(everyone=True) if writers.share_with_everyone(document, True) else None
    if plan.before.everyone and not plan.after.partnerships:
        flag = writers.share_with_everyone(document, False)
        shown = _read(lambda: _after_global(registry, plan, document, flag))
        if shown is None or shown.everyone or not shown.partnerships:
            return shown
        # The list from before global sharing came back (API 9p).
    new = leftover(plan.after.consumers, plan.before.consumers)
    partnerships = writers.replace(document, plan.after.consumers, new)
    if partnerships is None:
        return _read(lambda: look_at(registry, plan.producer).sharing)
    if plan.before.everyone:
        now = _read(lambda: read_producer(registry.client, plan.producer.name))
        if now is None or now.shares_modules_globally is not False:
            return None
        refuse_stranger(plan.producer, now.organization)
    return Sharing(everyone=False, partnerships=partnerships)


def _after_global(registry: Registry, plan: Plan, document: Producer, flag: bool | None) -> Sharing:
    """What is shared after global sharing was ended: the flag alone does not tell. It may be known already."""
    if flag is None:
        return look_at(registry, plan.producer).sharing
    return Sharing(everyone=flag, partnerships=() if flag else registry.read(document))


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
    if tries.made > 1:
        said += f" It was sent {tries.made} times."
    if failure and shown.is_same_as(plan.before):
        if tries.may_arrive:
            return (
                f"{said} Read again, the sharing of {name} is as it was before. Yet the server may still be at work "
                "on the write: run again to see."
            )
        return f"{said} Read again, the sharing of {name} is as it was before: nothing was changed."
    missing, left_over = plan.missing(shown), plan.left_over(shown)
    others = {it.name for it in missing} & {it.name for it in left_over}
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
    for what, names in (("added", now.without(before)), ("removed", before.without(now))):
        if names:
            told.append(f"{what}: {', '.join(names)}")
    return "; ".join(told)
