# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How requests travel to one Terraform Enterprise: session, proxies, TLS, and eight connections at the most.

This room knows nothing of what is asked for. "API n" in the whole collection means the section of that number in the
project's notes on TFE's admin API.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .bodies import BodyError, BoundedResponse
from .errors import ApiError, FailedTry, TfeError
from .pace import Pace, PacedRetry

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies, select_proxy
    from urllib3.exceptions import HTTPError, LocationParseError
    from urllib3.util import Retry, Timeout, parse_url
    from urllib3.util.ssl_ import create_urllib3_context

    if not hasattr(urllib3.Retry, "DEFAULT_ALLOWED_METHODS"):
        raise ImportError("requests is there, but its urllib3 is older than 1.26")
    if requests.__version__ in ("2.32.0", "2.32.1", "2.32.2"):
        raise ImportError(
            f"requests is there, but {requests.__version__} does not trust the CA bundle that it is given"
        )
except ImportError:
    # The class below must be definable, so that the module can say what is missing.
    HTTPAdapter = object  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from .connection import Connection
    from .tries import Tries

VERSION = "0.1.0"
CONNECTIONS = 8
"""Requests under way at once, at the most."""

_MEDIA_TYPE = "application/vnd.api+json"


class Transport:
    """A session with one TFE. ``warn`` takes one sentence for the user."""

    def __init__(self, connection: Connection, warn: Callable[[str], None]) -> None:
        self._timeout = Timeout(total=connection.timeout)
        self._session = requests.Session()
        # No .netrc, no REQUESTS_CA_BUNDLE, no cookie may stand in for what the user configured.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.auth = _Bearer(connection.token)
        self._session.headers.update({"Accept": _MEDIA_TYPE, "User-Agent": f"tfe.admin/{VERSION} (Ansible collection)"})
        self._session.headers["Accept-Encoding"] = "gzip"  # what body_of() can read within bounds
        self._connection = connection
        self.proxy = _find_proxy(connection)
        """The URL of the proxy on the way, with its password; "" where there is none."""
        self._proxies = {"all": self.proxy}
        self._pace = Pace()
        # Nothing else limits the connections; and who waits for one must not have been told yet when to begin.
        self._turns = threading.BoundedSemaphore(CONNECTIONS)
        self._retry = PacedRetry(total=connection.max_retries, warn=warn, pace=self._pace)
        self._verify = bool(connection.verify)
        tls, tls_to_proxy = _tls(connection, self.proxy)
        adapter = _Adapter(self._pace, tls, tls_to_proxy, max_retries=self._retry, pool_maxsize=CONNECTIONS)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        if not connection.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def tries(self) -> Tries:
        """For one write, which ``send`` sends once, whatever happens."""
        from .tries import Tries  # noqa: PLC0415  # most tasks write nothing

        return Tries(self._retry)

    def waited_since(self, moment: float) -> bool:
        """Whether requests had to wait for the rate limit, or for another try, after a moment (monotonic clock)."""
        return self._pace.waited_until > moment

    def send(
        self,
        method: str,
        url: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        ready: Callable[[], None] | None = None,
    ) -> requests.Response:
        """The answer, whatever its status; see bodies.body_of() for its body. Raises ApiError where there is none.

        ``ready`` is called right before a write is sent, after all waiting, and may raise what stops it.
        """
        started = time.monotonic()
        try:
            with self._turns:
                if method != "GET":
                    self._pace.wait()
                if ready:
                    ready()
                response = self._session.request(
                    method,
                    url,
                    params=query,
                    data=None if body is None else json.dumps(body),
                    headers=None if body is None else {"Content-Type": _MEDIA_TYPE},
                    timeout=self._timeout,  # type: ignore[arg-type]  # requests hands urllib3's own class through
                    verify=self._verify,
                    proxies=self._proxies,
                    allow_redirects=False,
                )
        except (BodyError, requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: requests reads the target of a redirect even where it does not follow it.
            from .words import no_answer  # noqa: PLC0415  # only on the way to an error

            seconds = time.monotonic() - started
            said = no_answer(f"{method} {url}", error, seconds, self._connection, self.proxy)
            if isinstance(error, BodyError):
                raise ApiError(said) from None
            # Within what requests raises is urllib3's exception, and within that the reason why there is no answer.
            reason = getattr(next(iter(error.args), None), "reason", error)
            raise ApiError(said, failed_try=FailedTry(method, urlsplit(url).path, None, reason)) from error
        self._pace.learn(response.headers.get("X-RateLimit-Limit"))
        return response


class _Bearer:
    """Sets the token as requests' own auth, which takes precedence over every other source of credentials."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _find_proxy(connection: Connection) -> str:
    """The URL of the proxy on the way to this address, "" where there is none.

    Raises TfeError for one that requests or urllib3 would quote in an error, with the password in it.
    """
    proxies = dict(connection.proxies) or get_environ_proxies(connection.address)
    proxy = str(select_proxy(connection.address, proxies) or "").strip()
    if proxy and not _is_proxy(proxy):
        raise TfeError(
            f"The proxy on the way to {connection.address}, which came from {connection.proxy_source(proxy)}, is not a "
            "URL such as http://user:password@proxy.example.com:3128. In its password, write characters such as "
            "/ # ? [ as %2F %23 %3F %5B."
        )
    return proxy


def _is_proxy(url: str) -> bool:
    try:
        parts = parse_url(url)
        urlsplit(url)  # requests reads it this way too
    except (LocationParseError, ValueError):
        return False
    # A password ends at the last @, but for these it ended earlier.
    return bool(parts.host) and "@" not in f"{parts.path}{parts.query}{parts.fragment}"


def _tls(connection: Connection, proxy: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What urllib3 sets up TLS with, to the server and to the proxy: empty where it is not needed, or not verified.

    Raises TfeError where there is nothing to verify certificates with; requests alone would do it with its own bundle.
    """
    proxy_speaks_tls = proxy.lower().startswith("https:")
    if not connection.verify or not (proxy_speaks_tls or connection.address.startswith("https:")):
        return {}, {}
    tls = {"ssl_context": _tls_context(connection), "cert_reqs": ssl.CERT_REQUIRED}
    if not proxy_speaks_tls:
        return tls, {}
    # A context of its own: urllib3 1.26 compares no host names where it is given one. This one makes it refuse a proxy
    # that has no name but an IP address; better that than to trust whoever has a certificate of the same CA.
    context = _tls_context(connection)
    context.check_hostname = True
    return tls, {"proxy_ssl_context": context}


def _tls_context(connection: Connection) -> ssl.SSLContext:
    """What every connection verifies certificates with; loading a bundle for each of them would cost as much as TLS.

    Raises TfeError where the file of the CA bundle holds no certificates; a folder is not looked into before there is
    one to verify. Without a bundle, requests' own one counts.
    """
    context: ssl.SSLContext = create_urllib3_context()
    path, source = requests.utils.DEFAULT_CA_BUNDLE_PATH, "requests"
    if isinstance(connection.verify, str):
        path, source = connection.verify, connection.bundle_source
        # From Python 3.13 on urllib3 also asks for a form that many a company's own CA does not have, although
        # terraform, curl and older Pythons take it: an Authority Key Identifier, a keyUsage, critical constraints.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        raise TfeError(
            f"The CA bundle {path}, which came from {source}, cannot be used: it has to hold certificates in PEM "
            f"form. {error}."
        ) from error
    return context


class _Adapter(HTTPAdapter):
    """Keeps the pace, shares one TLS context, and reads each body while urllib3 still watches.

    So a body that is cut off counts as a failed try as well. It is in ``response.raw.data`` then, as it came, and not
    in ``response.content``. ``tls`` and ``tls_to_proxy`` are what urllib3 sets up TLS with; where they are empty,
    requests does it by itself.
    """

    def __init__(self, pace: Pace, tls: dict[str, Any], tls_to_proxy: dict[str, Any], **kwargs: Any) -> None:
        self._pace = pace
        self._making_manager = threading.Lock()
        self._tls = tls
        self._tls_to_proxy = tls_to_proxy
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, **self._tls)  # type: ignore[misc]
        self._wrap(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        with self._making_manager:
            is_new = proxy not in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs, **self._tls, **self._tls_to_proxy)
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


def _reading(pool: Any, pace: Pace) -> Any:
    """A connection pool class like this one that keeps the pace and reads a body before it calls a request done."""
    send = getattr(pool, _SEND)
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": BoundedResponse})

    def send_and_read(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "GET":
            pace.wait()
        else:  # it has waited already; and whether it is sent again is not a matter of transport
            kwargs["retries"] = Retry(0)
        return send(self, method, *args, **{**kwargs, **_WHOLE_BODY})

    return type(pool.__name__, (pool,), {_SEND: send_and_read, "ConnectionCls": connection})


_WHOLE_BODY = {"preload_content": True, "decode_content": False, "enforce_content_length": True}
