# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on order, the rate limit and the journal."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.simulator.app import RateLimit
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import Client, Start

DELTA = "/admin/organizations/delta"


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "text"),
    [
        (Fault("status"), 503, "application/vnd.api+json", '{"errors": [{"status": "503", "title": "service unavail'),
        (Fault("status", status=429), 429, "application/vnd.api+json", '"status": 429, "title": "Too many requests"'),
        (Fault("status", status=502, body="html"), 502, "text/html", "<title>502 Bad Gateway</title>"),
        (Fault("status", status=504, body="empty"), 504, "text/html", ""),
        (Fault("status", status=500, body={"errors": ["no"]}), 500, "application/json", '{"errors": ["no"]}'),
        (Fault("redirect", location="https://example.com/"), 302, "text/html", ""),
        (Fault("sign_in"), 200, "text/html", "Sign in"),
        (Fault("not_json_api", body=[1]), 200, "application/json", "[1]"),
        (Fault("raw", body=b"{", content_type="application/vnd.api+json"), 200, "application/vnd.api+json", "{"),
        (Fault("raw", body="x", status=418), 418, "text/plain", "x"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_answers_in_place_of_the_servers(start: Start, fault: Fault, status: int, content_type: str, text: str) -> None:
    api = start()
    api.tfe.order(fault)
    answer = api.get(DELTA)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(content_type)
    assert text in answer.text
    assert api.tfe.requests[-1].status == status
    assert api.get(DELTA).status_code == 200
    assert api.tfe.orders_left == []


def test_headers_on_order(start: Start) -> None:
    api = start()
    api.tfe.order(
        Fault("status", status=429, headers={"Retry-After": "7"}), Fault("redirect", status=301, location="/x")
    )
    assert api.get(DELTA).headers["Retry-After"] == "7"
    assert api.get(DELTA).headers["Location"] == "/x"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize(("kind", "words"), [("reset", "reset by peer"), ("close", "closed|EOF|reset")])
def test_connections_that_break(start: Start, kind: Any, words: str, after_effect: bool, tls: bool) -> None:
    api = start(tls=tls)
    api.session.verify = api.tfe.ca_file or True
    api.tfe.order(Fault(kind, method="PATCH", after_effect=after_effect))
    with pytest.raises(requests.ConnectionError, match=words):
        api.e3("eta")
    assert (api.tfe.sharing("delta").module_consumers == ("eta",)) == after_effect
    assert api.tfe.requests[-1].status == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_answers_that_are_cut_off(start: Start, chunked: bool) -> None:
    api = start()
    api.tfe.order(Fault("truncated", times=2, chunked=chunked))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        api.get(DELTA)
    assert api.tfe.requests[-1].status == 200
    with pytest.raises(requests.ConnectionError):
        api.e3("eta")
    assert api.tfe.sharing("delta").module_consumers == ("eta",)


def test_no_answer_at_all(start: Start) -> None:
    api = start()
    api.tfe.order(Fault("hang", after_effect=True, method="PATCH"))
    body: dict[str, Any] = {"data": []}
    with pytest.raises(requests.ReadTimeout):
        api.session.patch(
            f"{api.tfe.address}/api/v2{DELTA}/relationships/module-consumers",
            json=body,
            headers={"Content-Type": "application/vnd.api+json"},
            timeout=0.2,
        )
    assert api.tfe.sharing("delta").module_consumers == ()
    assert api.get(DELTA).status_code == 200
    started = time.monotonic()
    api.tfe.__exit__(None, None, None)
    assert time.monotonic() - started < 5
    api.tfe.__enter__()


def test_a_list_that_changes_between_two_pages(start: Start) -> None:
    api = start()
    api.tfe.order(
        Fault("between", path="module-consumers$", nth=2, call=lambda: api.tfe.add(Organization("theta"))),
        Fault("between", path="module-consumers$", nth=2, call=lambda: api.tfe.remove("Gamma")),
    )
    path = "/delta/relationships/module-consumers"
    first, second = (api.admin(path, **{"page[size]": 1, "page[number]": number}) for number in (1, 2))
    assert (len(first["data"]), len(second["data"])) == (1, 0)
    assert second["meta"]["pagination"]["total-count"] == 1
    assert api.get("/admin/organizations/theta").status_code == 200


def test_which_requests_a_fault_plays_for(start: Start) -> None:
    api = start()

    def statuses(count: int) -> list[int]:
        return [api.get(DELTA).status_code for _i in range(count)]

    api.tfe.order(Fault("status", nth=2, times=2), Fault("status", status=500))
    assert statuses(4) == [500, 503, 503, 200]
    third = Fault("status", path="DELTA", times=0)
    api.tfe.order(Fault("status", method="PATCH"), Fault("status", path="/zeta$"), third)
    assert statuses(1) == [200]
    assert api.tfe.orders_left[-1] == third
    assert len(api.tfe.orders_left) == 3
    api.tfe.order(Fault("status", status=500, times=0))
    assert statuses(3) == [500, 500, 500]
    assert api.e3().status_code == 503
    assert len(api.tfe.orders_left) == 2


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"kind": "explosion"}, "no fault 'explosion'"),
        ({"kind": "reset", "status": 500}, "has no status"),
        ({"kind": "redirect"}, "needs a location"),
        ({"kind": "between"}, "needs something to call"),
        ({"kind": "status", "status": 999}, "999"),
        ({"kind": "status", "nth": 0}, "nth counts from 1"),
        ({"kind": "status", "path": "("}, "no regular expression"),
    ],
)
def test_faults_that_cannot_be(order: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Fault(**order)


# The rate limit.


def limited(api: Client) -> requests.Response:
    """The first answer with 429: with a limit of one per second, a second request is too early on any machine."""
    for _i in range(1000):
        answer = api.get(DELTA)
        if answer.status_code == 429:
            return answer
    raise AssertionError("1000 requests, each more than a second after the one before")


def test_rate_limit_over_http(start: Start) -> None:
    api = start(rate_limit=1)
    answer = limited(api)
    error = answer.json()["errors"][0]
    assert (error["status"], error["title"]) == (429, "Too many requests")
    assert 0 < float(answer.headers["X-RateLimit-Reset"]) <= 1
    assert answer.headers["X-RateLimit-Limit"] == "1"
    assert "Retry-After" not in answer.headers
    silent = limited(start(rate_limit=1, behaviour=Behaviour(rate_limit_headers=False)))
    assert not [header for header in silent.headers if header.lower().startswith("x-ratelimit")]
    seconds = limited(start(rate_limit=1, behaviour=Behaviour(retry_after="seconds")))
    assert seconds.headers["Retry-After"] == "1"
    date = limited(start(rate_limit=1, behaviour=Behaviour(retry_after="date")))
    assert parsedate_to_datetime(date.headers["Retry-After"])
    assert start().get(DELTA).headers["X-RateLimit-Limit"] == "0"


def test_rate_limit_counts_each_user_in_windows_of_a_second() -> None:
    now = [100.0]
    limit = RateLimit(2, clock=lambda: now[0])
    assert [limit.seconds_to_wait("ann") for _i in range(3)] == [0, 0, 1]
    assert limit.seconds_to_wait("bob") == 0
    now[0] += 0.75
    assert limit.seconds_to_wait("ann") == 0.25
    now[0] += 0.25
    assert [limit.seconds_to_wait("ann") for _i in range(3)] == [0, 0, 1]
    assert [RateLimit(0).seconds_to_wait("ann") for _i in range(5)] == [0] * 5


# The journal.


def test_journal(start: Start) -> None:
    api = start()
    api.admin("/delta/relationships/module-consumers", **{"page[size]": 7})
    api.e3("eta")
    api.call("GET", "//_simulator/requests")
    read, write = api.tfe.requests
    assert (read.method, read.path) == ("GET", "/api/v2/admin/organizations/delta/relationships/module-consumers")
    assert (read.query, read.body, read.status) == ({"page[size]": "7"}, None, 200)
    assert read.headers["authorization"] == f"Bearer {api.tfe.admin_token}"
    assert (write.body, write.status) == ({"data": [{"id": "eta", "type": "organizations"}]}, 204)
    assert read.connection == write.connection
    api.session.close()
    api.get(DELTA)
    assert api.tfe.requests[-1].connection == write.connection + 1
    api.tfe.forget()
    assert api.tfe.requests == []


def test_latency(start: Start) -> None:
    api = start(latency=0.05)
    started = time.monotonic()
    api.get(DELTA)
    assert time.monotonic() - started >= 0.05
