# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a request may begin: the server's limit on all of them, and the waits before another try of one (API 5)."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from .parsing import parse_seconds

try:
    from urllib3.exceptions import InvalidHeader, MaxRetryError, SSLError
    from urllib3.util import Retry
except ImportError:
    # _transport says what is missing.
    Retry = object  # type: ignore[assignment,misc]

_RETRIED_STATUS = (408, 425, 429, 500, 502, 503, 504)
_BACKOFF_FACTOR = 0.5
_PATIENCE = 180.0
"""Seconds that one request may spend waiting because of 429: other users of the same limit come and go."""

_LONGEST_WAIT = 60.0
_SHORTEST_WAIT = 0.1
_JITTER = 0.3
_UNPACED_REQUESTS = 5
"""A small task is over before any limit matters, and must not be slowed down."""

_SHARE_OF_LIMIT = 0.95
"""What the server counts as one second is a little shorter or longer than ours."""


class Pace:
    """Keeps this process below the server's limit of requests a second, which all of a user's tools share (API 5)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unpaced = _UNPACED_REQUESTS
        self._interval = 0.0
        self._next = 0.0
        self.waited_until = 0.0
        """When the last wait ended, or will, that was for more than a turn (of the monotonic clock)."""

    def learn(self, limit: str | None) -> None:
        """``limit`` is the value of X-RateLimit-Limit; empty or zero means that there is none.

        An answer without it may be a gateway's and tells nothing. No server's limit is below one (API 5).
        """
        if limit is None:
            return
        per_second = parse_seconds(limit) or 0.0
        self._interval = 1 / (max(per_second, 1.0) * _SHARE_OF_LIMIT) if per_second > 0 else 0.0

    def hold(self, seconds: float) -> None:
        """No request begins for so long: the server said that the limit is reached."""
        with self._lock:
            self._unpaced = 0
            self._next = max(self._next, time.monotonic() + seconds)
            self.waited_until = max(self.waited_until, self._next)

    def rest(self, seconds: float) -> None:
        """Waits before another try of one request."""
        time.sleep(seconds)
        with self._lock:
            self.waited_until = max(self.waited_until, time.monotonic())

    def wait(self) -> None:
        """Returns when the next request may begin."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
            self._unpaced -= 1
            unpaced = self._unpaced >= 0
        if turn > now and not unpaced:
            time.sleep(turn - now)


class PacedRetry(Retry):
    """urllib3's policy, with the waits that TFE asks for (API 5) and a warning for each.

    It is for reads. urllib3 must send no write a second time: see ``Tries``.

    429 says "later", not "failed": it is bounded by ``patience`` seconds of waiting, not by the number of tries.
    """

    def __init__(self, *, warn: Callable[[str], None], pace: Pace, patience: float = _PATIENCE, **kwargs: Any) -> None:
        fixed = {
            "allowed_methods": None,
            "status_forcelist": _RETRIED_STATUS,
            "backoff_factor": _BACKOFF_FACTOR,
            "raise_on_status": False,
        }
        super().__init__(**{**fixed, **kwargs})
        self.warn = warn
        self.pace = pace
        self.patience = patience
        self.wait = 0.0

    def new(self, **kw: Any) -> PacedRetry:
        return super().new(**{"warn": self.warn, "pace": self.pace, "patience": self.patience, **kw})

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> PacedRetry:
        """The policy for the next try, after a warning. Raises MaxRetryError, with the number of ``tries``."""
        limited = response is not None and response.status == 429
        counted = self.new(total=int(self.total or 0) + 1) if limited else self
        try:
            if (limited and self.patience <= 0) or _is_lasting(error):
                raise MaxRetryError(_pool, "", error)  # where there is an answer, urllib3 returns it then
            following: PacedRetry = super(PacedRetry, counted).increment(
                method, url, response, error, _pool, _stacktrace
            )
        except MaxRetryError as last:
            last.tries = len(self.history) + 1  # type: ignore[attr-defined]  # for _words
            raise
        wait = following._seconds_to_wait(response)
        if limited:  # it holds for every request, so all of them wait for it at one place
            wait = min(wait, self.patience)
            following.patience -= wait
            self.pace.hold(wait)
        else:
            following.wait = wait
        from .words import reason_of  # noqa: PLC0415  # only after a failed try

        reason = f"answered {response.status}" if response is not None else f"failed ({reason_of(error)})"
        path = (url or "").partition("?")[0]
        self.warn(f"{method} {path} {reason}; trying again in {wait:.1f} s.")
        return following

    def sleep(self, response: Any = None) -> None:  # noqa: ARG002  # the wait was settled by increment()
        if self.wait:
            self.pace.rest(self.wait)

    def _seconds_to_wait(self, response: Any) -> float:
        asked = self._asked_wait(response) if response is not None else None
        if asked is None:
            wait = self.get_backoff_time()
        else:
            # The floor grows, so that a server that always says "now" is not asked a thousand times.
            wait = max(asked, _SHORTEST_WAIT * len(self.history))
        return min(wait, _LONGEST_WAIT) + random.uniform(0, _JITTER)

    def _asked_wait(self, response: Any) -> float | None:
        """Seconds from X-RateLimit-Reset (a float, relative; API 5), else from Retry-After in either form."""
        if response.status == 429:
            reset = parse_seconds(response.headers.get("X-RateLimit-Reset"))
            if reset is not None:
                return reset
        try:
            return self.get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError):
            return None


def is_passing(status: int) -> bool:
    """Whether the same request may succeed later, to all that is known."""
    return status in _RETRIED_STATUS or status >= 500


def _is_lasting(error: Exception | None) -> bool:
    """Whether another try would end alike: TLS is refused, such as for a certificate, or a proxy refuses a tunnel."""
    cause = getattr(error, "original_error", error)
    if isinstance(cause, SSLError):
        return "EOF" not in str(cause)  # a connection that ends in the midst of the handshake is just broken
    return bool(re.search(r"Tunnel connection failed: 4(?!08|25|29)", str(cause)))
