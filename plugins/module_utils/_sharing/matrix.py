# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the sharing of many producers to one matrix, and stops that of everybody else where the task says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._tfe.client import Client
from .._tfe.errors import TfeError
from .._tfe.transport import side_by_side
from .converge import converge_each, diff_side, lock, result_of
from .directory import Directory
from .documents import Producer
from .newcomers import refuse_unknown
from .reading import NEVER, Look, Registry
from .rules import Organization, Request, UsageError, each, parse_request

_MOST_FAILURES_TOLD = 10


def refuse_to_prune_all(producers: Sequence[Any], prune: bool, confirmed: bool) -> None:
    """Raises UsageError where an empty list, maybe a variable that was never filled, would stop all sharing."""
    if prune and not producers and not confirmed:
        raise UsageError(
            "producers is empty and prune is true: this would stop all sharing on the instance. If you mean that, add "
            "prune_all: true; nothing was changed."
        )


def parse_requests(entries: Sequence[Mapping[str, Any]]) -> list[Request]:
    """The requests of one task for several producers. Raises one UsageError about every entry that is wrong."""
    labels = [f"producers[{i}] ({entry['organization']}): " for i, entry in enumerate(entries)]
    return [it._replace(where=label) for label, it in zip(labels, each(labels, parse_request, entries))]


def converge_all(
    client: Client,
    requests: Sequence[Request],
    check_mode: bool,
    *,
    prune: bool,
    ignore: Sequence[str],
) -> dict[str, Any]:
    """Does what all the requests ask for; with ``prune``, every producer beside them and ``ignore`` stops sharing.

    Returns the module's result. Raises TfeError before anything is written where one of them is wrong; where writes
    failed, at the end and with that same result.
    """
    directory = Directory(client)
    with lock(client, None, check_mode) as still_locked:
        if prune:
            directory.everybody()
        documents = _producers(directory, requests)
        producers = [document.organization for document in documents]
        ignored = _ignored(directory, requests, producers, ignore)
        others = _others(directory, [*producers, *ignored]) if prune else []
        everyone = [*requests, *map(_pruning, others)]
        registry = Registry(client)
        # Documents and lists may be minutes old when the turn of a producer comes: it is read again right before.
        looks = side_by_side(lambda it: Look(it, registry.sharing(it), NEVER), [*documents, *others])
        outcomes = converge_each(registry, everyone, looks, check_mode, still_locked, directory=directory)
    pruned = [outcome for outcome in outcomes[len(requests) :] if outcome.changed or outcome.failure]
    changed = [outcome for outcome in outcomes if outcome.changed]
    result = {
        "changed": bool(changed),
        "producers": [result_of(outcome) for outcome in outcomes[: len(requests)]],
        "pruned": sorted(outcome.plan.producer.name for outcome in pruned if not outcome.failure),
        "added": sum(len(outcome.added) for outcome in outcomes),
        "removed": sum(len(outcome.removed) for outcome in outcomes),
        "diff": {
            "before": {outcome.plan.producer.name: diff_side(outcome.plan.before) for outcome in changed},
            "after": {outcome.plan.producer.name: diff_side(outcome.after) for outcome in changed},
        },
    }
    failed = [outcome for outcome in outcomes if outcome.failure]
    if failed:
        told = [outcome.failure for outcome in failed[:_MOST_FAILURES_TOLD]]
        more = [outcome.plan.producer.name for outcome in failed[_MOST_FAILURES_TOLD:]]
        raise TfeError(
            f"{len(failed)} of {len(requests) + len(pruned)} producers did not come to what was asked for. Every other "
            f"one did. Once the cause is mended, the same task finishes the job. {' '.join(told)}"
            + (f" The same happened to: {', '.join(more)}." if more else ""),
            result,
            next((outcome.fault for outcome in failed if outcome.fault), None),
        )
    return result


def _producers(directory: Directory, requests: Sequence[Request]) -> list[Producer]:
    """The producers of the requests. Raises TfeError where one does not exist, or is there twice."""
    found = directory.producers([request.organization for request in requests])
    unknown = [request for request in requests if request.organization not in found]
    refuse_unknown(directory, [(request.where.rstrip(": "), request.organization) for request in unknown])
    producers = [found[request.organization] for request in requests]
    first: dict[Organization, Request] = {}

    def refuse_twice(request: Request, producer: Producer) -> None:
        earlier = first.setdefault(producer.organization, request)
        if earlier is not request:
            raise UsageError(f"this producer is there twice, {earlier.where.rstrip(': ')} is the same one.")

    each([request.where for request in requests], refuse_twice, requests, producers)
    return producers


def _ignored(
    directory: Directory, requests: Sequence[Request], producers: Sequence[Organization], ignore: Sequence[str]
) -> list[Organization]:
    """The organizations to ignore: an unknown one may be a typo, and the one that was meant be pruned."""
    found = directory.find(ignore)
    refuse_unknown(directory, [(f"ignore[{i}]", element) for i, element in enumerate(ignore) if element not in found])
    where = dict(zip(producers, (request.where for request in requests)))
    for i, element in enumerate(ignore):
        if found[element] in where:
            raise TfeError(f"{where[found[element]]}it is also ignore[{i}] {element!r}. Nothing was changed.")
    return list(found.values())


def _others(directory: Directory, kept: Sequence[Organization]) -> list[Producer]:
    """All that may share, but those that are kept."""
    names = {organization.name for organization in kept}
    return [producer for producer in directory.possible_sharers() if producer.organization.name not in names]


def _pruning(producer: Producer) -> Request:
    return Request(producer.organization.name, consumers=(), state="exact", share_globally=False)
