# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries for many producers: as a task is given them, and in the same form as it returns them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._tfe.errors import UsageError
from .asking import Request, each, parse_kind, parse_name, request_options
from .identity import Organization
from .kinds import KINDS, Kind
from .results import diff_of
from .rules import Result, Sharing

_OF_ONE = {kind: request_options(kind) for kind in KINDS}

OPTIONS = {
    "organization": _OF_ONE[KINDS[0]]["organization"],
    "external_id": {"type": "str"},
    "state": _OF_ONE[KINDS[0]]["state"],
    **{kind.list_option: options["consumers"] for kind, options in _OF_ONE.items()},
    **{kind.flag_option: options[kind.flag_option] for kind, options in _OF_ONE.items()},
}
"""An entry as an argument spec."""


class Entry(NamedTuple):
    """What a task asks for one of many producers: at most one request for each kind."""

    organization: str
    external_id: str | None
    requests: tuple[Request, ...]
    where: str = ""


def parse_entry(options: Mapping[str, Any]) -> Entry:
    """An entry for one of many producers, with a request for each kind that it mentions. Raises UsageError."""
    organization = parse_name("organization", options["organization"])
    asked = [kind for kind in KINDS if _mentions(options, kind)]
    if not asked:
        names = [option for kind in KINDS for option in (kind.list_option, kind.flag_option)]
        raise UsageError(f"Nothing is asked for: give at least one of {', '.join(names)}.")
    requests = each([""] * len(asked), lambda kind: parse_kind(organization, options, kind, kind.list_option), asked)
    return Entry(organization, options["external_id"] or None, tuple(requests))


def _mentions(options: Mapping[str, Any], kind: Kind) -> bool:
    """Whether an entry says anything about a kind; null is the same as nothing."""
    return options[kind.list_option] is not None or options[kind.flag_option] is not None


def entry(producer: Organization, sharings: Mapping[Kind, Sharing | None]) -> dict[str, Any]:
    """A producer in the form of an entry that a task for many producers takes; null is what is not known or asked."""
    data: dict[str, Any] = {"organization": producer.name, "external_id": producer.external_id}
    for kind in KINDS:
        sharing = sharings.get(kind)
        data[kind.list_option] = None if sharing is None or sharing.everyone else sharing.names
        data[kind.flag_option] = None if sharing is None else sharing.everyone
    return data


def entry_result(result: Result, kinds: Collection[Kind]) -> dict[str, Any]:
    """What a task for many producers returns for one of its entries, which mentions these kinds."""
    now = {outcome.plan.kind: outcome.after for outcome in result.outcomes if outcome.plan.kind in kinds}
    data = {**entry(result.producer, now), "changed": result.changed}
    return {**data, "failed": True, "msg": result.failure} if result.failure else data


def changes(results: Iterable[Result]) -> list[dict[str, Any]]:
    """What differs, by organization and kind."""
    found = [
        {
            "organization": result.producer.name,
            "kind": outcome.plan.kind.name,
            "added": outcome.added,
            "removed": outcome.removed,
            "revoked": [it.name for it in outcome.revoked],
            "everybody_before": outcome.plan.before.everyone,
            "everybody_after": None if outcome.after is None else outcome.after.everyone,
        }
        for result in results
        for outcome in result.outcomes
        if outcome.changed
    ]
    return sorted(found, key=lambda change: (change["organization"], change["kind"]))


def diffs(results: Sequence[Result]) -> list[dict[str, str]]:
    """One for each kind that differs."""
    changed = sorted(
        (outcome for result in results for outcome in result.outcomes if outcome.changed),
        key=lambda outcome: outcome.plan.producer.name,
    )
    of_kinds = [(kind, [outcome for outcome in changed if outcome.plan.kind == kind]) for kind in KINDS]
    return [diff_of(kind, outcomes) for kind, outcomes in of_kinds if outcomes]
