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
    answer = run(task, module="tfe_module_sharing")
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
        run({"producers": [{"organization": own, "consumers": ["eta"]}]}, module="tfe_module_sharing", check=check),
        run({"organization": own}, module="tfe_module_consumers_info"),
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
    assert not run({"producers": [task]}, module="tfe_module_sharing")["changed"]
    assert run({"organization": "DELTA"}, module="tfe_module_consumers_info")["producers"]


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
    assert run(task, module="tfe_module_sharing")["pruned"] == ["TEAM"]
    task["producers"] = [producers[0], producers[0]]
    assert "this producer is there twice" in run(task, module="tfe_module_sharing")["msg"]
    ask = {"consumer": "zeta"}
    found = run(ask, module="tfe_module_consumers_info")["producers"]
    assert [it["organization"]["name"] for it in found] == ["Team", "team"]
    assert tfe.sharing("TEAM").module_consumers == ()


def test_a_name_with_a_space_may_leave(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", "eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "my team")]
    tfe.order(Fault("not_json_api", path=E2, body={"data": items, "meta": {"pagination": {"total-count": 2}}}))
    answer = run({"organization": "delta", "consumers": ["my team"], "state": "absent"}, check=True)
    assert answer["removed"] == ["my team"]


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
        assert "delta has changed meanwhile, run again: nothing was written" in answer["msg"]
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
def test_a_stranger_among_the_consumers_is_told_as_such(
    start: StartSimulator, run: RunModule, writer: Behaviour
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer)
    last_write = "relationships/module-consumers$" if writer is BY_NAME else "registry-partnerships$"
    method = "PATCH" if writer is BY_NAME else "PUT"
    tfe.order(Fault("between", method=method, path=last_write, call=lambda: remove_and_take_name(tfe, "eta")))
    answer = run({"organization": "delta", "consumers": ["zeta", "eta"]})
    assert "eta is another organization now, and may use the modules" in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["eta", "zeta"])


# Global sharing that was ended.


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("writer", WRITERS[:2])
@pytest.mark.parametrize("task", [{"consumers": []}, {"global_module_sharing": False}, "prune"])
def test_an_old_list_that_comes_back_is_emptied(
    start: StartSimulator, run: RunModule, profile: str, writer: Behaviour, task: Any
) -> None:
    if profile == "202012-1" and writer is BY_NAME:
        return  # it has no other writer
    behaviour = Behaviour(**{**vars(writer), "global_keeps_list": True})
    tfe = start(*instance("zeta", "eta"), behaviour=behaviour, profile=profile)
    share(tfe, "delta", everyone=True)
    if task == "prune":
        answer = run({"producers": [], "prune": True, "prune_all": True}, module="tfe_module_sharing")
        assert answer["pruned"] == ["delta"]
    else:
        answer = run({"organization": "delta", **task})
        assert (answer["consumers"], answer["global_module_sharing"]) == ([], False)
    assert answer["changed"]
    sharing = tfe.sharing("delta")
    assert (sharing.global_modules, sharing.module_consumers) == (False, ())


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
        "delta has changed meanwhile, run again: nothing was written to it. Since it was read, somebody else changed "
        "its sharing: added: 42."
    )
    assert (answer["changed"], answer["added"], answer["consumers"]) == (False, [], ["42", "zeta"])
    assert tfe.sharing("delta").module_consumers == ("42", "zeta")


def many(run: RunModule, *producers: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run({"producers": list(producers), **options}, module="tfe_module_sharing", diff=True)


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
    assert "delta has changed meanwhile, run again: nothing was written to it." in delta["msg"]
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


# Answers that prove nothing.

ECHO = {"type": "module-partnerships", "attributes": {"module-consuming-organization-ids": ["id"]}}
FLAG = {"id": "delta", "type": "organizations", "attributes": {"global-module-sharing": True}}


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        (PRESENT, {"status": 202, "body": {"data": []}}),
        (PRESENT, {"status": 201, "body": {"data": [{"id": "mp-1", "attributes": {"x": 1}}]}}),
        (PRESENT, {"body": {"data": ECHO}}),
        (PRESENT, {"body": {"data": [{"id": "mp-1", "attributes": {"consuming-organization-name": "eta"}}]}}),
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
    from ansible_collections.tfe.admin.plugins.module_utils._writers import Writers  # noqa: PLC0415

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
