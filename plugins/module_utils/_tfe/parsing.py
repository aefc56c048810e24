# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server sends, as values: None, or nothing, where it is something else than expected."""

from __future__ import annotations

import json
import math
from typing import Any

_LONGEST_NUMBER = 4_000
"""Digits. From 3.11 on, Python converts some three hundred more."""

_MOST_DIGITS = 9
"""Of a number of pages or items."""


def parse_json(data: bytes) -> Any:
    """The parsed text, None where it is not JSON; a whole number that Python refuses to convert becomes infinity."""
    try:
        return json.loads(data, parse_int=lambda digits: int(digits) if len(digits) < _LONGEST_NUMBER else math.inf)
    except (ValueError, RecursionError):
        return None


def attributes_of(item: Any) -> dict[str, Any]:
    """The attributes of a JSON:API resource object; none where it is something else."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def parse_count(value: Any) -> int | None:
    """A number of pages or items, which some servers write as text; None where it is something else, or absurd."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def parse_seconds(text: str | None) -> float | None:
    """A number of seconds, or of requests a second, as a header gives it; None where it gives none."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(seconds) else seconds
