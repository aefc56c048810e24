# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong on the way, on order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any, Literal, get_args

FaultKind = Literal[
    "status", "reset", "close", "truncated", "hang", "redirect", "sign_in", "not_json_api", "raw", "between"
]

_DETAILS: Mapping[str, frozenset[str]] = {
    "status": frozenset({"status", "body", "headers"}),
    "reset": frozenset(),
    "close": frozenset(),
    "truncated": frozenset({"chunked"}),
    "hang": frozenset(),
    "redirect": frozenset({"status", "location"}),
    "sign_in": frozenset(),
    "not_json_api": frozenset({"status", "body"}),
    "raw": frozenset({"status", "body", "content_type", "headers"}),
    "between": frozenset({"call"}),
}


@dataclass(frozen=True)
class Fault:
    """An order: what happens to which request. Raises ValueError where the parts do not fit together.

    * "status": an answer with this status; the body is "json" (a JSON:API error), "html" (a gateway's page), "empty"
      or any JSON value.
    * "reset": the connection is reset (RST). "close": it is closed without an answer.
    * "truncated": the answer is declared whole, half of it is sent, then the connection closes; where the answer has no
      body it closes at once. The request has had its effect by then.
    * "hang": no answer, until the simulator stops.
    * "redirect": to ``location``. "sign_in": 200 and the HTML page where people sign in.
    * "not_json_api": JSON that is no JSON:API document, ``body``. "raw": ``body`` as bytes or text, of any type.
    * "between": ``call`` runs just before the request is handled; the request itself is answered as usual.

    Of several faults that are due, the first that was ordered plays; those after it do not count that request.
    """

    kind: FaultKind
    method: str | None = None
    """None: any."""
    path: str | None = None
    """A regular expression, searched for in the decoded path without the query; None: any."""
    nth: int = 1
    """The first request that it plays for, of those that match from now on."""
    times: int = 1
    """For how many matching requests in a row; 0: for ever."""
    after_effect: bool = False
    """Whether a write is applied first."""
    status: int | None = None
    """None: 503, 302 of a redirect, 200 of the rest."""
    body: Any = None
    """None: "json" for "status", a text for "raw", an object that is no document for "not_json_api"."""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/plain"
    location: str = ""
    chunked: bool = False
    call: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"There is no fault {self.kind!r}; there are: {', '.join(get_args(FaultKind))}")
        details = frozenset().union(*_DETAILS.values())
        given = {
            entry.name
            for entry in fields(self)
            if entry.name in details and getattr(self, entry.name) != _default(entry)
        }
        if given - _DETAILS[self.kind]:
            raise ValueError(f"The fault {self.kind!r} has no {', '.join(sorted(given - _DETAILS[self.kind]))}.")
        if self.kind == "redirect" and not self.location:
            raise ValueError("The fault 'redirect' needs a location.")
        if (self.kind == "between") != callable(self.call):
            raise ValueError("The fault 'between' needs something to call.")
        if self.nth < 1 or self.times < 0:
            raise ValueError("nth counts from 1, and times is not negative.")
        if self.status is not None:
            HTTPStatus(self.status)
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"{self.path!r} is no regular expression: {error}") from error

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about such requests."""
        return (self.method or method).upper() == method and re.search(self.path or "", path) is not None

    @property
    def needs_effect(self) -> bool:
        """Whether the request is handled before the fault plays."""
        return self.after_effect or self.kind == "truncated"


class Faults:
    """The faults that are on order."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def order(self, *faults: Fault) -> None:
        """Adds them after those that are there."""
        self._orders.extend(_Order(fault) for fault in faults)

    @property
    def left(self) -> list[Fault]:
        """Those that have not yet fired as often as ordered; one for ever has once it fired at all."""
        return [order.fault for order in self._orders if order.is_open]

    def take(self, method: str, path: str) -> tuple[list[Callable[[], object]], Fault | None]:
        """What to call before this request is handled, and the fault that plays for it."""
        calls: list[Callable[[], object]] = []
        for order in self._orders:
            if order.fault.matches(method, path) and order.fires():
                if order.fault.call is None:
                    return calls, order.fault
                calls.append(order.fault.call)
        return calls, None


@dataclass
class _Order:
    fault: Fault
    seen: int = 0

    def fires(self) -> bool:
        """Counts a request that matches."""
        self.seen += 1
        return self.fault.nth <= self.seen and (not self.fault.times or self.seen < self.fault.nth + self.fault.times)

    @property
    def is_open(self) -> bool:
        return self.seen < self.fault.nth + (self.fault.times or 1) - 1


def _default(entry: Any) -> Any:
    return {} if entry.name == "headers" else entry.default
