# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return, as plain data. No I/O happens here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .identity import Organization
from .kinds import Kind
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
        "revoked": [it.name for it in outcome.revoked],
        "diff": diff_of(kind, [outcome]),
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


def diff_of(kind: Kind, outcomes: Sequence[Outcome]) -> dict[str, str]:
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
