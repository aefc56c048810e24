# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the sharing of one producer, or of many at once, to what a task asks for: reads, plans, has it written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from .._tfe.client import Client, side_by_side
from .._tfe.errors import ApiError, TfeError, UsageError
from .asking import Request, each, refuse_self
from .identity import fold, match_listed
from .lock import exclusive
from .reading import Document, Registry, read_document
from .results import single
from .rules import Outcome, Plan, Result, make_plan, refuse_hidden_revocation, refuse_one_id_for_two

if TYPE_CHECKING:
    from .directory import Directory
    from .reading import Look


def converge(client: Client, request: Request, max_revoked: int | None, check_mode: bool) -> dict[str, Any]:
    """Does what the request asks for, in check mode only as far as reading goes. Returns the module's result.

    Raises TfeError; whatever is wrong with the request itself is raised before anything is written, and so it is where
    more than ``max_revoked`` would lose access.
    """

    def refuse(foreseen: Sequence[Result]) -> None:
        refuse_too_many(foreseen, max_revoked, lambda: single(foreseen[0]))

    with lock(client, request.organization, check_mode) as still_locked:
        registry = Registry(client)
        look = registry.look_at(lambda: read_producer(client, request.organization), [request.kind])
        [result] = converge_each(registry, [[request]], [look], check_mode, still_locked, refuse=refuse)
    if result.failure:
        raise TfeError(result.failure, single(result), result.fault)
    return single(result)


def refuse_too_many(foreseen: Sequence[Result], max_revoked: int | None, answer: Callable[[], dict[str, Any]]) -> None:
    """Raises TfeError, with the answer of a preview, where more would lose access than the task allows."""
    if max_revoked is None or sum(len(it.revoked) for result in foreseen for it in result.outcomes) <= max_revoked:
        return
    from .limit import limit_exceeded  # noqa: PLC0415  # only on the way to an error

    raise limit_exceeded(foreseen, max_revoked, answer())


def lock(client: Client, organization: str | None, check_mode: bool) -> AbstractContextManager[Callable[[], None]]:
    """Every write replaces a whole list, so nobody else may write between a read and the end of its write."""
    return nullcontext(lambda: None) if check_mode else exclusive(client.address, organization)


def read_producer(client: Client, name: str) -> Document:
    """One read. Raises ApiError that says why, where there is no such organization, or none that may be seen.

    An external id is refused, although some servers take one in the path (API 9h): the name is what writers of one
    producer lock. A server may know a single spelling of it (API 10), which its list of all organizations tells.
    """
    try:
        document = read_document(client, name)
    except ApiError as error:
        if error.status != 404:
            raise
        from .directory import Directory  # noqa: PLC0415  # only where the name is not found

        spelling, reason = Directory(client).explain_missing(name, error)
        if not spelling:
            raise ApiError(reason, error.status) from error
        document = read_document(client, spelling)
    if document.organization.key != fold(name):
        raise ApiError(
            f"{name!r} is the external id of {document.organization.name!r}, and here the name is needed. Nothing was "
            "changed."
        )
    return document


def converge_each(
    registry: Registry,
    asked: Sequence[Sequence[Request]],
    looks: Sequence[Look],
    check_mode: bool,
    still_locked: Callable[[], None],
    *,
    refuse: Callable[[Sequence[Result]], None],
    directory: Directory | None = None,
) -> list[Result]:
    """What becomes of each producer; ``asked`` are the requests for each of them, ``looks`` those at them.

    ``refuse`` may raise what speaks against all that is planned. ``directory`` is what is known of the instance
    already. Raises TfeError before any write.
    """
    planned_at = time.monotonic()
    plans = _plan(registry, asked, looks, directory)
    for plan in (plan for of_one in plans for plan in of_one):
        for warning in plan.warnings:
            registry.client.warn(warning)
    foreseen = [Result(tuple(Outcome(plan, plan.after) for plan in of_one)) for of_one in plans]
    refuse(foreseen)
    if check_mode or not any(result.changed for result in foreseen):
        return foreseen
    from .settle import write  # noqa: PLC0415  # most runs change nothing, and its code takes time to load

    stopped: list[str] = []

    def finish(pair: tuple[Look, list[Plan]]) -> Result:
        look, of_one = pair
        if stopped and any(plan.changed for plan in of_one):
            told = f"{of_one[0].producer.name} was not written any more: {stopped[0]}"
            return Result(tuple(Outcome(plan, plan.before, written=False) for plan in of_one), told)
        result = write(registry, of_one, planned_at, look, still_locked)
        if result.failure and not stopped and len(plans) > 1:
            with suppress(Exception):  # it must not hide what became of the others
                stopped.extend(filter(None, [registry.client.why_unreachable()]))
        return result

    results = side_by_side(finish, list(zip(looks, plans)))
    with suppress(TfeError):  # that somebody lost access is told all the same, without the names
        results = [_with_everybody(result, directory or _directory(registry)) for result in results]
    return results


def _directory(registry: Registry) -> Directory:
    from .directory import Directory  # noqa: PLC0415  # most runs find everybody among the consumers

    return Directory(registry.client)


def _with_everybody(result: Result, directory: Directory) -> Result:
    """The same, where global sharing ended against the plan, with everybody who lost access by that."""
    if not any(it.ends_global and it.plan.everybody is None for it in result.outcomes):
        return result
    everybody = tuple(document.organization for document in directory.everybody())
    outcomes = (it._replace(plan=it.plan._replace(everybody=everybody)) for it in result.outcomes)
    return result._replace(outcomes=tuple(outcomes))


def _plan(
    registry: Registry, asked: Sequence[Sequence[Request]], looks: Sequence[Look], directory: Directory | None
) -> list[list[Plan]]:
    """Finds out what every request means, and refuses whatever is wrong with one of them."""
    pairs = [(request, look) for requests, look in zip(asked, looks) for request in requests]
    requests = [request for request, _look in pairs]
    labels = [request.where for request in requests]
    producers = [look.document.organization for _request, look in pairs]
    before = [look.sharing[request.kind] for request, look in pairs]
    each(labels, refuse_self, requests, producers)
    each(labels, refuse_hidden_revocation, requests, producers, before)
    everybody = None
    if any(sharing.everyone and not request.share_globally for request, sharing in zip(requests, before)):
        # Whoever is not listed then loses access. It comes first, since who was read needs no look-up.
        directory = directory or _directory(registry)
        everybody = tuple(document.organization for document in directory.everybody())
    # Who is a consumer already needs none either.
    wanted = each(
        labels, match_listed, [request.consumers or () for request in requests], [it.consumers for it in before]
    )
    if any(element not in known for request, known in zip(requests, wanted) for element in request.consumers or ()):
        from .newcomers import look_up  # noqa: PLC0415  # most runs find everybody among the consumers

        directory = directory or _directory(registry)
        look_up(directory, requests, producers, before, wanted)
    if directory:
        # What is known by now may tell apart two names that differ in case alone.
        exact = directory.spelled_exactly({element for known in wanted for element in known})
        for known in wanted:
            known.update({element: exact[element] for element in known if element in exact})
    each(labels, refuse_one_id_for_two, producers, before, [known.values() for known in wanted])
    all_plans = map(make_plan, requests, producers, before, [list(known.values()) for known in wanted])
    plans = (plan._replace(everybody=everybody) for plan in all_plans)
    of_each = [[next(plans) for _request in requests] for requests in asked]
    if any(plan.writes_list for of_one in of_each for plan in of_one):
        from .writing import refuse_to_risk  # noqa: PLC0415  # as for what writes

        lists = [[plan.kind for plan in of_one if plan.writes_list] for of_one in of_each]
        kinds = [[plan.kind for plan in of_one] for of_one in of_each]
        labels = [requests[0].where for requests in asked]
        try:
            each(labels, refuse_to_risk, [look.document for look in looks], lists, kinds)
        except UsageError as error:
            raise UsageError(f"{error} Nothing was changed.") from error
    return of_each
