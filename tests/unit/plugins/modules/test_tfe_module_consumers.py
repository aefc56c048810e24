# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_module_consumers`` as a real module over real HTTP: states, returns, requests, errors, on every release."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import Any, Literal

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Exchange, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import (
    ORGANIZATIONS,
    PROFILES,
    RunModule,
    StartSimulator,
    listen,
)

DELTA = "/api/v2/admin/organizations/delta"
E1 = f"{DELTA}/module-consumers"
E2 = f"{DELTA}/relationships/module-consumers"
E5 = f"{DELTA}/registry-partnerships"


def instance(*consumers: str, everyone: bool = False, **settings: Any) -> list[Organization]:
    """The small instance, with delta sharing with these consumers or with everyone."""
    delta = Organization("delta", module_consumers=consumers, global_modules=everyone, **settings)
    return [delta, *ORGANIZATIONS[1:]]


def sent(tfe: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in tfe.requests]


def writes(tfe: Simulator) -> list[Exchange]:
    return [request for request in tfe.requests if request.method != "GET"]


TABLE = [
    # (consumers before, everyone before, options, consumers after, everyone after, added, removed, number of warnings)
    ((), False, {"consumers": ["gamma"]}, ["Gamma"], False, ["Gamma"], [], 0),
    (("Gamma",), False, {"consumers": ["GAMMA"]}, ["Gamma"], False, [], [], 0),
    (("Gamma", "zeta"), False, {"consumers": ["zeta", "eta"]}, ["eta", "zeta"], False, ["eta"], ["Gamma"], 0),
    (("Gamma", "zeta"), False, {"consumers": []}, [], False, [], ["Gamma", "zeta"], 0),
    ((), False, {"consumers": []}, [], False, [], [], 0),
    ((), True, {"consumers": ["zeta"]}, ["zeta"], False, ["zeta"], [], 1),
    ((), True, {"consumers": []}, [], False, [], [], 1),
    ((), True, {"consumers": ["zeta"], "global_module_sharing": False}, ["zeta"], False, ["zeta"], [], 0),
    ((), True, {"consumers": [], "global_module_sharing": False}, [], False, [], [], 0),
    (("zeta",), False, {"consumers": ["eta"], "state": "present"}, ["eta", "zeta"], False, ["eta"], [], 0),
    (("zeta",), False, {"consumers": ["zeta"], "state": "present"}, ["zeta"], False, [], [], 0),
    (("zeta",), False, {"consumers": [], "state": "present"}, ["zeta"], False, [], [], 0),
    (("zeta", "eta"), False, {"consumers": ["zeta"], "state": "absent"}, ["eta"], False, [], ["zeta"], 0),
    (("zeta",), False, {"consumers": ["zeta"], "state": "absent"}, [], False, [], ["zeta"], 0),
    (("zeta",), False, {"consumers": ["long-gone"], "state": "absent"}, ["zeta"], False, [], [], 0),
    (
        *((), True, {"consumers": ["eta"], "state": "present", "global_module_sharing": False}),
        *(["eta"], False, ["eta"], [], 0),
    ),
    (
        *(("eta", "zeta"), False, {"consumers": ["eta"], "state": "absent", "global_module_sharing": False}),
        *(["zeta"], False, [], ["eta"], 0),
    ),
    (("eta",), False, {"consumers": ["eta"], "global_module_sharing": False}, ["eta"], False, [], [], 0),
    (("eta", "zeta"), False, {"global_module_sharing": True}, [], True, [], ["eta", "zeta"], 1),
    ((), False, {"global_module_sharing": True}, [], True, [], [], 0),
    ((), True, {"global_module_sharing": True}, [], True, [], [], 0),
    ((), True, {"global_module_sharing": False}, [], False, [], [], 0),
    (("eta",), False, {"global_module_sharing": False}, ["eta"], False, [], [], 0),
    (("eta",), False, {"consumers": ["42"], "state": "present"}, ["42", "eta"], False, ["42"], [], 0),
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("before", "everyone_before", "options", "after", "everyone_after", "added", "removed", "warned"), TABLE
)
def test_table_of_states(
    start: StartSimulator,
    run: RunModule,
    profile: str,
    before: tuple[str, ...],
    everyone_before: bool,
    options: dict[str, Any],
    after: list[str],
    everyone_after: bool,
    added: list[str],
    removed: list[str],
    warned: int,
) -> None:
    tfe = start(*instance(*before, everyone=everyone_before), profile=profile)
    task = {"organization": "Delta", **options}
    changes = sorted(before) != after or everyone_before != everyone_after

    predicted = run(task, check=True, diff=True)
    assert tfe.sharing("delta").module_consumers == tuple(sorted(before))
    assert tfe.sharing("delta").global_modules == everyone_before
    done = run(task, diff=True)
    assert list(tfe.sharing("delta").module_consumers) == after
    assert tfe.sharing("delta").global_modules == everyone_after

    assert done["changed"] == changes
    assert done["organization"] == {"name": "delta", "external_id": tfe.external_id("delta")}
    assert (done["global_module_sharing"], done["consumers"]) == (everyone_after, after)
    assert (done["added"], done["removed"]) == (added, removed)
    assert done["diff"] == {
        "before": {"global_module_sharing": everyone_before, "consumers": sorted(before)},
        "after": {"global_module_sharing": everyone_after, "consumers": after},
    }
    assert len(done.get("warnings", [])) == warned
    assert all("id" in partnership for partnership in done["partnerships"])
    for partnership in done["partnerships"]:
        del partnership["id"]
    assert done["partnerships"] == [
        {
            "consuming_organization_id": tfe.external_id(name),
            "consuming_organization_name": name,
            "producing_organization_id": tfe.external_id("delta"),
            "producing_organization_name": "delta",
        }
        for name in after
    ]
    for key in ("changed", "organization", "global_module_sharing", "consumers", "added", "removed", "diff"):
        assert predicted[key] == done[key], key
    assert predicted.get("warnings", []) == done.get("warnings", [])

    tfe.forget()
    again = run(task)
    assert not again["changed"]
    assert (again["consumers"], again["added"], again["removed"]) == (after, [], [])
    assert not writes(tfe)
    assert "diff" not in again


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("consumers", [["eta"], []])
def test_present_and_absent_under_global_sharing_fail_before_any_write(
    start: StartSimulator, run: RunModule, profile: str, check: bool, state: str, consumers: list[str]
) -> None:
    tfe = start(*instance(everyone=True), profile=profile)
    answer = run({"organization": "delta", "consumers": consumers, "state": state}, check=check)
    assert answer["failed"]
    assert ("add global_module_sharing: false" if state == "present" else "say who shall remain") in answer["msg"]
    assert not writes(tfe)
    if state == "absent":  # it would leave access to nobody, or to the very one that shall leave
        task = {"organization": "delta", "consumers": consumers, "state": state, "global_module_sharing": False}
        assert "say who shall remain, with state: exact" in run(task, check=check)["msg"]
        assert not writes(tfe)


@pytest.mark.parametrize("profile", PROFILES)
def test_names_and_ids_are_mixed_and_counted_once(start: StartSimulator, run: RunModule, profile: str) -> None:
    tfe = start(*instance("zeta"), profile=profile)
    consumers = [tfe.external_id("Gamma"), "gamma", "ZETA", tfe.external_id("zeta"), "eta"]
    answer = run({"organization": "delta", "consumers": consumers})
    assert answer["consumers"] == ["Gamma", "eta", "zeta"]
    assert answer["added"] == ["Gamma", "eta"]
    assert tfe.sharing("delta").module_consumers == ("Gamma", "eta", "zeta")
    gone = run({"organization": "delta", "consumers": [tfe.external_id("zeta"), "ETA"], "state": "absent"})
    assert (gone["removed"], tfe.sharing("delta").module_consumers) == (["eta", "zeta"], ("Gamma",))


# The requests, exactly.


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_unchanged_costs_one_read_and_one_for_each_hundred_consumers(
    start: StartSimulator, run: RunModule, profile: str, count: int, pages: int
) -> None:
    names = [f"team-{i:04}" for i in range(count)]
    delta = Organization("delta", module_consumers=tuple(names))
    tfe = start(delta, *map(Organization, names), profile=profile)
    answer = run({"organization": "delta", "consumers": names})
    assert not answer["changed"]
    if profile == "202012-1":
        # The only list there comes whole, and without a count: only a further look shows that it does.
        assert sent(tfe) == [f"GET {DELTA}", f"GET {E1}"] + [f"GET {E1}"] * (count > 0)
    else:
        assert sent(tfe) == [f"GET {DELTA}", *[f"GET {E2}"] * pages]
        # After the first page, the others are asked for side by side.
        assert tfe.requests[1].query["page[number]"] == "1"
        assert sorted((request.query for request in tfe.requests[1:]), key=lambda query: query["page[number]"]) == [
            {"page[number]": str(number), "page[size]": "100"} for number in range(1, pages + 1)
        ]


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


def test_without_e1_and_e3_providers_are_sent_back_as_they_were(start: StartSimulator, run: RunModule) -> None:
    spellings: list[Literal["both", "hyphens", "underscores"]] = ["both", "hyphens", "underscores"]
    for keys in spellings:
        delta = Organization("delta", module_consumers=("zeta",), provider_consumers=("eta", "42"))
        tfe = start(delta, *ORGANIZATIONS[1:], behaviour=replace(PUT_ONLY, put_keys=keys, put_omitted="422"))
        answer = run({"organization": "delta", "consumers": ["Gamma"]})
        assert (answer["consumers"], answer["removed"]) == (["Gamma"], ["zeta"])
        assert tfe.sharing("delta").module_consumers == ("Gamma",)
        assert tfe.sharing("delta").provider_consumers == ("42", "eta")
        attributes = writes(tfe)[-1].body["data"]["attributes"]
        assert attributes["module-consumers"] == attributes["module_consumers"] == ["Gamma"]
        assert sorted(attributes["provider-consumers"]) == sorted(attributes["provider_consumers"]) == ["42", "eta"]


@pytest.mark.parametrize("everyone", [False, True])
def test_put_restores_global_provider_sharing(start: StartSimulator, run: RunModule, everyone: bool) -> None:
    tfe = start(*instance(everyone=everyone, global_providers=True), behaviour=PUT_ONLY)
    answer = run({"organization": "delta", "consumers": ["Gamma"], "global_module_sharing": False})
    assert answer["consumers"] == ["Gamma"]
    sharing = tfe.sharing("delta")
    assert (sharing.global_modules, sharing.module_consumers, sharing.global_providers) == (False, ("Gamma",), True)


def test_put_is_refused_where_the_provider_flag_is_unknown(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=replace(PUT_ONLY, without_provider_flag=True))
    answer = run({"organization": "delta", "consumers": []})
    assert answer["failed"]
    assert "PUT registry-partnerships was not tried" in answer["msg"]
    assert "nothing was changed" in answer["msg"]
    assert (tfe.sharing("delta").module_consumers, tfe.sharing("delta").global_providers) == (("zeta",), True)


def test_nothing_hangs_on_links_or_ids_in_the_document(start: StartSimulator, run: RunModule) -> None:
    for behaviour in (
        Behaviour(without_relationships=True),
        Behaviour(without_relationships=True, legacy_list="404"),
        Behaviour(without_external_ids=True),
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


def test_turning_global_sharing_off_with_nobody_listed_is_one_write_of_the_flag_and_a_look_at_the_list(
    start: StartSimulator, run: RunModule
) -> None:
    tfe = start(*instance(everyone=True), behaviour=Behaviour(list_ends_global="filled"))
    assert run({"organization": "delta", "consumers": []})["changed"]
    assert sent(tfe) == [f"GET {DELTA}", f"PATCH {DELTA}", f"GET {E2}"]
    assert tfe.requests[1].body == {"data": {"type": "organizations", "attributes": {"global-module-sharing": False}}}
    assert not tfe.sharing("delta").global_modules


def test_a_list_in_place_of_global_sharing_is_proved_by_one_read(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(everyone=True))
    run({"organization": "delta", "consumers": ["eta"]})
    look_up = "GET /api/v2/admin/organizations/eta"
    assert sent(tfe) == [f"GET {DELTA}", look_up, f"PATCH {E1}", f"GET {DELTA}"]


@pytest.mark.parametrize("count", [3, 4, 1000])
def test_look_ups_take_the_fewest_requests(start: StartSimulator, run: RunModule, count: int) -> None:
    names = [f"team-{i:04}" for i in range(1199)]
    tfe = start(Organization("delta"), *map(Organization, names))
    answer = run({"organization": "delta", "consumers": names[:count]})
    assert answer["added"] == names[:count]
    look_ups = [request for request in tfe.requests if request.method == "GET"][2:]
    listed = [request for request in look_ups if request.path == "/api/v2/admin/organizations"]
    if count == 1000:
        assert sorted(int(request.query["page[number]"]) for request in look_ups) == list(range(1, 13))
    else:
        assert len(listed) == (count > 3)
        assert len(look_ups) <= count + len(listed)


def test_a_new_external_id_takes_the_pages(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:04}" for i in range(250)]
    tfe = start(Organization("delta"), *map(Organization, names))
    answer = run({"organization": "delta", "consumers": [tfe.external_id("team-0123")]})
    assert answer["consumers"] == ["team-0123"]
    assert len(tfe.requests) == 2 + 3 + 1


# What cannot be meant, or cannot be reached.


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["exact", "present"])
@pytest.mark.parametrize("profile", PROFILES)
def test_all_unknown_consumers_are_named_before_any_write(
    start: StartSimulator, run: RunModule, profile: str, state: str, check: bool
) -> None:
    tfe = start(*instance("zeta"), profile=profile)
    consumers = ["eta", "gama", "zeta", "org-2222222222222222", "nobody-at-all"]
    answer = run({"organization": "delta", "consumers": consumers, "state": state}, check=check)
    assert answer["failed"]
    assert "consumers[1] 'gama' (did you mean 'Gamma'?)" in answer["msg"]
    assert "consumers[3] 'org-2222222222222222'" in answer["msg"]
    assert "consumers[4] 'nobody-at-all'" in answer["msg"]
    assert "eta'" not in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize("state", ["exact", "present", "absent"])
def test_the_producers_own_id_is_named_by_its_index(start: StartSimulator, run: RunModule, state: str) -> None:
    tfe = start(*instance("zeta"))
    consumers = ["eta", tfe.external_id("delta")]
    answer = run({"organization": "delta", "consumers": consumers, "state": state})
    assert "consumers[1]" in answer["msg"]
    assert "the producing organization itself" in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize(
    ("consumers", "text"), [([""], "consumers[0] is blank"), ("", "consumers[0] is blank"), (["eta", None], "[1]")]
)
def test_blank_elements_never_clear_a_list(start: StartSimulator, run: RunModule, consumers: Any, text: str) -> None:
    tfe = start(*instance("zeta"))
    assert text in run({"organization": "delta", "consumers": consumers})["msg"]
    assert not tfe.requests


def test_a_producer_that_does_not_exist(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    answer = run({"organization": "epsilom", "consumers": ["eta"]})
    assert "There is no organization 'epsilom' (did you mean 'epsilon'?)" in answer["msg"]
    answer = run({"organization": tfe.external_id("eta"), "consumers": ["zeta"]})
    assert "this is the external id of 'eta'" in answer["msg"]


def test_a_token_of_somebody_who_is_no_site_administrator(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    answer = run({"organization": "delta", "consumers": [], "tfe_token": tfe.user_token})
    assert "its user is not a site administrator" in answer["msg"]
    answer = run({"organization": "delta", "consumers": [], "tfe_token": "wrong"})
    assert "401" in answer["msg"]
    assert "expired" in answer["msg"]
    tfe = start(*instance("zeta"), behaviour=Behaviour(account_details="404"))
    answer = run({"organization": "delta", "consumers": [], "tfe_token": tfe.user_token})
    assert "TFE answers 404 to both" in answer["msg"]


def test_hcp_terraform_has_no_admin_api(start: StartSimulator, run: RunModule) -> None:
    start(*instance(), behaviour=Behaviour(application="hcp"))
    assert "is HCP Terraform, which has no admin API" in run({"organization": "delta", "consumers": []})["msg"]


def test_a_flag_that_the_server_does_not_tell_is_not_guessed(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(), behaviour=Behaviour(without_module_flag=True))
    assert "does not tell whether delta shares" in run({"organization": "delta", "consumers": []})["msg"]
    tfe = start(*instance("zeta"), behaviour=Behaviour(without_module_flag=True))
    assert run({"organization": "delta", "consumers": ["eta"]})["consumers"] == ["eta"]
    assert tfe.sharing("delta").module_consumers == ("eta",)


# The write is not believed.


@pytest.mark.parametrize("writer", [Behaviour(), Behaviour(legacy_write="404"), PUT_ONLY])
def test_a_write_that_does_not_arrive_is_a_failure(start: StartSimulator, run: RunModule, writer: Behaviour) -> None:
    tfe = start(*instance("zeta"), behaviour=replace(writer, write_drops=("eta",)))
    answer = run({"organization": "delta", "consumers": ["eta", "Gamma"]})
    assert answer["failed"]
    assert "missing: eta" in answer["msg"]
    tfe = start(*instance("zeta"), behaviour=replace(writer, write_ignored=True))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "missing: eta; left over: zeta" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


def test_a_flag_that_stays_on_is_a_failure(start: StartSimulator, run: RunModule) -> None:
    start(*instance(everyone=True), behaviour=Behaviour(list_ends_global="never"))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "global module sharing is still on" in answer["msg"]


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("request_number", range(1, 4))
def test_providers_are_looked_at_again_even_when_an_answer_was_lost(
    start: StartSimulator, run: RunModule, everyone: bool, request_number: int
) -> None:
    """A server that loses a provider consumer (or the global flag) with PUT, and answers of it that do not arrive."""
    delta = Organization("delta", module_consumers=("zeta",), provider_consumers=() if everyone else ("42", "eta"))
    delta = replace(delta, global_providers=everyone)
    tfe = start(delta, *ORGANIZATIONS[1:], behaviour=replace(PUT_ONLY, write_drops=("42",)))
    lost = {1: ("PUT", "registry-partnerships", 1), 2: ("GET", "provider-consumers", 2), 3: ("PATCH", "delta$", 1)}
    method, path, nth = lost[request_number]
    tfe.order(Fault("status", status=500, method=method, path=path, nth=nth, after_effect=True))
    answer = run({"organization": "delta", "consumers": ["Gamma"], "tfe_max_retries": 0})
    if everyone:
        assert tfe.sharing("delta").global_providers
    else:
        assert answer["failed"]
        assert "the provider consumers of delta too" in answer["msg"]
        assert "They were: 42, eta" in answer["msg"]
    if "failed" not in answer:
        assert tfe.sharing("delta").module_consumers == ("Gamma",)


def test_a_global_provider_flag_that_cannot_be_restored_is_a_failure(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("status", status=422, method="PATCH", path="delta$", times=0))
    answer = run({"organization": "delta", "consumers": ["Gamma"]})
    assert "is not known to be on again" in answer["msg"]


TWO_PAGES = [f"team-{i:03}" for i in range(130)]


@pytest.mark.parametrize(
    ("pagination", "second_page"),
    [
        ({"total-pages": 2}, "same"),
        ({"total-pages": 2}, "empty"),
        ({"next-page": 2}, "same"),
        ({"total-count": "130"}, "same"),
        ({"total-count": 130, "total-pages": 2}, "empty"),
    ],
)
def test_a_list_that_is_cut_is_never_written_back(
    start: StartSimulator, run: RunModule, pagination: dict[str, Any], second_page: str
) -> None:
    delta = Organization("delta", module_consumers=tuple(TWO_PAGES))
    tfe = start(delta, *map(Organization, TWO_PAGES), Organization("eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in TWO_PAGES[:100]]
    first = {"data": items, "meta": {"pagination": pagination}}
    second = {**first, "data": items if second_page == "same" else []}
    for _time in range(2):
        tfe.order(Fault("not_json_api", path="relationships/module-consumers", body=first))
        tfe.order(Fault("not_json_api", path="relationships/module-consumers", body=second))
    answer = run({"organization": "delta", "consumers": ["eta"], "state": "present"})
    assert "does not give a complete list" in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize("flag", ["false", 0, None, [], {}])
def test_a_flag_that_is_no_boolean_is_not_guessed(start: StartSimulator, run: RunModule, flag: Any) -> None:
    tfe = start(*instance())
    attributes = {"name": "delta", "global-module-sharing": flag}
    document = {"data": {"id": "delta", "type": "organizations", "attributes": attributes}}
    tfe.order(Fault("not_json_api", path="delta$", body=document, times=0))
    tasks: list[dict[str, Any]] = [{"consumers": []}, {"global_module_sharing": True}, {"global_module_sharing": False}]
    for options in tasks:
        answer = run({"organization": "delta", **options})
        assert "does not tell whether delta shares" in answer["msg"]
    assert not writes(tfe)


def test_an_answer_about_another_organization_proves_nothing(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    other = {"data": {"id": "eta", "type": "organizations", "attributes": {"global-module-sharing": True}}}
    tfe.order(Fault("not_json_api", method="PATCH", path="delta$", body=other))
    answer = run({"organization": "delta", "global_module_sharing": True})
    assert answer["failed"]
    assert not tfe.sharing("delta").global_modules
    tfe.order(Fault("not_json_api", method="GET", path="delta$", body=other))
    assert "the server sent 'eta'" in run({"organization": "delta", "consumers": []})["msg"]


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


@pytest.mark.parametrize("failure", [{"kind": "status", "status": 502}, {"kind": "reset"}])
def test_a_token_that_ends_after_a_lost_answer_leaves_it_open_what_was_written(
    start: StartSimulator, run: RunModule, failure: dict[str, Any]
) -> None:
    tfe = start(*instance())
    tfe.order(Fault(method="PATCH", after_effect=True, **failure), Fault("status", "PATCH", status=401, times=0))
    tfe.order(Fault("status", "GET", "delta$", nth=2, status=401, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "what delta shares now is not known" in answer["msg"]
    assert "othing" not in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("eta",)


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


def test_a_flag_that_is_missing_after_the_write_proves_nothing(start: StartSimulator, run: RunModule) -> None:
    organizations = Organization("delta", global_modules=True), Organization("eta")
    tfe = start(*organizations, profile="202012-1", behaviour=Behaviour(list_ends_global="never"))
    attributes = {"name": "delta", "external-id": tfe.external_id("delta"), "global-module-sharing": None}
    document = {"data": {"id": "delta", "type": "organizations", "attributes": attributes}}
    tfe.order(Fault("not_json_api", path="delta$", nth=2, body=document, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"], "global_module_sharing": False})
    assert "what delta shares now is not known" in answer["msg"]


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


def test_an_external_id_leaves_also_where_the_list_of_consumers_does_not_tell_it(
    start: StartSimulator, run: RunModule
) -> None:
    tfe = start(*instance("zeta", "eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "eta")]
    tfe.order(Fault("not_json_api", path="relationships/module-consumers", body={"data": items}))
    answer = run({"organization": "delta", "consumers": [tfe.external_id("zeta"), "long-gone"], "state": "absent"})
    assert answer["removed"] == ["zeta"]
    assert tfe.sharing("delta").module_consumers == ("eta",)


def test_an_external_id_that_cannot_be_told_apart_is_refused(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", "eta"), behaviour=Behaviour(item_without_external_id="zeta"))
    task = {"organization": "delta", "state": "absent"}
    answer = run({**task, "consumers": [tfe.external_id("zeta")]})
    assert "does not give the external id of zeta. Nothing was changed. Use names" in answer["msg"]
    assert run({**task, "consumers": ["long-gone", "ZETA"]})["removed"] == ["zeta"]


def test_items_that_come_twice_are_a_list_that_does_not_add_up(start: StartSimulator, run: RunModule) -> None:
    delta = Organization("delta", module_consumers=tuple(TWO_PAGES))
    tfe = start(delta, *map(Organization, TWO_PAGES), Organization("eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in TWO_PAGES]
    for _time in range(2):
        for page in (items[:100], items[99:]):
            body = {"data": page, "meta": {"pagination": {"total-pages": 2, "total-count": 130}}}
            tfe.order(Fault("not_json_api", path="relationships/module-consumers", body=body))
    answer = run({"organization": "delta", "consumers": ["eta"], "state": "present"})
    assert "does not give a complete list: items came twice" in answer["msg"]
    assert not writes(tfe)


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


@pytest.mark.parametrize(("count", "size_honoured"), [(101, True), (100, True), (21, False), (40, False)])
def test_a_first_page_that_comes_again_and_again_is_not_the_whole_list(
    start: StartSimulator, run: RunModule, count: int, size_honoured: bool
) -> None:
    delta = Organization("delta", module_consumers=tuple(TWO_PAGES[:count]))
    behaviour = Behaviour(page_parameter="ignored", meta="missing", page_size_honoured=size_honoured)
    tfe = start(delta, *map(Organization, TWO_PAGES), Organization("eta"), behaviour=behaviour)
    answer = run({"organization": "delta", "consumers": ["eta"], "state": "present"})
    assert "does not give a complete list: page 2 brought nothing new" in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize("count", [20, 100])
def test_the_oldest_list_comes_whole_whatever_its_length(start: StartSimulator, run: RunModule, count: int) -> None:
    delta = Organization("delta", module_consumers=tuple(TWO_PAGES[:count]))
    start(delta, *map(Organization, TWO_PAGES), profile="202012-1")
    assert not run({"organization": "delta", "consumers": TWO_PAGES[:count]})["changed"]


def test_a_producer_that_is_gone_after_the_write_is_told_as_such(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(everyone=True))
    tfe.order(Fault("status", status=404, method="GET", path="delta$", nth=2, times=0))
    answer = run({"organization": "delta", "consumers": ["eta"], "global_module_sharing": False})
    assert "The write may have been applied: what delta shares now is not known" in answer["msg"]
    assert [request.method for request in writes(tfe)] == ["PATCH"]


def test_an_external_id_may_look_like_anything(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    item = {"id": "eta", "type": "organizations", "attributes": {"name": "eta", "external-id": "any-thing"}}
    tfe.order(Fault("not_json_api", path="organizations$", body={"data": [item]}, times=0))
    assert run({"organization": "delta", "consumers": ["any-thing"]}, check=True)["added"] == ["eta"]


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


def test_who_is_absent_already_is_not_looked_up(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    assert not run({"organization": "delta", "consumers": ["eta", "long-gone"], "state": "absent"})["changed"]
    assert sent(tfe) == [f"GET {DELTA}", f"GET {E2}"]


def test_the_producers_own_id_is_refused_where_only_the_list_tells_it(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance())
    document = {"id": "delta", "type": "organizations", "attributes": {"name": "delta", "global-module-sharing": False}}
    tfe.order(Fault("not_json_api", path="delta$", body={"data": document}, times=0))
    own = tfe.external_id("delta")
    answer = run({"organization": "delta", "consumers": ["eta", own]})
    assert answer["msg"] == f"consumers[1] is {own!r}, the producing organization itself."
    assert not writes(tfe)


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


def test_an_answer_without_the_flag_is_completed_by_a_read(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    tfe.order(Fault("not_json_api", method="PATCH", body={"data": {"id": "delta"}}, after_effect=True))
    assert run({"organization": "delta", "global_module_sharing": True})["global_module_sharing"]
    assert sent(tfe)[-2:] == [f"PATCH {DELTA}", f"GET {DELTA}"]


def test_an_answer_within_one_second_is_in_time(start: StartSimulator, run: RunModule) -> None:
    start(*instance())
    assert not run({"organization": "delta", "consumers": [], "tfe_timeout": 1, "tfe_max_retries": 5}).get("warnings")
