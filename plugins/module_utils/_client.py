# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to one Terraform Enterprise: session, retries and rate limit, pages, JSON:API errors.

This room knows nothing of sharing. "API n" in the whole collection means the section of that number in the
project's notes on TFE's admin API.
"""

from __future__ import annotations

import http.client
import io
import json
import math
import os
import random
import socket
import ssl
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ._errors import TfeError

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies
    from urllib3.exceptions import (
        HTTPError,
        InvalidHeader,
        MaxRetryError,
        ResponseError,
    )
    from urllib3.util import Retry, Timeout
    from urllib3.util.ssl_ import create_urllib3_context

    if not hasattr(Retry, "DEFAULT_ALLOWED_METHODS"):
        raise ImportError("requests is there, but its urllib3 is older than 1.26")
except ImportError:
    # The classes below must be definable, so that the module can say what is missing.
    HTTPAdapter = Retry = object  # type: ignore[assignment,misc]
    MaxRetryError = Exception  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from ._connection import Connection

VERSION = "0.1.0"
CONNECTIONS = 8
"""Requests under way at once, at the most."""

PAGE_SIZE = 100
"""The server's maximum; one more is answered with 422 (API 3)."""

_MEDIA_TYPE = "application/vnd.api+json"
RETRIED_STATUS = (429, 500, 502, 503, 504)
_BACKOFF_FACTOR = 0.5
_RATE_LIMIT_PATIENCE = 180.0
"""Seconds that one request may spend waiting because of 429: other users of the same limit come and go."""
_LONGEST_WAIT = 60.0
_SHORTEST_WAIT = 0.1
_JITTER = 0.3
_UNPACED_REQUESTS = 5
"""A small task is over before any limit matters, and must not be slowed down."""

_SHARE_OF_LIMIT = 0.95
"""What the server counts as one second is a little shorter or longer than ours."""

_FULL_PAGES = (20, PAGE_SIZE)
"""How many items a full page has: the server's own default, and what is asked for (API 3)."""

_MOST_PAGES = 10_000


class ApiError(TfeError):
    """The server refused or failed. ``status`` is the HTTP status, 0 where there was no answer at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """What ``work`` returns for each item, in their order. Raises what it raises for the first item that fails.

    May be called from within ``work``: the client's connections are what is limited, not the threads.
    """
    if len(items) <= 1:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a small task does without

    with ThreadPoolExecutor(min(CONNECTIONS, len(items))) as pool:
        return list(pool.map(work, items))


class Page(NamedTuple):
    """One page of a collection (API 3). What the server does not tell is None.

    ``items`` are what is kept of the resource objects, by their ids; ``length`` counts an id that came twice as two.
    """

    items: dict[str, Any]
    length: int
    total_pages: int | None
    total_count: int | None
    has_next: bool | None

    def goes_on_after(self, number: int, seen: int) -> bool:
        """Whether the server says that there is more than ``number`` pages with ``seen`` items."""
        if self.total_count is not None and seen >= self.total_count:
            return False
        if self.total_pages is not None:
            return number < self.total_pages
        return bool(self.has_next)

    @property
    def may_be_cut(self) -> bool:
        """No word of more pages, and still there may be: servers cut lists at round numbers (20 and 100 by API 3)."""
        silent = self.total_count is None and self.total_pages is None and self.has_next is None
        return silent and self.length > 0 and self.length % 10 == 0

    @property
    def pages_ahead(self) -> int:
        """How many pages come after this first one, as far as the server tells."""
        if not self.total_pages or not self.items:
            return 0
        pages = self.total_pages
        if self.total_count is not None:
            pages = min(pages, math.ceil(self.total_count / len(self.items)))
        return min(pages, _MOST_PAGES) - 1


class Client:
    """A session with one TFE. ``warn`` takes one sentence for the user."""

    def __init__(self, connection: Connection, warn: Callable[[str], None]) -> None:
        self.address = connection.address
        self.application = ""
        """What the server last called itself in TFP-AppName; "" where it did not (API 6.3)."""
        self._timeout = Timeout(total=connection.timeout)
        self._session = requests.Session()
        # No .netrc, no REQUESTS_CA_BUNDLE, no cookie may stand in for what the user configured.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.auth = _Bearer(connection.token)
        self._session.headers.update({"Accept": _MEDIA_TYPE, "User-Agent": f"tfe.admin/{VERSION} (Ansible collection)"})
        self._proxies = dict(connection.proxies) or get_environ_proxies(connection.address)
        self._pace = _Pace()
        # Who waits for a connection must not have been told yet when to begin.
        self._turns = threading.BoundedSemaphore(CONNECTIONS)
        retry = _Retry(
            total=connection.max_retries,
            other=0,  # a certificate that does not verify will not verify the next time either
            allowed_methods=None,  # every write replaces a whole list or a flag, so sending it twice changes nothing
            status_forcelist=RETRIED_STATUS,
            backoff_factor=_BACKOFF_FACTOR,
            raise_on_status=False,
            warn=warn,
            pace=self._pace,
        )
        # A certificate is always verified but where the user said otherwise; requests would do it with its own bundle.
        self._verify = bool(connection.verify)
        context = _tls_context(connection.verify) if self._verify and self.address.startswith("https:") else None
        adapter = _Adapter(self._pace, context, max_retries=retry, pool_maxsize=CONNECTIONS, pool_block=True)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        if not connection.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The JSON:API document at ``path`` (below /api/v2, with its leading slash). Raises ApiError."""
        document = self._exchange("GET", path, query=query)
        if document is None:
            raise ApiError(f"GET {self._url(path)} answered without a document. {_NOT_TFE}")
        return document

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Sends a JSON:API document; the answer's document, None where it has none (204). Raises ApiError."""
        return self._exchange(method, path, body=body)

    def page(self, path: str, keep: Callable[[dict[str, Any]], Item], number: int = 1) -> Page:
        """One page of a collection, of 100 items at the most; ``keep`` makes of each resource object what is needed."""
        document = self.get(path, {"page[number]": number, "page[size]": PAGE_SIZE})
        items = document["data"]
        if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("id") for item in items):
            raise ApiError(f"GET {self._url(path)} answered with something that is not a list. {_NOT_TFE}")
        meta = document.get("meta")
        pagination = meta.get("pagination") if isinstance(meta, dict) else None
        if not isinstance(pagination, dict):
            pagination = {}
        return Page(
            {str(item["id"]): keep(item) for item in items},
            length=len(items),
            total_pages=_count(pagination.get("total-pages")),
            total_count=_count(pagination.get("total-count")),
            has_next=pagination["next-page"] is not None if "next-page" in pagination else None,
        )

    def collection(
        self,
        path: str,
        keep: Callable[[dict[str, Any]], Item],
        first: Page | None = None,
        *,
        paged: bool = True,
    ) -> list[Item]:
        """What ``keep`` makes of each item of a collection; ``first`` is its first page where that was read already.

        ``paged`` is false for a list that is known to come whole, without pages.
        A list that changed between two pages is read once more; one that does not add up then is an error, since a
        list that is cut short would be taken for revoked access.
        """
        items, problem = self._walk(path, keep, first or self.page(path, keep), paged)
        if problem:
            items, problem = self._walk(path, keep, self.page(path, keep), paged)
        if problem:
            raise ApiError(f"GET {self._url(path)} does not give a complete list: {problem}.")
        return items

    def _walk(
        self, path: str, keep: Callable[[dict[str, Any]], Item], page: Page, paged: bool
    ) -> tuple[list[Item], str]:
        """(what was kept of the items, "" or why they cannot be the whole list)."""
        total = page.total_count
        items = dict(page.items)
        repeated = page.length - len(items)
        problem = ""
        following = self._following(path, keep, page)
        for number in range(2, _MOST_PAGES + 2):
            told = page.goes_on_after(number - 1, len(items))
            if not told and not page.may_be_cut:
                break
            page = next(following)
            if page.total_count != total:
                return [], "it kept changing while it was read"
            known = len(items)
            items.update(page.items)
            if len(items) == known:
                # A server that ignores the page number sends its first page again: is that one all there is?
                if total is None and (told or (paged and page.length in _FULL_PAGES)):
                    problem = f"page {number} brought nothing new, and {len(items)} items may not be all"
                break
            repeated += page.length - (len(items) - known)
        else:
            problem = f"it has no end after {_MOST_PAGES} pages"
        if total is not None and total != len(items):
            problem = f"the server counts {total} items and sent {len(items)}"
        elif repeated:
            problem = "items came twice while it was read"
        return list(items.values()), problem

    def _following(self, path: str, keep: Callable[[dict[str, Any]], Item], first: Page) -> Iterator[Page]:
        """The pages after the first one without an end: side by side as far as it tells how many there are."""
        announced = range(2, 2 + first.pages_ahead)
        if len(announced) > 1:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a small task does without

            with ThreadPoolExecutor(CONNECTIONS) as pool:
                ahead: deque[Any] = deque()
                for number in announced:
                    ahead.append(pool.submit(self.page, path, keep, number))
                    # Not all at once: what the first page announces may turn out to be wrong.
                    if len(ahead) >= 2 * CONNECTIONS:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
        for number in range(announced.stop if len(announced) > 1 else 2, _MOST_PAGES + 2):
            yield self.page(path, keep, number)

    def why_unreachable(self) -> str:
        """Why no request of this user has an answer now; "" where one has (API 4)."""
        try:
            self.get("/account/details")
        except ApiError as error:
            return str(error) if error.status in (0, 401) else ""
        return ""

    def _url(self, path: str) -> str:
        return f"{self.address}/api/v2{path}"

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        started = time.monotonic()
        try:
            with self._turns:
                response = self._session.request(
                    method,
                    self._url(path),
                    params=query,
                    data=None if body is None else json.dumps(body),
                    headers=None if body is None else {"Content-Type": _MEDIA_TYPE},
                    timeout=self._timeout,  # type: ignore[arg-type]  # requests hands urllib3's own class through
                    verify=self._verify,
                    proxies=self._proxies,
                    allow_redirects=False,
                )
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: requests reads the target of a redirect even where it does not follow it.
            from ._words import no_answer  # noqa: PLC0415  # only on the way to an error

            raise ApiError(no_answer(f"{method} {self._url(path)}", error, time.monotonic() - started)) from error
        self.application = response.headers.get("TFP-AppName", "")
        self._pace.learn(response.headers.get("X-RateLimit-Limit"))
        if not 200 <= response.status_code < 300:
            from ._words import refusal  # noqa: PLC0415  # only on the way to an error

            said = refusal(f"{method} {self._url(path)}", response, time.monotonic() - started)
            raise ApiError(said, response.status_code)
        return self._document(method, path, response)

    def _document(self, method: str, path: str, response: requests.Response) -> dict[str, Any] | None:
        if not response.raw.data.strip():
            return None
        document = parse_json(response.raw.data)
        if not isinstance(document, dict) or "data" not in document:
            kind = response.headers.get("Content-Type", "no content type")
            raise ApiError(
                f"{method} {self._url(path)} answered {response.status_code} with something that is not a JSON:API "
                f"document ({kind}). {_NOT_TFE}",
                response.status_code,
            )
        return document


_NOT_TFE = "Is this the address of Terraform Enterprise itself, and not of a sign-in page or a proxy in front of it?"


class _Bearer:
    """Sets the token as requests' own auth, which takes precedence over every other source of credentials."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Pace:
    """Keeps this process below the server's limit of requests a second, which all of a user's tools share (API 5)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unpaced = _UNPACED_REQUESTS
        self._interval = 0.0
        self._next = 0.0

    def learn(self, limit: str | None) -> None:
        """``limit`` is the value of X-RateLimit-Limit; empty or zero means that there is none.

        An answer without it may be a gateway's and tells nothing. No server's limit is below one (API 5).
        """
        if limit is None:
            return
        per_second = _seconds(limit) or 0.0
        self._interval = 1 / (max(per_second, 1.0) * _SHARE_OF_LIMIT) if per_second > 0 else 0.0

    def hold(self, seconds: float) -> None:
        """No request begins for so long: the server said that the limit is reached."""
        with self._lock:
            self._unpaced = 0
            self._next = max(self._next, time.monotonic() + seconds)

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


class OutOfTries(MaxRetryError):
    """urllib3's "no more", with the number of tries that were made."""

    tries = 1


class _Retry(Retry):
    """urllib3's policy, with the waits that TFE asks for (API 5) and a warning for each.

    429 says "later", not "failed": it is bounded by ``patience`` seconds of waiting, not by the number of tries.
    """

    def __init__(
        self,
        *args: Any,
        warn: Callable[[str], None],
        pace: _Pace,
        patience: float = _RATE_LIMIT_PATIENCE,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.warn = warn
        self.pace = pace
        self.patience = patience
        self.wait = 0.0

    def new(self, **kw: Any) -> _Retry:
        return super().new(**{"warn": self.warn, "pace": self.pace, "patience": self.patience, **kw})

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> _Retry:
        limited = response is not None and response.status == 429
        counted = self.new(total=int(self.total or 0) + 1) if limited else self
        try:
            following: _Retry = super(_Retry, counted).increment(method, url, response, error, _pool, _stacktrace)
            following.wait = following._seconds_to_wait(response)
            following.patience -= following.wait if limited else 0
            if following.patience < 0:
                raise MaxRetryError(_pool, url or "", ResponseError("429 for too long"))
        except MaxRetryError as last:
            out = OutOfTries(last.pool, last.url or "", last.reason)
            out.tries = len(self.history) + 1
            raise out from last
        wait = following.wait
        if limited:  # it holds for every request, so all of them wait for it at one place
            self.pace.hold(wait)
            following.wait = 0.0
        from ._words import reason_of  # noqa: PLC0415  # only on the way to an error

        reason = f"answered {response.status}" if response is not None else f"failed ({reason_of(error)})"
        path = (url or "").partition("?")[0]
        self.warn(f"{method} {path} {reason}; trying again in {wait:.1f} s.")
        return following

    def sleep(self, response: Any = None) -> None:  # noqa: ARG002  # the wait was settled by increment()
        if self.wait:
            time.sleep(self.wait)

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
            reset = _seconds(response.headers.get("X-RateLimit-Reset"))
            if reset is not None:
                return reset
        try:
            return self.get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError):
            return None


def _tls_context(bundle: bool | str) -> ssl.SSLContext:
    """What every connection verifies certificates with; loading a bundle for each of them would cost as much as TLS.

    Raises TfeError where ``bundle``, a file or a folder, holds no certificates; True stands for requests' own.
    """
    path = bundle if isinstance(bundle, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    context: ssl.SSLContext = create_urllib3_context()
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        raise TfeError(
            f"The CA bundle {path} (tfe_ca_bundle, TFE_CA_BUNDLE or SSL_CERT_FILE) cannot be used: it has to hold "
            f"certificates in PEM form. {error}."
        ) from error
    return context


class _Adapter(HTTPAdapter):
    """Keeps the pace, shares one TLS context, and reads each body while urllib3 still watches.

    So a body that is cut off counts as a failed try as well. It is in ``response.raw.data`` then, not in
    ``response.content``. Without a context requests sets up TLS by itself, for each connection.
    """

    def __init__(self, pace: _Pace, context: ssl.SSLContext | None, **kwargs: Any) -> None:
        self._pace = pace
        self._making_manager = threading.Lock()
        self._tls: dict[str, Any] = {"ssl_context": context, "cert_reqs": ssl.CERT_REQUIRED} if context else {}
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, **self._tls)  # type: ignore[misc]
        self._wrap(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        to_proxy = {"proxy_ssl_context": self._tls["ssl_context"]} if self._tls else {}
        with self._making_manager:
            is_new = proxy not in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs, **self._tls, **to_proxy)
            if is_new:
                self._wrap(manager)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        if not self._tls:  # else it would add requests' own bundle to the context
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def _wrap(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            scheme: _reading(pool, self._pace) for scheme, pool in manager.pool_classes_by_scheme.items()
        }


# The name is put together, since ansible-test takes it for the function of that name in Python's own library.
_SEND = "url" + "open"


def _reading(pool: Any, pace: _Pace) -> Any:
    """A connection pool class like this one that keeps the pace and reads a body before it calls a request done."""
    send = getattr(pool, _SEND)
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _BoundedResponse})

    def send_and_read(self: Any, *args: Any, **kwargs: Any) -> Any:
        pace.wait()
        return send(self, *args, **{**kwargs, **_WHOLE_BODY})

    return type(pool.__name__, (pool,), {_SEND: send_and_read, "ConnectionCls": connection})


class _BoundedResponse(http.client.HTTPResponse):
    """An answer that has to be there as a whole when the time-out ends, however slowly it trickles in."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_Until(time.monotonic() + seconds, sock, raw))


class _Until(io.RawIOBase):
    """Reads from a socket until a deadline (of the monotonic clock), where each read would start anew to wait."""

    def __init__(self, deadline: float, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._deadline, self._sock, self._raw = deadline, sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise socket.timeout("timed out")
        self._sock.settimeout(seconds_left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


_WHOLE_BODY = {"preload_content": True, "decode_content": True, "enforce_content_length": True}


def attributes_of(item: Any) -> dict[str, Any]:
    """The attributes of a JSON:API resource object; none where it is something else."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _count(value: Any) -> int | None:
    """A number of pages or items, which some servers write as text; None where it is something else."""
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(seconds) else seconds


def parse_json(data: bytes) -> Any:
    """The parsed text, None where it is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
