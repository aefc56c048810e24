# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_module_consumers`` over real HTTP: three ways to write a list, two to read it, and answers that tell it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import Any, Literal

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import (
    PROFILES,
    RunModule,
    StartSimulator,
    listen,
)
from ansible_collections.tfe.admin.tests.unit.plugins.modules import consumers
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import DELTA, E1, E2, E4, E5, sent, writes


def instance(*names: str, everyone: bool = False, **settings: Any) -> list[Organization]:
    """The small instance, with delta sharing its modules with these consumers or with everyone."""
    return consumers.instance(MODULES, *names, everyone=everyone, **settings)


@pytest.mark.parametrize("profile", PROFILES)
def test_one_new_name_costs_one_look_up_and_one_write(start: StartSimulator, run: RunModule, profile: str) -> None:
    tfe = start(*instance("zeta"), profile=profile)
    answer = run({"organization": "delta", "consumers": ["eta"], "state": "present"})
    reader = E1 if profile == "202012-1" else E2
    reads = [f"GET {reader}"] * (2 if profile == "202012-1" else 1)  # the oldest list has no count
    assert sent(tfe) == [f"GET {DELTA}", *reads, "GET /api/v2/admin/organizations/eta", f"PATCH {E1}"]
    write = tfe.requests[-1]
    ids = [tfe.external_id("zeta"), tfe.external_id("eta")]
    assert write.body == {
        "data": {"type": "module-partnerships", "attributes": {"module-consuming-organization-ids": ids}}
    }
    assert all(request.headers["authorization"] == f"Bearer {tfe.admin_token}" for request in tfe.requests)
    assert all(request.headers["accept"] == "application/vnd.api+json" for request in tfe.requests)
    assert write.headers["content-type"] == "application/vnd.api+json"
    assert all(partnership["id"].startswith("mp-") for partnership in answer["partnerships"])


def test_without_e1_names_are_written_and_the_list_is_read_back(start: StartSimulator, run: RunModule) -> None:
    gone = [Behaviour(legacy_write="404"), Behaviour(legacy_write="405"), Behaviour(legacy_write="410")]
    for behaviour in gone:
        tfe = start(*instance("zeta"), behaviour=behaviour)
        answer = run({"organization": "delta", "consumers": ["ETA"], "state": "present"})
        assert answer["consumers"] == ["eta", "zeta"]
        look_up = "GET /api/v2/admin/organizations/ETA"
        assert sent(tfe)[:4] == [f"GET {DELTA}", f"GET {E2}", look_up, f"PATCH {E1}"]
        # Names take the place of ids: whose are they now?
        assert sorted(sent(tfe)[4:6]) == [f"GET {DELTA}", "GET /api/v2/admin/organizations/eta"]
        assert sent(tfe)[6:] == [f"PATCH {E2}", f"GET {DELTA}", f"GET {E2}"]
        names = [{"id": "zeta", "type": "organizations"}, {"id": "eta", "type": "organizations"}]
        assert tfe.requests[-3].body == {"data": names}


PUT_ONLY = Behaviour(legacy_write="404", relationship_write="410")


@pytest.mark.parametrize("keys", ["both", "hyphens", "underscores"])
def test_without_e1_and_e3_providers_are_sent_back_as_they_were(
    start: StartSimulator, run: RunModule, keys: Literal["both", "hyphens", "underscores"]
) -> None:
    behaviour = replace(PUT_ONLY, put_keys=keys, put_omitted="422")
    tfe = start(*instance("zeta", provider_consumers=("eta", "42")), behaviour=behaviour)
    answer = run({"organization": "delta", "consumers": ["Gamma"]})
    assert (answer["consumers"], answer["removed"]) == (["Gamma"], ["zeta"])
    assert tfe.sharing("delta").module_consumers == ("Gamma",)
    assert tfe.sharing("delta").provider_consumers == ("42", "eta")
    attributes = writes(tfe)[-1].body["data"]["attributes"]
    assert attributes["module-consumers"] == attributes["module_consumers"] == ["Gamma"]
    assert sorted(attributes["provider-consumers"]) == sorted(attributes["provider_consumers"]) == ["42", "eta"]
    # Both kinds are proved, and whose the names are was looked at before.
    assert sent(tfe)[-4:] == [f"PUT {E5}", f"GET {DELTA}", f"GET {E2}", f"GET {E4}"]


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("ends", ["always", "filled", "never", "both"])
def test_put_restores_global_provider_sharing(
    start: StartSimulator, run: RunModule, ends: Literal["always", "filled", "never", "both"], everyone: bool
) -> None:
    """The order that we were given leaves no choice here, so it is not refused."""
    behaviour = replace(PUT_ONLY, put_ends_global=ends)
    tfe = start(*instance(everyone=everyone, global_providers=True), behaviour=behaviour)
    answer = run({"organization": "delta", "consumers": ["Gamma"], "global_module_sharing": False})
    sharing = tfe.sharing("delta")
    assert sharing.global_providers
    assert sharing.provider_consumers == ()
    if everyone and ends == "never":
        assert "global module sharing is still on" in answer["msg"]
    else:
        assert "failed" not in answer
        assert answer["consumers"] == ["Gamma"]
        assert (sharing.global_modules, sharing.module_consumers) == (False, ("Gamma",))
    flags = [request.body["data"]["attributes"] for request in writes(tfe) if request.path == DELTA]
    assert flags == ([{"global-provider-sharing": True}] if ends in ("always", "both") else [])


def test_put_is_refused_where_the_provider_flag_is_unknown(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=replace(PUT_ONLY, without_provider_flag=True))
    answer = run({"organization": "delta", "consumers": []})
    assert answer["failed"]
    assert (
        "The document of delta does not tell whether its providers are shared with every organization" in answer["msg"]
    )
    assert "Nothing of delta was changed." in answer["msg"]
    assert [request.method for request in writes(tfe)] == ["PATCH", "PATCH"]
    assert (tfe.sharing("delta").module_consumers, tfe.sharing("delta").global_providers) == (("zeta",), True)


def test_nothing_hangs_on_links_in_the_document(start: StartSimulator, run: RunModule) -> None:
    for behaviour in (
        Behaviour(without_relationships=True, legacy_list="404"),
        Behaviour(relationship_list="404"),
    ):
        tfe = start(*instance("zeta"), behaviour=behaviour)
        answer = run({"organization": "delta", "consumers": ["zeta", "eta"]})
        assert (answer.get("msg"), answer.get("consumers")) == (None, ["eta", "zeta"])
        assert tfe.sharing("delta").module_consumers == ("eta", "zeta")
        assert not run({"organization": "delta", "consumers": ["zeta", "eta"]})["changed"]


def test_two_unreadable_lists_are_never_no_consumers(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(relationship_list="404", legacy_list="404"))
    answer = run({"organization": "delta", "consumers": []})
    assert "cannot be read, although the organization itself was just read" in answer["msg"]
    assert not writes(tfe)


def test_a_list_in_place_of_global_sharing_is_proved_by_one_read(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(everyone=True))
    run({"organization": "delta", "consumers": ["eta"]})
    everybody = "GET /api/v2/admin/organizations"
    assert sent(tfe) == [f"GET {DELTA}", everybody, f"PATCH {E1}", f"GET {DELTA}"]


# The write is not believed.


@pytest.mark.parametrize("writer", [Behaviour(legacy_write="404"), PUT_ONLY])
def test_a_write_of_names_that_does_not_arrive_is_a_failure(
    start: StartSimulator, run: RunModule, writer: Behaviour
) -> None:
    tfe = start(*instance("zeta"), behaviour=replace(writer, write_drops=("eta",)))
    answer = run({"organization": "delta", "consumers": ["eta", "Gamma"]})
    assert answer["failed"]
    assert "missing: eta" in answer["msg"]
    tfe = start(*instance("zeta"), behaviour=replace(writer, write_ignored=True))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "missing: eta; left over: zeta" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("lost", ["PUT", "GET", "PATCH"])
def test_providers_are_looked_at_again_even_when_an_answer_was_lost(
    start: StartSimulator, run: RunModule, everyone: bool, lost: str
) -> None:
    """A server that loses a provider consumer (or the global flag) with PUT, and answers of it that do not arrive."""
    providers: dict[str, Any] = {"global_providers": everyone, "provider_consumers": () if everyone else ("42", "eta")}
    tfe = start(*instance("zeta", **providers), behaviour=replace(PUT_ONLY, write_drops=("42",)))
    fault = Fault("status", status=500, method=lost, path="partnerships$|delta$", after_effect=True)
    tfe.order(fault if lost == "PUT" else Fault("between", "PUT", call=lambda: tfe.order(fault)))
    answer = run({"organization": "delta", "consumers": ["Gamma"], "tfe_max_retries": 0})
    assert tfe.sharing("delta").module_consumers == ("Gamma",)
    if lost == "GET":  # the look after the write
        assert "what delta shares now is not known" in answer["msg"]
        assert (answer["changed"], answer["consumers"]) == (True, None)
    elif everyone:
        assert "failed" not in answer
        assert tfe.sharing("delta").global_providers
    else:
        assert answer["failed"]
        assert "changed who may use the providers of delta too: removed: 42" in answer["msg"]
        assert (answer["changed"], answer["consumers"]) == (True, ["Gamma"])
    if answer.get("failed"):
        # What there was has to be known to put it back.
        assert f"It was: {'everybody' if everyone else '42, eta'}." in answer["msg"]


def test_a_global_provider_flag_that_cannot_be_restored_is_a_failure(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("status", status=422, method="PATCH", path="delta$", times=0))
    answer = run({"organization": "delta", "consumers": ["Gamma"]})
    assert answer["failed"]
    assert "changed who may use the providers of delta too: global provider sharing is off now" in answer["msg"]
    assert "It was: everybody. Set that right in TFE's admin pages, or by a task with global_pro" in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["added"]) == (True, ["Gamma"], ["Gamma"])


@pytest.mark.parametrize("seconds_between_bytes", [0.02, 0], ids=["trickle", "flood"])
def test_an_answer_without_an_end_does_not_outlast_the_time_out(
    start: StartSimulator, run: RunModule, seconds_between_bytes: float
) -> None:
    tfe = start(*instance())
    stop = threading.Event()

    def answer_forever(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n")
        while not stop.wait(seconds_between_bytes):
            connection.sendall(b"{")

    started = time.monotonic()
    with listen(answer_forever) as address:
        options = {"tfe_address": address, "tfe_token": tfe.admin_token, "tfe_timeout": 0.3, "tfe_max_retries": 0}
        answer = run({"organization": "delta", "consumers": [], **options})
        seconds = time.monotonic() - started
        stop.set()
    assert "got no answer after 1 try over 0 s: it took longer than tfe_timeout" in answer["msg"]
    assert seconds < 5


def test_what_one_endpoint_leaves_open_another_does_not_settle(start: StartSimulator, run: RunModule) -> None:
    """The first write arrives and its answer is lost; then that endpoint seems to be gone, and the next one refuses."""
    tfe = start(*instance(), profile="202012-1")
    lost = Fault("status", "PATCH", status=502, after_effect=True)
    tfe.order(lost, Fault("status", "PATCH", status=404), Fault("status", "PATCH", status=401, times=0))
    tfe.order(Fault("status", "GET", "delta$", nth=2, status=401, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "what delta shares now is not known" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("eta",)


def test_a_write_that_one_endpoint_lost_may_still_arrive(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    tfe.order(Fault("status", "PATCH", status=502), *[Fault("status", status=404, method="PATCH")] * 2)
    tfe.order(Fault("status", "PUT", status=405))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "cannot be written" in answer["msg"]
    assert "may still be at work" in answer["msg"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_rate_limit_that_lasts_leaves_nothing_open(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    only_put = Behaviour(legacy_write="404", relationship_write="410")
    tfe = start(*instance(), behaviour=only_put if method == "PUT" else Behaviour())
    tfe.order(Fault("status", method, status=429, headers={"X-RateLimit-Reset": "60"}, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "kept being reached. Nothing of delta was changed." in answer["msg"]
    assert sent(tfe)[-1].startswith(f"{method} ")


@pytest.mark.parametrize("names", [[], ["zeta"], ["zeta", "eta", "Gamma"]])
def test_an_answer_that_shows_another_list_is_settled_by_reading(
    start: StartSimulator, run: RunModule, names: list[str]
) -> None:
    tfe = start(*instance("zeta"))
    items = [{"id": f"mp-{name}", "attributes": {"consuming-organization-name": name}} for name in names]
    tfe.order(Fault("not_json_api", method="PATCH", body={"data": items}, after_effect=True))
    answer = run({"organization": "delta", "consumers": ["eta"], "state": "present"})
    assert (answer["changed"], answer["consumers"]) == (True, ["eta", "zeta"])
    assert sent(tfe)[-2:] == [f"GET {DELTA}", f"GET {E2}"]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_only_the_documented_settings_say_whom_to_trust(start: StartSimulator, run: RunModule, variable: str) -> None:
    tfe = start(*instance(), tls=True)
    assert tfe.ca_file
    environ: dict[str, Any] = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token}
    task = {"organization": "delta", "consumers": []}
    not_ours: dict[str, Any] = {**environ, variable: tfe.ca_file}
    assert "CERTIFICATE_VERIFY_FAILED" in run(task, **not_ours)["msg"]
    assert not tfe.requests
    assert "failed" not in run(task, **environ, SSL_CERT_FILE=tfe.ca_file)


@pytest.mark.parametrize("count", [20, 100])
def test_the_oldest_list_comes_whole_whatever_its_length(start: StartSimulator, run: RunModule, count: int) -> None:
    names = [f"team-{i:03}" for i in range(count)]
    start(Organization("delta", module_consumers=names), *map(Organization, names), profile="202012-1")
    assert not run({"organization": "delta", "consumers": names})["changed"]


def test_ids_that_the_server_does_not_give_are_null(start: StartSimulator, run: RunModule) -> None:
    item: dict[str, Any] = {"attributes": {"consuming-organization-name": "zeta"}}
    names = {"producing_organization_name": "delta", "consuming_organization_name": "zeta"}
    old = start(*instance("zeta"), profile="202012-1")
    old.order(Fault("not_json_api", path="module-consumers$", body={"data": [{**item, "id": "mp-1"}]}, times=0))
    [partnership] = run({"organization": "delta", "consumers": ["zeta"]})["partnerships"]
    ids = {"producing_organization_id": old.external_id("delta"), "consuming_organization_id": None}
    assert partnership == {**names, **ids, "id": "mp-1"}
    new = start(*instance())
    item["attributes"]["producing-organization-id"] = new.external_id("delta")
    new.order(Fault("not_json_api", method="PATCH", body={"data": [item]}, after_effect=True))
    [partnership] = run({"organization": "delta", "consumers": ["zeta"]})["partnerships"]
    ids = {"producing_organization_id": new.external_id("delta"), "consuming_organization_id": None}
    assert partnership == {**names, **ids, "id": None}


@pytest.mark.parametrize("answer", ["empty", "204"])
def test_an_answer_without_partnerships_is_completed_by_a_read(
    start: StartSimulator, run: RunModule, answer: Literal["empty", "204"]
) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(legacy_answer=answer))
    assert run({"organization": "delta", "consumers": ["eta"]})["consumers"] == ["eta"]
    assert sent(tfe)[-3:] == [f"PATCH {E1}", f"GET {DELTA}", f"GET {E2}"]


def test_an_answer_that_is_no_list_is_completed_by_a_read(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    tfe.order(Fault("not_json_api", method="PATCH", body={"data": {"id": "mp-1"}}, after_effect=True))
    assert run({"organization": "delta", "consumers": ["eta"]})["consumers"] == ["eta"]
    assert sent(tfe)[-3:] == [f"PATCH {E1}", f"GET {DELTA}", f"GET {E2}"]


def test_partnerships_of_another_producer_prove_nothing(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    attributes = {"consuming-organization-name": "eta", "producing-organization-name": "zeta"}
    tfe.order(Fault("not_json_api", method="PATCH", body={"data": [{"id": "mp-1", "attributes": attributes}]}))
    assert "missing: eta" in run({"organization": "delta", "consumers": ["eta"]})["msg"]


def test_an_answer_within_one_second_is_in_time(start: StartSimulator, run: RunModule) -> None:
    start(*instance())
    assert not run({"organization": "delta", "consumers": [], "tfe_timeout": 1, "tfe_max_retries": 5}).get("warnings")
