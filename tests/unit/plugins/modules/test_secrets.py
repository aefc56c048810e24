# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token: in no output, to no other host, replaced by nothing; and what TLS lets through."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import trustme
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.tfe.admin.plugins.module_utils._tfe import client, transport
from ansible_collections.tfe.admin.tests.company import NAME_IN_A_FOLDER, Certificate, CompanyCA
from ansible_collections.tfe.admin.tests.simulator import Fault, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import RunModule, StartSimulator, listen
from urllib3.util.ssl_ import create_urllib3_context

TOKEN = "h8Xq2LrWv0zKcN.atlasv1.mB7dGf4TnYp9"
TASK: dict[str, Any] = {"organization": "delta", "consumers": ["eta"], "tfe_max_retries": 1}
LOUD = {
    f"_ansible_{name}": value for name, value in (("verbosity", 5), ("inject_invocation", True)) if name in PASS_VARS
}
"""What makes a module say as much as it can; not every release of ansible-core knows all of it."""


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are asked for and not slept."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.fixture(autouse=True)
def tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the user had asked for them: newer releases of ansible-core leave them out unless told otherwise."""
    with contextlib.suppress(ImportError):
        monkeypatch.setattr("ansible.module_utils._internal._traceback.is_traceback_enabled", lambda _event: True)


# In no output.

ECHO = {"errors": [{"title": f"bad token {TOKEN}", "detail": f"Authorization: Bearer {TOKEN}"}, TOKEN]}
LEAKS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "status", "status": 422, "body": ECHO, "times": 0},
    "message": {"kind": "status", "status": 403, "body": {"message": TOKEN}, "times": 0},
    "once": {"kind": "status", "status": 503, "body": ECHO},
    "for-ever": {"kind": "status", "status": 503, "body": ECHO, "times": 0},
    "redirect": {"kind": "redirect", "location": f"https://{TOKEN}@example.com/?token={TOKEN}", "times": 0},
    "content-type": {"kind": "raw", "content_type": f"text/{TOKEN}", "times": 0},
    "application": {"kind": "raw", "status": 404, "headers": {"TFP-AppName": TOKEN}, "times": 0},
    "reset": {"kind": "reset", "times": 0},
    "name": {"kind": "not_json_api", "body": {"data": {"id": TOKEN, "attributes": {}}}},
    "consumer": {
        "kind": "not_json_api",
        "path": "relationships",
        "body": {"data": [{"id": TOKEN, "type": "organizations", "attributes": {"external-id": TOKEN}}]},
    },
}


def connected(tfe: Simulator, source: str, home: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options and environment with the token where this source has it."""
    if source == "option":
        return {"tfe_address": tfe.address, "tfe_token": TOKEN}, {}
    if source == "environment":
        return {}, {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": TOKEN}
    if source == "platform":
        return {}, {"TF_HOSTNAME": tfe.address, "TF_TOKEN": TOKEN}
    stored = home / ".terraform.d" / "credentials.tfrc.json"
    stored.parent.mkdir(exist_ok=True)
    host = urlsplit(tfe.address).netloc
    stored.write_text(json.dumps({"credentials": {host: {"token": TOKEN}}}), encoding="utf-8")
    return {"tfe_ca_bundle": tfe.ca_file}, {"TFE_ADDRESS": tfe.address}


SOURCES = ["option", "environment", "platform", "terraform"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("nth", [1, 2])
def test_the_token_is_in_no_output(
    *,
    start: StartSimulator,
    run: RunModule,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    source: str,
    leak: str,
    nth: int,
) -> None:
    tfe = start(admin_token=TOKEN, tls=source == "terraform")
    tfe.order(Fault(**LEAKS[leak], nth=nth))
    connection, environ = connected(tfe, source, tmp_path)
    for check in (True, False):
        answer = run({**TASK, **LOUD, **connection}, check=check, diff=True, **environ)
        assert TOKEN not in str(answer)
        assert TOKEN[:8] not in str(answer)
        assert "deprecat" not in str(answer).lower()
    assert TOKEN not in "".join(capfd.readouterr())
    assert tfe.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


OF_MANY = {"organization": "delta", "module_consumers": ["eta"], "provider_consumers": ["zeta"]}
OTHER_TASKS: dict[str, dict[str, Any]] = {
    "tfe_provider_consumers": TASK,
    "tfe_registry_sharing": {"producers": [OF_MANY], "prune": ["providers"], "tfe_max_retries": 1},
    "tfe_registry_sharing_info": {"tfe_max_retries": 1},
}


@pytest.mark.parametrize("module", OTHER_TASKS)
@pytest.mark.parametrize("leak", ["refused", "message", "for-ever", "redirect", "content-type", "reset"])
def test_the_token_is_in_no_output_of_any_other_module(
    start: StartSimulator, run: RunModule, capfd: pytest.CaptureFixture[str], module: str, leak: str
) -> None:
    tfe = start(admin_token=TOKEN)
    options = {**OTHER_TASKS[module], **LOUD, "tfe_token": TOKEN}
    assert "failed" not in run(options, module=module)
    for nth in range(1, len(tfe.requests) + 1):
        tfe = start(admin_token=TOKEN)
        tfe.order(Fault(**LEAKS[leak], nth=nth))
        answer = run(options, module=module, diff=True)
        assert answer["failed"]
        assert TOKEN[:8] not in str(answer)
    assert TOKEN not in "".join(capfd.readouterr())


@pytest.mark.parametrize("status", [422, 503])
@pytest.mark.parametrize("visible", [1, 8, len(TOKEN) - 1])
def test_no_part_of_a_token_at_the_cut_is_told(
    start: StartSimulator, run: RunModule, status: int, visible: int
) -> None:
    tfe = start(admin_token=TOKEN)
    body = {"errors": [{"title": "x" * (500 - visible) + TOKEN}]}
    tfe.order(Fault("status", status=status, body=body, times=0))
    answer = run({**TASK, "tfe_token": TOKEN})
    assert "xxx" in answer["msg"]
    assert f"x{TOKEN[:1]}" not in str(answer)


@pytest.mark.parametrize("told", ["user:{0}", "Basic {1}", "p%40ss {0}"])
def test_a_proxys_password_is_censored_in_the_proxys_own_words(run: RunModule, told: str) -> None:
    """As it was given, unquoted, and as it travelled."""
    quoted, password, travelled = "p%40ss-word", "p@ss-word", "dXNlcjpwQHNzLXdvcmQ="

    def refuse(connection: socket.socket, request: bytes) -> None:
        assert f"Basic {travelled}".encode() in request
        body = json.dumps({"message": told.format(password, travelled)}).encode()
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with listen(refuse) as proxy:
        options = {**TASK, **LOUD, "tfe_address": "http://tfe.example.com", "tfe_token": TOKEN}
        url = proxy.replace("//", f"//user:{quoted}@")
        answers = [run({**options, "tfe_proxies": {"http": url}}), run(options, HTTP_PROXY=url)]
    for answer in answers:
        assert "********" in answer["msg"]
        for secret in (quoted, password, travelled):
            assert secret not in str(answer)


@pytest.mark.parametrize("source", ["option", "environment"])
def test_the_token_is_not_in_the_traceback_of_a_fault_of_our_own(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    def get(client: Any, path: str, *_: object) -> None:
        raise RuntimeError(f"{path} {client._transport._session.auth._token}") from KeyError(f"Bearer {TOKEN}")

    monkeypatch.setattr(client.Client, "get", get)
    tfe = start(admin_token=TOKEN)
    environ: dict[str, Any] = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": TOKEN} if source == "environment" else {}
    answer = run({**TASK, **LOUD}, **environ)
    assert "Unexpected RuntimeError" in answer["msg"]
    assert "Traceback" in str(answer["exception"])
    assert TOKEN not in str(answer)


@pytest.mark.parametrize("tfe_address", ["http://127.0.0.1:2", "https://127.0.0.1:2", "ftp://127.0.0.1", ""])
@pytest.mark.parametrize("source", ["option", "HTTP_PROXY", "HTTPS_PROXY"])
def test_proxy_passwords_are_in_no_output(run: RunModule, tfe_address: str, source: str) -> None:
    proxy = f"http://user:{TOKEN}@127.0.0.1:1"
    options: dict[str, Any] = {**TASK, **LOUD, "tfe_address": tfe_address, "tfe_token": "some-token"}
    if source == "option":
        answer = run({**options, "tfe_proxies": {"http": proxy, "https": proxy}})
    else:
        environ: dict[str, Any] = {source: proxy}
        answer = run(options, **environ)
    assert answer["failed"]
    assert TOKEN not in str(answer)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:{}#ss@127.0.0.1:1",
        "http://user:{}/ss@127.0.0.1:1",
        "http://user:{}?ss@127.0.0.1:1",
        "http://user:[{}]@127.0.0.1:1",
        "http://user:{}\N{FULLWIDTH NUMBER SIGN}@127.0.0.1:1",
        "socks5h://user:{}\N{FULLWIDTH COLON}@127.0.0.1:1",
        "http://127.0.0.1:port-{}",
        "http://[127.0.0.1:{}",
        "http://user:{}@",
        "//{}@127.0.0.1:1:1",
    ],
)
@pytest.mark.parametrize("source", ["option", "HTTPS_PROXY"])
@pytest.mark.parametrize("password", ["thirty-one", "31415"])
def test_a_proxy_that_cannot_be_read_is_not_quoted(run: RunModule, proxy: str, source: str, password: str) -> None:
    url = proxy.format(password)
    options: dict[str, Any] = {**TASK, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN}
    if source == "option":
        answer = run({**options, "tfe_proxies": {"https": url}})
    else:
        environ: dict[str, Any] = {source: url}
        answer = run(options, **environ)
    origin = "tfe_proxies" if source == "option" else source
    assert answer["msg"] == (
        f"The proxy on the way to https://tfe.example.com, which came from {origin}, is not a URL such as "
        "http://user:password@proxy.example.com:3128. In its password, write characters such as / # ? [ as %2F %23 %3F "
        "%5B."
    )
    assert password not in str(answer)


@pytest.mark.parametrize("status", [200, 403, 503])
@pytest.mark.parametrize("visible", [1, 8, len(TOKEN) - 1])
def test_no_part_of_a_token_at_the_cut_of_a_title_is_told(
    start: StartSimulator, run: RunModule, status: int, visible: int
) -> None:
    tfe = start(admin_token=TOKEN)
    body = f"<html><title>{'x' * (500 - visible)}{TOKEN.replace('.', '&#46;')}</title>"
    tfe.order(Fault("raw", status=status, body=body, times=0))
    answer = run({**TASK, "tfe_token": TOKEN})
    assert "xxx" in answer["msg"]
    assert f"x{TOKEN[:1]}" not in str(answer)


# Replaced by nothing.


def bearers(tfe: Simulator) -> set[str]:
    return {request.headers["authorization"] for request in tfe.requests}


@pytest.mark.parametrize("variable", ["", "NETRC"])
def test_a_netrc_does_not_replace_the_token(
    start: StartSimulator, run: RunModule, tmp_path: Path, variable: str
) -> None:
    tfe = start()
    path = tmp_path / (variable or ".netrc")
    path.write_text("machine 127.0.0.1 login other password secret\ndefault login other password secret\n")
    path.chmod(0o600)
    environ: dict[str, Any] = {variable: str(path)} if variable else {}
    assert run({**TASK, "tfe_address": tfe.address, "tfe_token": tfe.admin_token}, **environ)["changed"]
    assert bearers(tfe) == {f"Bearer {tfe.admin_token}"}


def test_cookies_are_not_kept(start: StartSimulator, run: RunModule) -> None:
    tfe = start()
    cookie = {"Set-Cookie": "session=somebody-else; Path=/"}
    tfe.order(Fault(kind="status", status=503, headers=cookie), Fault(kind="status", status=404, headers=cookie, nth=2))
    assert run(TASK)["changed"]
    assert len(tfe.requests) > 4
    assert not [request for request in tfe.requests if "cookie" in request.headers]
    assert bearers(tfe) == {f"Bearer {tfe.admin_token}"}


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy on loopback. It remembers the head of each request and all that clients send through its tunnels.

    It leads every tunnel to ``target``, whatever was asked for, and answers every plain request with 403.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.target = target
        self.heads: list[str] = []
        self.tunnelled = bytearray()

    @property
    def address(self) -> str:
        return f"http://proxy-user:proxy-password@127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        head = b"".join(iter(self.rfile.readline, b"\r\n")).decode("latin-1")
        self.server.heads.append(head)
        if not head.startswith("CONNECT "):
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection(self.server.target) as upstream:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pump, args=(upstream, self.connection, bytearray()))
            back.start()
            _pump(self.connection, upstream, self.server.tunnelled)
            back.join()


def _pump(source: socket.socket, sink: socket.socket, seen: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            seen += data
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def port_of(address: str) -> tuple[str, int]:
    return "127.0.0.1", urlsplit(address).port or 0


@pytest.mark.parametrize("source", ["option", "HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_gets_its_own_credentials_and_leaves_the_token_alone(run: RunModule, source: str) -> None:
    with serving(proxy := Proxy(("127.0.0.1", 1))):
        options = {**TASK, "tfe_address": "http://tfe.example.com", "tfe_token": TOKEN}
        if source == "option":
            answer = run({**options, "tfe_proxies": {"http": proxy.address}})
        else:
            environ: dict[str, Any] = {source: proxy.address}
            answer = run(options, **environ)
    assert "answered 403" in answer["msg"]
    assert "tfe_address is plain http: the token travels to tfe.example.com unencrypted" in str(answer["warnings"])
    (head,) = proxy.heads
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n" in head
    assert head.count("Authorization: ") == 2
    assert "\r\nProxy-Authorization: Basic " in head
    assert "proxy-password" not in str(answer)


# TLS.


class TlsServer(socketserver.ThreadingTCPServer):
    """A server with this certificate. It remembers what it was sent once the client trusted it."""

    daemon_threads = True

    def __init__(self, certificate: trustme.LeafCert | Certificate) -> None:
        super().__init__(("127.0.0.1", 0), _TlsHandler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.context)
        self.received: list[bytes] = []

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    @property
    def named_address(self) -> str:
        return f"https://localhost:{self.server_address[1]}"


class _TlsHandler(socketserver.BaseRequestHandler):
    server: TlsServer

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.request.settimeout(20)
            with self.server.context.wrap_socket(self.request, server_side=True) as connection:
                self.server.received.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


def certificate(authority: trustme.CA | CompanyCA, problem: str) -> trustme.LeafCert | Certificate:
    if problem == "wrong host name":
        return authority.issue_cert("tfe.example.com", "127.0.0.2")
    if problem == "expired":
        return authority.issue_cert("127.0.0.1", not_after=PAST)
    return (type(authority)() if problem == "unknown CA" else authority).issue_cert("127.0.0.1", "localhost")


NOT_IN_BUNDLE = (
    "The CA bundle CA_FILE, which came from tfe_ca_bundle, does not hold the CA that signed the certificate of the "
    "server: add it there."
)


@pytest.mark.parametrize(
    ("problem", "words", "advice"),
    [
        (
            "unknown CA",
            "unable to get local issuer certificate",
            NOT_IN_BUNDLE,
        ),
        ("wrong host name", "'127.0.0.1'", "Set tfe_address to a name that the certificate is for."),
        ("expired", "certificate has expired", "The certificate of the server has to be renewed."),
    ],
)
@pytest.mark.parametrize("tunnelled", [False, True])
def test_a_certificate_that_does_not_verify_gets_no_token(
    *, run: RunModule, authority: trustme.CA, ca_file: str, problem: str, words: str, advice: str, tunnelled: bool
) -> None:
    server = TlsServer(certificate(authority, problem))
    proxy = Proxy(port_of(server.address))
    with serving(server), serving(proxy):
        options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN, "tfe_ca_bundle": ca_file}
        environ: dict[str, Any] = {"HTTPS_PROXY": proxy.address} if tunnelled else {}
        answer = run(options, **environ)
    assert answer["failed"]
    assert words in answer["msg"]
    assert answer["msg"].endswith(f". {advice.replace('CA_FILE', ca_file)}")
    if tunnelled:
        assert f"the proxy http://127.0.0.1:{proxy.server_address[1]}, which came from HTTPS_PROXY." in answer["msg"]
    assert "Max retries" not in answer["msg"]
    assert "warnings" not in answer, "it is not tried again"
    assert len(proxy.heads) == tunnelled
    assert TOKEN.encode() not in proxy.tunnelled
    assert not any(server.received)


def reached(server: TlsServer, answer: dict[str, Any]) -> bool:
    """Whether the client trusted the server and sent it the token: no error of TLS, but the answer of the server."""
    return "answered 403" in answer["msg"] and f"Authorization: Bearer {TOKEN}".encode() in server.received[0]


@pytest.fixture(scope="module")
def company() -> CompanyCA:
    return CompanyCA()


@pytest.fixture(params=["as it is", "strict"])
def strictness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What urllib3 asks of certificates on this Python, and on 3.13 and newer."""
    make = create_urllib3_context

    def make_strict_context() -> ssl.SSLContext:
        context = make()
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    if request.param == "strict":
        monkeypatch.setattr(transport, "create_urllib3_context", make_strict_context)


@pytest.mark.usefixtures("strictness")
@pytest.mark.parametrize("bundle", ["file", "folder"])
def test_a_companys_own_ca_is_taken_as_terraform_and_curl_take_it(
    run: RunModule, company: CompanyCA, tmp_path: Path, bundle: str
) -> None:
    (tmp_path / "folder").mkdir()
    path = Path(company.write(tmp_path / "folder" / NAME_IN_A_FOLDER))
    server = TlsServer(company.issue_cert("127.0.0.1"))
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN}
    with serving(server):
        answer = run({**options, "tfe_ca_bundle": str(path if bundle == "file" else path.parent)})
    assert reached(server, answer)


@pytest.mark.usefixtures("strictness")
@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("unknown CA", "does not hold the CA that signed the certificate of the server: add it there."),
        ("wrong host name", "Set tfe_address to a name that the certificate is for."),
        ("expired", "The certificate of the server has to be renewed."),
    ],
)
def test_a_companys_own_ca_does_not_make_every_certificate_good(
    run: RunModule, company: CompanyCA, tmp_path: Path, problem: str, told: str
) -> None:
    server = TlsServer(certificate(company, problem))
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN}
    with serving(server):
        answer = run({**options, "tfe_ca_bundle": company.write(tmp_path / "ca.pem")})
    assert answer["msg"].endswith(told)
    assert not any(server.received)


@pytest.mark.usefixtures("strictness")
@pytest.mark.parametrize("tfe_address", ["http://tfe.example.com", "https://tfe.example.com"])
def test_a_companys_own_ca_is_taken_on_the_way_to_a_proxy_too(
    run: RunModule, company: CompanyCA, tmp_path: Path, tfe_address: str
) -> None:
    proxy = TlsServer(company.issue_cert("localhost"))
    options = {**TASK, "tfe_address": tfe_address, "tfe_token": TOKEN, "tfe_proxies": {"all": proxy.named_address}}
    with serving(proxy):
        answer = run({**options, "tfe_ca_bundle": company.write(tmp_path / "ca.pem")})
    assert "403 Forbidden" in answer["msg"]
    assert len(proxy.received) == 1


@pytest.mark.usefixtures("strictness")
@pytest.mark.parametrize("strictness", ["strict"], indirect=True)
def test_the_bundle_of_requests_is_held_against_whatever_this_python_asks_for(
    run: RunModule, company: CompanyCA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.utils, "DEFAULT_CA_BUNDLE_PATH", company.write(tmp_path / "ca.pem"))
    server = TlsServer(company.issue_cert("127.0.0.1"))
    with serving(server):
        answer = run({**TASK, "tfe_address": server.address, "tfe_token": TOKEN})
    assert "CERTIFICATE_VERIFY_FAILED" in answer["msg"]
    assert answer["msg"].endswith("set tfe_ca_bundle to the file with that CA.")
    assert not any(server.received)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_tunnel_shows_the_proxy_nothing(run: RunModule, authority: trustme.CA, ca_file: str, variable: str) -> None:
    server = TlsServer(certificate(authority, "none"))
    proxy = Proxy(port_of(server.address))
    environ: dict[str, Any] = {variable: proxy.address}
    with serving(server), serving(proxy):
        answer = run({**TASK, "tfe_address": server.address, "tfe_token": TOKEN, "tfe_ca_bundle": ca_file}, **environ)
    assert reached(server, answer)
    assert proxy.heads[0].startswith(f"CONNECT {urlsplit(server.address).netloc} ")
    assert proxy.tunnelled
    for secret in (TOKEN, "Bearer"):
        assert secret not in "".join(proxy.heads)
        assert secret.encode() not in proxy.tunnelled


def test_a_proxy_that_speaks_tls_is_verified_with_the_ca_bundle_too(
    run: RunModule, authority: trustme.CA, ca_file: str
) -> None:
    proxy = TlsServer(certificate(authority, "none"))
    options = {**TASK, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN, "tfe_ca_bundle": ca_file}
    with serving(proxy):
        answer = run({**options, "tfe_proxies": {"https": proxy.named_address}})
    assert "403 Forbidden" in answer["msg"]
    assert proxy.received[0].startswith(b"CONNECT tfe.example.com:443 ")


@pytest.mark.parametrize("tfe_address", ["http://tfe.example.com", "https://tfe.example.com"])
@pytest.mark.parametrize("problem", ["unknown CA", "wrong host name"])
def test_a_proxy_whose_certificate_does_not_verify_gets_nothing(
    run: RunModule, authority: trustme.CA, ca_file: str, tfe_address: str, problem: str
) -> None:
    proxy = TlsServer(certificate(authority, problem))
    options = {**TASK, "tfe_address": tfe_address, "tfe_token": TOKEN, "tfe_ca_bundle": ca_file}
    with serving(proxy):
        answer = run({**options, "tfe_proxies": {"https": proxy.named_address, "http": proxy.named_address}})
    assert "got no answer after 1 try" in answer["msg"]
    assert not any(proxy.received)


def test_a_plain_request_through_a_proxy_that_speaks_tls(run: RunModule, authority: trustme.CA, ca_file: str) -> None:
    proxy = TlsServer(certificate(authority, "none"))
    options = {**TASK, "tfe_address": "http://tfe.example.com", "tfe_token": TOKEN, "tfe_ca_bundle": ca_file}
    with serving(proxy):
        answer = run({**options, "tfe_proxies": {"http": f"{proxy.named_address.upper()}/"}})
    assert reached(proxy, answer)


@pytest.mark.parametrize("status", [408, 425, 429, 502])
def test_a_tunnel_that_is_refused_for_now_is_asked_for_again(run: RunModule, status: int) -> None:
    def refuse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {status} Not Now\r\nContent-Length: 0\r\n\r\n".encode())

    options = {**TASK, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN, "tfe_max_retries": 1}
    with listen(refuse) as proxy:
        answer = run(options, HTTPS_PROXY=proxy)
    assert "got no answer after 2 tries" in answer["msg"]


def ask_for_a_password(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


def test_a_tunnel_that_is_refused_is_not_asked_for_again(run: RunModule) -> None:
    with listen(ask_for_a_password) as proxy:
        answer = run({**TASK, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN}, HTTPS_PROXY=proxy)
    _request, _colon, told = answer["msg"].partition(" s: ")
    assert "got no answer after 1 try over" in answer["msg"]
    assert told == (
        "Tunnel connection failed: 407 Proxy Authentication Required. The address came from tfe_address; the request "
        f"went through the proxy {proxy}, which came from HTTPS_PROXY. The proxy wants a user name and a password: "
        "write them into HTTPS_PROXY, as in http://user:password@proxy.example.com:3128."
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("source", ["tfe_proxies", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_does_not_take_the_password_is_told_without_it(run: RunModule, scheme: str, source: str) -> None:
    with listen(ask_for_a_password) as proxy:
        url = proxy.replace("//", "//me:pass-w%40rd@")
        options: dict[str, Any] = {**TASK, **LOUD, "tfe_address": f"{scheme}://tfe.example.com", "tfe_token": TOKEN}
        environ: dict[str, Any] = {} if source == "tfe_proxies" else {source: url}
        answer = run({**options, **({} if environ else {"tfe_proxies": {"all": url}})}, **environ)
    if not source.lower().startswith("http") or source.lower() == f"{scheme}_proxy":
        assert answer["msg"].endswith(
            f"407 Proxy Authentication Required. The address came from tfe_address; the request went through the proxy "
            f"{proxy}, which came from {source}. The proxy refuses the user name and the password that {source} holds: "
            "correct them there."
        )
    for secret in ("pass-w", "bWU6cGFzcy13QHJk"):
        assert secret not in str(answer)


@pytest.mark.parametrize("source", ["tfe_proxies", "HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("user", ["", "me@", "me:hunter2@"])
def test_a_dead_proxy_is_named(run: RunModule, source: str, user: str) -> None:
    options = {**TASK, **LOUD, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN, "tfe_max_retries": 0}
    url = f"http://{user}127.0.0.1:1"
    if source == "tfe_proxies":
        answer = run({**options, "tfe_proxies": {"https": url}})
    else:
        environ: dict[str, Any] = {source: url}
        answer = run(options, **environ)
    assert answer["msg"].endswith(
        "Connection refused. The address came from tfe_address; the request went through the proxy http://127.0.0.1:1, "
        f"which came from {source}. It is the proxy that could not be reached."
    )
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize("variable", ["TFE_ADDRESS", "TFE_HOSTNAME", "TF_HOSTNAME"])
def test_a_dead_server_is_told_with_where_its_address_came_from(run: RunModule, variable: str) -> None:
    environ: dict[str, Any] = {variable: "127.0.0.1:1", "TFE_TOKEN": TOKEN, "TFE_MAX_RETRIES": "0"}
    assert run(TASK, **environ, HTTPS_PROXY="http://127.0.0.1:2", NO_PROXY="127.0.0.1")["msg"].endswith(
        f"Connection refused. The address came from {variable}; the request went there directly, without a proxy."
    )


def test_a_blank_proxy_is_none(start: StartSimulator, run: RunModule) -> None:
    tfe = start()
    options = {**TASK, "tfe_address": tfe.address, "tfe_token": tfe.admin_token}
    assert run(options, HTTP_PROXY=" ")["changed"]


@pytest.mark.parametrize("key", ["http://me:hunter2@proxy:1", "no_proxy"])
def test_a_proxy_in_the_place_of_a_key_is_not_told(run: RunModule, key: str) -> None:
    proxies = {key: "http://127.0.0.1:2", "https": "http://127.0.0.1:1"}
    answer = run({**TASK, **LOUD, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN, "tfe_proxies": proxies})
    shown = "no_proxy" if key == "no_proxy" else "********"
    assert answer["msg"] == (
        f"tfe_proxies may have the keys http, https and all, and not {shown!r}. "
        "NO_PROXY counts only for proxies of the environment, which are used where tfe_proxies is not set."
    )
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize("tfe_address", ["http://tfe.example.com", "https://tfe.example.com"])
def test_a_connection_that_breaks_at_the_proxy_is_tried_again(run: RunModule, tfe_address: str) -> None:
    requests: list[bytes] = []

    def break_off(_connection: socket.socket, request: bytes) -> None:
        requests.append(request)

    with listen(break_off) as proxy:
        options = {**TASK, "tfe_address": tfe_address, "tfe_token": TOKEN, "tfe_max_retries": 1}
        answer = run({**options, "tfe_proxies": {"http": proxy, "https": proxy}})
    assert "got no answer after 2 tries" in answer["msg"]
    assert len(requests) == 2


def test_a_handshake_that_breaks_is_tried_again(run: RunModule) -> None:
    def break_off(connection: socket.socket, _request: bytes) -> None:
        connection.shutdown(socket.SHUT_WR)

    with listen(break_off) as address:
        options = {"tfe_address": address.replace("http:", "https:"), "tfe_token": TOKEN, "tfe_max_retries": 1}
        answer = run({**TASK, **options})
    assert "got no answer after 2 tries" in answer["msg"]
    assert "EOF" in answer["msg"]


def test_a_socks_proxy_is_asked_too(run: RunModule) -> None:
    options = {**TASK, "tfe_address": "https://tfe.example.com", "tfe_token": TOKEN, "tfe_max_retries": 0}
    answer = run({**options, "tfe_proxies": {"https": "socks5h://127.0.0.1:1"}})
    assert "got no answer after 1 try" in answer["msg"]
    assert "Connection refused" in answer["msg"]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_no_variable_of_other_programs_replaces_the_ca_bundle(
    run: RunModule, authority: trustme.CA, ca_file: str, variable: str
) -> None:
    server = TlsServer(certificate(authority, "none"))
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN}
    with serving(server):
        environ: dict[str, Any] = {variable: ca_file}
        assert "CERTIFICATE_VERIFY_FAILED" in run(options, **environ)["msg"]
        assert not any(server.received)
        environ = {variable: "/does/not/exist"}
        assert reached(server, run({**options, "tfe_ca_bundle": ca_file}, **environ))


@pytest.mark.parametrize("variable", ["tfe_ca_bundle", "TFE_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_ca_bundle_is_trusted_without_a_warning(
    run: RunModule, authority: trustme.CA, ca_file: str, variable: str
) -> None:
    server = TlsServer(certificate(authority, "none"))
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN}
    environ: dict[str, Any] = {variable: ca_file}
    with serving(server):
        answer = run({**options, **environ}) if variable.islower() else run(options, **environ)
    assert reached(server, answer)
    assert "warnings" not in answer


def test_a_ca_bundle_may_be_a_folder_and_has_to_hold_certificates(
    run: RunModule, authority: trustme.CA, tmp_path: Path
) -> None:
    server = TlsServer(certificate(authority, "none"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no certificate", encoding="utf-8")
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN}
    with serving(server):
        folder = run({**options, "tfe_ca_bundle": str(tmp_path / "folder")})
        file = run({**options, "tfe_ca_bundle": str(tmp_path / "file")})
    assert "CERTIFICATE_VERIFY_FAILED" in folder["msg"]
    assert "In a folder only those files count that have names as openssl rehash gives them." in folder["msg"]
    assert file["msg"].startswith(
        f"The CA bundle {tmp_path / 'file'}, which came from tfe_ca_bundle, cannot be used: it has to hold "
        "certificates in PEM form. [X509"
    )


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "TFE_CA_BUNDLE"])
def test_verification_that_is_off_stays_off_and_warns(
    run: RunModule, authority: trustme.CA, ca_file: str, variable: str
) -> None:
    server = TlsServer(certificate(authority, "unknown CA"))
    options = {**TASK, "tfe_address": server.address, "tfe_token": TOKEN, "tfe_verify_tls": False}
    environ: dict[str, Any] = {variable: ca_file}
    with serving(server):
        answer = run(options, **environ)
    assert reached(server, answer)
    (warning,) = answer["warnings"]
    assert "TLS verification is off: whoever can answer for 127.0.0.1 gets the token" in str(warning)


def test_plain_http_on_loopback_does_not_warn(start: StartSimulator, run: RunModule) -> None:
    start()
    assert "warnings" not in run(TASK)


def test_a_lock_file_tells_no_secret(start: StartSimulator, run: RunModule, tmp_path: Path) -> None:
    start(admin_token=TOKEN)
    run(TASK)
    files = [Path(folder, name) for folder, _folders, names in os.walk(tmp_path) for name in names]
    assert files
    assert not [path for path in files if TOKEN in str(path) or TOKEN.encode() in path.read_bytes()]
