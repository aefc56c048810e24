# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client retries and how long it waits, what it says then, and what it makes of an error document."""

from __future__ import annotations

import importlib.util
import random
import ssl
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import urllib3
from ansible_collections.tfe.admin.plugins.module_utils._tfe import long_lists, transport
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import ApiError
from ansible_collections.tfe.admin.plugins.module_utils._tfe.pace import Pace
from ansible_collections.tfe.admin.plugins.module_utils._tfe.transport import VERSION
from ansible_collections.tfe.admin.tests.simulator import Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator

DELTA = "/admin/organizations/delta"
JITTER = 0.3


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client asked to sleep; nothing sleeps here."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def tfe(start: StartSimulator) -> Simulator:
    return start(Organization("delta"))


@pytest.fixture
def client(tfe: Simulator, warnings: list[str]) -> Client:
    return Client(Connection(tfe.address, tfe.admin_token, max_retries=3), warnings.append)


def test_each_request_says_who_asks_and_in_which_language(tfe: Simulator, client: Client) -> None:
    client.get(DELTA)
    client.write("PATCH", DELTA, {"data": {"type": "organizations", "attributes": {"global-module-sharing": True}}})
    media_type = "application/vnd.api+json"
    read, written = (request.headers for request in tfe.requests)
    for headers in (read, written):
        assert headers["user-agent"] == f"tfe.admin/{VERSION} (Ansible collection)"
        assert headers["accept"] == media_type
        assert headers["authorization"] == f"Bearer {tfe.admin_token}"
    assert "content-type" not in read
    assert written["content-type"] == media_type


def http_date(seconds_from_now: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds_from_now), usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"X-RateLimit-Reset": "2.5"}, 2.5),
        (429, {"X-RateLimit-Reset": "0"}, 0.1),
        (429, {"X-RateLimit-Reset": "-3"}, 0.1),
        (429, {"X-RateLimit-Reset": "86400"}, 60),
        (429, {"X-RateLimit-Reset": "2.5", "Retry-After": "9"}, 2.5),
        (429, {"X-RateLimit-Reset": "soon", "Retry-After": "9"}, 9),
        (429, {"Retry-After": "9"}, 9),
        (429, {"Retry-After": "in 30"}, 30),
        (429, {"Retry-After": "in -30"}, 0.1),
        (429, {"Retry-After": "soon"}, 0),
        (429, {"X-RateLimit-Reset": "nan"}, 0),
        (429, {"X-RateLimit-Reset": "inf"}, 60),
        (429, {}, 0),
        (503, {"Retry-After": "9"}, 9),
        (503, {"X-RateLimit-Reset": "2.5"}, 0),
    ],
)
def test_a_wait_is_as_long_as_the_server_says_within_bounds(
    tfe: Simulator,
    client: Client,
    waits: list[float],
    warnings: list[str],
    status: int,
    headers: dict[str, str],
    wait: float,
) -> None:
    dates = {name: http_date(int(value[3:])) for name, value in headers.items() if value.startswith("in ")}
    tfe.order(Fault("status", status=status, headers={**headers, **dates}))
    client.get(DELTA)
    (waited,) = waits
    # Some of it has passed when the wait begins. A date has whole seconds and has come nearer since it was written.
    assert wait - (3 if dates and wait > 1 else min(wait, 1)) <= waited <= wait + JITTER
    (warning,) = warnings
    assert f"GET /api/v2{DELTA} answered {status}; trying again in" in warning
    assert len(tfe.requests) == 2


def test_server_errors_wait_longer_each_time_and_end_after_the_last_try(
    tfe: Simulator, client: Client, waits: list[float], warnings: list[str]
) -> None:
    tfe.order(Fault("status", status=502, body="html", times=0))
    with pytest.raises(ApiError, match=r"answered 502 Bad Gateway after 4 tries over 0 s: a web page") as error:
        client.get(DELTA)
    assert error.value.status == 502
    assert len(tfe.requests) == 4
    assert [round(wait - JITTER / 2) for wait in waits] == [0, 1, 2]
    assert len(warnings) == 3


def test_a_lapsed_saml_session_is_named_as_a_cause(tfe: Simulator, client: Client) -> None:
    tfe.order(Fault("status", status=401))
    with pytest.raises(ApiError, match=r"SAML and the session behind the token has lapsed \(after 14 days"):
        client.get(DELTA)


def test_a_list_without_an_end_is_refused(tfe: Simulator, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lists, "MOST_PAGES", 3)
    for number in range(8):
        items = [{"id": f"{number}-{i}", "type": "organizations"} for i in range(10)]
        tfe.order(Fault("not_json_api", body={"data": items}))
    with pytest.raises(ApiError, match="it has no end after 3 pages"):
        client.collection("/admin/organizations", dict)
    assert len(tfe.requests) == 4, "what has no end is not read a second time"


@pytest.mark.parametrize("status", [408, 425])
def test_a_read_that_came_at_a_bad_moment_is_tried_again(tfe: Simulator, client: Client, status: int) -> None:
    tfe.order(Fault("status", status=status, headers={"Retry-After": "0"}, times=3))
    assert client.get(DELTA)["data"]["id"] == "delta"
    assert len(tfe.requests) == 4
    tfe.order(Fault("status", status=status, times=0))
    with pytest.raises(ApiError, match=rf"answered {status} .* after 4 tries over 0 s"):
        client.get(DELTA)


@pytest.mark.parametrize("kind", ["reset", "close", "truncated"])
def test_broken_connections_are_tried_again_and_counted(
    tfe: Simulator, client: Client, warnings: list[str], kind: Any
) -> None:
    tfe.order(Fault(kind, times=0))
    with pytest.raises(ApiError, match=rf"GET {tfe.address}/api/v2{DELTA} got no answer after 4 tries") as error:
        client.get(DELTA)
    assert error.value.status == 0
    assert len(tfe.requests) == 4
    assert "0x" not in str(error.value)
    assert "failed (" in warnings[0]


def test_a_refused_connection_says_so(tfe: Simulator, warnings: list[str]) -> None:
    nobody = Client(Connection("http://127.0.0.1:9", tfe.admin_token, max_retries=1), warnings.append)
    with pytest.raises(ApiError, match=r"got no answer after 2 tries over 0 s: .*Connection refused"):
        nobody.get(DELTA)
    assert "Connection refused); trying again in 0." in warnings[0]


def test_the_rate_limit_is_waited_for_without_counting_tries(
    tfe: Simulator, client: Client, waits: list[float]
) -> None:
    tfe.order(Fault("status", status=429, headers={"X-RateLimit-Reset": "2"}, times=20))
    client.get(DELTA)
    assert len(waits) == 20


@pytest.mark.parametrize(("reset", "tries"), [("20", 10), ("59.9", 5), ("60", 4)])
def test_the_rate_limit_is_waited_for_three_minutes(
    tfe: Simulator, client: Client, monkeypatch: pytest.MonkeyPatch, reset: str, tries: int
) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(random, "uniform", lambda low, _high: low)
    tfe.order(Fault("status", status=429, headers={"X-RateLimit-Reset": reset}, times=0))
    with pytest.raises(ApiError, match=rf"answered 429 .* after {tries} tries over 180 s: .* kept being reached\.$"):
        client.get(DELTA)
    assert clock.now == pytest.approx(1180)
    assert len(tfe.requests) == tries


@pytest.mark.parametrize("retries", [0, 3])
def test_waiting_for_the_limit_leaves_the_tries_to_other_failures(
    tfe: Simulator, warnings: list[str], retries: int
) -> None:
    client = Client(Connection(tfe.address, tfe.admin_token, max_retries=retries), warnings.append)
    limited = Fault("status", status=429, times=2)
    tfe.order(limited, *[Fault("status", status=503)] * retries)
    client.get(DELTA)
    assert len(tfe.requests) == 2 + retries + 1
    tfe.forget()
    tfe.order(limited, Fault("status", status=503, times=0))
    with pytest.raises(ApiError, match="answered 503"):
        client.get(DELTA)
    assert len(tfe.requests) == 2 + retries + 1


def test_waits_of_other_failures_do_not_count_as_waiting_for_the_limit(
    tfe: Simulator, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(random, "uniform", lambda low, _high: low)
    tfe.order(Fault("status", status=503, headers={"Retry-After": "60"}, times=3))
    tfe.order(Fault("status", status=429, headers={"X-RateLimit-Reset": "50"}, times=4))
    client.get(DELTA)
    assert clock.now == pytest.approx(1000 + 3 * 60 + 180)


def test_a_warning_leaves_the_query_out(tfe: Simulator, client: Client, warnings: list[str]) -> None:
    tfe.order(Fault("status", status=503))
    client.page("/admin/organizations", dict)
    assert warnings[0].startswith("GET /api/v2/admin/organizations answered 503; trying again in 0.")


def test_a_server_that_always_says_now_is_not_asked_a_thousand_times(tfe: Simulator, client: Client) -> None:
    tfe.order(Fault("status", status=429, headers={"X-RateLimit-Reset": "0"}, times=0))
    with pytest.raises(ApiError, match="answered 429"):
        client.get(DELTA)
    assert 20 < len(tfe.requests) < 70


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("fault", ["429", "503", "reset", "close", "hang"])
def test_a_write_is_sent_once_whatever_happens(tfe: Simulator, method: str, fault: str) -> None:
    order = Fault("status", status=int(fault)) if fault.isdigit() else Fault(fault)  # type: ignore[arg-type]
    tfe.order(order)
    client = Client(Connection(tfe.address, tfe.admin_token, max_retries=3, timeout=0.2), list[str]().append)
    with pytest.raises(ApiError) as error:
        client.write(method, "/admin/organizations/nobody", {"data": {}})
    assert error.value.status == (int(fault) if fault.isdigit() else 0)
    assert error.value.unsettled == (fault != "429")
    assert error.value.failed_try
    assert len(tfe.requests) == 1
    assert tfe.forgive()


def test_tries_of_a_write_are_counted_and_bounded(tfe: Simulator, client: Client, warnings: list[str]) -> None:
    tfe.order(Fault("status", status=503, times=0))
    tries, made = client.tries(), []
    for _time in range(9):
        with pytest.raises(ApiError) as error:
            client.write("PATCH", "/admin/organizations/nobody", {"data": {}})
        again = tries.again(error.value)
        made.append(tries.failed)
        if not again:
            break
    assert made == [1, 2, 3, 4]  # three further tries
    assert tries.may_arrive
    assert len(warnings) == 3
    assert tfe.forgive()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("status", status=401), "answered 401 Unauthorized"),
        (Fault("status", status=429, times=0), "answered 429"),
        (Fault("reset", times=0), "got no answer"),
        (Fault("status", status=403), ""),
        (Fault("status", status=404), ""),
        (Fault("sign_in"), ""),
    ],
)
def test_nothing_can_be_reached_with_a_dead_token_or_where_nobody_answers(
    tfe: Simulator, client: Client, fault: Fault, told: str
) -> None:
    assert client.why_unreachable() == ""
    tfe.order(fault)
    reason = client.why_unreachable()
    assert told in reason
    assert bool(reason) == bool(told)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 415, 422, 501])
def test_refusals_are_not_tried_again(tfe: Simulator, client: Client, status: int) -> None:
    tfe.order(Fault("status", status=status))
    with pytest.raises(ApiError, match=f"GET {tfe.address}/api/v2{DELTA} answered {status} ") as error:
        client.get(DELTA)
    assert error.value.status == status
    assert len(tfe.requests) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"errors": [{"status": "422", "title": "invalid attribute", "detail": "too long"}]},
            "invalid attribute: too long",
        ),
        ({"errors": [{"status": 422, "title": "one"}, {"detail": "two"}]}, "one; two"),
        ({"errors": ["plain", "words"]}, "plain; words"),
        ({"errors": "text"}, "text"),
        ({"message": "hello"}, "hello"),
    ],
)
def test_the_servers_own_words_reach_the_user_whatever_their_shape(
    tfe: Simulator, client: Client, body: Any, words: str
) -> None:
    tfe.order(Fault("status", status=422, body=body))
    with pytest.raises(ApiError, match=rf"answered 422 .*: {words}\.$"):
        client.get(DELTA)


@pytest.mark.parametrize("body", ["empty", [], {"errors": []}, {"errors": None}, 7])
def test_an_error_without_words_is_told_by_its_status(tfe: Simulator, client: Client, body: Any) -> None:
    tfe.order(Fault("status", status=422, body=body))
    with pytest.raises(ApiError, match=r"answered 422 [A-Z][a-zA-Z ]+\.$"):
        client.get(DELTA)


# The server's limit, and what requests share.


def begin(pace: Pace, clock: Clock, count: int) -> list[float]:
    """When each of so many requests could begin, which take no time themselves."""
    begun = []
    for _number in range(count):
        pace.wait()
        begun.append(clock.now)
    return begun


@pytest.mark.parametrize("limit", ["30", "30.0", "100"])
def test_requests_begin_just_below_the_limit(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    pace.learn(limit)
    begun = begin(pace, clock, 300)
    per_second = max(sum(start <= other < start + 1 for other in begun) for start in begun)
    assert per_second <= float(limit)
    assert len(begun) / (begun[-1] - begun[0]) >= 0.9 * float(limit)
    assert begun[4] == begun[0]  # a small task is not held up


@pytest.mark.parametrize("limit", ["1", "0.5"])
def test_the_lowest_limit_is_one_request_a_second(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    pace.learn(limit)
    begun = begin(pace, clock, 8)
    assert 1 < begun[7] - begun[6] < 1.1


def test_a_pause_does_not_add_up_to_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    pace.learn("30")
    begin(pace, clock, 30)
    clock.sleep(60)
    begun = begin(pace, clock, 60)
    assert sum(begun[0] <= other < begun[0] + 1 for other in begun) <= 30


@pytest.mark.parametrize("limit", [None, "", "0", "-1", "nan", "none"])
def test_no_limit_is_no_limit(monkeypatch: pytest.MonkeyPatch, limit: str | None) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    pace.learn(limit)
    assert begin(pace, clock, 100)[-1] == 1000.0


def test_one_429_holds_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    pace.hold(7.0)
    pace.hold(2.0)
    assert begin(pace, clock, 1) == [1007.0]


def test_one_tls_context_serves_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = ssl.SSLContext.load_verify_locations

    def count(self: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
        loaded.append(str(kwargs))
        load(self, *args, **kwargs)

    names = [f"team-{i:03}" for i in range(900)]
    with Simulator(organizations=list(map(Organization, names)), tls=True, latency=0.02) as tfe:
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", count)
        client = Client(Connection(tfe.address, tfe.admin_token, verify=tfe.ca_file or True), print)
        assert len(client.collection("/admin/organizations", dict)) == 900
    assert len(loaded) == 1


def test_a_429_holds_up_what_else_is_sent(tfe: Simulator, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    tfe.order(Fault("status", status=429, headers={"X-RateLimit-Reset": "7"}))
    others: list[float] = []

    def sleep(seconds: float) -> None:
        if not others:  # the first request waits for its next try; another one comes along
            others.append(0.0)
            client.get(DELTA)
            others.append(clock.now)
        clock.now += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    client.get(DELTA)
    assert others[1] >= 1007


def test_a_broken_answer_is_tried_again_through_a_proxy_too(tfe: Simulator, warnings: list[str]) -> None:
    connection = Connection("http://tfe.invalid", tfe.admin_token, max_retries=3, proxies={"http": tfe.address})
    client = Client(connection, warnings.append)
    client.get(DELTA)
    tfe.order(Fault("truncated"))
    assert client.get(DELTA)["data"]["id"] == "delta"
    assert len(warnings) == 1
    assert len(tfe.requests) == 3


@pytest.mark.parametrize(
    ("failures", "unsettled"),
    [
        ([Fault("status", status=409)], False),
        ([Fault("redirect", location="/elsewhere")], True),
        ([Fault("sign_in")], True),
        ([Fault("status", status=429), Fault("status", status=409)], False),
        ([Fault("status", status=503), Fault("status", status=409)], True),
        ([Fault("reset"), Fault("status", status=429), Fault("status", status=409)], True),
        ([Fault("status", status=501)], True),
        ([Fault("status", status=500, times=0)], True),
        ([Fault("reset", times=0)], True),
    ],
)
def test_an_error_tells_whether_the_request_may_have_been_carried_out(
    tfe: Simulator, client: Client, failures: list[Fault], unsettled: bool
) -> None:
    tfe.order(*failures)
    with pytest.raises(ApiError) as error:
        client.write("PATCH", DELTA, {"data": {"type": "organizations", "attributes": {"global-module-sharing": True}}})
    assert error.value.unsettled == unsettled


@pytest.mark.parametrize(("status", "unsettled"), [(400, False), (451, False), (500, True)])
def test_a_single_try_that_the_server_failed_is_not_settled_either(
    tfe: Simulator, warnings: list[str], status: int, unsettled: bool
) -> None:
    client = Client(Connection(tfe.address, tfe.admin_token, max_retries=0), warnings.append)
    tfe.order(Fault("status", status=status))
    with pytest.raises(ApiError) as error:
        client.get(DELTA)
    assert error.value.unsettled == unsettled


def load_transport() -> Any:
    """The room as a process of its own would load it."""
    spec = importlib.util.spec_from_file_location(transport.__name__, transport.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("release", ["2.32.0", "2.32.1", "2.32.2"])
def test_a_release_of_requests_that_ignores_the_ca_bundle_is_not_used(
    monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    assert load_transport().REQUESTS_IMPORT_ERROR is None
    monkeypatch.setattr(requests, "__version__", release)
    assert f"{release} does not trust the CA bundle that it is given" in load_transport().REQUESTS_IMPORT_ERROR


def test_a_urllib3_that_is_too_old_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(urllib3.Retry, "DEFAULT_ALLOWED_METHODS")
    assert "its urllib3 is older than 1.26" in load_transport().REQUESTS_IMPORT_ERROR


def test_one_page_more_is_asked_for_than_the_count_of_items_needs_where_more_are_announced(
    tfe: Simulator, client: Client
) -> None:
    pagination = {"current-page": 1, "total-pages": 50, "total-count": 120, "next-page": 2}
    for first, count in ((0, 100), (100, 20), (120, 0)):
        items = [{"id": f"{first + i}", "type": "organizations"} for i in range(count)]
        tfe.order(Fault("not_json_api", body={"data": items, "meta": {"pagination": pagination}}))
    assert len(client.collection("/admin/organizations", dict)) == 120
    assert len(tfe.requests) == 3
