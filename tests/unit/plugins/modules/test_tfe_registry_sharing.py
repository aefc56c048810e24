# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_registry_sharing`` over real HTTP, about modules: many producers, pruning, failed writes, requests, errors.

What is about both kinds in one task is in test_registry_sharing_of_both_kinds.py.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.conftest import Converge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

E7 = "/api/v2/admin/organizations"

INSTANCE = (
    Organization("delta", module_consumers=("Gamma",)),
    Organization("Gamma"),
    Organization("epsilon", global_modules=True),
    Organization("zeta", module_consumers=("delta", "Gamma")),
    Organization("eta"),
    Organization("theta", module_consumers=("eta",), global_providers=True),
)


def entry(organization: str, *consumers: Any, **options: Any) -> dict[str, Any]:
    return {"organization": organization, "module_consumers": list(consumers), **options}


def shared(tfe: Simulator) -> dict[str, Any]:
    """Who shares now: True, or the names of the consumers."""
    state = {o.name: tfe.sharing(o.name) for o in INSTANCE}
    return {
        name: sharing.global_modules or sorted(sharing.module_consumers)
        for name, sharing in state.items()
        if sharing.global_modules or sharing.module_consumers
    }


BEFORE: dict[str, Any] = {"delta": ["Gamma"], "epsilon": True, "zeta": ["Gamma", "delta"], "theta": ["eta"]}


def change(organization: str, before: Any, after: Any) -> dict[str, Any]:
    """What a task tells of one producer whose modules were shared with ``before``: True, or the names."""
    names_before, names_after = ([] if who is True else who for who in (before, after))
    return {
        "organization": organization,
        "kind": "modules",
        "added": [name for name in names_after if name not in names_before],
        "removed": [name for name in names_before if name not in names_after],
        "everybody_before": before is True,
        "everybody_after": after is True,
    }


def diff(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    """The lines of who may use whose modules; the producers in their order."""

    def lines(who: dict[str, Any]) -> str:
        each = [(name, ["(everybody)"] if names is True else names) for name, names in sorted(who.items())]
        return "".join(f"{name}: {consumer}\n" for name, names in each for consumer in names)

    header = "who may use whose modules"
    texts = {"before": lines(before), "after": lines(after)}
    return [{"before_header": header, "after_header": header, **texts}]


def writes(tfe: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in tfe.requests if request.method != "GET"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_entry_follows_the_rules_of_the_single_module(
    start: StartSimulator, task: Converge, profile: str
) -> None:
    tfe = start(*INSTANCE, profile=profile)
    answer = task(
        entry("DELTA", "eta", tfe.external_id("Gamma"), state="present"),
        entry("epsilon", "gamma"),
        entry("zeta", "gamma", "nobody", state="absent"),
        {"organization": "theta", "global_module_sharing": True},
        entry("eta"),
    )
    assert shared(tfe) == {"delta": ["Gamma", "eta"], "epsilon": ["Gamma"], "zeta": ["delta"], "theta": True}
    assert tfe.sharing("theta").global_providers
    names = ["delta", "epsilon", "zeta", "theta", "eta"]
    consumers = [["Gamma", "eta"], ["Gamma"], ["delta"], None, []]
    assert answer["producers"] == [
        {
            "organization": name,
            "external_id": tfe.external_id(name),
            "changed": name != "eta",
            "module_consumers": listed,
            "provider_consumers": None,
            "global_module_sharing": listed is None,
            "global_provider_sharing": None,
        }
        for name, listed in zip(names, consumers)
    ]
    after = {"delta": ["Gamma", "eta"], "epsilon": ["Gamma"], "theta": True, "zeta": ["delta"]}
    assert answer["changes"] == [change(name, BEFORE[name], who) for name, who in after.items()]
    assert (answer["pruned"], answer["changed"]) == ([], True)
    assert answer["diff"] == diff(BEFORE, after)
    assert len(answer["warnings"]) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_the_second_run_changes_nothing(start: StartSimulator, run: RunModule, task: Converge, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    producers = [
        entry("delta", "eta"),
        entry("zeta", "epsilon"),
        {"organization": "eta", "global_module_sharing": True},
    ]
    assert task(*producers, prune=["modules"])["changed"]
    tfe.forget()
    again = run({"producers": producers, "prune": ["modules"]}, module="tfe_registry_sharing", diff=True)
    assert (again["changed"], again["changes"], again["before"], again["pruned"]) == (False, [], [], [])
    assert again["diff"] == []
    assert writes(tfe) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_no_diff_is_returned_outside_of_diff_mode(start: StartSimulator, run: RunModule, profile: str) -> None:
    start(*INSTANCE, profile=profile)
    assert "diff" not in run({"producers": [entry("delta")]}, module="tfe_registry_sharing")


# Pruning.

FILTERS = [
    Behaviour(),
    Behaviour(filters_honoured=False),
    Behaviour(producer_filter_misses_global=True),
    Behaviour(without_relationships=True),
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("behaviour", FILTERS)
def test_prune_stops_everybody_else(start: StartSimulator, task: Converge, profile: str, behaviour: Behaviour) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = task(entry("delta", "Gamma"), prune=["modules"])
    assert shared(tfe) == {"delta": ["Gamma"]}
    assert answer["pruned"] == ["epsilon", "theta", "zeta"]
    assert answer["changes"] == [change(name, BEFORE[name], []) for name in answer["pruned"]]
    assert [producer["changed"] for producer in answer["producers"]] == [False]
    assert answer["diff"] == diff({name: BEFORE[name] for name in answer["pruned"]}, {})
    assert "warnings" not in answer
    assert tfe.sharing("theta").global_providers


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_filter_that_is_refused_changes_nothing_of_the_answer(
    start: StartSimulator, task: Converge, status: int
) -> None:
    tfe = start(*INSTANCE)
    # The filtered list is asked for after the whole one, in the preview and in the run.
    for nth in (2, 3):
        tfe.order(Fault("status", path=f"{E7}$", nth=nth, status=status))
    assert task(entry("delta", "Gamma"), prune=["modules"])["pruned"] == ["epsilon", "theta", "zeta"]
    assert not tfe.orders_left


def test_what_is_ignored_is_never_touched(start: StartSimulator, task: Converge) -> None:
    tfe = start(*INSTANCE)
    answer = task(entry("delta"), prune=["modules"], ignore=["ZETA", tfe.external_id("epsilon")])
    assert shared(tfe) == {"epsilon": True, "zeta": ["Gamma", "delta"]}
    assert answer["pruned"] == ["theta"]


@pytest.mark.parametrize("prune", [["modules"], []])
@pytest.mark.parametrize(
    ("ignore", "message"),
    [
        (["zeta", "zetta"], r"ignore\[1\] 'zetta' \(did you mean 'zeta' or 'eta'"),
        (["DELTA"], r"producers\[0\] \(delta\): it is also ignore\[0\] 'DELTA'"),
        ([""], r"ignore\[0\] is blank"),
        ([None], r"ignore\[0\] is blank"),
    ],
)
def test_a_slip_in_ignore_is_an_error(
    start: StartSimulator, task: Converge, ignore: list[Any], message: str, prune: list[str]
) -> None:
    tfe = start(*INSTANCE)
    refuse(tfe, task(entry("delta"), prune=prune, ignore=ignore), message)


def test_who_knows_everybody_asks_for_nobody(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*INSTANCE)
    options = {"producers": [entry("delta")], "prune": ["modules"], "ignore": ["zetta", "nobody"]}
    assert "ignore[1] 'nobody'" in run(options, module="tfe_registry_sharing")["msg"]
    assert [request.path for request in tfe.requests] == [E7]


def test_an_empty_list_prunes_only_when_that_is_confirmed(start: StartSimulator, task: Converge) -> None:
    tfe = start(*INSTANCE)
    message = "no entry mentions them.*They are shared by: {}. If you mean that, add prune_all: .modules."
    refuse(tfe, task(prune=["modules"]), message.format("delta, epsilon, theta, zeta"))
    refuse(tfe, task(prune=["modules"], ignore=["zeta"]), message.format("delta, epsilon, theta"))
    assert not task()["changed"]
    answer = task(prune=["modules"], prune_all=["modules"], ignore=["zeta"])
    assert answer["pruned"] == ["delta", "epsilon", "theta"]
    assert shared(tfe) == {"zeta": ["Gamma", "delta"]}
    # Where nobody shares it, there is nothing to confirm.
    assert not task(prune=["modules"], ignore=["zeta"])["changed"]
    assert not task(prune=["modules"], prune_all=["modules"], ignore=["zeta"])["changed"]


# Nothing is written where anything is wrong.


def refuse(tfe: Simulator, answer: dict[str, Any], *messages: str) -> None:
    assert answer["failed"]
    for message in messages:
        assert re.search(message, answer["msg"]), answer["msg"]
    assert "producers" not in answer
    assert shared(tfe) == BEFORE
    assert writes(tfe) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_every_unknown_name_anywhere_is_named(start: StartSimulator, task: Converge, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    answer = task(
        entry("delta", "gama"), entry("zeta", "eta"), entry("eta", "nobody", "Gamma", "thetaa", state="present")
    )
    refuse(
        tfe,
        answer,
        r"producers\[0\] \(delta\): module_consumers\[0\] 'gama' \(did you mean 'Gamma'",
        r"producers\[2\] \(eta\): module_consumers\[0\] 'nobody', ",
        r"producers\[2\] \(eta\): module_consumers\[2\] 'thetaa' \(did you mean 'theta'",
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_every_unknown_producer_is_named(start: StartSimulator, task: Converge, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    gamma = tfe.external_id("Gamma")
    refuse(
        tfe,
        task(entry("detla"), entry("zeta"), entry(gamma)),
        r"producers\[0\] \(detla\) 'detla' \(did you mean 'delta'",
        rf"producers\[2\] \({gamma}\) '{gamma}' \(this is the external id of 'Gamma', and here the name is needed",
    )
    refuse(tfe, task(entry("detla")), r"producers\[0\] \(detla\) 'detla' \(did you mean 'delta'")


@pytest.mark.parametrize(
    ("producers", "messages"),
    [
        (
            [entry("delta"), entry("zeta"), entry("DELTA", "eta")],
            [r"producers\[2\] \(DELTA\): this producer is there twice, producers\[0\] \(delta\) is the same"],
        ),
        (
            [entry("delta", ""), entry("zeta", "eta"), entry("eta", "Gamma", "ETA")],
            [
                r"producers\[0\] \(delta\): module_consumers\[0\] is blank",
                r"producers\[2\] \(eta\): module_consumers\[1\] is 'ETA', the producing organization itself",
            ],
        ),
        ([entry("delta"), {"organization": "zeta"}], [r"producers\[1\] \(zeta\): Nothing is asked for"]),
        ([entry("delta"), entry("")], [r"producers\[1\] \(\): organization must be the name"]),
        (
            [entry("delta"), entry("zeta", global_module_sharing=True)],
            [r"producers\[1\] \(zeta\): module_consumers and global_module_sharing: true exclude each other"],
        ),
        (
            [entry("delta", "eta"), entry("epsilon", "eta", state="present")],
            [r"producers\[1\] \(epsilon\): epsilon shares its modules with every organization"],
        ),
        (
            [entry("delta", "eta"), entry("epsilon", state="absent")],
            [r"producers\[1\] \(epsilon\): epsilon shares its modules with every organization"],
        ),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_before_anything_is_written(
    start: StartSimulator, task: Converge, producers: list[dict[str, Any]], messages: list[str]
) -> None:
    tfe = start(*INSTANCE)
    refuse(tfe, task(*producers), *messages)


def test_the_producer_among_its_consumers_by_its_external_id(start: StartSimulator, task: Converge) -> None:
    tfe = start(*INSTANCE)
    own = tfe.external_id("zeta")
    refuse(tfe, task(entry("delta"), entry("zeta", own)), rf"producers\[1\] \(zeta\): module_consumers\[0\] is '{own}'")


@pytest.mark.parametrize("prune", [["modules"], []])
def test_a_token_without_the_right_is_named_as_such(start: StartSimulator, run: RunModule, prune: list[str]) -> None:
    tfe = start(*INSTANCE)
    options = {"producers": [entry("delta"), entry("zeta")], "prune": prune, "tfe_token": tfe.user_token}
    refuse(tfe, run(options, module="tfe_registry_sharing"), "its user is not a site administrator")


# Writes that fail.


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("profile", PROFILES)
def test_one_failed_write_does_not_stop_the_others(
    start: StartSimulator, run: RunModule, task: Converge, profile: str, after_effect: bool
) -> None:
    tfe = start(*INSTANCE, profile=profile)
    tfe.order(Fault("status", "PATCH", "/zeta/", status=422, after_effect=after_effect))
    producers = [entry("delta", "eta"), entry("zeta", "eta"), entry("epsilon", "Gamma")]
    answer = task(*producers, prune=["modules"], foreseen=False)
    zeta = answer["producers"][1]
    if after_effect:  # what was asked for is there, whatever the answer said
        assert "failed" not in answer
        assert (zeta["changed"], zeta["module_consumers"]) == (True, ["eta"])
    else:
        assert answer["failed"]
        assert "1 of 4 producers did not come to what was asked for" in answer["msg"]
        assert "the sharing of zeta is as it was before" in answer["msg"]
        assert (zeta["failed"], zeta["changed"], zeta["module_consumers"]) == (True, False, ["Gamma", "delta"])
        assert zeta["msg"] in answer["msg"]
        after = {"delta": ["eta"], "epsilon": ["Gamma"], "theta": []}
        assert answer["changes"] == [change(name, BEFORE[name], who) for name, who in after.items()]
        assert answer["diff"] == diff({name: BEFORE[name] for name in after}, after)
        assert [it["organization"] for it in answer["before"]] == [*after]
    assert answer["changed"]
    assert answer["pruned"] == ["theta"]
    assert [p["module_consumers"] for p in answer["producers"][::2]] == [["eta"], ["Gamma"]]
    again = run({"producers": producers, "prune": ["modules"]}, module="tfe_registry_sharing")
    assert again["changed"] is not after_effect
    assert shared(tfe) == {"delta": ["eta"], "zeta": ["eta"], "epsilon": ["Gamma"]}


def test_what_cannot_be_read_back_is_unknown_and_never_ok(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*INSTANCE)
    tfe.order(Fault("reset", "PATCH", "/zeta/", times=0), Fault("reset", "GET", "/zeta$", nth=2, times=0))
    options = {"producers": [entry("delta", "eta"), entry("zeta", "eta")], "tfe_max_retries": 0}
    answer = run(options, module="tfe_registry_sharing", diff=True)
    assert answer["failed"]
    delta, zeta = answer["producers"]
    assert (delta["changed"], delta["module_consumers"]) == (True, ["eta"])
    assert (zeta["failed"], zeta["changed"]) == (True, True)
    assert (zeta["module_consumers"], zeta["global_module_sharing"]) == (None, None)
    assert "what zeta shares now is not known" in zeta["msg"]
    unknown = {**change("zeta", BEFORE["zeta"], BEFORE["zeta"]), "everybody_after": None}
    assert answer["changes"] == [change("delta", ["Gamma"], ["eta"]), unknown]
    assert answer["diff"][0]["after"] == "delta: eta\nzeta: (not known)\n"
    # It may have been written, so it can be put back too.
    assert [it["organization"] for it in answer["before"]] == ["delta", "zeta"]


def test_a_failed_pruning_is_told_and_the_next_run_finishes_it(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*INSTANCE)
    tfe.order(Fault("status", "PATCH", "/epsilon$", status=422))
    options = {"producers": [entry("delta", "Gamma")], "prune": ["modules"]}
    answer = run(options, module="tfe_registry_sharing")
    assert answer["failed"]
    assert "the sharing of epsilon is as it was before" in answer["msg"]
    assert answer["pruned"] == ["theta", "zeta"]
    assert shared(tfe) == {"delta": ["Gamma"], "epsilon": True}
    assert run(options, module="tfe_registry_sharing")["pruned"] == ["epsilon"]
    assert shared(tfe) == {"delta": ["Gamma"]}


def test_many_failures_are_told_in_the_message_up_to_ten(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(12)]
    tfe = start(*map(Organization, names), Organization("eta"))
    tfe.order(Fault("status", "PATCH", status=422, times=0))
    answer = run({"producers": [entry(name, "eta") for name in names]}, module="tfe_registry_sharing")
    assert answer["msg"].count("is as it was before") == 10
    assert "12 of 12 producers" in answer["msg"]
    assert answer["msg"].endswith("The same happened to: team-10, team-11.")
    assert all(producer["failed"] for producer in answer["producers"])
    assert not answer["changed"]


def test_a_server_that_is_gone_is_not_asked_for_every_producer(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(60)]
    tfe = start(*map(Organization, names), Organization("eta"))
    options = {"producers": [entry(name, "eta") for name in names], "tfe_max_retries": 0}
    # Everything works until the first write, then nothing does.
    tfe.order(Fault("reset", "PATCH", times=0), Fault("reset", path="/account/|/team-..$", times=0))
    answer = run(options, module="tfe_registry_sharing")
    assert answer["failed"]
    assert "60 of 60 producers" in answer["msg"]
    assert sum(request.method == "PATCH" for request in tfe.requests) <= 24
    last = answer["producers"][-1]
    assert (last["failed"], last["changed"], last["module_consumers"]) == (True, False, [])
    assert "team-59 was not written any more: GET" in last["msg"]


def test_a_token_that_expires_is_told_once_it_is_refused(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(60)]
    tfe = start(*map(Organization, names), Organization("eta"))
    tfe.order(Fault("status", "PATCH", status=401, times=0), Fault("status", path="/account/", status=401, times=0))
    answer = run({"producers": [entry(name, "eta") for name in names]}, module="tfe_registry_sharing")
    assert answer["failed"]
    assert not answer["changed"]
    assert all(not producer["changed"] and producer["failed"] for producer in answer["producers"])
    assert sum(request.method == "PATCH" for request in tfe.requests) <= 24


def test_one_producer_that_cannot_be_reached_stops_nobody_else(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(30)]
    tfe = start(*map(Organization, names), Organization("eta"))
    tfe.order(Fault("reset", path="/team-00/", method="PATCH", times=0), Fault("reset", path="/team-00$", times=0))
    options = {"producers": [entry(name, "eta") for name in names], "tfe_max_retries": 0}
    answer = run(options, module="tfe_registry_sharing")
    assert answer["failed"]
    assert [producer["module_consumers"] for producer in answer["producers"]] == [None, *[["eta"]] * 29]


# Requests.


@pytest.mark.many_tries
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("producers", "organizations"), [(1, 250), (2, 50), (3, 250), (40, 250), (120, 250), (250, 250)]
)
def test_an_unchanged_matrix_takes_the_fewest_requests(
    start: StartSimulator, run: RunModule, profile: str, producers: int, organizations: int
) -> None:
    names = [f"team-{i:03}" for i in range(organizations)]
    # Every fifth producer shares globally, the first one has consumers for two pages.
    lists = {name: names[i + 1 : i + 3] for i, name in enumerate(names[: organizations - 3])}
    lists[names[0]] = names[1:132]
    everyone = set(names[4:producers:5])
    tfe = start(
        *(
            Organization(
                name, module_consumers=() if name in everyone else lists.get(name, ()), global_modules=name in everyone
            )
            for name in names
        ),
        profile=profile,
    )
    matrix = [
        {"organization": name, "global_module_sharing": True} if name in everyone else entry(name, *lists.get(name, ()))
        for name in names[:producers]
    ]
    answer = run({"producers": matrix}, module="tfe_registry_sharing")
    assert not answer["changed"], answer
    listed = min(producers, math.ceil(organizations / 100))
    pages = sum(max(1, math.ceil(len(lists.get(name, ())) / 100)) for name in names[:producers] if name not in everyone)
    if profile == "202012-1":
        # There each list comes whole and without a count: only a further look shows that it does.
        pages = sum(1 + bool(lists.get(name)) for name in names[:producers] if name not in everyone)
    assert len(tfe.requests) == listed + pages
    assert max(Counter(request.path for request in tfe.requests if request.path != E7).values()) <= 2


def test_look_ups_are_shared_by_all_producers(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:03}" for i in range(320)]
    tfe = start(*map(Organization, names))
    run({"producers": [entry(name, *names[300:302]) for name in names[:10]]}, module="tfe_registry_sharing")
    look_ups = [request for request in tfe.requests if request.path.count("/") <= E7.count("/") + 1]
    # The pages of all organizations, and each producer once more right before its write. Without sharing them it would
    # be two more for each producer.
    assert len(look_ups) <= 4 + 10
    assert len(tfe.requests) == len(look_ups) + 10 + 10 + 10


def test_an_endpoint_that_is_gone_is_tried_once_and_not_for_each_producer(
    start: StartSimulator, run: RunModule
) -> None:
    names = [f"team-{i:02}" for i in range(30)]
    tfe = start(*map(Organization, names), behaviour=Behaviour(legacy_write="404"))
    run({"producers": [entry(name, names[-1]) for name in names[:20]]}, module="tfe_registry_sharing")
    refused = [request for request in tfe.requests if request.status == 404]
    assert 1 <= len(refused) <= 8  # those that were under way when the first answer came


def test_a_run_stays_below_the_servers_limit(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(60)]
    tfe = start(*map(Organization, names), rate_limit=30)
    answer = run({"producers": [entry(name) for name in names]}, module="tfe_registry_sharing")
    assert not answer.get("failed")
    assert sum(request.status == 200 for request in tfe.requests) == 61
    assert sum(request.status == 429 for request in tfe.requests) <= 3


def test_at_most_eight_connections_however_much_there_is_to_read(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:03}" for i in range(400)]
    tfe = start(
        *(Organization(name, module_consumers=names[20:] if name in names[:12] else ()) for name in names), latency=0.03
    )
    answer = run({"producers": [entry(name, *names[20:]) for name in names[:12]]}, module="tfe_registry_sharing")
    assert not answer["changed"]
    assert len(tfe.requests) == 4 + 12 * 4
    assert len({request.connection for request in tfe.requests}) == 8


def test_a_list_that_does_not_tell_the_flag_is_not_believed(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*INSTANCE)
    items = [{"id": o.name, "type": "organizations", "attributes": {"name": o.name}} for o in INSTANCE]
    tfe.order(Fault("not_json_api", path=f"{E7}$", body={"data": items}))
    answer = run(
        {"producers": [entry("epsilon"), entry("delta")]}, module="tfe_registry_sharing", check=True, diff=True
    )
    assert answer["diff"] == diff({"delta": ["Gamma"], "epsilon": True}, {})


# Any matrix, on any server.

NAMES = [organization.name for organization in INSTANCE]
STATES = ("exact", "present", "absent")


@st.composite
def matrices(draw: st.DrawFn) -> list[dict[str, Any]]:
    matrix = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        others = st.lists(st.sampled_from([other for other in NAMES if other != name]), max_size=3)
        if draw(st.booleans()):
            # Under global sharing, absent is an error.
            state = draw(st.sampled_from(["exact", "present"] if BEFORE.get(name) is True else list(STATES)))
            matrix.append(entry(name, *draw(others), state=state, global_module_sharing=False))
        else:
            matrix.append({"organization": name, "global_module_sharing": draw(st.booleans())})
    return matrix


def expected(matrix: list[dict[str, Any]], prune: bool) -> dict[str, Any]:
    after = {} if prune else dict(BEFORE)
    for row in matrix:
        name, had = row["organization"], BEFORE.get(row["organization"], [])
        listed = set() if had is True else set(had)
        if "module_consumers" not in row:
            after[name] = True if row["global_module_sharing"] else sorted(listed)
        else:
            asked = set(row["module_consumers"])
            after[name] = sorted({"exact": asked, "present": listed | asked, "absent": listed - asked}[row["state"]])
    return {name: who for name, who in after.items() if who}


@pytest.mark.many_tries
@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=12, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(matrix=matrices(), prune=st.booleans())
def test_any_matrix_is_reached_and_then_nothing_is_left_to_do(
    start: StartSimulator, run: RunModule, task: Converge, profile: str, matrix: list[dict[str, Any]], prune: bool
) -> None:
    tfe = start(*INSTANCE, profile=profile)
    # Confirming it where entries say something would be an error.
    options = {"prune": ["modules"] * prune, "prune_all": ["modules"] * (prune and not matrix)}
    answer = task(*matrix, **options)
    assert "failed" not in answer, answer["msg"]
    assert shared(tfe) == expected(matrix, prune)
    assert answer["changed"] == (shared(tfe) != BEFORE)
    assert not run({"producers": matrix, **options}, module="tfe_registry_sharing")["changed"]
