# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the sharing of one producer, or of many at once, to what a task asks for: reads, plans, has it written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from .._tfe.client import Client
from .._tfe.errors import TfeError, describe_fault
from .._tfe.transport import side_by_side
from .lock import exclusive
from .reading import Registry, read_producer
from .rules import (
    Outcome,
    Plan,
    Request,
    Sharing,
    each,
    make_plan,
    match_listed,
    refuse_hidden_revocation,
    refuse_one_id_for_two,
    refuse_self,
    sharing_data,
)

if TYPE_CHECKING:
    from .directory import Directory
    from .reading import Look


def converge(client: Client, request: Request, check_mode: bool) -> dict[str, Any]:
    """Does what the request asks for, in check mode only as far as reading goes. Returns the module's result.

    Raises TfeError; whatever is wrong with the request itself is raised before anything is written.
    """
    with lock(client, request.organization, check_mode) as still_locked:
        registry = Registry(client)
        look = registry.look_at(lambda: read_producer(client, request.organization))
        [outcome] = converge_each(registry, [request], [look], check_mode, still_locked)
    before, after = diff_side(outcome.plan.before), diff_side(outcome.after)
    result = {**result_of(outcome), "diff": {"before": before, "after": after}}
    if outcome.failure:
        raise TfeError(outcome.failure, result, outcome.fault)
    return result


def lock(client: Client, organization: str | None, check_mode: bool) -> AbstractContextManager[Callable[[], None]]:
    """Every write replaces a whole list, so nobody else may write between a read and the end of its write."""
    return nullcontext(lambda: None) if check_mode else exclusive(client.address, organization)


def converge_each(
    registry: Registry,
    requests: Sequence[Request],
    looks: Sequence[Look],
    check_mode: bool,
    still_locked: Callable[[], None],
    *,
    directory: Directory | None = None,
) -> list[Outcome]:
    """What becomes of each request; ``looks`` are those at their producers. Raises TfeError before any write.

    ``directory`` is what is known of the instance already.
    """
    plans = _plan(registry, requests, looks, directory)
    for plan in plans:
        for warning in plan.warnings:
            registry.client.warn(warning)
    if check_mode or not any(plan.changed for plan in plans):
        return [Outcome(plan, plan.after) for plan in plans]
    from .settle import write  # noqa: PLC0415  # most runs change nothing, and its code takes time to load

    stopped: list[str] = []

    def finish(pair: tuple[Look, Plan]) -> Outcome:
        look, plan = pair
        if stopped and plan.changed:
            told = f"{plan.producer.name} was not written any more: {stopped[0]}"
            return Outcome(plan, plan.before, told, written=False)
        try:
            outcome = write(registry, plan, look, still_locked)
            if outcome.failure and not stopped and len(plans) > 1:
                stopped.extend(filter(None, [registry.client.why_unreachable()]))
        except Exception as fault:  # noqa: BLE001  # it must not hide what became of the others
            return Outcome(plan, None, describe_fault(fault), fault=fault)
        return outcome

    return side_by_side(finish, list(zip(looks, plans)))


def _plan(
    registry: Registry, requests: Sequence[Request], looks: Sequence[Look], directory: Directory | None
) -> list[Plan]:
    """Finds out what every request means, and refuses whatever is wrong with one of them."""
    labels = [request.where for request in requests]
    producers = [look.document.organization for look in looks]
    before = [look.sharing for look in looks]
    each(labels, refuse_self, requests, producers)
    each(labels, refuse_hidden_revocation, requests, producers, before)
    # Who is a consumer already needs no look-up.
    wanted = each(
        labels, match_listed, [request.consumers or () for request in requests], [it.consumers for it in before]
    )
    if any(element not in known for request, known in zip(requests, wanted) for element in request.consumers or ()):
        # Most runs find everybody among the consumers.
        from .directory import Directory  # noqa: PLC0415
        from .newcomers import look_up  # noqa: PLC0415

        directory = directory or Directory(registry.client)
        look_up(directory, requests, producers, before, wanted)
    if directory:
        # What is known by now may tell apart two names that differ in case alone.
        exact = directory.spelled_exactly({element for known in wanted for element in known})
        for known in wanted:
            known.update({element: exact[element] for element in known if element in exact})
    each(labels, refuse_one_id_for_two, producers, before, [known.values() for known in wanted])
    return list(map(make_plan, requests, producers, before, [list(known.values()) for known in wanted]))


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What the module returns for one producer."""
    result = {
        "changed": outcome.changed,
        **sharing_data(outcome.plan.producer, outcome.after),
        "added": outcome.added,
        "removed": outcome.removed,
    }
    return {**result, "failed": True, "msg": outcome.failure} if outcome.failure else result


def diff_side(sharing: Sharing | None) -> dict[str, Any] | None:
    return None if sharing is None else {"global_module_sharing": sharing.everyone, "consumers": sharing.names}
