# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the sharing of one producer, or of many at once, to what a task asks for: reads, plans, has it written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from ._client import ApiError, Client, side_by_side
from ._errors import TfeError
from ._lock import exclusive
from ._organizations import Directory, Producer, looks_like_external_id
from ._registry import Registry
from ._sharing import (
    Organization,
    Outcome,
    Plan,
    Request,
    Sharing,
    each,
    make_plan,
    match,
    refuse_hidden_revocation,
    refuse_self,
    sharing_data,
)

_MOST_FAILURES_TOLD = 10


def converge(client: Client, request: Request, check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
    """Does what the request asks for, in check mode only as far as reading goes. Returns the module's result.

    Raises TfeError; whatever is wrong with the request itself is raised before anything is written.
    """
    with _lock(client, request.organization, check_mode):
        [outcome] = _converge(client, [request], check_mode, warn)
    if outcome.failure:
        raise TfeError(outcome.failure)
    before, after = _diff_side(outcome.plan.before), _diff_side(outcome.after)
    return {**_result(outcome), "diff": {"before": before, "after": after}}


def converge_all(
    client: Client,
    requests: Sequence[Request],
    check_mode: bool,
    warn: Callable[[str], None],
    *,
    prune: bool,
    ignore: Sequence[str],
) -> dict[str, Any]:
    """Does what all the requests ask for; with ``prune``, every producer beside them and ``ignore`` stops sharing.

    Returns the module's result. Raises TfeError before anything is written where one of them is wrong; where writes
    failed, at the end and with that same result.
    """
    with _lock(client, None, check_mode):
        outcomes = _converge(client, requests, check_mode, warn, prune=prune, ignore=ignore)
    pruned = [outcome for outcome in outcomes[len(requests) :] if outcome.changed or outcome.failure]
    changed = [outcome for outcome in outcomes if outcome.changed]
    result = {
        "changed": bool(changed),
        "producers": [_result(outcome) for outcome in outcomes[: len(requests)]],
        "pruned": sorted(outcome.plan.producer.name for outcome in pruned if not outcome.failure),
        "added": sum(len(outcome.added) for outcome in outcomes),
        "removed": sum(len(outcome.removed) for outcome in outcomes),
        "diff": {
            "before": {outcome.plan.producer.name: _diff_side(outcome.plan.before) for outcome in changed},
            "after": {outcome.plan.producer.name: _diff_side(outcome.after) for outcome in changed},
        },
    }
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    if failures:
        more = len(failures) - _MOST_FAILURES_TOLD
        raise TfeError(
            f"{len(failures)} of {len(requests) + len(pruned)} producers did not come to what was asked for. Every "
            f"other one did, and the same task again finishes the job. {' '.join(failures[:_MOST_FAILURES_TOLD])}"
            + (f" And {more} more: see producers." if more > 0 else ""),
            result,
        )
    return result


def _lock(client: Client, organization: str | None, check_mode: bool) -> AbstractContextManager[None]:
    """Every write replaces a whole list, so nobody else may write between a read and the end of its write."""
    return nullcontext() if check_mode else exclusive(client.address, organization)


def _converge(
    client: Client,
    requests: Sequence[Request],
    check_mode: bool,
    warn: Callable[[str], None],
    *,
    prune: bool = False,
    ignore: Sequence[str] = (),
) -> list[Outcome]:
    """The outcomes of the requests in their order, then those of everybody who might have had to be pruned."""
    directory, registry = Directory(client), Registry(client)
    ignored = _ignored(directory, requests, ignore)
    if prune:
        requests = [*requests, *_prunings(directory, requests, ignored)]
    plans = _plan(directory, registry, requests)
    for plan in plans:
        for warning in plan.warnings:
            warn(warning)

    if check_mode or not any(plan.changed for plan in plans):
        return [Outcome(plan, plan.after) for plan in plans]
    from ._write import write  # noqa: PLC0415  # most runs change nothing, and its code takes time to load

    return side_by_side(lambda plan: write(directory, registry, plan), plans)


def _ignored(directory: Directory, requests: Sequence[Request], ignore: Sequence[str]) -> set[str]:
    """The keys of the organizations to ignore: an unknown one may be a typo, and the one that was meant be pruned."""
    found = directory.find(ignore)
    _refuse_unknown(directory, [(f"ignore[{i}]", element) for i, element in enumerate(ignore) if element not in found])
    wanted = {request.organization.casefold(): request for request in requests}
    for i, element in enumerate(ignore):
        request = wanted.get(found[element].key)
        if request:
            raise TfeError(f"{request.where}it is also ignore[{i}] {element!r}. Nothing was changed.")
    return {organization.key for organization in found.values()}


def _prunings(directory: Directory, requests: Sequence[Request], ignored: set[str]) -> list[Request]:
    kept = ignored | {request.organization.casefold() for request in requests}
    names = [producer.organization.name for producer in directory.possible_sharers()]
    return [
        Request(name, consumers=(), state="exact", share_globally=False, where=f"{name} (to be pruned): ")
        for name in names
        if name.casefold() not in kept
    ]


def _plan(directory: Directory, registry: Registry, requests: Sequence[Request]) -> list[Plan]:
    """Reads what every request is about, and refuses whatever is wrong with one of them."""
    labels = [request.where for request in requests]
    documents = _producers(directory, requests)
    producers = [document.organization for document in documents]
    each(labels, refuse_self, requests, producers)
    before = side_by_side(registry.sharing, documents)
    each(labels, refuse_hidden_revocation, requests, producers, before)
    return list(map(make_plan, requests, producers, before, _wanted(directory, requests, producers, before)))


def _producers(directory: Directory, requests: Sequence[Request]) -> list[Producer]:
    if len(requests) == 1:
        try:
            return [directory.producer(requests[0].organization)]
        except ApiError as error:
            raise ApiError(f"{requests[0].where}{error}", error.status) from error
    found = directory.producers([request.organization for request in requests])
    unknown = [request for request in requests if request.organization not in found]
    _refuse_unknown(directory, [(request.where.rstrip(": "), request.organization) for request in unknown])
    return [found[request.organization] for request in requests]


def _wanted(
    directory: Directory, requests: Sequence[Request], producers: Sequence[Organization], before: Sequence[Sharing]
) -> list[list[Organization]]:
    """The organizations that each request's consumers mean. Who is a consumer already needs no look-up."""
    labels = [request.where for request in requests]
    found = each(labels, match, [request.consumers or () for request in requests], [it.consumers for it in before])
    new = list(map(_to_look_up, requests, found, before))
    meant = directory.find([element for elements in new for element in elements])
    for known, elements in zip(found, new):
        known.update({element: meant[element] for element in elements if element in meant})
    each(labels, _refuse_self_by_another_name, requests, producers, found)
    unknown = [
        (f"{request.where}consumers[{i}]", element)
        for request, known in zip(requests, found)
        if request.state != "absent"
        for i, element in enumerate(request.consumers or ())
        if element not in known
    ]
    _refuse_unknown(directory, unknown)
    for request, known, sharing in zip(requests, found, before):
        _refuse_unknowable(directory, request, known, sharing)
    return [list(known.values()) for known in found]


def _to_look_up(request: Request, found: Mapping[str, Organization], before: Sharing) -> list[str]:
    """The elements that mean nobody yet.

    Who is not among the consumers is absent already, unless it is one whose external id the server did not tell.
    """
    if request.state == "absent" and all(consumer.external_id for consumer in before.consumers):
        return []
    return [element for element in request.consumers or () if element not in found]


def _refuse_self_by_another_name(request: Request, producer: Organization, found: Mapping[str, Organization]) -> None:
    """An external id may turn out to be the producer's only when it was looked up."""
    for element, organization in found.items():
        if organization.key == producer.key:
            refuse_self(request, replace(producer, external_id=element))


def _refuse_unknowable(
    directory: Directory, request: Request, found: Mapping[str, Organization], before: Sharing
) -> None:
    """Where the server keeps a consumer's external id to itself, an external id may be that consumer's."""
    ids = [it for it in request.consumers or () if it not in found and looks_like_external_id(it)]
    without_id = [consumer for consumer in before.consumers if not consumer.external_id]
    if ids and without_id:
        told = {organization.key for organization in directory.everybody() if organization.external_id}
        names = sorted(consumer.name for consumer in without_id if consumer.key not in told)
        if names:
            raise TfeError(
                f"{request.where}Whether {', '.join(map(repr, ids))} is among the consumers cannot be told, since the "
                f"server does not give the external id of {', '.join(names)}. Nothing was changed. Use names instead "
                "of external ids."
            )


def _refuse_unknown(directory: Directory, unknown: Sequence[tuple[str, str]]) -> None:
    """Raises TfeError that names all of them; each is (where it stands, what stands there)."""
    if unknown:
        hints = directory.hints([element for _where, element in unknown])
        named = ", ".join(f"{where} {element!r}{hint}" for (where, element), hint in zip(unknown, hints))
        raise TfeError(f"No organization has this name or external id: {named}. Nothing was changed.")


def _result(outcome: Outcome) -> dict[str, Any]:
    """What the module returns for one producer."""
    result = {
        "changed": outcome.changed,
        **sharing_data(outcome.plan.producer, outcome.after),
        "added": outcome.added,
        "removed": outcome.removed,
    }
    return {**result, "failed": True, "msg": outcome.failure} if outcome.failure else result


def _diff_side(sharing: Sharing | None) -> dict[str, Any] | None:
    return None if sharing is None else {"global_module_sharing": sharing.everyone, "consumers": sharing.names}
