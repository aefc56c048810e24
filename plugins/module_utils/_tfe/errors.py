# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one family of exceptions whose text is written for the person who runs the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class TfeError(Exception):
    """A failure that the user can act on; ``str()`` of it is the whole message and holds no secret.

    ``result`` is what the module returns beside the message. ``fault`` is an exception behind it that nobody expected.
    """

    def __init__(
        self, message: str, result: Mapping[str, Any] | None = None, fault: BaseException | None = None
    ) -> None:
        super().__init__(message)
        self.result = dict(result or {})
        self.fault = fault


class UsageError(TfeError):
    """The task asks for something that cannot be meant."""


def describe_fault(fault: Exception) -> str:
    """What to say of an exception that nobody expected."""
    return (
        f"Unexpected {type(fault).__name__}: {fault}. This is a fault of the tfe.admin collection: please report it "
        "with the traceback. ansible-core 2.19 and newer keep that to themselves unless "
        "ANSIBLE_DISPLAY_TRACEBACK=error is set."
    )


class NotSentError(TfeError):
    """A write was not sent, since something is not as it was. ``shown`` is what is there now, None if not known."""

    def __init__(self, message: str, shown: Any = None) -> None:
        super().__init__(message)
        self.shown = shown


class UnknownStateError(TfeError):
    """A write may have been applied, and what is there now cannot be told."""


class StrangerError(UnknownStateError):
    """Another organization has the name now, and a write may have reached it."""


class FailedTry(NamedTuple):
    """A request that another try may succeed with: the answer as urllib3 has it, or else the exception."""

    method: str
    url: str
    answer: Any
    error: Exception | None


class ApiError(TfeError):
    """The server refused, failed, or said something odd. ``status`` is the HTTP status, 0 where none is to blame.

    ``failed_try`` is there where another try may succeed.
    """

    def __init__(self, message: str, status: int = 0, failed_try: FailedTry | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.failed_try = failed_try

    @property
    def unsettled(self) -> bool:
        """Whether a write may have been carried out all the same, or may still be: only a refusal settles it."""
        return not 400 <= self.status < 500 or self.status in (408, 425)

    @property
    def had_no_effect(self) -> bool:
        """Whether the request was refused before anything else was looked at."""
        return self.status in (401, 429)
