# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of requests that failed, for what other servers, proxies and releases of urllib3 come up with."""

from __future__ import annotations

import errno
import gzip
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._tfe import words
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.secrets import Secrets
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Retry
from urllib3.util.retry import RequestHistory

NO_POOL: Any = None
CONNECTION = Connection("https://tfe", "token")
DIRECT = "The address came from tfe_address; the request went there directly, without a proxy."
OWN_CA = "If a company's own CA signed the certificate, set tfe_ca_bundle to the file with that CA."

NOT_ALLOWED = (
    "The token's user may not do this, or something in front of TFE, such as a proxy or a firewall, refuses it."
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
        (ValueError("no URL"), "1 try over 3 s: no URL."),
        (ValueError(), "1 try over 3 s: ValueError."),
        (HTTPError(last_try(OSError("broken"), 4)), "4 tries over 3 s: broken."),
        (
            HTTPError(last_try(ReadTimeoutError(NO_POOL, "/", "x"), 1)),
            "1 try over 3 s: it took longer than tfe_timeout.",
        ),
        (ConnectTimeoutError("x"), "1 try over 3 s: it took longer than tfe_timeout."),
        (NewConnectionError(NO_POOL, "<pool at 0x1>: refused: no"), "1 try over 3 s: refused: no."),
        (HTTPError("HTTPConnection(host='a', port=1): refused (x): no"), "1 try over 3 s: refused (x): no."),
        (socket.timeout("timed out"), "1 try over 3 s: it took longer than tfe_timeout."),
        (OSError(errno.ETIMEDOUT, "Timed out"), f"1 try over 3 s: [Errno {errno.ETIMEDOUT}] Timed out."),
    ],
)
def test_no_answer(error: Exception, said: str) -> None:
    told = words.no_answer("GET https://tfe", error, 3.4, CONNECTION, "")
    assert told == f"GET https://tfe got no answer after {said} {DIRECT}"


REFUSED = last_try(NewConnectionError(NO_POOL, "<pool at 0x1>: refused"), 1)
WANTS = (
    "The proxy wants a user name and a password: write them into tfe_proxies, as in "
    "http://user:password@proxy.example.com:3128."
)
REFUSES = "The proxy refuses the user name and the password that tfe_proxies holds: correct them there."
ASKED = OSError("Tunnel connection failed: 407 Authenticate")


@pytest.mark.parametrize(
    ("proxies", "environ", "proxy", "went"),
    [
        (
            {"https": "http://p:1"},
            {"HTTPS_PROXY": "http://p:1"},
            "http://p:1",
            "http://p:1, which came from tfe_proxies",
        ),
        ({}, {"HTTPS_PROXY": "http://p:1"}, "http://p:1", "http://p:1, which came from HTTPS_PROXY"),
        ({}, {"HTTPS_PROXY": "b", "https_proxy": "b"}, "b", "http://b, which came from https_proxy"),
        ({}, {"HTTPS_PROXY": "a", "https_proxy": ""}, "a", "http://a, which came from HTTPS_PROXY"),
        ({}, {"Https_Proxy": " a "}, "a", "http://a, which came from Https_Proxy"),
        ({}, {"HTTP_PROXY": "a", "ALL_PROXY": "a"}, "a", "http://a, which came from ALL_PROXY"),
        ({}, {"all_proxy": "a", "HTTPS_PROXY": "a"}, "a", "http://a, which came from HTTPS_PROXY"),
        ({}, {"HTTP_PROXY": "a"}, "a", "http://a, which came from the system's settings"),
        (
            {},
            {"ALL_PROXY": "HTTPS://u:p@[::1]:1/x"},
            "HTTPS://u:p@[::1]:1/x",
            "https://[::1]:1, which came from ALL_PROXY",
        ),
        ({"all": "//u:p@h?x"}, {}, "//u:p@h?x", "http://h, which came from tfe_proxies"),
        ({"all": "u@h:1"}, {}, "u@h:1", "http://h:1, which came from tfe_proxies"),
    ],
)
def test_the_proxy_is_told_without_its_password_and_with_its_source(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], environ: dict[str, str], proxy: str, went: str
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    connection = Connection("https://tfe", "token", proxies=proxies, address_source="TFE_HOSTNAME")
    told = words.no_answer("GET https://tfe", REFUSED, 0, connection, proxy)
    assert told == (
        "GET https://tfe got no answer after 1 try over 0 s: refused. The address came from TFE_HOSTNAME; the request "
        f"went through the proxy {went}. It is the proxy that could not be reached."
    )


@pytest.mark.parametrize(
    ("proxy", "error", "told"),
    [
        ("http://p", ConnectTimeoutError("x"), "It is the proxy that could not be reached."),
        ("http://p", ReadTimeoutError(NO_POOL, "/", "x"), ""),
        ("SOCKS5h://p", REFUSED, ""),
        ("", REFUSED, ""),
        (
            "http://u:p@p",
            ASKED,
            REFUSES,
        ),
        (
            "http://p",
            ASKED,
            WANTS,
        ),
        (
            "http://u@p",
            ASKED,
            WANTS,
        ),
        (
            "socks5://u:p@p",
            OSError("SOCKS5 authentication failed"),
            REFUSES,
        ),
        ("http://p", OSError("Tunnel connection failed: 403 Forbidden"), ""),
    ],
)
def test_what_is_wrong_with_the_proxy(proxy: str, error: Exception, told: str) -> None:
    connection = Connection("https://tfe", "token", proxies={"all": proxy})
    assert (
        words.no_answer("", error, 0, connection, proxy).partition("tfe_proxies. " if proxy else "proxy. ")[2] == told
    )


UNKNOWN_CA = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate"
SELF_SIGNED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate in certificate chain"
FORM = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Missing Authority Key Identifier"
EXPIRED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired"
TOO_EARLY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid"
OTHER_NAME = (
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'a'"
)
HASHED = "In a folder only those files count that have names as openssl rehash gives them."
NOT_THERE = "The CA bundle {}, which came from SSL_CERT_FILE, does not hold the CA that signed the certificate of"


@pytest.mark.parametrize(
    ("error", "bundle", "proxy", "told"),
    [
        (UNKNOWN_CA, "", "", OWN_CA),
        (FORM, "", "", OWN_CA),
        (UNKNOWN_CA, "/ca.pem", "", f"{NOT_THERE} the server: add it there."),
        (SELF_SIGNED, "/ca.pem", "", f"{NOT_THERE} the server: add it there."),
        (SELF_SIGNED.replace("f s", "f-s"), "/ca.pem", "http://p", f"{NOT_THERE} the server: add it there."),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate signature failure",
            "/ca.pem",
            "",
            f"{NOT_THERE} the server: add it there.",
        ),
        (UNKNOWN_CA, "/ca.pem", "https://p", f"{NOT_THERE} the server, or of the proxy: add it there."),
        (
            UNKNOWN_CA,
            "/",
            "",
            f"{NOT_THERE} the server: add it there. {HASHED}",
        ),
        (FORM, "/ca.pem", "", ""),
        (EXPIRED, "/ca.pem", "", "The certificate of the server has to be renewed."),
        (EXPIRED, "", "HTTPS://p", "The certificate of the server, or of the proxy, has to be renewed."),
        (TOO_EARLY, "", "", "The certificate of the server is not valid yet: is the clock of this host right?"),
        (OTHER_NAME, "/ca.pem", "", "Set TFE_ADDRESS to a name that the certificate is for."),
        ("hostname 'a' doesn't match 'b'", "", "", "Set TFE_ADDRESS to a name that the certificate is for."),
        (
            OTHER_NAME,
            "",
            "https://p",
            "Set TFE_ADDRESS, or the proxy in tfe_proxies, to a name that the certificate is for.",
        ),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "/ca.pem", "", ""),
    ],
)
def test_what_is_wrong_with_a_certificate(error: str, bundle: str, proxy: str, told: str) -> None:
    connection = Connection(
        "https://tfe",
        "token",
        verify=bundle or True,
        proxies={"all": proxy} if proxy else {},
        address_source="TFE_ADDRESS",
        bundle_source="SSL_CERT_FILE",
    )
    said = words.no_answer("", OSError(error), 0, connection, proxy)
    assert said.partition("tfe_proxies. " if proxy else "without a proxy.")[2].strip() == told.format(bundle)


def answer(status: int, data: bytes = b"", reason: str | None = "Reason", tries: int = 0, **headers: str) -> Any:
    past = tuple(RequestHistory("GET", "/", None, status, None) for _try in range(tries - 1))
    retries = Retry(status_forcelist=[429, 503], history=past) if tries else None
    return SimpleNamespace(
        status_code=status,
        reason=reason,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        raw=SimpleNamespace(retries=retries, data=data),
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
            f"399 Reason, a redirect to nowhere. {NOT_FOLLOWED} {DIRECT}",
        ),
        (answer(429, tries=9), f"429 Reason after 9 tries over 3 s. {LIMITED}"),
        (answer(503), "503 Reason."),
        (answer(502, tries=1), "502 Reason."),
        (answer(503, tries=1), "503 Reason after 1 try over 3 s."),
        (answer(503, tries=3), "503 Reason after 3 tries over 3 s."),
        (answer(403, b'{"errors": ["no."]}'), f"403 Reason: no. {NOT_ALLOWED}"),
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
    assert words.refusal("GET https://tfe", response, 3.4, CONNECTION, "") == f"GET https://tfe answered {said}"


def test_a_proxy_that_asks_is_told_of_whatever_it_says() -> None:
    wants = (
        "A proxy on the way wants a user name and a password, and none is set for this address: set tfe_proxies to it, "
        "as in http://user:password@proxy.example.com:3128."
    )
    for data, told in ((b"", ""), (b'{"message": "who?"}', ": who?"), (b"<html>", f": {PAGE}.")):
        said = words.refusal("GET https://tfe", answer(407, data), 0, CONNECTION, "")
        end = "" if told.endswith(("?", ".")) else "."
        assert said == f"GET https://tfe answered 407 Reason{told}{end} {DIRECT} {wants}"
    connection = Connection("https://tfe", "token", proxies={"all": "http://me:secret@p:1"})
    assert words.refusal("GET https://tfe", answer(407), 0, connection, "http://me:secret@p:1") == (
        "GET https://tfe answered 407 Reason. The address came from tfe_address; the request went through the proxy "
        "http://p:1, which came from tfe_proxies. The proxy refuses the user name and the password that tfe_proxies "
        "holds: correct them there."
    )


def test_words_are_censored_before_they_are_cut() -> None:
    connection = Connection("https://tfe", "token", secrets=Secrets(["secret"]))
    said = "x" * 499 + "secret"
    refusal = words.refusal("GET https://tfe", answer(400, f'{{"message": "{said}"}}'.encode()), 0, connection, "")
    assert refusal == f"GET https://tfe answered 400 Reason: {'x' * 499}*."
    page = f"<html><title>{said}</title>".encode()
    assert f"{'x' * 499}*'" in words.refusal("GET https://tfe", answer(400, page), 0, connection, "")


PAGE = "a web page came instead of TFE's answer"


@pytest.mark.parametrize(
    ("data", "kind", "title"),
    [
        (b"<!DOCTYPE html PUBLIC 'x'>\n<html><head><title>Blocked</title>", "application/json", "Blocked"),
        (b"\xef\xbb\xbf \r\n<HTML><Title id='1'>\n A &lt;b&gt;\n\t c </TITLE>", "", "A <b> c"),
        (b"<?xml version='1.0'?><!-- x --><html xmlns='x'><title>T</title>", "application/xml", "T"),
        (b"<head><title>T</title>", "", "T"),
        (b"<title>T</title>", "", "T"),
        (b"<body>Sorry", "", ""),
        (b"Sorry", "text/html", ""),
        (b"Sorry", " Application/XHTML+xml; charset=x", ""),
        (b"<html><title> \n </title>", "", ""),
        (b"<html><title>no end", "", ""),
        (b"<html><title>secr&#101;t of the\nday</title>", "", "******** of ********"),
        (b"<html><title>\x1b[31m\xff</title>", "", "\x1b[31m\ufffd"),
    ],
)
def test_a_page_is_told_with_its_title(data: bytes, kind: str, title: str) -> None:
    connection = Connection("https://tfe", "token", secrets=Secrets(["secret", "the day"]))
    told = f"{PAGE}, with the title {title!r}" if title else PAGE
    for response in (
        answer(500, data, Content_Type=kind),
        answer(500, gzip.compress(data), Content_Encoding="gzip", Content_Type=kind),
    ):
        said = words.refusal("GET https://tfe", response, 0, connection, "")
        assert said == f"GET https://tfe answered 500 Reason: {told}. {DIRECT}"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "text/html"),
        (b" \n", "text/html"),
        (b'{"errors": []}', "text/html"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "application/xml"),
        (b"not <html>", "text/plain"),
        (b'["<html>"]', "application/json"),
    ],
)
def test_what_is_no_page(data: bytes, kind: str) -> None:
    said = words.refusal("GET https://tfe", answer(500, data, Content_Type=kind), 0, CONNECTION, "")
    assert said == "GET https://tfe answered 500 Reason."


def test_a_page_of_nothing_but_titles_does_not_keep_us() -> None:
    started = time.monotonic()
    for data in (b"<title>" * 4_000_000, b"<title " * 4_000_000, b"<html>" + b"&#101;" * 5_000_000):
        assert PAGE in words.refusal("GET https://tfe", answer(500, data), 0, CONNECTION, "")
    assert time.monotonic() - started < 5
