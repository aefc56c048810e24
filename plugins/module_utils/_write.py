# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one producer's plan, and takes nothing for done that the server does not show."""

from __future__ import annotations

from ._errors import ApiError, TfeError
from ._organizations import Producer
from ._registry import Registry, read_producer
from ._sharing import Outcome, Plan, Sharing
from ._writers import Writers


def write(registry: Registry, producer: Producer, plan: Plan) -> Outcome:
    """Writes the plan where it changes something, and makes sure that the server shows it afterwards.

    A write that failed, or whose answer was lost, may have been applied all the same: reading settles it.
    """
    if not plan.changed:
        return Outcome(plan, plan.after)
    failure: ApiError | None = None
    shown: Sharing | None = None
    try:
        shown = _send(registry, producer, plan)
    except ApiError as error:
        if error.had_no_effect:
            return Outcome(plan, plan.before, f"{error} Nothing of {plan.producer.name} was changed.")
        failure = error
    except TfeError as error:  # what was broken on the way has to be told, whatever became of the plan
        return Outcome(plan, _read_back(registry, plan)[0], str(error))
    if shown is None or not shown.is_same_as(plan.after):
        shown, problem = _read_back(registry, plan)
        if shown is None:
            return Outcome(
                plan,
                None,
                f"{failure or ''} The write may have been applied: what {plan.producer.name} shares now is not known, "
                f"since reading it back failed. {problem}".strip(),
            )
    if not shown.is_same_as(plan.after):
        return Outcome(plan, shown, _not_reached(plan, shown, failure))
    return Outcome(plan, shown)


def _read_back(registry: Registry, plan: Plan) -> tuple[Sharing | None, str]:
    """(what the server shows now, "" or why that is not known)."""
    try:
        return registry.sharing(read_producer(registry.client, plan.producer.name)), ""
    except ApiError as error:
        return None, str(error)


def _send(registry: Registry, producer: Producer, plan: Plan) -> Sharing | None:
    """One write. Returns the sharing that its answer shows, completed by a read where half of it is missing.

    None where that does not tell. Raises what the write raised, and nothing of a read after it.
    """
    name, writers = plan.producer.name, Writers(registry)
    if plan.after.everyone or (plan.before.everyone and not plan.after.partnerships):
        flag = writers.share_with_everyone(producer, plan.after.everyone)
        return None if flag is None else Sharing(flag)
    partnerships = writers.replace(producer, plan.after.consumers)
    try:
        if plan.before.everyone and read_producer(registry.client, name).shares_modules_globally is not False:
            return None
        return Sharing(everyone=False, partnerships=registry.read(producer) if partnerships is None else partnerships)
    except ApiError:
        return None


def _not_reached(plan: Plan, shown: Sharing, failure: ApiError | None) -> str:
    """What to tell when the server does not show what was asked for."""
    name = plan.producer.name
    if failure and shown.is_same_as(plan.before):
        if failure.unsettled:
            return (
                f"{failure} Read again, the sharing of {name} is as it was before. Yet the server may still be at work "
                "on the write: run again to see."
            )
        return f"{failure} Read again, the sharing of {name} is as it was before: nothing was changed."
    differences = []
    if shown.everyone != plan.after.everyone:
        differences.append(f"global module sharing is {'still on' if shown.everyone else 'off'}")
    missing, left_over = plan.after.without(shown), shown.without(plan.after)
    if missing:
        differences.append(f"missing: {', '.join(missing)}")
    if left_over:
        differences.append(f"left over: {', '.join(left_over)}")
    said = str(failure) if failure else "The server accepted the write."
    return f"{said} Read again, the sharing of {name} is not what was asked for: {'; '.join(differences)}."
