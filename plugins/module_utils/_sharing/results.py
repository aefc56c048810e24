# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return, as plain data. No I/O happens here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .identity import Organization
from .kinds import KINDS, Kind
from .rules import Outcome, Result, Sharing

EVERYBODY = "(everybody)"


def single(result: Result) -> dict[str, Any]:
    """The result of a task for one producer and one kind."""
    outcome = result.outcomes[0]
    producer, kind, after = result.producer, outcome.plan.kind, outcome.after
    return {
        "changed": result.changed,
        "organization": producer._asdict(),
        kind.flag_option: None if after is None else after.everyone,
        "consumers": None if after is None else after.names,
        "partnerships": None if after is None else _partnerships(producer, after),
        "added": outcome.added,
        "removed": outcome.removed,
        "diff": _diff(kind, [outcome]),
    }


def _partnerships(producer: Organization, sharing: Sharing) -> list[dict[str, Any]]:
    return [
        {
            "id": partnership.id,
            "consuming_organization_id": partnership.consumer.external_id,
            "consuming_organization_name": partnership.consumer.name,
            "producing_organization_id": producer.external_id,
            "producing_organization_name": producer.name,
        }
        for partnership in sorted(sharing.partnerships, key=lambda partnership: partnership.consumer.name)
    ]


def _diff(kind: Kind, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Text that says of each line whose it is, also where the lines around it are not shown."""
    header = f"who may use whose {kind.name}"
    before = "".join(_lines(it.plan.producer, it.plan.before) for it in outcomes)
    after = "".join(_lines(it.plan.producer, it.after) for it in outcomes)
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def _lines(producer: Organization, sharing: Sharing | None) -> str:
    if sharing is None:
        who = ["(not known)"]
    else:
        who = [EVERYBODY] if sharing.everyone else sharing.names
    return "".join(f"{producer.name}: {name}\n" for name in who)


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
    return [_diff(kind, outcomes) for kind, outcomes in of_kinds if outcomes]
