# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to say of a request that failed: its cause in the server's or the network's own words, and what to do then."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._parsing import parse_json

if TYPE_CHECKING:
    import requests

_MOST_WORDS = 500
"""Characters of the server's own words in an error, once they are censored."""

_CAUSES = {
    401: "The token is invalid, expired or revoked; or TFE uses SAML and the session behind the token has lapsed "
    "(after 14 days unless the site says otherwise): sign in to TFE in a browser once, then run again.",
    403: "The token's user may not do this.",
    429: "The rate limit, which all tools of this TFE user share, kept being reached.",
}

_OBJECT = re.compile(r"^(.*>|\w+\(.*?\)): ")
"""What urllib3 writes before a reason: ``<… object at 0x…>: `` or ``HTTPConnection(host=…, port=…): ``."""


def no_answer(request: str, error: BaseException, seconds: float) -> str:
    """What to say where no answer came; ``request`` is its method and URL, ``seconds`` how long it was tried."""
    return f"{request} got no answer{_effort(_tries(error), seconds)}: {reason_of(error)}.{_hint(error)}"


def refusal(request: str, response: requests.Response, seconds: float, censor: Callable[[str], str]) -> str:
    """What to say of an answer whose status is not a success. ``censor`` takes secrets out of a text."""
    status = response.status_code
    said = f"{request} answered {status} {response.reason or ''}".rstrip()
    if 300 <= status < 400:
        return (
            f"{said}, a redirect to {response.headers.get('Location', 'nowhere')}. It was not followed, since the "
            "token is for this address only: set tfe_address to the address that TFE itself answers at."
        )
    retries = response.raw.retries
    if retries and status in retries.status_forcelist:
        said += _effort(len(retries.history) + 1, seconds)
    details = censor(_server_words(response.raw.data))[:_MOST_WORDS]
    parts = [f"{said}: {details}" if details else said, _CAUSES.get(status, "")]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def reason_of(error: BaseException | None) -> str:
    """The innermost reason, without urllib3's object addresses and pool names."""
    from urllib3.exceptions import (  # noqa: PLC0415  # this file must be importable without requests
        ConnectTimeoutError,
        NewConnectionError,
        ReadTimeoutError,
    )

    while True:
        inner = getattr(error, "reason", None) or next(
            (arg for arg in getattr(error, "args", ()) if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        error = inner
    # A refused connection counts as a kind of time-out to urllib3.
    timed_out = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(error, NewConnectionError)
    # The system's own time-out has a number, and is longer.
    if timed_out or (isinstance(error, socket.timeout) and error.errno is None):
        return "it took longer than tfe_timeout"
    return _OBJECT.sub("", str(error)) or type(error).__name__


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


def _hint(error: BaseException) -> str:
    """What to do about a certificate that cannot be trusted; "" for everything else."""
    if "certificate has expired" in str(error):
        return " The certificate of the server has to be renewed."
    if "CERTIFICATE_VERIFY_FAILED" not in str(error) and "doesn't match" not in str(error):
        return ""
    return (
        " If a company's own CA signed the certificate, set tfe_ca_bundle to the file with that CA. If the host name "
        "does not match, set tfe_address to a name that the certificate is for."
    )
