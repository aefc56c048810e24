# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows a failed try: whether there is another one, and how long it waits (API 5)."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._transport import parse_seconds
from ._words import reason_of

with suppress(ImportError):  # what is missing is said by _transport
    from urllib3.exceptions import InvalidHeader, MaxRetryError, ResponseError
    from urllib3.util import Retry

if TYPE_CHECKING:
    from ._transport import _Retry

_LONGEST_WAIT = 60.0
_SHORTEST_WAIT = 0.1
_JITTER = 0.3


def next_try(
    retry: _Retry,
    method: str | None = None,
    url: str | None = None,
    response: Any = None,
    error: Exception | None = None,
    _pool: Any = None,
    _stacktrace: Any = None,
) -> _Retry:
    """The policy for the next try, after a warning. Raises MaxRetryError, with the number of ``tries``."""
    limited = response is not None and response.status == 429
    counted = retry.new(total=int(retry.total or 0) + 1) if limited else retry
    try:
        following: _Retry = Retry.increment(counted, method, url, response, error, _pool, _stacktrace)
        following.wait = _seconds_to_wait(following, response)
        following.patience -= following.wait if limited else 0
        if following.patience < 0:
            raise MaxRetryError(_pool, url or "", ResponseError("429 for too long"))
    except MaxRetryError as last:
        last.tries = len(retry.history) + 1  # type: ignore[attr-defined]  # for _words
        raise
    wait = following.wait
    if limited:  # it holds for every request, so all of them wait for it at one place
        retry.pace.hold(wait)
        following.wait = 0.0
    reason = f"answered {response.status}" if response is not None else f"failed ({reason_of(error)})"
    path = (url or "").partition("?")[0]
    retry.warn(f"{method} {path} {reason}; trying again in {wait:.1f} s.")
    return following


def _seconds_to_wait(retry: _Retry, response: Any) -> float:
    asked = _asked_wait(retry, response) if response is not None else None
    if asked is None:
        wait = retry.get_backoff_time()
    else:
        # The floor grows, so that a server that always says "now" is not asked a thousand times.
        wait = max(asked, _SHORTEST_WAIT * len(retry.history))
    return min(wait, _LONGEST_WAIT) + random.uniform(0, _JITTER)


def _asked_wait(retry: _Retry, response: Any) -> float | None:
    """Seconds from X-RateLimit-Reset (a float, relative; API 5), else from Retry-After in either form."""
    if response.status == 429:
        reset = parse_seconds(response.headers.get("X-RateLimit-Reset"))
        if reset is not None:
            return reset
    try:
        return retry.get_retry_after(response)
    except (InvalidHeader, ValueError, OverflowError):
        return None
