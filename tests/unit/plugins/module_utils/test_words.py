# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of requests that failed, for what other servers, proxies and releases of urllib3 come up with."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils import _words
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Retry
from urllib3.util.retry import RequestHistory

NO_POOL: Any = None
OWN_CA = (
    " If a company's own CA signed the certificate, set tfe_ca_bundle to the file with that CA. If the host name does "
    "not match, set tfe_address to a name that the certificate is for."
)

LIMITED = "The rate limit, which all tools of this TFE user share, kept being reached."
NOT_FOLLOWED = (
    "It was not followed, since the token is for this address only: set tfe_address to the address that TFE itself "
    "answers at."
)


def last_try(reason: Exception, tries: int) -> MaxRetryError:
    error = MaxRetryError(NO_POOL, "/", reason)
    error.tries = tries  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no URL"), " after 1 try over 3 s: no URL."),
        (ValueError(), " after 1 try over 3 s: ValueError."),
        (HTTPError(last_try(OSError("broken"), 4)), " after 4 tries over 3 s: broken."),
        (
            HTTPError(last_try(ReadTimeoutError(NO_POOL, "/", "x"), 1)),
            " after 1 try over 3 s: it took longer than tfe_timeout.",
        ),
        (ConnectTimeoutError("x"), " after 1 try over 3 s: it took longer than tfe_timeout."),
        (NewConnectionError(NO_POOL, "<pool at 0x1>: refused: no"), " after 1 try over 3 s: refused: no."),
        (HTTPError("HTTPConnection(host='a', port=1): refused (x): no"), " after 1 try over 3 s: refused (x): no."),
        (socket.timeout("timed out"), " after 1 try over 3 s: it took longer than tfe_timeout."),
        (OSError(errno.ETIMEDOUT, "Timed out"), f" after 1 try over 3 s: [Errno {errno.ETIMEDOUT}] Timed out."),
        (
            OSError("certificate has expired"),
            " after 1 try over 3 s: certificate has expired. The certificate of the server has to be renewed.",
        ),
        (OSError("CERTIFICATE_VERIFY_FAILED"), f" after 1 try over 3 s: CERTIFICATE_VERIFY_FAILED.{OWN_CA}"),
        (OSError("'a' doesn't match 'b'"), f" after 1 try over 3 s: 'a' doesn't match 'b'.{OWN_CA}"),
    ],
)
def test_no_answer(error: Exception, said: str) -> None:
    assert _words.no_answer("GET https://tfe", error, 3.4) == f"GET https://tfe got no answer{said}"


def answer(status: int, data: bytes = b"", reason: str | None = "Reason", tries: int = 0) -> Any:
    past = tuple(RequestHistory("GET", "/", None, status, None) for _try in range(tries - 1))
    retries = Retry(status_forcelist=[429, 503], history=past) if tries else None
    return SimpleNamespace(
        status_code=status, reason=reason, headers={}, raw=SimpleNamespace(retries=retries, data=data)
    )


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(400), "400 Reason."),
        (answer(400, reason=None), "400."),
        (answer(400, reason="Reason."), "400 Reason."),
        (answer(299), "299 Reason."),
        (
            answer(399),
            f"399 Reason, a redirect to nowhere. {NOT_FOLLOWED}",
        ),
        (answer(429, tries=9), f"429 Reason after 9 tries over 3 s. {LIMITED}"),
        (answer(503), "503 Reason."),
        (answer(502, tries=1), "502 Reason."),
        (answer(503, tries=1), "503 Reason after 1 try over 3 s."),
        (answer(503, tries=3), "503 Reason after 3 tries over 3 s."),
        (answer(403, b'{"errors": ["no."]}'), "403 Reason: no. The token's user may not do this."),
        (answer(400, b'{"errors": [], "message": "words"}'), "400 Reason."),
        (answer(400, b'{"message": "words"}'), "400 Reason: words."),
        (answer(400, b'{"message": "not X."}'), "400 Reason: not X."),
        (answer(400, b'{"errors": {"title": "one", "detail": "two"}}'), "400 Reason: one: two."),
        (
            answer(400, b'{"errors": [{"title": "", "detail": "two"}, {}, {"detail": null, "title": 3}]}'),
            "400 Reason: two; 3.",
        ),
        (answer(400, b'{"message": "%s"}' % (b"x" * 501)), f"400 Reason: {'x' * 500}."),
    ],
)
def test_refusal(response: Any, said: str) -> None:
    assert _words.refusal("GET https://tfe", response, 3.4, str) == f"GET https://tfe answered {said}"


def test_words_are_censored_before_they_are_cut() -> None:
    said = "x" * 499 + "secret"
    response = answer(400, f'{{"message": "{said}"}}'.encode())
    refusal = _words.refusal("GET https://tfe", response, 0, lambda text: text.replace("secret", "********"))
    assert refusal == f"GET https://tfe answered 400 Reason: {'x' * 499}*."
