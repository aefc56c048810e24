# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other people and odd servers do at the moment that hurts most: no wrong write, and no "ok" that is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Exchange, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import (
    ORGANIZATIONS,
    PROFILES,
    RunModule,
    StartSimulator,
)

DELTA = "/api/v2/admin/organizations/delta"
E1 = f"{DELTA}/module-consumers"
E2 = f"{DELTA}/relationships/module-consumers"
E7 = "/api/v2/admin/organizations"
PRESENT = {"organization": "delta", "consumers": ["eta"], "state": "present"}
BY_NAME = Behaviour(legacy_write="404")
PUT_ONLY = Behaviour(legacy_write="404", relationship_write="410")
WRITERS = [Behaviour(), BY_NAME, PUT_ONLY]


def instance(*consumers: str, **settings: Any) -> list[Organization]:
    return [Organization("delta", module_consumers=consumers, **settings), *ORGANIZATIONS[1:]]


def writes(tfe: Simulator) -> list[Exchange]:
    return [request for request in tfe.requests if request.method != "GET"]


def share(tfe: Simulator, name: str, *consumers: str, everyone: bool = False) -> None:
    """Somebody else's change."""
    record = tfe._record(name)
    if everyone:
        tfe._state.share_with_everyone(record, "modules", everyone=True)
    else:
        found = [tfe._record(consumer) for consumer in consumers]
        tfe._state.share_with(record, "modules", found, keep_everyone=False)


def take_name(tfe: Simulator, name: str, **settings: Any) -> None:
    """The organization is renamed, and another one takes its name."""
    tfe.rename(name, f"{name}-before")
    tfe.add(Organization(name, external_id=f"org-{'S' * 16}", **settings))


def remove_and_take_name(tfe: Simulator, name: str) -> None:
    tfe.remove(name)
    tfe.add(Organization(name, external_id=f"org-{'S' * 16}"))


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are asked for and not slept."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


# Lists that are cut.

ODD_PAGES = [
    Behaviour(page_size_honoured=False, fixed_page_size=25, meta="missing"),
    Behaviour(page_size_honoured=False, fixed_page_size=25, total_count="page"),
    Behaviour(page_size_honoured=False, fixed_page_size=25, total_pages="asked"),
    Behaviour(page_size_honoured=False, fixed_page_size=25, total_pages="asked", total_count="page"),
    Behaviour(page_size_honoured=False, fixed_page_size=20, meta="nested"),
    Behaviour(page_parameter="unpaged"),
    Behaviour(page_parameter="ignored", page_size_honoured=False, fixed_page_size=25),
    Behaviour(page_parameter="ignored", page_size_honoured=False, fixed_page_size=25, total_count="page"),
    Behaviour(page_parameter="ignored", page_size_honoured=False, fixed_page_size=20, total_count="page"),
]


@pytest.mark.parametrize("behaviour", ODD_PAGES)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_list_that_is_cut_is_never_written_back(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, profile: str
) -> None:
    teams = [f"team-{number:03}" for number in range(75)]
    tfe = start(*instance(*teams), *map(Organization, teams), behaviour=behaviour, profile=profile)
    answer = run(PRESENT)
    if answer.get("failed"):
        assert "does not give a complete list" in answer["msg"]
        assert not writes(tfe)
    else:
        assert len(answer["consumers"]) == 76
        assert tfe.sharing("delta").module_consumers == (*sorted(["eta", *teams]),)
    told_wrongly = behaviour.total_count == "page" or behaviour.page_parameter == "ignored"
    assert answer.get("failed", False) == (told_wrongly and profile != "202012-1")


@pytest.mark.parametrize("behaviour", ODD_PAGES)
@pytest.mark.parametrize("profile", PROFILES)
def test_nobody_who_shares_is_forgotten_by_prune(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, profile: str
) -> None:
    sharers = [Organization(f"team-{number:03}", module_consumers=("eta",)) for number in range(60)]
    tfe = start(Organization("eta"), *sharers, behaviour=behaviour, profile=profile)
    task = {"producers": [{"organization": "eta", "consumers": []}], "prune": True}
    answer = run(task, module="tfe_registry_sharing")
    if answer.get("failed"):
        assert "does not give a complete list" in answer["msg"]
        assert not writes(tfe)
    else:
        assert len(answer["pruned"]) == 60
        assert not any(tfe.sharing(it.name).module_consumers for it in sharers)


# One producer, one name.


@pytest.mark.parametrize("ids_in_path", [True, False])
@pytest.mark.parametrize("check", [True, False])
def test_an_external_id_is_no_name_of_a_producer(
    start: StartSimulator, run: RunModule, ids_in_path: bool, check: bool
) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(ids_in_path=ids_in_path))
    own = tfe.external_id("delta")
    answers = [
        run({"organization": own, "consumers": ["eta"]}, check=check),
        run({"producers": [{"organization": own, "consumers": ["eta"]}]}, module="tfe_registry_sharing", check=check),
        run({"organization": own}, module="tfe_registry_sharing_info"),
    ]
    for answer in answers:
        assert "is the external id of 'delta', and here the name is needed" in answer["msg"]
    assert not writes(tfe)


def test_a_consumer_may_be_given_by_any_id_also_where_paths_take_ids(start: StartSimulator, run: RunModule) -> None:
    organizations = Organization("eta", external_id="any-id"), Organization("delta")
    tfe = start(*organizations, behaviour=Behaviour(ids_in_path=True), contract=False)
    assert run({"organization": "delta", "consumers": ["any-id"]})["consumers"] == ["eta"]
    assert tfe.sharing("delta").module_consumers == ("eta",)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_server_that_knows_one_spelling_is_asked_with_it(start: StartSimulator, run: RunModule, profile: str) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(case_sensitive_names=True), profile=profile)
    task = {"organization": "DELTA", "consumers": ["gamma", "ZETA"]}
    answer = run(task)
    assert (answer["changed"], answer["organization"]["name"]) == (True, "delta")
    assert tfe.sharing("delta").module_consumers == ("Gamma", "zeta")
    assert not run(task)["changed"]
    assert not run({"producers": [task]}, module="tfe_registry_sharing")["changed"]
    assert run({"organization": "DELTA"}, module="tfe_registry_sharing_info")["producers"]


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("writer", WRITERS)
def test_of_two_names_that_differ_in_case_alone_the_exact_one_is_meant(
    start: StartSimulator, run: RunModule, ids: bool, writer: Behaviour
) -> None:
    fields = {**vars(writer), "case_sensitive_names": True, "case_sensitive_bodies": True}
    behaviour = Behaviour(**{**fields, "without_external_ids": not ids})
    tfe = start(*instance("Eta"), Organization("Eta"), Organization("DELTA"), behaviour=behaviour)
    task = {**PRESENT, "consumers": ["Eta", "eta"]}
    answer = run(task)
    assert (answer["changed"], answer["added"]) == (True, ["eta"])
    assert tfe.sharing("delta").module_consumers == ("Eta", "eta")
    assert tfe.sharing("DELTA").module_consumers == ()
    assert not run(task)["changed"]
    assert run({**PRESENT, "consumers": ["Eta"], "state": "absent"})["removed"] == ["Eta"]
    assert tfe.sharing("delta").module_consumers == ("eta",)
    share(tfe, "delta", "zeta")
    for task in ({**PRESENT, "consumers": ["EtA"]}, {**PRESENT, "organization": "Delta"}):
        assert "which differ in case alone: spell it exactly" in run(task)["msg"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


def test_both_of_two_such_producers_are_pruned_or_listed(start: StartSimulator, run: RunModule) -> None:
    behaviour = Behaviour(case_sensitive_names=True)
    both = [Organization(name, module_consumers=("zeta",)) for name in ("team", "Team", "TEAM")]
    tfe = start(*both, Organization("zeta"), behaviour=behaviour)
    producers = [{"organization": name, "consumers": ["zeta"]} for name in ("team", "Team")]
    task = {"producers": producers, "prune": True}
    assert run(task, module="tfe_registry_sharing")["pruned"] == ["TEAM"]
    task["producers"] = [producers[0], producers[0]]
    assert "this producer is there twice" in run(task, module="tfe_registry_sharing")["msg"]
    ask = {"consumer": "zeta"}
    found = run(ask, module="tfe_registry_sharing_info")["producers"]
    assert [it["organization"]["name"] for it in found] == ["Team", "team"]
    assert tfe.sharing("TEAM").module_consumers == ()


def test_a_name_with_a_space_may_leave(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", "eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "my team")]
    tfe.order(Fault("not_json_api", path=E2, body={"data": items, "meta": {"pagination": {"total-count": 2}}}))
    task = {"organization": "delta", "consumers": ["my team"], "state": "absent"}
    assert run(task, check=True)["removed"] == ["my team"]
    assert not run(task)["changed"], "it is absent then"


@pytest.mark.parametrize("element", ["00000000-0000-4000-8000-000000000000", "org-2222222222222222"])
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
def test_an_id_is_no_use_where_the_server_tells_none(
    start: StartSimulator, run: RunModule, element: str, state: str
) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(without_external_ids=True))
    answer = run({"organization": "delta", "consumers": [element], "state": state})
    assert ("does not tell external ids" if state != "absent" else "Use names instead of external ids") in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize("behaviour", [Behaviour(without_relationships=True), Behaviour()])
def test_a_document_without_relationships_does_not_hint_at_the_oldest_list(
    start: StartSimulator, run: RunModule, behaviour: Behaviour
) -> None:
    tfe = start(*instance("zeta"), behaviour=behaviour)
    assert not run({"organization": "delta", "consumers": ["zeta"]})["changed"]
    assert [request.path for request in tfe.requests] == [DELTA, E2]


# Identity.


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("task", [PRESENT, {"organization": "delta", "global_module_sharing": True}])
def test_a_producer_whose_name_was_taken_is_told_and_never_ok(
    start: StartSimulator, run: RunModule, writer: Behaviour, task: dict[str, Any]
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    old = tfe.external_id("delta")
    path = "/eta$" if "consumers" in task else "delta$"
    method = "GET" if "consumers" in task else "PATCH"
    tfe.order(Fault("between", method=method, path=path, call=lambda: take_name(tfe, "delta")))
    answer = run(task)
    assert answer["failed"]
    assert f"its external id is org-{'S' * 16}, and was {old} when the task began" in answer["msg"]
    assert tfe.sharing("delta-before").module_consumers == ("zeta",)
    if "consumers" in task and writer is not WRITERS[0]:  # by name, it was looked at once more
        assert "delta has changed meanwhile, run again. " in answer["msg"]
        assert not answer["changed"]
        assert tfe.sharing("delta").module_consumers == ()
    else:
        assert answer["changed"]
        assert answer["consumers"] is None


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("how", [take_name, remove_and_take_name])
def test_a_consumer_whose_name_was_taken_gets_nothing(
    start: StartSimulator, run: RunModule, writer: Behaviour, how: Callable[..., None]
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    wanted = tfe.external_id("eta")
    tfe.order(Fault("between", method="PATCH", path="module-consumers$", call=lambda: how(tfe, "eta")))
    answer = run({"organization": "delta", "consumers": ["zeta", wanted]})
    assert "eta" not in tfe.sharing("delta").module_consumers
    if how is take_name and writer is WRITERS[0]:  # ids were written: it is the right one, under its new name
        assert answer["consumers"] == ["eta-before", "zeta"]
    else:
        assert answer["failed"]
        assert not answer["changed"]
        assert tfe.sharing("delta").module_consumers == ("zeta",)


@pytest.mark.parametrize("writer", [BY_NAME, PUT_ONLY])
@pytest.mark.parametrize("state", ["exact", "present"])
def test_a_stranger_among_the_consumers_is_told_as_such(
    start: StartSimulator, run: RunModule, writer: Behaviour, state: str
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    last_write = "relationships/module-consumers$" if writer is BY_NAME else "registry-partnerships$"
    method = "PATCH" if writer is BY_NAME else "PUT"
    tfe.order(Fault("between", method=method, path=last_write, call=lambda: remove_and_take_name(tfe, "eta")))
    answer = run({"organization": "delta", "consumers": ["zeta", "eta"], "state": state})
    assert "eta is another organization now, and may use the modules" in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["eta", "zeta"])


@pytest.mark.parametrize("writer", [BY_NAME, PUT_ONLY])
def test_the_name_of_a_listed_consumer_that_was_taken_is_not_written(
    start: StartSimulator, run: RunModule, writer: Behaviour
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    # Right before the look that comes before the write.
    tfe.order(Fault("between", method="GET", path="delta$", nth=2, call=lambda: take_name(tfe, "zeta")))
    answer = many(run, PRESENT)
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert "renamed: zeta, zeta-before" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("zeta-before",)


def test_what_put_broke_is_told_of_this_producer_and_with_the_refusal(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", provider_consumers=("42", "eta")), behaviour=PUT_ONLY)
    record = tfe._record("delta")
    drop = partial(tfe._state.share_with, record, "providers", [tfe._record("42")], keep_everyone=False)
    tfe.order(Fault("between", method="PUT", call=drop), Fault("status", "PUT", status=422))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert answer["msg"].startswith(f"PUT {tfe.address}{DELTA}/registry-partnerships answered 422 ")
    assert "changed the provider consumers of delta too" in answer["msg"]
    assert (answer["changed"], answer["consumers"]) == (True, ["zeta"])


@pytest.mark.usefixtures("no_waits")
def test_one_write_is_not_told_as_two(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    tfe.order(Fault("status", "PATCH", status=429), Fault("status", "PATCH", status=502))
    tfe.order(Fault("between", method="GET", path="delta$", nth=2, call=lambda: share(tfe, "delta", "zeta", "42")))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "left over: 42, zeta" in answer["msg"]
    assert "It was sent" not in answer["msg"]


# Global sharing that was ended.


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("writer", WRITERS[:2])
@pytest.mark.parametrize(
    "task",
    [
        {"consumers": []},
        {"global_module_sharing": False},
        {"consumers": [], "state": "present", "global_module_sharing": False},
        "prune",
    ],
)
def test_an_old_list_that_comes_back_is_emptied(
    start: StartSimulator, run: RunModule, profile: str, writer: Behaviour, task: Any
) -> None:
    if profile == "202012-1" and writer is BY_NAME:
        return  # it has no other writer
    behaviour = Behaviour(**{**vars(writer), "global_keeps_list": True})
    tfe = start(*instance("zeta", "eta"), behaviour=behaviour, profile=profile)
    share(tfe, "delta", everyone=True)
    if task == "prune":
        answer = run({"producers": [], "prune": True, "prune_all": True}, module="tfe_registry_sharing")
        assert answer["pruned"] == ["delta"]
    else:
        answer = run({"organization": "delta", **task})
        assert (answer["consumers"], answer["global_module_sharing"]) == ([], False)
    assert answer["changed"]
    sharing = tfe.sharing("delta")
    assert (sharing.global_modules, sharing.module_consumers) == (False, ())


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", [401, 403, 422, 503, "confirm"])
@pytest.mark.parametrize("task", [{"consumers": []}, {"global_module_sharing": False}])
def test_an_old_list_that_cannot_be_emptied_is_told_and_returned(
    start: StartSimulator, run: RunModule, fault: Any, task: dict[str, Any]
) -> None:
    behaviour = Behaviour(global_keeps_list=True, legacy_write="404" if fault == "confirm" else "alive")
    tfe = start(*instance("zeta", "eta"), behaviour=behaviour)
    share(tfe, "delta", everyone=True)
    if fault == "confirm":  # the look at the name, when names take the place of ids
        tfe.order(Fault("status", "GET", "delta$", nth=2, status=503, times=0))
    else:
        tfe.order(Fault("status", "PATCH", "delta/module-consumers$", status=fault, times=0))
    answer = run({"organization": "delta", **task, "tfe_max_retries": 1})
    assert tfe.sharing("delta").module_consumers == ("eta", "zeta")
    assert not tfe.sharing("delta").global_modules
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "othing" not in answer["msg"]
    assert "has changed meanwhile" not in answer["msg"]
    if fault != "confirm":
        assert (answer["consumers"], answer["global_module_sharing"]) == (["eta", "zeta"], False)
        assert "left over: eta, zeta" in answer["msg"]


@pytest.mark.usefixtures("clock")
def test_an_old_list_is_emptied_after_a_wait_for_the_rate_limit(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(global_keeps_list=True))
    share(tfe, "delta", everyone=True)
    tfe.order(Fault("status", "PATCH", "delta/module-consumers$", **LIMITED))
    answer = run({"organization": "delta", "consumers": []})
    assert (answer["changed"], answer["consumers"], tfe.sharing("delta").module_consumers) == (True, [], ())


# PUT, and the providers beside it.


def close_providers(tfe: Simulator) -> None:
    """Somebody else ends global sharing of providers."""
    tfe._state.share_with_everyone(tfe._record("delta"), "providers", everyone=False)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("fault", [{"status": 422}, {"status": 503}])
def test_providers_that_somebody_closed_are_not_opened_where_put_was_not_applied(
    start: StartSimulator, run: RunModule, fault: dict[str, Any]
) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("between", method="PUT", call=partial(close_providers, tfe)), Fault("status", "PUT", **fault))
    answer = run({"organization": "delta", "consumers": ["eta"], "tfe_max_retries": 0})
    assert "delta shared its providers with every organization" in answer["msg"]
    assert not tfe.sharing("delta").global_providers
    assert answer["changed"], "something of delta may have been changed"


@pytest.mark.usefixtures("clock")
def test_providers_that_somebody_closed_during_a_wait_stay_closed(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("status", "GET", "provider-consumers$", **LIMITED))
    tfe.order(Fault("between", method="GET", path="provider-consumers$", call=partial(close_providers, tfe)))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "failed" not in answer
    assert (tfe.sharing("delta").module_consumers, tfe.sharing("delta").global_providers) == (("eta",), False)


def test_put_does_not_go_to_a_stranger(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"), behaviour=PUT_ONLY)
    path = "relationships/module-consumers$"
    tfe.order(Fault("between", method="PATCH", path=path, call=lambda: take_name(tfe, "delta", global_providers=True)))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert not [request for request in tfe.requests if request.method == "PUT"]
    stranger = tfe.sharing("delta")
    assert (stranger.module_consumers, stranger.global_providers) == ((), True)


def test_the_providers_of_a_stranger_are_not_opened(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("between", method="GET", path="delta$", nth=4, call=lambda: take_name(tfe, "delta")))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "belongs to another organization now" in answer["msg"]
    assert not tfe.sharing("delta").global_providers


# Somebody else writes.


def test_what_somebody_else_adds_is_neither_ours_nor_a_failure(start: StartSimulator, run: RunModule) -> None:
    for behaviour in WRITERS:
        tfe = start(*instance("zeta"), behaviour=behaviour)
        answer_lost = Fault("status", status=502, method="PATCH", path="module-consumers$", after_effect=True)
        change = partial(share, tfe, "delta", "zeta", "eta", "42")
        tfe.order(Fault("between", method="GET", path="relationships/module-consumers$", nth=2, call=change))
        if behaviour is WRITERS[0]:
            tfe.order(answer_lost)
        answer = run(PRESENT)
        assert "failed" not in answer, answer["msg"]
        assert (answer["added"], answer["consumers"]) == (["eta"], ["42", "eta", "zeta"])


def test_one_that_was_to_stay_and_is_missing_is_a_failure(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", "42"), behaviour=BY_NAME)
    changed = Fault("between", path=E2, method="GET", nth=2, call=lambda: share(tfe, "delta", "zeta", "eta"))
    tfe.order(changed)
    answer = run(PRESENT)
    assert "missing: 42" in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["removed"]) == (True, ["eta", "zeta"], ["42"])


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", ["502", "408", "425", "reset", "truncated", "sign_in"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_write_is_not_sent_again_over_a_colleagues_change(
    start: StartSimulator, run: RunModule, writer: Behaviour, fault: str
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    method = "PUT" if writer is PUT_ONLY else "PATCH"
    endpoint = {0: "delta/module-consumers$", 1: "relationships/module-consumers$"}.get(WRITERS.index(writer), "reg")
    order: dict[str, Any] = {"kind": "status", "status": int(fault)} if fault.isdigit() else {"kind": fault}
    if fault == "truncated":
        order = {"kind": "close"}
    tfe.order(
        Fault("between", method=method, path=endpoint, call=lambda: share(tfe, "delta", "zeta", "42")),
        Fault(method=method, path=endpoint, **order),
    )
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert answer["failed"]
    assert "missing: eta; left over: 42, zeta" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("42", "zeta")
    assert (answer["changed"], answer["consumers"]) == (True, ["42", "zeta"])


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("retries", [0, 1, 5])
def test_a_write_is_sent_again_where_all_is_as_before_so_often_and_no_more(
    start: StartSimulator, run: RunModule, retries: int
) -> None:
    tfe = start(*instance("zeta"))
    tfe.order(Fault("status", "PATCH", status=503, times=0))
    answer = run({**PRESENT, "tfe_max_retries": retries})
    assert "may still be at work on the write" in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, False, ["zeta"])
    assert len(writes(tfe)) == retries + 1
    tfe = start(*instance("zeta"))
    tfe.order(Fault("status", "PATCH", status=503, times=retries)) if retries else None
    assert run({**PRESENT, "tfe_max_retries": retries})["consumers"] == ["eta", "zeta"]


def test_a_long_wait_for_the_rate_limit_is_followed_by_a_look(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a short wait there is none: the write was not looked at, and what was read is fresh."""
    skipped = [0.0]
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + skipped[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: skipped.__setitem__(0, skipped[0] + seconds))
    for seconds, looks in ((1, 0), (8, 2)):
        tfe = start(*instance("zeta"))
        tfe.order(Fault("status", "PATCH", status=429, headers={"X-RateLimit-Reset": str(seconds)}))
        assert run({**PRESENT, "tfe_max_retries": 0})["consumers"] == ["eta", "zeta"]
        between = [request.method for request in tfe.requests]
        assert between == ["GET"] * 3 + ["PATCH"] + ["GET"] * looks + ["PATCH"]
    tfe = start(*instance("zeta"))
    tfe.order(
        Fault("between", method="PATCH", call=lambda: share(tfe, "delta", "zeta", "42")),
        Fault("status", "PATCH", status=429, headers={"X-RateLimit-Reset": "8"}),
    )
    answer = run(PRESENT)
    assert answer["msg"] == (
        "delta has changed meanwhile, run again. Since it was read, somebody else changed its sharing: added: 42. "
        "Nothing of delta was changed."
    )
    assert (answer["changed"], answer["added"], answer["consumers"]) == (False, [], ["42", "zeta"])
    assert tfe.sharing("delta").module_consumers == ("42", "zeta")


class Clock:
    """Time that passes where somebody sleeps, and only there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.skipped = 0.0
        monotonic = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + self.skipped)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


LIMITED: dict[str, Any] = {"status": 429, "headers": {"X-RateLimit-Reset": "40"}}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("writer", "path", "nth"),
    [
        (WRITERS[0], "organizations/eta$", 1),  # while the new name is looked up
        (BY_NAME, "organizations/eta$", 2),  # while names take the place of ids
        (BY_NAME, "delta$", 2),
        (PUT_ONLY, "organizations/eta$", 2),
        (PUT_ONLY, "delta$", 3),  # while PUT reads the flag of the providers, and their consumers
        (PUT_ONLY, "provider-consumers$", 1),
    ],
)
def test_no_wait_anywhere_lets_a_write_go_over_a_colleagues_change(
    start: StartSimulator, run: RunModule, writer: Behaviour, path: str, nth: int
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    # The request is refused, and somebody else writes before it is tried again.
    tfe.order(Fault("status", "GET", path, nth, **LIMITED))
    tfe.order(Fault("between", method="GET", path=path, nth=nth, call=lambda: share(tfe, "delta", "zeta", "42")))
    answer = run(PRESENT)
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert (answer["changed"], tfe.sharing("delta").module_consumers) == (False, ("42", "zeta"))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("task", [PRESENT, {"organization": "delta", "consumers": []}])
def test_a_flag_and_a_list_from_two_times_are_read_again(
    start: StartSimulator, run: RunModule, task: dict[str, Any]
) -> None:
    tfe = start(*instance("zeta"))
    tfe.order(Fault("status", "GET", E2, **LIMITED))
    tfe.order(Fault("between", method="GET", path=E2, call=lambda: share(tfe, "delta", everyone=True)))
    answer = run(task)
    if "state" in task:
        assert "shares its modules with every organization" in answer["msg"]
        assert tfe.sharing("delta").global_modules
    else:
        assert (answer["changed"], answer["global_module_sharing"]) == (True, False)
        assert not tfe.sharing("delta").global_modules


def test_a_wait_that_another_producers_request_was_told_to_make_counts_too(
    start: StartSimulator, run: RunModule, clock: Clock
) -> None:
    tfe = start(*instance("42"))

    def change() -> None:
        share(tfe, "delta", "42", "Gamma")
        clock.skipped += 40  # as after another thread's 429

    # Right after the look before the write of delta; the wait is only seen where the write waits for its turn.
    from ansible_collections.tfe.admin.plugins.module_utils._sharing import settle  # noqa: PLC0415

    send = settle._send
    changed: list[bool] = []

    def change_and_send(registry: Any, *arguments: Any) -> Any:
        if not changed:
            changed.append(True)
            registry.client._transport._pace.hold(40)
            change()
        return send(registry, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settle, "_send", change_and_send)
        answer = many(run, PRESENT)
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("42", "Gamma")


@pytest.mark.usefixtures("clock")
def test_a_write_that_arrived_late_is_done_and_not_somebody_elses(start: StartSimulator, run: RunModule) -> None:
    for lost_look in (False, True):
        tfe = start(*instance("zeta"))
        tfe.order(Fault("status", "PATCH", status=503), Fault("status", "PATCH", **LIMITED))
        # The first look after the 503 shows all as it was, the next one what was written.
        tfe.order(
            Fault("between", method="GET", path="delta$", nth=3, call=partial(share, tfe, "delta", "zeta", "eta"))
        )
        if lost_look:
            tfe.order(Fault("status", "GET", "delta$", nth=3, status=403))
        answer = run(PRESENT)
        if lost_look:
            assert answer["msg"].endswith("An earlier write of this task may have been applied.")
            assert "Nothing" not in answer["msg"]
            assert (answer["changed"], answer["consumers"]) == (True, None)
        else:
            assert (answer["changed"], answer["added"], answer["consumers"]) == (True, ["eta"], ["eta", "zeta"])


@pytest.mark.parametrize("seconds", ["0", "1", "4", "9", "60"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_rate_limit_that_lasts_is_waited_for_three_minutes_however_short_the_waits(
    start: StartSimulator, run: RunModule, clock: Clock, writer: Behaviour, seconds: str
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    path = {0: "delta/module-consumers$", 1: "relationships/module-consumers$"}.get(
        WRITERS.index(writer), "partnerships$"
    )
    for method in ("PATCH", "PUT"):
        tfe.order(Fault("status", method, path, status=429, headers={"X-RateLimit-Reset": seconds}, times=0))
    answer = run({**PRESENT, "tfe_max_retries": 0})
    assert "kept being reached." in answer["msg"]
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert (answer["changed"], answer["consumers"]) == (False, ["zeta"])
    assert 150 < clock.skipped < 260


def many(run: RunModule, *producers: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run({"producers": list(producers), **options}, module="tfe_registry_sharing", diff=True)


SLOW = {"organization": "zeta", "consumers": ["eta"]}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("what", ["global", "list", "name"])
def test_a_producer_that_changed_before_its_write_is_left_alone_and_the_others_are_written(
    start: StartSimulator, run: RunModule, profile: str, what: str
) -> None:
    tfe = start(*instance("42"), profile=profile)

    def change() -> None:
        if what == "name":
            take_name(tfe, "delta")
        else:
            share(tfe, "delta", *(() if what == "global" else ("42", "Gamma")), everyone=what == "global")

    # The plan is made from the list of all organizations; only right before its write the document is read.
    tfe.order(Fault("between", method="GET", path=f"{DELTA}$", call=change))
    answer = many(run, PRESENT, SLOW)
    assert answer["failed"]
    delta, zeta = answer["producers"]
    assert "delta has changed meanwhile, run again. " in delta["msg"]
    assert delta["msg"].endswith("Nothing of delta was changed.")
    assert (delta["failed"], delta["changed"]) == (True, False)
    assert (zeta["changed"], zeta["consumers"]) == (True, ["eta"])
    assert answer["diff"]["before"].keys() == {"zeta"}
    sharing = tfe.sharing("delta")
    assert sharing.global_modules == (what == "global")
    assert sharing.module_consumers == {"global": (), "list": ("42", "Gamma"), "name": ()}[what]


def test_each_producer_that_changes_costs_a_look_right_before_its_write(start: StartSimulator, run: RunModule) -> None:
    for changing in range(3):
        tfe = start(*instance("42"))
        producers = [{"organization": name, "consumers": ["eta"]} for name in ("delta", "Gamma")[:changing]]
        unchanged: list[dict[str, Any]] = [{"organization": name, "consumers": []} for name in ("zeta", "42")]
        assert "failed" not in many(run, *producers, *unchanged)
        # The organizations, the consumers of each, and for each that changes its document, its list and the write.
        assert len(tfe.requests) == 1 + 2 + 3 * changing + changing


def test_a_sharer_that_is_renamed_while_prune_looks_is_not_forgotten(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"), Organization("theta", module_consumers=("eta",)))
    tfe.order(Fault("between", path="organizations$", nth=2, call=lambda: tfe.rename("theta", "theta-new")))
    task = {"producers": [PRESENT], "prune": True}
    answer = run(task, module="tfe_registry_sharing")
    assert answer["failed"]
    assert not writes(tfe)
    assert run(task, module="tfe_registry_sharing")["pruned"] == ["theta-new"]


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
def test_what_was_read_tells_names_apart_that_differ_in_case_alone(
    start: StartSimulator, run: RunModule, prune: bool, state: str
) -> None:
    organizations = [Organization("delta", module_consumers=("Eta",)), *map(Organization, ("Eta", "eta", "zeta"))]
    tfe = start(*organizations, behaviour=Behaviour(case_sensitive_names=True))
    producers = [{"organization": "delta", "consumers": ["eta"], "state": state}, SLOW]
    answer = run({"producers": producers, "prune": prune}, module="tfe_registry_sharing")
    assert "failed" not in answer
    expected = {"exact": ("eta",), "present": ("Eta", "eta"), "absent": ("Eta",)}[state]
    assert tfe.sharing("delta").module_consumers == expected
    assert answer["producers"][0]["consumers"] == list(expected)


def test_a_sharer_whose_name_differs_in_case_alone_is_pruned_without_ids_too(
    start: StartSimulator, run: RunModule
) -> None:
    behaviour = Behaviour(case_sensitive_names=True, without_external_ids=True)
    tfe = start(
        Organization("eta"), Organization("Eta", module_consumers=("zeta",)), Organization("zeta"), behaviour=behaviour
    )
    task = {"producers": [{"organization": "eta", "consumers": []}], "prune": True}
    assert run(task, module="tfe_registry_sharing")["pruned"] == ["Eta"]
    assert tfe.sharing("Eta").module_consumers == ()


def test_a_spelling_that_fits_neither_of_two_known_names_is_an_error(start: StartSimulator, run: RunModule) -> None:
    organizations = [Organization("delta", module_consumers=("Eta",)), *map(Organization, ("Eta", "eta"))]
    tfe = start(*organizations, behaviour=Behaviour(case_sensitive_names=True))
    task = {"producers": [{"organization": "delta", "consumers": ["EtA"], "state": "absent"}], "prune": True}
    assert "spell it exactly" in run(task, module="tfe_registry_sharing")["msg"]
    assert tfe.sharing("delta").module_consumers == ("Eta",)


def test_a_name_on_a_page_that_was_not_read_is_not_taken_for_another_case(
    start: StartSimulator, run: RunModule
) -> None:
    names = ["delta", "Eta", *(f"team-{number:03}" for number in range(250))]
    tfe = start(*map(Organization, (*names, "eta")), behaviour=Behaviour(case_sensitive_names=True))
    producers = [{"organization": "Eta", "consumers": []}, {"organization": "delta", "consumers": ["eta"]}]
    assert "failed" not in run({"producers": producers}, module="tfe_registry_sharing")
    assert tfe.sharing("delta").module_consumers == ("eta",)


def test_one_spelling_is_asked_for_also_where_the_account_does_not_tell(start: StartSimulator, run: RunModule) -> None:
    behaviour = Behaviour(case_sensitive_names=True, account_details="404")
    tfe = start(*instance("zeta"), behaviour=behaviour)
    assert not run({"organization": "DELTA", "consumers": ["zeta"]})["changed"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


@pytest.mark.parametrize("ids", [(1234567890123456781, 1234567890123456782), ("one", "two")])
def test_ids_are_told_apart_to_their_last_digit(start: StartSimulator, run: RunModule, ids: tuple[Any, Any]) -> None:
    tfe = start(*instance("zeta"))
    zeta, eta = (
        {"id": name, "type": "organizations", "attributes": {"name": name, "external-id": external_id}}
        for name, external_id in zip(("zeta", "eta"), ids)
    )
    tfe.order(Fault("not_json_api", path=E2, body={"data": [zeta], "meta": {"pagination": {"total-count": 1}}}))
    tfe.order(Fault("not_json_api", path="/eta$", body={"data": eta}))
    assert run(PRESENT, check=True)["added"] == ["eta"]


def test_two_names_with_one_id_are_an_error(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"))
    own = {"name": "eta", "external-id": tfe.external_id("zeta")}
    tfe.order(Fault("not_json_api", path="/eta$", body={"data": {"id": "eta", "attributes": own}}))
    answer = run(PRESENT)
    assert "zeta and eta have the same external id" in answer["msg"]
    assert not writes(tfe)


# Answers that prove nothing.

ECHO = {"type": "module-partnerships", "attributes": {"module-consuming-organization-ids": ["id"]}}
NAMED = {
    "id": "mp-1",
    "attributes": {"consuming-organization-name": "eta", "producing-organization-name": "delta"},
}
"""Whose list it is is told by a name alone, although the id is known."""
FLAG = {"id": "delta", "type": "organizations", "attributes": {"global-module-sharing": True}}


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        (PRESENT, {"status": 202, "body": {"data": []}}),
        (PRESENT, {"status": 201, "body": {"data": [{"id": "mp-1", "attributes": {"x": 1}}]}}),
        (PRESENT, {"body": {"data": ECHO}}),
        (PRESENT, {"body": {"data": [{"id": "mp-1", "attributes": {"consuming-organization-name": "eta"}}]}}),
        (PRESENT, {"body": {"data": [NAMED]}}),
        ({"organization": "delta", "consumers": []}, {"body": {"data": []}}),
        ({"organization": "delta", "global_module_sharing": True}, {"status": 202, "body": {"data": FLAG}}),
        ({"organization": "delta", "global_module_sharing": True}, {"body": {"data": FLAG}}),
        ({"organization": "delta", "global_module_sharing": True}, {"status": 204, "body": {}}),
    ],
)
@pytest.mark.usefixtures("no_waits")
def test_only_the_list_or_the_document_of_this_producer_proves_a_write(
    start: StartSimulator, run: RunModule, task: dict[str, Any], answer: dict[str, Any]
) -> None:
    for after_effect in (False, True):
        tfe = start(*instance("zeta"), contract=False)
        tfe.order(Fault("not_json_api", method="PATCH", after_effect=after_effect, **answer))
        result = run({**task, "tfe_max_retries": 0})
        assert result.get("failed", False) == (not after_effect)
        assert result["changed"] == after_effect
        assert tfe.requests[-1].method == "GET"


# Results.


def test_what_a_failed_write_left_is_returned(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(write_drops=("eta",)))
    answer = run({"organization": "delta", "consumers": ["eta", "Gamma"]}, diff=True)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert (answer["consumers"], answer["added"], answer["removed"]) == (["Gamma"], ["Gamma"], ["zeta"])
    assert answer["organization"] == {"name": "delta", "external_id": tfe.external_id("delta")}
    assert answer["diff"]["after"]["consumers"] == ["Gamma"]
    assert [it["consuming_organization_name"] for it in answer["partnerships"]] == ["Gamma"]


@pytest.mark.parametrize("count", ["9" * 5000, 10**30, -1, 1.5, True, "\N{ARABIC-INDIC DIGIT ONE}", [], {}])
def test_a_count_without_sense_is_none(start: StartSimulator, run: RunModule, count: Any) -> None:
    tfe = start(*instance("zeta"), behaviour=BY_NAME)
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "eta")]
    pagination = {"total-count": count, "total-pages": count, "next-page": None}
    for path in (E2, "/Gamma/relationships/module-consumers"):
        for data in (items, []):
            body = {"data": data, "meta": {"pagination": pagination}}
            tfe.order(Fault("not_json_api", path=path, method="GET", nth=3, body=body))
    answer = many(run, PRESENT, {"organization": "Gamma", "consumers": ["eta"]})
    assert len(answer["producers"]) == 2
    assert answer["changed"]
    assert "Unexpected" not in str(answer)


@pytest.mark.parametrize("digits", [400, 5000, 100_000])
def test_a_number_of_thousands_of_digits_is_no_fault_of_ours(
    start: StartSimulator, run: RunModule, digits: int
) -> None:
    tfe = start(*instance("zeta"))
    text = '{"data": [], "meta": {"pagination": {"total-count": %s}}}' % ("9" * digits)
    tfe.order(Fault("raw", path=E2, body=text, content_type="application/vnd.api+json"))
    answer = run({"organization": "delta", "consumers": []})
    assert "Unexpected" not in str(answer)


def test_an_unexpected_error_of_one_producer_hides_nobodys_result(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    tfe = start(*instance("42"))
    from ansible_collections.tfe.admin.plugins.module_utils._sharing.writing import Writers  # noqa: PLC0415

    replace = Writers.replace

    def fail(self: Any, producer: Any, *arguments: Any) -> Any:
        if producer.organization.name == "delta":
            raise RuntimeError("nobody thought of this")
        return replace(self, producer, *arguments)

    monkeypatch.setattr(Writers, "replace", fail)
    answer = many(run, PRESENT, SLOW)
    assert answer["failed"]
    delta, zeta = answer["producers"]
    assert delta["msg"].startswith("Unexpected RuntimeError: nobody thought of this. This is a fault of the tfe.admin")
    assert (delta["changed"], delta["consumers"]) == (True, None)
    assert (zeta["changed"], zeta["consumers"]) == (True, ["eta"])
    assert tfe.sharing("zeta").module_consumers == ("eta",)
    single = run(PRESENT)
    assert (single["failed"], single["changed"], single["consumers"]) == (True, True, None)
