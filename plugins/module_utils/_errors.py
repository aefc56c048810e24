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
    """The server refused or failed. ``status`` is the HTTP status, 0 where there was no answer at all.

    ``unsettled`` is true where the server may have carried the request out all the same, or may still be at work on it.
    """

    def __init__(self, message: str, status: int = 0, *, unsettled: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.unsettled = unsettled
