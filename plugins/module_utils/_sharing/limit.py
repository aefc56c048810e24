# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to say where more would lose access than the task allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tfe.errors import TfeError
from .rules import Result

_MOST_TOLD = 20


def limit_exceeded(foreseen: Sequence[Result], max_revoked: int, answer: dict[str, Any]) -> TfeError:
    """The failure returns what a preview returns, but that anything changed."""
    outcomes = [outcome for result in foreseen for outcome in result.outcomes if outcome.revoked]
    has_both = len({outcome.plan.kind for outcome in outcomes}) > 1
    lines = sorted(
        f"{outcome.plan.producer.name}: {consumer.name}{f' ({outcome.plan.kind.name})' if has_both else ''}"
        for outcome in outcomes
        for consumer in outcome.revoked
    )
    count = len(lines)
    more = [f"and {count - _MOST_TOLD} more"] if count > _MOST_TOLD else []
    who = "1 consumer" if count == 1 else f"{count} consumers"
    whose = "modules and providers" if has_both else outcomes[0].plan.kind.name
    said = (
        f"{who} of {whose} would lose access, and max_revoked is {max_revoked}. Nothing was changed. These would lose "
        "it:"
    )
    advice = (
        f"If that is meant, set max_revoked to {count}. If it is not, look at the lists of consumers: did a variable "
        "come out empty, or was a file cut?"
    )
    return TfeError(
        "\n".join([said, *lines[:_MOST_TOLD], *more, advice]),
        {key: value for key, value in answer.items() if key != "changed"},
    )
