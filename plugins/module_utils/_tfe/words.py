# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to say of a request that failed: its cause in the server's or the network's own words, and what to do then."""

from __future__ import annotations

import html
import re
import socket
from typing import TYPE_CHECKING, Any

from .bodies import BodyError, body_of
from .parsing import parse_json
from .route import advice, way, what_the_proxy_wants

if TYPE_CHECKING:
    import requests

    from .connection import Connection

_MOST_WORDS = 500
"""Characters of the server's own words in an error, once they are censored."""

_CAUSES = {
    401: "The token is invalid, expired or revoked; or TFE uses SAML and the session behind the token has lapsed "
    "(after 14 days unless the site says otherwise): sign in to TFE in a browser once, then run again.",
    403: "The token's user may not do this, or something in front of TFE, such as a proxy or a firewall, refuses it.",
    429: "The rate limit, which all tools of this TFE user share, kept being reached.",
}

_NOT_TFE = "Is this the address of Terraform Enterprise itself, and not of a sign-in page or a proxy in front of it?"

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGE_TAGS = ("<!doctype html", "<html", "<head", "<title", "<body")
_TITLE = re.compile("<title[^>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)
_MOST_OF_A_PAGE = 65_536
"""Bytes of a page in which its title is looked for."""

_OBJECT = re.compile(r"^(.*>|\w+\(.*?\)): ")
"""What urllib3 writes before a reason: ``<… object at 0x…>: `` or ``HTTPConnection(host=…, port=…): ``."""


def no_answer(request: str, error: BaseException, seconds: float, connection: Connection, proxy: str) -> str:
    """What to say where no answer came, or one that is not taken.

    ``request`` is its method and URL, ``seconds`` how long it was tried, ``proxy`` the URL of the one on the way.
    """
    went = way(connection, proxy)
    if isinstance(error, BodyError):
        return f"{request} answered, but {error}. {went}"
    parts = [f"{request} got no answer{_effort(_tries(error), seconds)}: {reason_of(error)}.", went]
    if proxy and not proxy.lower().startswith("socks") and _is_unreached(_innermost(error)):
        parts.append("It is the proxy that could not be reached.")
    return " ".join(filter(None, [*parts, advice(connection, proxy, error)]))


def refusal(request: str, response: requests.Response, seconds: float, connection: Connection, proxy: str) -> str:
    """What to say of an answer whose status is not a success."""
    status = response.status_code
    said = f"{request} answered {status} {response.reason or ''}".rstrip()
    went = way(connection, proxy)
    if 300 <= status < 400:
        return (
            f"{said}, a redirect to {response.headers.get('Location', 'nowhere')}. It was not followed, since the "
            f"token is for this address only: set tfe_address to the address that TFE itself answers at. {went}"
        )
    retries = response.raw.retries
    if retries and status in retries.status_forcelist:
        said += _effort(len(retries.history) + 1, seconds)
    cause = what_the_proxy_wants(connection, proxy) if status == 407 else _CAUSES.get(status, "")
    try:
        body = body_of(response)
    except BodyError as error:
        return _sentences(f"{said}, but {error}", went, cause)
    if page := _page_words(response, body, connection):
        # A page says nothing of the token; and where it says that TFE is down, the address is right.
        cause = "" if status == 401 else cause
        return _sentences(f"{said}: {page}", went, cause or ("" if status >= 500 else _NOT_TFE))
    details = connection.secrets.censor(_server_words(body))[:_MOST_WORDS]
    return _sentences(f"{said}: {details}" if details else said, went if status == 407 else "", cause)


def no_document(request: str, response: requests.Response, connection: Connection, proxy: str) -> str:
    """What to say of a success that brings no JSON:API document."""
    said = f"{request} answered {response.status_code}"
    try:
        page = _page_words(response, body_of(response), connection)
    except BodyError as error:
        return _sentences(f"{said}, but {error}", way(connection, proxy))
    kind = response.headers.get("Content-Type", "no content type")
    what = f"something that is not a JSON:API document ({kind}){': ' if page else ''}{page}"
    return _sentences(f"{said} with {what}", not_tfe(connection, proxy))


def not_tfe(connection: Connection, proxy: str) -> str:
    """What to say after an answer that is hardly TFE's."""
    return f"{way(connection, proxy)} {_NOT_TFE}"


def reason_of(error: BaseException | None) -> str:
    """The innermost reason, without urllib3's object addresses and pool names."""
    from urllib3.exceptions import (  # noqa: PLC0415  # this file must be importable without requests
        ConnectTimeoutError,
        NewConnectionError,
        ReadTimeoutError,
    )

    error = _innermost(error)
    # A refused connection counts as a kind of time-out to urllib3.
    timed_out = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(error, NewConnectionError)
    # The system's own time-out has a number, and is longer.
    if timed_out or (isinstance(error, socket.timeout) and error.errno is None):
        return "it took longer than tfe_timeout"
    return _OBJECT.sub("", str(error)) or type(error).__name__


def _innermost(error: BaseException | None) -> BaseException | None:
    while True:
        inner = getattr(error, "reason", None) or next(
            (arg for arg in getattr(error, "args", ()) if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _is_unreached(error: BaseException | None) -> bool:
    """Whether there was not even a connection."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError  # noqa: PLC0415  # as above

    return isinstance(error, (ConnectTimeoutError, NewConnectionError))


def _page_words(response: requests.Response, body: bytes, connection: Connection) -> str:
    """What to say of a body that is a web page; "" of any other."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    start = body[:_MOST_OF_A_PAGE].decode(errors="replace").lstrip("\ufeff \t\r\n")
    looks_like_one = start.startswith("<") and any(tag in start[:1000].lower() for tag in _PAGE_TAGS)
    if not looks_like_one and (kind not in _PAGE_TYPES or not start or isinstance(parse_json(body), dict)):
        return ""
    title = _TITLE.search(start)
    censor = connection.secrets.censor
    # Censored twice, since white space may be a part of a secret, and may have been put into one.
    words = censor(" ".join(censor(html.unescape(title.group(1))).split())) if title else ""
    said = "a web page came instead of TFE's answer"
    return f"{said}, with the title {words[:_MOST_WORDS]!r}" if words else said


def _server_words(data: bytes) -> str:
    """What an error document says, whatever its shape (API 6.1); "" where it says nothing readable."""
    document = parse_json(data)
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    entries = errors if isinstance(errors, list) else [errors or document.get("message") or ""]
    return "; ".join(filter(None, (_error_words(entry) for entry in entries)))


def _error_words(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    return ": ".join(str(entry[key]) for key in ("title", "detail") if entry.get(key))


def _effort(tries: int, seconds: float) -> str:
    return f" after {tries} {'try' if tries == 1 else 'tries'} over {seconds:.0f} s"


def _tries(error: BaseException) -> int:
    """How often the request was sent before urllib3 gave up; ``_pace`` leaves the number on its exception."""
    return next((arg.tries for arg in error.args if hasattr(arg, "tries")), 1)


def _sentences(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in parts if part)
