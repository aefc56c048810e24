# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nonsense as the server's answers: never a traceback, never a hang, never an "ok" that is none.

What no client can see through is not played: a well-formed answer that names the right organizations and lies.
"""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator, listen
from ansible_collections.tfe.admin.tests.unit.plugins.modules.runs import (
    EVERYBODY,
    OTHERS,
    Run,
    Shared,
    of_both,
    of_modules,
    of_providers,
    state_of,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.many_tries

RETRIES = 1
LONGEST_WAIT = 61.0
MOST_REQUESTS = 60
JSON_API = "application/vnd.api+json"

PUT_ONLY = Behaviour(legacy_write="404", relationship_write="404")

# name: (run, modules after, providers after)
RUNS: dict[str, tuple[Run, Shared, Shared]] = {
    "ids": (of_modules({"consumers": ["eta"]}, ("zeta",)), ("eta",), OTHERS),
    "names": (
        of_modules({"consumers": ["eta", "42"]}, ("zeta",), Behaviour(legacy_write="404")),
        *(("42", "eta"), OTHERS),
    ),
    "put": (of_modules({"consumers": ["eta"]}, ("zeta",), PUT_ONLY), ("eta",), OTHERS),
    "put-beside-nobody": (of_modules({"consumers": ["eta"]}, ("zeta",), PUT_ONLY, providers=()), ("eta",), ()),
    "put-beside-global": (
        of_modules({"consumers": ["eta"]}, ("zeta",), PUT_ONLY, providers=EVERYBODY),
        *(("eta",), EVERYBODY),
    ),
    "pages": (
        of_modules({"consumers": ["Gamma", "epsilon", "zeta", "eta"]}, ()),
        *(("Gamma", "epsilon", "eta", "zeta"), OTHERS),
    ),
    "from-global": (of_modules({"consumers": ["eta"]}, EVERYBODY), ("eta",), OTHERS),
    "global-on": (of_modules({"global_module_sharing": True}, ("zeta",)), EVERYBODY, OTHERS),
    "global-off": (of_modules({"global_module_sharing": False}, EVERYBODY), (), OTHERS),
    "clear": (of_modules({"consumers": []}, ("zeta",)), (), OTHERS),
    "absent": (of_modules({"consumers": ["eta"], "state": "absent"}, ("eta", "zeta")), ("zeta",), OTHERS),
    "providers": (of_providers({"consumers": ["eta"]}, ("zeta",)), OTHERS, ("eta",)),
    "providers-beside-nobody": (of_providers({"consumers": ["eta"]}, ("zeta",), modules=()), (), ("eta",)),
    "providers-from-global": (of_providers({"consumers": ["eta"]}, EVERYBODY, modules=()), (), ("eta",)),
    "providers-global-on": (of_providers({"global_provider_sharing": True}, ("zeta",)), OTHERS, EVERYBODY),
    "providers-global-off": (of_providers({"global_provider_sharing": False}, EVERYBODY), OTHERS, ()),
    "both-lists": (
        of_both(("zeta",), ("42",), module_consumers=["eta"], provider_consumers=["zeta"]),
        *(("eta",), ("zeta",)),
    ),
    "list-beside-global": (
        of_both(EVERYBODY, ("zeta",), global_module_sharing=True, provider_consumers=["eta"]),
        *(EVERYBODY, ("eta",)),
    ),
    "list-and-flag": (
        of_both((), EVERYBODY, global_module_sharing=True, provider_consumers=["eta"]),
        *(EVERYBODY, ("eta",)),
    ),
}
# A well-formed empty list is no nonsense, so these are left out where one may come: as what is there, or is sent back.
FOOLED_BY_EMPTY_LISTS = {"clear", "absent", "put", "providers"}

# Text that is the name of no organization here, lone surrogates included.
TEXT = st.text(st.characters(exclude_categories=()), max_size=8).map(lambda text: f"~{text}")
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from((10**400, -(10**400), 1e308, 2**63)))
JUNK = st.recursive(
    st.one_of(st.none(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
ATTRIBUTES = st.one_of(
    JUNK,
    st.fixed_dictionaries(
        {},
        optional={
            "name": JUNK,
            "external-id": JUNK,
            "global-module-sharing": JUNK.filter(lambda value: value is not None),
            "global-provider-sharing": JUNK,
            "consuming-organization-id": JUNK,
            "consuming-organization-name": JUNK,
            "is-site-admin": JUNK,
        },
    ),
)
ITEM = st.one_of(
    JUNK,
    st.fixed_dictionaries(
        {}, optional={"id": JUNK, "type": JUNK, "attributes": ATTRIBUTES, "relationships": JUNK, "links": JUNK}
    ),
    # The organization that was asked for, with nonsense inside.
    st.fixed_dictionaries({"id": st.just("delta"), "attributes": ATTRIBUTES}, optional={"relationships": JUNK}),
)
PAGINATION = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("current-page", "next-page", "total-pages", "total-count"), JUNK)
)
META = st.one_of(JUNK, st.fixed_dictionaries({"pagination": st.one_of(JUNK, PAGINATION)}))
ERROR = st.one_of(
    JUNK, st.fixed_dictionaries({}, optional={"status": JUNK, "title": JUNK, "detail": JUNK, "source": JUNK})
)
DOCUMENT = st.fixed_dictionaries({"data": st.one_of(ITEM, st.lists(ITEM, max_size=4))}, optional={"meta": META})
ERRORS = st.fixed_dictionaries({"errors": st.one_of(ERROR, st.lists(ERROR, max_size=3))}, optional={"message": JUNK})
DEEP = st.sampled_from((b"[" * 100_000, b'{"data":' * 50_000, b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"))


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


NO_DOCUMENT = st.one_of(
    st.binary(max_size=60),
    JUNK.map(encoded),
    ERRORS.map(encoded),
    st.tuples(DOCUMENT, st.integers(1, 12)).map(lambda cut: encoded(cut[0])[: -cut[1]]),
    DEEP,
)
BODY = st.one_of(
    NO_DOCUMENT,
    DOCUMENT.map(encoded),
    DOCUMENT.map(lambda document: json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    st.tuples(st.sampled_from(("utf-16", "utf-32", "utf-8-sig")), JUNK).map(
        lambda pair: json.dumps({"data": pair[1]}).encode(pair[0])
    ),
)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
HEADERS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "Content-Encoding": st.sampled_from(("gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense")),
            "Location": PRINTABLE,
            "TFP-AppName": PRINTABLE,
            "X-RateLimit-Limit": PRINTABLE,
            "Set-Cookie": PRINTABLE,
            "Link": PRINTABLE,
        },
    ),
)
CONTENT_TYPES = st.one_of(st.just(JSON_API), st.sampled_from(("text/html", "text/html; charset=no-such", "x", ";;")))
STATUS = st.one_of(
    st.just(200),
    st.just(200),
    st.sampled_from((200, 201, 202, 203, 204, 206, 300, 302, 304, 307, 400, 401, 403, 404)),
    st.sampled_from((405, 406, 409, 410, 415, 418, 422, 451, 500, 501, 502, 503, 504, 505)),
)

FUZZ = settings(
    max_examples=100,
    deadline=None,
    database=None,
    # The fixtures keep nothing from one example to the next: each has a simulator of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for; they are not slept, but are as picky as real ones."""
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        if not 0 <= seconds <= LONGEST_WAIT:
            raise ValueError(f"{seconds} s is no wait")
        asked.append(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    return asked


@contextmanager
def playing(simulators: list[Simulator], name: str) -> Iterator[Simulator]:
    """A simulator for one example: ``run`` connects to it, and it ends with the block."""
    asked = RUNS[name][0]
    with Simulator(organizations=[asked.delta, *ORGANIZATIONS[1:]], behaviour=asked.behaviour) as tfe:
        simulators[:] = [tfe]
        try:
            yield tfe
        finally:
            simulators.clear()


def check_message(answer: dict[str, Any]) -> None:
    """A failure that a person can act on, and not the one that stands for a traceback."""
    assert answer["failed"]
    assert "Unexpected" not in answer["msg"], answer["msg"]
    assert len(answer["msg"]) > 40


def check(run: RunModule, simulators: list[Simulator], name: str, fault: Fault) -> dict[str, Any]:
    """Runs the task while the fault is on order; returns what it answered."""
    asked, modules, providers = RUNS[name]
    new = {MODULES: modules, PROVIDERS: providers}
    with playing(simulators, name) as tfe:
        old = state_of(tfe)
        tfe.order(fault)
        answer = run({**asked.options, "tfe_max_retries": RETRIES}, module=asked.module, diff=True)
        now = state_of(tfe)
        assert len(tfe.requests) <= MOST_REQUESTS
        if answer.get("failed"):
            check_message(answer)
            for kind in KINDS:
                assert now[kind] in (old[kind], new[kind]) or (old[kind], now[kind]) == (EVERYBODY, ())
                if now[kind] != old[kind] == new[kind]:
                    assert f"changed who may use the {kind.name} of delta too" in answer["msg"]
            if now != old:
                assert "othing was changed" not in answer["msg"]
        else:
            assert now == new
    return answer


NOT_FOOLED = st.sampled_from(sorted(set(RUNS) - FOOLED_BY_EMPTY_LISTS))
ORDER: dict[str, Any] = {"nth": st.integers(1, 9), "times": st.sampled_from((1, 2, 0)), "after_effect": st.booleans()}


@FUZZ
@given(name=NOT_FOOLED, body=BODY, status=STATUS, headers=HEADERS, content_type=CONTENT_TYPES, **ORDER)
@pytest.mark.usefixtures("waits")
def test_any_answer_at_any_request(run: RunModule, simulators: list[Simulator], name: str, **order: Any) -> None:
    check(run, simulators, name, Fault(kind="raw", **order))


@FUZZ
@given(name=NOT_FOOLED, document=DOCUMENT, **ORDER)
@example(
    name="global-on",
    document={"data": {"id": "delta", "attributes": {"global-module-sharing": "false"}}},
    nth=1,
    times=1,
    after_effect=False,
)
@pytest.mark.usefixtures("waits")
def test_any_document_in_place_of_the_right_one(
    run: RunModule, simulators: list[Simulator], name: str, document: Any, **order: Any
) -> None:
    check(run, simulators, name, Fault(kind="not_json_api", body=document, **order))


@FUZZ
@given(name=st.sampled_from(sorted(RUNS)), body=NO_DOCUMENT, content_type=CONTENT_TYPES, **ORDER)
@pytest.mark.usefixtures("waits")
def test_what_is_no_document_is_no_empty_list(
    run: RunModule, simulators: list[Simulator], name: str, **order: Any
) -> None:
    check(run, simulators, name, Fault(kind="raw", **order))


@FUZZ
@given(
    header=st.sampled_from(("X-RateLimit-Reset", "Retry-After")), value=PRINTABLE, status=st.sampled_from((429, 503))
)
@pytest.mark.usefixtures("waits")
def test_any_word_about_when_to_come_back(
    run: RunModule, simulators: list[Simulator], header: str, value: str, status: int
) -> None:
    fault = Fault(kind="raw", body=b"", status=status, headers={header: value}, times=RETRIES)
    assert not check(run, simulators, "ids", fault).get("failed")


WAITS = ("nan", "-nan", "inf", "-inf", "1e400", "-5", "1_0", "0x10", "\u0661", "soon", "9" * 400, "1e-300")
DATES = ("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 99 Zzz 0 99:99:99 +9999", "1 1 1 1 1")


@pytest.mark.parametrize(
    ("header", "value"),
    [*[("X-RateLimit-Reset", value) for value in WAITS], *[("Retry-After", value) for value in (*WAITS, *DATES)]],
)
@pytest.mark.parametrize("status", [429, 503])
def test_waiting_is_bounded_whatever_the_server_says(
    start: StartSimulator, run: RunModule, waits: list[float], header: str, value: str, status: int
) -> None:
    tfe = start()
    tfe.order(Fault(kind="status", status=status, headers={header: value}, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"], "tfe_max_retries": RETRIES})
    check_message(answer)
    assert f"{status}" in answer["msg"]
    assert all(map(math.isfinite, waits))
    assert sum(waits) <= 180 + LONGEST_WAIT
    assert not tfe.sharing("delta").module_consumers


START = st.sampled_from((b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: ", b"HTTP/1.1 ", b"HTTP/2 "))


@FUZZ
@given(data=st.tuples(START, st.binary(max_size=60)).map(b"".join))
@example(data=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n")
@example(data=b"HTTP/1.1 200 OK\r\n" + b"A" * 100_000)
@example(data=b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n{}")
@example(data=b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n{}")
@example(data=b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")
@example(data=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(data=b"HTTP/1.1 200 \xff\xfe\r\nContent-Type: \xff\r\n\r\n{}")
@example(data=b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\n\r\n")
@example(data=b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n")
@example(data=b"HTTP/1.1 999 \r\n\r\n")
@example(data=b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
# Python's own HTTP client leaves the socket of an answer that it cannot read to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("waits")
def test_any_bytes_in_place_of_http(run: RunModule, data: bytes) -> None:
    received: list[bytes] = []

    def answer_with_data(connection: socket.socket, request: bytes) -> None:
        received.append(request)
        connection.sendall(data)

    with listen(answer_with_data) as address:
        task = {"organization": "delta", "consumers": ["eta"], "tfe_max_retries": RETRIES}
        answer = run({**task, "tfe_address": address, "tfe_token": "some-token", "tfe_timeout": 20})
        check_message(answer)
        assert len(received) <= RETRIES + 1
