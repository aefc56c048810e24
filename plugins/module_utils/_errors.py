# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one family of exceptions whose text is written for the person who runs the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TfeError(Exception):
    """A failure that the user can act on; ``str()`` of it is the whole message and holds no secret.

    ``result`` is what the module returns beside the message.
    """

    def __init__(self, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.result = dict(result or {})


class ApiError(TfeError):
    """The server refused, failed, or said something odd. ``status`` is the HTTP status, 0 where none is to blame.

    ``unsettled`` is true where a write may have been carried out all the same, or may still be: only a refusal settles
    it, and only if no earlier try failed in another way.
    """

    def __init__(self, message: str, status: int = 0, *, lost_try: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.unsettled = lost_try or not 400 <= status < 500

    @property
    def had_no_effect(self) -> bool:
        """Whether the request was refused before anything else was looked at, each time that it was sent."""
        return self.status in (401, 429) and not self.unsettled
