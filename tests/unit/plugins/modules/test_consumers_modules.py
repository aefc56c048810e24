# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``tfe_module_consumers`` and ``tfe_provider_consumers`` do alike, over real HTTP, on every release that can."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import (
    DELTA,
    E1,
    E2,
    E4,
    E5,
    E7,
    EACH_KIND,
    EACH_RELEASE,
    OTHER,
    SHARE_PROVIDERS,
    Ask,
    asking,
    instance,
    producer,
    revoked,
    sent,
    shared,
    writes,
)


@pytest.fixture
def ask(run: RunModule, kind: Kind) -> Ask:
    return asking(run, kind)


def reads(kind: Kind, profile: str, count: int) -> list[str]:
    """What it takes to read a list of so many consumers, all of them on one page."""
    if kind == PROVIDERS:
        return [f"GET {E4}"]
    if profile == "202012-1":
        # The only list there comes whole, and without a count: only a further look shows that it does.
        return [f"GET {E1}"] * (2 if count else 1)
    return [f"GET {E2}"]


def requests_of(kind: Kind, profile: str, write: str, *, shares_modules: bool = True) -> list[str]:
    """What it takes to write and to prove it, after the look-ups; providers take the list of modules along."""
    if not write:
        return []
    if write in ("on", "off"):
        # The answer shows the flag. Whether anybody is listed once it is off, only the list tells.
        return [f"PATCH {DELTA}", *(reads(kind, profile, 0) if write == "off" else [])]
    if kind == PROVIDERS:
        # Where no module consumer is listed, the flag is looked at again: everybody may be one by now.
        look = [f"GET {E2}", *([] if shares_modules else [f"GET {DELTA}"])]
        return [*look, f"PUT {E5}", f"GET {DELTA}", f"GET {E2}", f"GET {E4}"]
    # The answer shows the list; not whose it is where it is empty, and not that global sharing ended.
    proof = {"list": [], "ended": [f"GET {DELTA}"], "emptied": [f"GET {DELTA}", *reads(kind, profile, 0)]}
    return [f"PATCH {E1}", *proof[write]]


class Row(NamedTuple):
    """``write``: what has to be written, "" for nothing; ``looks_up``: who has to be looked up, as it is spelled."""

    before: tuple[str, ...]
    everyone_before: bool
    options: dict[str, Any]
    after: list[str]
    everyone_after: bool
    added: list[str]
    removed: list[str]
    warnings: int
    write: str
    looks_up: tuple[str, ...] = ()


NOBODY: tuple[str, ...] = ()
PRESENT, ABSENT = {"state": "present"}, {"state": "absent"}
OFF = {"everyone": False}

TABLE = [
    Row(NOBODY, False, {"consumers": ["gamma"]}, ["Gamma"], False, ["Gamma"], [], 0, "list", ("gamma",)),
    Row(("Gamma",), False, {"consumers": ["GAMMA"]}, ["Gamma"], False, [], [], 0, ""),
    Row(
        ("Gamma", "zeta"),
        False,
        {"consumers": ["zeta", "eta"]},
        ["eta", "zeta"],
        False,
        ["eta"],
        ["Gamma"],
        0,
        "list",
        ("eta",),
    ),
    Row(("Gamma", "zeta"), False, {"consumers": []}, [], False, [], ["Gamma", "zeta"], 0, "emptied"),
    Row(NOBODY, False, {"consumers": []}, [], False, [], [], 0, ""),
    Row(NOBODY, True, {"consumers": ["zeta"]}, ["zeta"], False, ["zeta"], [], 1, "ended", ("zeta",)),
    Row(NOBODY, True, {"consumers": []}, [], False, [], [], 1, "off"),
    Row(NOBODY, True, {"consumers": ["zeta"], **OFF}, ["zeta"], False, ["zeta"], [], 0, "ended", ("zeta",)),
    Row(NOBODY, True, {"consumers": [], **OFF}, [], False, [], [], 0, "off"),
    Row(("zeta",), False, {"consumers": ["eta"], **PRESENT}, ["eta", "zeta"], False, ["eta"], [], 0, "list", ("eta",)),
    Row(("zeta",), False, {"consumers": ["zeta"], **PRESENT}, ["zeta"], False, [], [], 0, ""),
    Row(("zeta",), False, {"consumers": [], **PRESENT}, ["zeta"], False, [], [], 0, ""),
    Row(("zeta", "eta"), False, {"consumers": ["zeta"], **ABSENT}, ["eta"], False, [], ["zeta"], 0, "list"),
    Row(("zeta",), False, {"consumers": ["zeta"], **ABSENT}, [], False, [], ["zeta"], 0, "emptied"),
    Row(("zeta",), False, {"consumers": ["long-gone"], **ABSENT}, ["zeta"], False, [], [], 0, ""),
    Row(NOBODY, True, {"consumers": ["eta"], **PRESENT, **OFF}, ["eta"], False, ["eta"], [], 0, "ended", ("eta",)),
    Row(("eta", "zeta"), False, {"consumers": ["eta"], **ABSENT, **OFF}, ["zeta"], False, [], ["eta"], 0, "list"),
    Row(("eta",), False, {"consumers": ["eta"], **OFF}, ["eta"], False, [], [], 0, ""),
    Row(("eta", "zeta"), False, {"everyone": True}, [], True, [], ["eta", "zeta"], 1, "on"),
    Row(NOBODY, False, {"everyone": True}, [], True, [], [], 0, "on"),
    Row(NOBODY, True, {"everyone": True}, [], True, [], [], 0, ""),
    Row(NOBODY, True, OFF, [], False, [], [], 0, "off"),
    Row(("eta",), False, OFF, ["eta"], False, [], [], 0, ""),
    Row(("eta",), False, {"consumers": ["42"], **PRESENT}, ["42", "eta"], False, ["42"], [], 0, "list", ("42",)),
]


def lines(names: list[str], everyone: bool) -> str:
    return "".join(f"delta: {name}\n" for name in (["(everybody)"] if everyone else names))


@EACH_RELEASE
@pytest.mark.parametrize("row", TABLE)
def test_table_of_states(start: StartSimulator, ask: Ask, kind: Kind, profile: str, row: Row) -> None:
    has_both = profile in SHARE_PROVIDERS
    other: dict[str, Any] = {OTHER[kind].list_option: ("epsilon",)} if has_both else {}
    tfe = start(*instance(kind, *row.before, everyone=row.everyone_before, **other), profile=profile)
    before = True if row.everyone_before else sorted(row.before)
    after = True if row.everyone_after else row.after
    task = {"organization": "Delta", **row.options}

    predicted = ask(task, check=True, diff=True)
    assert shared(tfe, kind) == before
    tfe.forget()
    done = ask(task, diff=True)
    assert shared(tfe, kind) == after
    if has_both:
        assert shared(tfe, OTHER[kind]) == ["epsilon"]

    read = [f"GET {E7}/Delta", *([] if row.everyone_before else reads(kind, profile, len(row.before)))]
    looked_up = [f"GET {E7}/{name}" for name in row.looks_up]
    if row.everyone_before and not row.everyone_after:  # who loses access, only the list of all organizations tells
        looked_up = [f"GET {E7}"]
    assert sent(tfe) == [*read, *looked_up, *requests_of(kind, profile, row.write)]

    assert done["changed"] == (before != after) == bool(row.write)
    assert done["organization"] == {"name": "delta", "external_id": tfe.external_id("delta")}
    assert (done[kind.flag_option], done["consumers"]) == (row.everyone_after, row.after)
    assert OTHER[kind].flag_option not in done
    assert (done["added"], done["removed"]) == (row.added, row.removed)
    assert done["revoked"] == revoked(before, after, [it.name for it in ORGANIZATIONS])
    assert done["diff"] == {
        "before_header": f"who may use whose {kind.name}",
        "after_header": f"who may use whose {kind.name}",
        "before": lines(sorted(row.before), row.everyone_before),
        "after": lines(row.after, row.everyone_after),
    }
    assert len(done.get("warnings", [])) == row.warnings
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
        for name in row.after
    ]
    for key in ("changed", "organization", kind.flag_option, "consumers", "added", "removed", "revoked", "diff"):
        assert predicted[key] == done[key], key
    assert predicted.get("warnings", []) == done.get("warnings", [])

    tfe.forget()
    again = ask(task)
    assert not again["changed"]
    assert (again["consumers"], again["added"], again["removed"], again["revoked"]) == (row.after, [], [], [])
    # A name that nobody has is absent for good; all others are among the consumers now.
    assert sent(tfe) == [
        f"GET {E7}/Delta",
        *([] if row.everyone_after else reads(kind, profile, len(row.after))),
    ]
    assert "diff" not in again


@EACH_RELEASE
@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("consumers", [["eta"], []])
def test_present_and_absent_under_global_sharing_fail_before_any_write(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str, check: bool, state: str, consumers: list[str]
) -> None:
    tfe = start(*instance(kind, everyone=True), profile=profile)
    answer = ask({"consumers": consumers, "state": state}, check=check)
    assert answer["failed"]
    assert f"delta shares its {kind.name} with every organization" in answer["msg"]
    assert (f"add {kind.flag_option}: false" if state == "present" else "say who shall remain") in answer["msg"]
    assert not writes(tfe)
    if state == "absent":  # it would leave access to nobody, or to the very one that shall leave
        task = {"consumers": consumers, "state": state, "everyone": False}
        assert "say who shall remain, with state: exact" in ask(task, check=check)["msg"]
        assert not writes(tfe)


@EACH_KIND
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Nothing is asked for: give consumers, {flag}, or both."),
        ({"state": "present"}, "Nothing is asked for: give consumers, {flag}, or both."),
        ({"consumers": ["eta"], "everyone": True}, "consumers and {flag}: true exclude each other"),
        ({"consumers": [], "everyone": True}, "consumers and {flag}: true exclude each other"),
    ],
)
def test_what_no_task_can_mean_costs_no_request(
    start: StartSimulator, ask: Ask, kind: Kind, options: dict[str, Any], message: str
) -> None:
    tfe = start(*instance(kind))
    assert message.format(flag=kind.flag_option) in ask(options)["msg"]
    assert not tfe.requests


@EACH_RELEASE
def test_names_and_ids_are_mixed_and_counted_once(start: StartSimulator, ask: Ask, kind: Kind, profile: str) -> None:
    tfe = start(*instance(kind, "zeta"), profile=profile)
    consumers = [tfe.external_id("Gamma"), "gamma", "ZETA", tfe.external_id("zeta"), "eta"]
    answer = ask({"consumers": consumers})
    assert answer["consumers"] == ["Gamma", "eta", "zeta"]
    assert answer["added"] == ["Gamma", "eta"]
    assert shared(tfe, kind) == ["Gamma", "eta", "zeta"]
    gone = ask({"consumers": [tfe.external_id("zeta"), "ETA"], "state": "absent"})
    assert (gone["removed"], shared(tfe, kind)) == (["eta", "zeta"], ["Gamma"])


# The requests, exactly.


@EACH_RELEASE
@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_unchanged_costs_one_read_and_one_for_each_hundred_consumers(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str, count: int, pages: int
) -> None:
    names = [f"team-{i:04}" for i in range(count)]
    tfe = start(producer(kind, names), *map(Organization, names), profile=profile)
    assert not ask({"consumers": names})["changed"]
    if profile == "202012-1":
        assert sent(tfe) == [f"GET {DELTA}", *reads(kind, profile, count)]
    else:
        [path] = {request.path for request in tfe.requests[1:]}
        assert sent(tfe) == [f"GET {DELTA}", *reads(kind, profile, count) * pages]
        assert path.endswith(f"/relationships/{kind.list_key}")
        # After the first page, the others are asked for side by side.
        assert tfe.requests[1].query["page[number]"] == "1"
        assert sorted((request.query for request in tfe.requests[1:]), key=lambda query: query["page[number]"]) == [
            {"page[number]": str(number), "page[size]": "100"} for number in range(1, pages + 1)
        ]


@EACH_KIND
@pytest.mark.parametrize("count", [3, 4, 1000])
def test_look_ups_take_the_fewest_requests(start: StartSimulator, ask: Ask, count: int) -> None:
    names = [f"team-{i:04}" for i in range(1199)]
    tfe = start(Organization("delta"), *map(Organization, names))
    answer = ask({"consumers": names[:count]})
    assert answer["added"] == names[:count]
    look_ups = [request for request in tfe.requests if not request.path.startswith(DELTA)]
    listed = [request for request in look_ups if request.path == E7]
    if count == 1000:
        assert sorted(int(request.query["page[number]"]) for request in look_ups) == list(range(1, 13))
    else:
        assert len(listed) == (count > 3)
        assert len(look_ups) <= count + len(listed)


@EACH_KIND
def test_a_new_external_id_takes_the_pages(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    names = [f"team-{i:04}" for i in range(250)]
    tfe = start(Organization("delta"), *map(Organization, names))
    answer = ask({"consumers": [tfe.external_id("team-0123")]})
    assert answer["consumers"] == ["team-0123"]
    assert sent(tfe) == [
        *(f"GET {DELTA}", *reads(kind, "2.1", 0)),
        *[f"GET {E7}"] * 3,
        *requests_of(kind, "2.1", "list", shares_modules=False),
    ]


@EACH_KIND
def test_who_is_absent_already_is_not_looked_up(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "zeta"))
    assert not ask({"consumers": ["eta", "long-gone"], "state": "absent"})["changed"]
    assert sent(tfe) == [f"GET {DELTA}", *reads(kind, "2.1", 1)]


@EACH_KIND
def test_turning_global_sharing_off_with_nobody_listed_is_one_write_of_the_flag_and_a_look_at_the_list(
    start: StartSimulator, ask: Ask, kind: Kind
) -> None:
    behaviour = Behaviour(list_ends_global="filled", put_ends_global="filled")
    tfe = start(*instance(kind, everyone=True), behaviour=behaviour)
    assert ask({"consumers": []})["changed"]
    assert sent(tfe) == [f"GET {DELTA}", f"GET {E7}", f"PATCH {DELTA}", *reads(kind, "2.1", 0)]
    assert tfe.requests[2].body == {"data": {"type": "organizations", "attributes": {kind.flag_key: False}}}
    assert shared(tfe, kind) == []


@EACH_KIND
def test_a_list_from_before_global_sharing_that_comes_back_is_emptied(
    start: StartSimulator, ask: Ask, kind: Kind
) -> None:
    tfe = start(*instance(kind, "zeta", "eta"), behaviour=Behaviour(global_keeps_list=True))
    assert ask({"everyone": True})["removed"] == ["eta", "zeta"]
    answer = ask({"everyone": False})
    assert (answer["changed"], answer["consumers"], answer["added"], shared(tfe, kind)) == (True, [], [], [])


# What cannot be meant, or cannot be reached.


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["exact", "present"])
@EACH_RELEASE
def test_all_unknown_consumers_are_named_before_any_write(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str, state: str, check: bool
) -> None:
    tfe = start(*instance(kind, "zeta"), profile=profile)
    consumers = ["eta", "gama", "zeta", "org-2222222222222222", "nobody-at-all"]
    answer = ask({"consumers": consumers, "state": state}, check=check)
    assert answer["failed"]
    assert "consumers[1] 'gama' (did you mean 'Gamma'?)" in answer["msg"]
    assert "consumers[3] 'org-2222222222222222'" in answer["msg"]
    assert "consumers[4] 'nobody-at-all'" in answer["msg"]
    assert "eta'" not in answer["msg"]
    assert not writes(tfe)


@EACH_KIND
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
def test_the_producers_own_id_is_named_by_its_index(start: StartSimulator, ask: Ask, kind: Kind, state: str) -> None:
    tfe = start(*instance(kind, "zeta"))
    answer = ask({"consumers": ["eta", tfe.external_id("delta")], "state": state})
    assert "consumers[1]" in answer["msg"]
    assert "the producing organization itself" in answer["msg"]
    assert not writes(tfe)


@EACH_KIND
def test_the_producers_own_id_is_refused_where_only_the_list_tells_it(
    start: StartSimulator, ask: Ask, kind: Kind
) -> None:
    tfe = start(*instance(kind))
    attributes = {"name": "delta", MODULES.flag_key: False, PROVIDERS.flag_key: False}
    document = {"id": "delta", "type": "organizations", "attributes": attributes}
    tfe.order(Fault("not_json_api", path="delta$", body={"data": document}, times=0))
    own = tfe.external_id("delta")
    answer = ask({"consumers": ["eta", own]})
    assert answer["msg"] == f"consumers[1] is {own!r}, the producing organization itself."
    assert not writes(tfe)


@EACH_KIND
@pytest.mark.parametrize(
    ("consumers", "text"), [([""], "consumers[0] is blank"), ("", "consumers[0] is blank"), (["eta", None], "[1]")]
)
def test_blank_elements_never_clear_a_list(
    start: StartSimulator, ask: Ask, kind: Kind, consumers: Any, text: str
) -> None:
    tfe = start(*instance(kind, "zeta"))
    assert text in ask({"consumers": consumers})["msg"]
    assert not tfe.requests


@EACH_KIND
def test_a_producer_that_does_not_exist(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind))
    answer = ask({"organization": "epsilom", "consumers": ["eta"]})
    assert "There is no organization 'epsilom' (did you mean 'epsilon'?)" in answer["msg"]
    answer = ask({"organization": tfe.external_id("eta"), "consumers": ["zeta"]})
    assert "this is the external id of 'eta'" in answer["msg"]


@EACH_KIND
def test_a_token_of_somebody_who_is_no_site_administrator(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "zeta"))
    answer = ask({"consumers": [], "tfe_token": tfe.user_token})
    assert "its user is not a site administrator" in answer["msg"]
    answer = ask({"consumers": [], "tfe_token": "wrong"})
    assert "401" in answer["msg"]
    assert "expired" in answer["msg"]
    tfe = start(*instance(kind, "zeta"), behaviour=Behaviour(account_details="404"))
    answer = ask({"consumers": [], "tfe_token": tfe.user_token})
    assert "TFE answers 404 to both" in answer["msg"]


@EACH_KIND
def test_hcp_terraform_has_no_admin_api(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    start(*instance(kind), behaviour=Behaviour(application="hcp"))
    assert "is HCP Terraform, which has no admin API" in ask({"consumers": []})["msg"]


@EACH_KIND
@pytest.mark.parametrize("how", ["without", "null"])
def test_a_flag_that_the_server_does_not_tell_is_not_guessed(
    start: StartSimulator, ask: Ask, kind: Kind, how: str
) -> None:
    behaviour = Behaviour(**{f"{how}_{kind.one}_flag": True})  # type: ignore[arg-type]
    start(*instance(kind), behaviour=behaviour)
    assert f"does not tell whether delta shares its {kind.name}" in ask({"consumers": []})["msg"]
    tfe = start(*instance(kind, "zeta"), behaviour=behaviour)
    assert ask({"consumers": ["eta"]})["consumers"] == ["eta"]
    assert shared(tfe, kind) == ["eta"]


@EACH_KIND
@pytest.mark.parametrize("flag", ["false", 0, None, [], {}])
def test_a_flag_that_is_no_boolean_is_not_guessed(start: StartSimulator, ask: Ask, kind: Kind, flag: Any) -> None:
    tfe = start(*instance(kind))
    attributes = {"name": "delta", OTHER[kind].flag_key: False, kind.flag_key: flag}
    document = {"data": {"id": "delta", "type": "organizations", "attributes": attributes}}
    tfe.order(Fault("not_json_api", path="delta$", body=document, times=0))
    tasks: list[dict[str, Any]] = [{"consumers": []}, {"everyone": True}, {"everyone": False}]
    for options in tasks:
        assert f"does not tell whether delta shares its {kind.name}" in ask(options)["msg"]
    assert not writes(tfe)


# The write is not believed.


@EACH_KIND
def test_a_write_that_does_not_arrive_is_a_failure(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "zeta"), behaviour=Behaviour(write_drops=("eta",)))
    answer = ask({"consumers": ["eta", "Gamma"]}, diff=True)
    assert answer["failed"]
    assert "missing: eta" in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["added"]) == (True, ["Gamma"], ["Gamma"])
    assert answer["diff"]["after"] == "delta: Gamma\n"
    tfe = start(*instance(kind, "zeta"), behaviour=Behaviour(write_ignored=True))
    answer = ask({"consumers": ["eta"]})
    assert "missing: eta; left over: zeta" in answer["msg"]
    assert (answer["changed"], answer["consumers"]) == (False, ["zeta"])
    assert shared(tfe, kind) == ["zeta"]


@EACH_KIND
def test_a_flag_that_stays_on_is_a_failure(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    start(*instance(kind, everyone=True), behaviour=Behaviour(list_ends_global="never", put_ends_global="never"))
    answer = ask({"consumers": ["eta"]})
    assert f"global {kind.one} sharing is still on" in answer["msg"]
    assert answer[kind.flag_option] is True


@EACH_KIND
def test_an_answer_about_another_organization_proves_nothing(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind))
    other = {"data": {"id": "eta", "type": "organizations", "attributes": {kind.flag_key: True}}}
    tfe.order(Fault("not_json_api", method="PATCH", path="delta$", body=other))
    answer = ask({"everyone": True})
    assert answer["failed"]
    assert shared(tfe, kind) == []
    tfe.order(Fault("not_json_api", method="GET", path="delta$", body=other))
    assert "the server sent 'eta'" in ask({"consumers": []})["msg"]


@EACH_KIND
def test_an_answer_without_the_flag_is_completed_by_a_read(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "zeta"))
    tfe.order(Fault("not_json_api", method="PATCH", body={"data": {"id": "delta"}}, after_effect=True))
    assert ask({"everyone": True})[kind.flag_option]
    assert sent(tfe)[-2:] == [f"PATCH {DELTA}", f"GET {DELTA}"]


@EACH_KIND
@pytest.mark.parametrize("failure", [{"kind": "status", "status": 502}, {"kind": "reset"}])
def test_a_token_that_ends_after_a_lost_answer_leaves_it_open_what_was_written(
    start: StartSimulator, ask: Ask, kind: Kind, failure: dict[str, Any]
) -> None:
    tfe = start(*instance(kind))
    write = "PUT" if kind == PROVIDERS else "PATCH"
    lost = Fault("status", "GET", "delta$", status=401, times=0)
    tfe.order(Fault("between", write, call=lambda: tfe.order(lost)))
    tfe.order(Fault(method=write, after_effect=True, **failure), Fault("status", write, status=401, times=0))
    answer = ask({"consumers": ["eta"]})
    assert "what delta shares now is not known" in answer["msg"]
    assert "othing" not in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["partnerships"]) == (True, None, None)
    assert shared(tfe, kind) == ["eta"]


# Lists that cannot be trusted.

TWO_PAGES = [f"team-{i:03}" for i in range(130)]


@EACH_KIND
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
    start: StartSimulator, ask: Ask, kind: Kind, pagination: dict[str, Any], second_page: str
) -> None:
    tfe = start(producer(kind, TWO_PAGES), *map(Organization, TWO_PAGES), Organization("eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in TWO_PAGES[:100]]
    first = {"data": items, "meta": {"pagination": pagination}}
    second = {**first, "data": items if second_page == "same" else []}
    for _time in range(2):
        tfe.order(Fault("not_json_api", path=f"relationships/{kind.list_key}", body=first))
        tfe.order(Fault("not_json_api", path=f"relationships/{kind.list_key}", body=second))
    answer = ask({"consumers": ["eta"], "state": "present"})
    assert "does not give a complete list" in answer["msg"]
    assert not writes(tfe)


@EACH_KIND
def test_items_that_come_twice_are_a_list_that_does_not_add_up(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(producer(kind, TWO_PAGES), *map(Organization, TWO_PAGES), Organization("eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in TWO_PAGES]
    for _time in range(2):
        for page in (items[:100], items[99:]):
            body = {"data": page, "meta": {"pagination": {"total-pages": 2, "total-count": 130}}}
            tfe.order(Fault("not_json_api", path=f"relationships/{kind.list_key}", body=body))
    answer = ask({"consumers": ["eta"], "state": "present"})
    assert "does not give a complete list: items came twice" in answer["msg"]
    assert not writes(tfe)


@EACH_KIND
@pytest.mark.parametrize(("count", "size_honoured"), [(101, True), (100, True), (21, False), (40, False)])
def test_a_first_page_that_comes_again_and_again_is_not_the_whole_list(
    start: StartSimulator, ask: Ask, kind: Kind, count: int, size_honoured: bool
) -> None:
    behaviour = Behaviour(page_parameter="ignored", meta="missing", page_size_honoured=size_honoured)
    organizations = producer(kind, TWO_PAGES[:count]), *map(Organization, TWO_PAGES), Organization("eta")
    tfe = start(*organizations, behaviour=behaviour)
    answer = ask({"consumers": ["eta"], "state": "present"})
    assert "does not give a complete list: page 2 brought nothing new" in answer["msg"]
    assert not writes(tfe)


@EACH_KIND
def test_an_external_id_leaves_also_where_the_list_of_consumers_does_not_tell_it(
    start: StartSimulator, ask: Ask, kind: Kind
) -> None:
    tfe = start(*instance(kind, "zeta", "eta"))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "eta")]
    tfe.order(Fault("not_json_api", path=f"relationships/{kind.list_key}", body={"data": items}))
    answer = ask({"consumers": [tfe.external_id("zeta"), "long-gone"], "state": "absent"})
    assert answer["removed"] == ["zeta"]
    assert shared(tfe, kind) == ["eta"]


@EACH_KIND
def test_an_external_id_that_cannot_be_told_apart_is_refused(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "zeta", "eta"), behaviour=Behaviour(item_without_external_id="zeta"))
    answer = ask({"consumers": [tfe.external_id("zeta")], "state": "absent"})
    assert "does not give the external id of zeta. Nothing was changed. Use names" in answer["msg"]
    assert ask({"consumers": ["long-gone", "ZETA"], "state": "absent"})["removed"] == ["zeta"]


@EACH_KIND
def test_an_external_id_may_look_like_anything(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind))
    item = {"id": "eta", "type": "organizations", "attributes": {"name": "eta", "external-id": "any-thing"}}
    tfe.order(Fault("not_json_api", path="organizations$", body={"data": [item]}, times=0))
    assert ask({"consumers": ["any-thing"]}, check=True)["added"] == ["eta"]


@EACH_KIND
def test_nothing_hangs_on_ids_in_documents(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    for behaviour in (Behaviour(without_relationships=True), Behaviour(without_external_ids=True)):
        tfe = start(*instance(kind, "zeta"), behaviour=behaviour)
        answer = ask({"consumers": ["zeta", "eta"]})
        assert (answer.get("msg"), answer.get("consumers")) == (None, ["eta", "zeta"])
        assert shared(tfe, kind) == ["eta", "zeta"]
        assert not ask({"consumers": ["zeta", "eta"]})["changed"]


@EACH_KIND
def test_a_producer_that_is_gone_after_the_write_is_told_as_such(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, everyone=True))
    write = "PUT" if kind == PROVIDERS else "PATCH"
    gone = Fault("status", status=404, method="GET", path="delta$", times=0)
    tfe.order(Fault("between", write, call=lambda: tfe.order(gone)))
    answer = ask({"consumers": ["eta"], "everyone": False})
    assert "The write may have been applied: what delta shares now is not known" in answer["msg"]
    assert [request.method for request in writes(tfe)] == [write]


@EACH_KIND
def test_a_flag_that_is_missing_after_the_write_proves_nothing(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    behaviour = Behaviour(list_ends_global="never", put_ends_global="never")
    tfe = start(producer(kind, [], everyone=True), *ORGANIZATIONS[1:], behaviour=behaviour)
    attributes = {"name": "delta", "external-id": tfe.external_id("delta"), OTHER[kind].flag_key: False}
    document = {"data": {"id": "delta", "type": "organizations", "attributes": {**attributes, kind.flag_key: None}}}
    untold = Fault("not_json_api", path="delta$", body=document, times=0)
    tfe.order(Fault("between", "PUT" if kind == PROVIDERS else "PATCH", call=lambda: tfe.order(untold)))
    answer = ask({"consumers": ["eta"], "everyone": False})
    assert "what delta shares now is not known" in answer["msg"]
