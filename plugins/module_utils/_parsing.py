# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server sends, as values: None, or nothing, where it is something else than expected."""

from __future__ import annotations

import json
import math
from typing import Any


def parse_json(data: bytes) -> Any:
    """The parsed text, None where it is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def attributes_of(item: Any) -> dict[str, Any]:
    """The attributes of a JSON:API resource object; none where it is something else."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def parse_count(value: Any) -> int | None:
    """A number of pages or items, which some servers write as text; None where it is something else."""
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None


def parse_seconds(text: str | None) -> float | None:
    """A number of seconds, or of requests a second, as a header gives it; None where it gives none."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(seconds) else seconds
