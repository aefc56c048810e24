# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_registry_sharing`` over real HTTP, about both kinds in one task: what goes out together, and when."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import signal
import subprocess
import sys
from collections import Counter
from typing import Any, Literal

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, Account, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.conftest import Converge
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import (
    DELTA,
    E1,
    E2,
    E4,
    E5,
    E7,
    EACH_KIND,
    SHARE_PROVIDERS,
    revoked,
    sent,
    shared,
    writes,
)

INSTANCE = (
    Organization("delta", module_consumers=("Gamma",), provider_consumers=("eta",)),
    Organization("Gamma"),
    Organization("epsilon", global_modules=True, provider_consumers=("zeta",)),
    Organization("zeta", provider_consumers=("delta", "Gamma")),
    Organization("eta", module_consumers=("delta",), global_providers=True),
    Organization("theta", global_modules=True, global_providers=True),
)

State = dict[str, tuple[Any, Any]]
"""By producer, whom it shares modules and providers with: True or the names."""

BEFORE: State = {
    "delta": (["Gamma"], ["eta"]),
    "Gamma": ([], []),
    "epsilon": (True, ["zeta"]),
    "zeta": ([], ["Gamma", "delta"]),
    "eta": (["delta"], True),
    "theta": (True, True),
}


def state(tfe: Simulator, *names: str) -> State:
    both = {name: (shared(tfe, MODULES, name), shared(tfe, PROVIDERS, name)) for name in names or BEFORE}
    return {name: both[name] for name in both}


def entry(organization: str, modules: Any = None, providers: Any = None, **options: Any) -> dict[str, Any]:
    """True and False are the flags, lists the consumers, None is nothing said."""
    asked = {"organization": organization, **options}
    for kind, who in ((MODULES, modules), (PROVIDERS, providers)):
        if who is not None:
            asked[kind.flag_option if isinstance(who, bool) else kind.list_option] = who
    return asked


def change(organization: str, kind: Kind, before: Any, after: Any) -> dict[str, Any]:
    names_before, names_after = ([] if who is True else who for who in (before, after))
    return {
        "organization": organization,
        "kind": kind.name,
        "added": [name for name in names_after if name not in names_before],
        "removed": [name for name in names_before if name not in names_after],
        "revoked": revoked(before, after, BEFORE, organization),
        "everybody_before": before is True,
        "everybody_after": after is True,
    }


def told(name: str, tfe: Simulator, modules: Any = None, providers: Any = None) -> dict[str, Any]:
    """An entry as it is returned; None is what is not known, or what nobody asked about."""
    answer: dict[str, Any] = {"organization": name, "external_id": tfe.external_id(name)}
    for kind, who in ((MODULES, modules), (PROVIDERS, providers)):
        answer[kind.list_option] = None if who is True else who
        answer[kind.flag_option] = None if who is None else who is True
    return answer


def refuse(tfe: Simulator, answer: dict[str, Any], *messages: str) -> None:
    assert answer["failed"]
    for message in messages:
        assert re.search(message, answer["msg"]), answer["msg"]
    assert "producers" not in answer
    assert not writes(tfe)


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_every_kind_follows_the_rules_of_its_own_module(start: StartSimulator, task: Converge, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    answer = task(
        entry("DELTA", ["eta", tfe.external_id("Gamma")], ["zeta"], state="present"),
        entry("epsilon", True, ["Gamma"]),
        entry("zeta", ["eta"]),
        entry("eta", providers=False),
        entry("theta", ["delta"], False),
    )
    after: State = {
        **BEFORE,
        "delta": (["Gamma", "eta"], ["eta", "zeta"]),
        "epsilon": (True, ["Gamma"]),
        "zeta": (["eta"], ["Gamma", "delta"]),
        "eta": (["delta"], []),
        "theta": (["delta"], []),
    }
    assert state(tfe) == after
    asked_about = {"delta": KINDS, "epsilon": KINDS, "zeta": [MODULES], "eta": [PROVIDERS], "theta": KINDS}
    assert answer["producers"] == [
        {
            **told(name, tfe, *(after[name][i] if kind in kinds else None for i, kind in enumerate(KINDS))),
            "changed": True,
        }
        for name, kinds in asked_about.items()
    ]
    assert answer["changes"] == [
        change(name, kind, BEFORE[name][i], after[name][i])
        for name in sorted(after)
        for i, kind in enumerate(KINDS)
        if BEFORE[name][i] != after[name][i]
    ]
    assert answer["pruned"] == []
    assert [diff["before_header"] for diff in answer["diff"]] == [f"who may use whose {kind.name}" for kind in KINDS]
    assert [(diff["before"], diff["after"]) for diff in answer["diff"]] == [
        ("delta: Gamma\ntheta: (everybody)\n", "delta: Gamma\ndelta: eta\ntheta: delta\nzeta: eta\n"),
        (
            "delta: eta\nepsilon: zeta\neta: (everybody)\ntheta: (everybody)\n",
            "delta: eta\ndelta: zeta\nepsilon: Gamma\n",
        ),
    ]
    assert answer["before"] == [
        told("delta", tfe, ["Gamma"], ["eta"]),
        told("epsilon", tfe, True, ["zeta"]),
        told("eta", tfe, None, True),
        told("theta", tfe, True, True),
        told("zeta", tfe, []),
    ]
    assert len(answer["warnings"]) == 1  # theta's modules: nobody said that ending global sharing is meant


def test_providers_that_an_update_of_modules_took_along_are_told(start: StartSimulator, task: Converge) -> None:
    behaviour = Behaviour(legacy_empties_providers=True)
    delta = Organization("delta", module_consumers=("Gamma",), provider_consumers=("eta",))
    tfe = start(delta, *map(Organization, ("Gamma", "eta")), behaviour=behaviour)
    answer = task(entry("delta", ["eta"], ["eta"]), foreseen=False)
    told = (
        "The write of the module consumers, or somebody else meanwhile, changed who may use the providers of delta too"
    )
    assert told in answer["msg"]
    assert [(it["kind"], it["added"], it["removed"]) for it in answer["changes"]] == [
        ("modules", ["eta"], ["Gamma"]),
        ("providers", [], ["eta"]),
    ]
    assert not task(entry("delta", ["eta"], ["eta"]), foreseen=False).get("failed")
    assert state(tfe, "delta")["delta"] == (["eta"], ["eta"])


def test_a_producer_in_its_own_list_is_nobody_to_ask_for(start: StartSimulator, run: RunModule, task: Converge) -> None:
    delta = Organization("delta", module_consumers=("Gamma", "delta"), provider_consumers=("delta",))
    tfe = start(delta, Organization("Gamma"))
    found = run({}, module="tfe_registry_sharing_info")["producers"]
    assert found == [told("delta", tfe, ["Gamma"], [])]
    assert not task(*found)["changed"]


# The requests, exactly.

PUT_BOTH = [f"PUT {E5}", f"GET {DELTA}", f"GET {E2}", f"GET {E4}"]
LOOK = [f"GET {DELTA}", f"GET {E2}", f"GET {E4}"]
ALL = f"GET {E7}"
"""Where global sharing ends, whoever is not listed loses access. Nobody has to be looked up then."""


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
@pytest.mark.parametrize(
    ("modules", "providers", "asked", "requests", "bodies"),
    [
        # Both lists: one request.
        (["Gamma"], ["eta"], (["eta"], ["Gamma"]), [*LOOK, "look up", *LOOK, *PUT_BOTH], [(["eta"], ["Gamma"])]),
        # Both flags: one request.
        ([], [], (True, True), [*LOOK, *LOOK, f"PATCH {DELTA}"], [(True, True)]),
        (True, True, (False, False), [LOOK[0], ALL, LOOK[0], f"PATCH {DELTA}", *LOOK[1:]], [(False, False)]),
        (True, [], (False, True), [*LOOK[::2], ALL, *LOOK[::2], f"PATCH {DELTA}", f"GET {E2}"], [(False, True)]),
        # One kind alone; what the task is also about has to be there afterwards, whatever E1 does to it.
        (["Gamma"], ["eta"], (["eta"], ["eta"]), [*LOOK, "look up", *LOOK, f"PATCH {E1}", *LOOK[::2]], []),
        (["Gamma"], ["eta"], (["eta"], None), [*LOOK[:2], "look up", *LOOK[:2], f"PATCH {E1}"], []),
        (["Gamma"], ["eta"], (["Gamma"], []), [*LOOK, *LOOK, *PUT_BOTH], [(["Gamma"], [])]),
        # What the task is not about is read once, right before it is sent back.
        (["Gamma"], ["eta"], (None, []), [*LOOK[::2], *LOOK[::2], f"GET {E2}", *PUT_BOTH], [(["Gamma"], [])]),
        # Lists first, flags after them.
        (["Gamma"], ["eta"], (True, []), [*LOOK, *LOOK, *PUT_BOTH, f"PATCH {DELTA}"], [(["Gamma"], []), (True, None)]),
        (
            *(["Gamma"], ["eta"], ([], True)),
            *([*LOOK, *LOOK, f"PATCH {E1}", *LOOK, f"PATCH {DELTA}"], [(None, True)]),
        ),
        # Global sharing that the write of the other list ends is turned on again.
        (True, ["eta"], (True, []), [*LOOK[::2] * 2, *PUT_BOTH, f"PATCH {DELTA}"], [([], []), (True, None)]),
        # A list that ends it needs no flag.
        (True, ["eta"], (["Gamma"], []), [*LOOK[::2], ALL, *LOOK[::2], *PUT_BOTH], [(["Gamma"], [])]),
    ],
)
def test_lists_go_out_in_one_request_and_flags_in_another(
    start: StartSimulator,
    once: Converge,
    profile: str,
    modules: Any,
    providers: Any,
    asked: tuple[Any, Any],
    requests: list[str],
    bodies: list[tuple[Any, Any]],
) -> None:
    delta = Organization(
        "delta",
        global_modules=modules is True,
        module_consumers=() if modules is True else modules,
        global_providers=providers is True,
        provider_consumers=() if providers is True else providers,
    )
    tfe = start(delta, Organization("eta"), Organization("Gamma"), profile=profile)
    assert "failed" not in once(entry("delta", *asked))
    wanted = zip(asked, (modules, providers))
    assert state(tfe, "delta")["delta"] == tuple(was if who is None else who or [] for who, was in wanted)

    sizes = [index for index, line in enumerate(sent(tfe)) if re.search("/organizations/(eta|Gamma)$", line)]
    lines = [line for index, line in enumerate(sent(tfe)) if index not in sizes[1:]]
    assert ["look up" if re.search("/organizations/(eta|Gamma)$", line) else line for line in lines] == requests
    by_put_or_flag = [request for request in writes(tfe) if request.path != E1]
    for request, (sent_modules, sent_providers) in zip(by_put_or_flag, bodies):
        attributes = request.body["data"]["attributes"]
        for kind, value in ((MODULES, sent_modules), (PROVIDERS, sent_providers)):
            key = kind.flag_key if request.method == "PATCH" else kind.list_key
            assert attributes.get(key) == value
    assert len(by_put_or_flag) == len(bodies)


@pytest.mark.many_tries
@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
@pytest.mark.parametrize(("producers", "organizations"), [(1, 50), (3, 250), (40, 250), (120, 250)])
def test_an_unchanged_matrix_of_both_kinds_takes_one_more_page_for_each_list(
    start: StartSimulator, once: Converge, profile: str, producers: int, organizations: int
) -> None:
    names = [f"team-{i:03}" for i in range(organizations)]
    # Every fifth producer shares its modules globally, every third one its providers; the first has many consumers.
    lists = {name: names[i + 1 : i + 3] for i, name in enumerate(names[: organizations - 3])}
    lists[names[0]] = names[1:132]
    open_modules, open_providers = set(names[4:producers:5]), set(names[2:producers:3])
    tfe = start(
        *(
            Organization(
                name,
                global_modules=name in open_modules,
                module_consumers=() if name in open_modules else lists.get(name, ()),
                global_providers=name in open_providers,
                provider_consumers=() if name in open_providers else lists.get(name, ()),
            )
            for name in names
        ),
        profile=profile,
    )
    matrix = [
        entry(
            name,
            True if name in open_modules else list(lists.get(name, ())),
            True if name in open_providers else list(lists.get(name, ())),
        )
        for name in names[:producers]
    ]
    assert not once(*matrix)["changed"]

    def pages(those_without: set[str]) -> int:
        return sum(
            math.ceil(len(lists.get(name) or "1") / 100) for name in names[:producers] if name not in those_without
        )

    asked = Counter(request.path.rpartition("/")[2] for request in tfe.requests)
    assert asked["module-consumers"] == pages(open_modules)
    assert asked["provider-consumers"] == pages(open_providers)
    assert len(tfe.requests) == min(producers, math.ceil(organizations / 100)) + pages(open_modules) + pages(
        open_providers
    )


def test_each_producer_that_changes_costs_one_fresh_look(start: StartSimulator, once: Converge) -> None:
    names = [f"team-{i:02}" for i in range(20)]
    tfe = start(*map(Organization, names))
    assert once(*(entry(name, providers=[names[-1]]) for name in names[:10]))["changed"]
    asked = Counter(f"{request.method} {request.path.rpartition('/')[2]}" for request in tfe.requests)
    assert asked.pop("GET organizations") == 1
    assert asked == {
        # To plan, right before the write, and to prove it; the list that goes along is not needed to plan.
        "GET provider-consumers": 10 * 3,
        "GET module-consumers": 10 * 2,
        "PUT registry-partnerships": 10,
        # Once more right before the write: a list that is empty may be that of who shares with everybody by now.
        **{f"GET {name}": 3 for name in names[:10]},
    }


# The order, and what a failure in between leaves.


@EACH_KIND
def test_no_flag_goes_out_after_a_list_that_was_refused(start: StartSimulator, once: Converge, kind: Kind) -> None:
    tfe = start(*INSTANCE)
    write = "PUT" if kind == PROVIDERS else "PATCH"
    tfe.order(Fault("status", write, path="/delta/", status=422))
    asked = {MODULES: (["eta"], True), PROVIDERS: (True, ["Gamma"])}[kind]
    answer = once(entry("delta", *asked))
    assert answer["failed"]
    assert "the sharing of delta is as it was before" in answer["msg"]
    other = {MODULES: PROVIDERS, PROVIDERS: MODULES}[kind]
    assert re.search(f"{other.flag_option}.* was not sent any more", answer["msg"])
    assert state(tfe) == BEFORE
    assert len(writes(tfe)) == 1
    assert (answer["changed"], answer["changes"], answer["before"], answer["diff"]) == (False, [], [], [])
    assert answer["producers"] == [
        {**told("delta", tfe, *BEFORE["delta"]), "changed": False, "failed": True, "msg": answer["producers"][0]["msg"]}
    ]


def test_a_flag_that_fails_after_the_lists_leaves_them_and_tells(start: StartSimulator, once: Converge) -> None:
    tfe = start(*INSTANCE)
    tfe.order(Fault("status", "PATCH", path="delta$", status=422))
    asked = entry("delta", True, ["Gamma"])
    answer = once(asked)
    assert answer["failed"]
    [delta] = answer["producers"]
    assert (delta["module_consumers"], delta["provider_consumers"], delta["changed"]) == (["Gamma"], ["Gamma"], True)
    assert answer["changes"] == [change("delta", PROVIDERS, ["eta"], ["Gamma"])]
    assert "global module sharing is off" in delta["msg"]
    assert "failed" not in once(asked)
    assert state(tfe)["delta"] == (True, ["Gamma"])


ENDS = "always", "filled", "never", "both"

RUN = """
import json, pwd, sys
from types import SimpleNamespace
from ansible.module_utils import basic
from ansible_collections.tfe.admin.plugins.module_utils._sharing import lock
from ansible_collections.tfe.admin.plugins.modules import tfe_registry_sharing
home, lock._TMP, arguments = sys.argv[1:]
pwd.getpwuid = lambda user: SimpleNamespace(pw_dir=home)
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(arguments)}).encode()
basic._ANSIBLE_PROFILE = "legacy"
tfe_registry_sharing.main()
"""


@pytest.mark.parametrize(
    ("modules", "asked"),
    [
        (True, (True, ["Gamma"])),  # the modules shall stay open
        (True, (["eta"], ["Gamma"])),  # they end
        (True, (False, ["Gamma"])),
        (["Gamma"], (True, ["Gamma"])),  # they shall be opened
    ],
)
@pytest.mark.parametrize("when", ["PUT", "proof", "PATCH"])
@pytest.mark.parametrize("ends", ["always", "never"])
def test_a_second_run_repairs_what_a_killed_one_left(
    start: StartSimulator,
    once: Converge,
    account: Account,
    modules: Any,
    asked: tuple[Any, Any],
    when: str,
    ends: Literal["always", "never"],
) -> None:
    """Killed while the lists are written, while they are proved, or before the flags arrive."""
    everyone = modules is True
    delta = Organization("delta", global_modules=everyone, module_consumers=() if everyone else modules)
    organizations = delta, Organization("eta"), Organization("Gamma")
    tfe = start(*organizations, behaviour=Behaviour(put_ends_global=ends))
    options = {"producers": [entry("delta", *asked)], "tfe_address": tfe.address, "tfe_token": tfe.admin_token}

    def kill() -> None:
        process.kill()

    def order(method: str) -> None:
        """It dies before this request has an effect or an answer."""
        tfe.order(Fault("between", method, call=kill), Fault("hang", method))

    if when == "PATCH":
        order("PATCH")
    else:
        tfe.order(Fault("between", "PUT", call=kill if when == "PUT" else lambda: order("GET")))
    command = [sys.executable, "-c", RUN, *map(str, account), json.dumps(options)]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "HOME": str(account.home), "NO_PROXY": "*"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        output, problems = process.communicate()
    if when == "PATCH" and all(request.method != "PATCH" for request in tfe.requests):
        assert process.returncode >= 0, problems  # the lists were all, so there was no moment to kill it
    else:
        assert process.returncode == -signal.SIGKILL, problems
    assert not output or when == "PATCH"
    assert state(tfe, "delta")["delta"][1] == ["Gamma"]  # it had got so far

    answer = once(entry("delta", *asked))
    assert "failed" not in answer, answer["msg"]
    assert state(tfe, "delta")["delta"] == (asked[0] or [], ["Gamma"])
    assert not once(entry("delta", *asked))["changed"]


@pytest.mark.parametrize("ends", ENDS)
def test_global_sharing_that_cannot_be_restored_is_told_and_the_second_run_does_it(
    start: StartSimulator, once: Converge, ends: Literal["always", "filled", "never", "both"]
) -> None:
    tfe = start(*INSTANCE, behaviour=Behaviour(put_ends_global=ends))
    tfe.order(Fault("status", "PATCH", path="epsilon$", status=422))
    asked = entry("epsilon", True, ["Gamma"])
    answer = once(asked)
    lost = ends in ("always", "both")
    assert answer.get("failed", False) == lost
    if lost:
        [epsilon] = answer["producers"]
        assert "changed who may use the modules of epsilon too: global module sharing is off now" in epsilon["msg"]
        assert "It was: everybody. Set that right" in epsilon["msg"]
        assert (epsilon["global_module_sharing"], epsilon["module_consumers"]) == (False, [])
        assert answer["changes"] == [
            change("epsilon", MODULES, True, []),
            change("epsilon", PROVIDERS, ["zeta"], ["Gamma"]),
        ]
        assert answer["diff"][0]["before"] == "epsilon: (everybody)\n"
    assert answer["before"] == [told("epsilon", tfe, True, ["zeta"])]
    assert once(asked)["changed"] == lost
    assert state(tfe)["epsilon"] == (True, ["Gamma"])


def test_harm_to_the_kind_that_nobody_asked_about_is_told_as_a_change(start: StartSimulator, once: Converge) -> None:
    tfe = start(*INSTANCE, behaviour=Behaviour(write_drops=("Gamma",)))
    answer = once(entry("delta", providers=["zeta"]), entry("zeta", ["eta"]))
    assert answer["failed"]
    assert "1 of 2 producers did not come to what was asked for" in answer["msg"]
    delta, zeta = answer["producers"]
    assert "failed" not in zeta
    assert (delta["failed"], delta["changed"]) == (True, True)
    assert (delta["module_consumers"], delta["provider_consumers"]) == (None, ["zeta"])
    assert "changed who may use the modules of delta too: removed: Gamma. It was: Gamma" in delta["msg"]
    assert answer["changes"] == [
        change("delta", MODULES, ["Gamma"], []),
        change("delta", PROVIDERS, ["eta"], ["zeta"]),
        change("zeta", MODULES, [], ["eta"]),
    ]
    assert answer["before"] == [told("delta", tfe, ["Gamma"], ["eta"]), told("zeta", tfe, [])]


# What somebody else does meanwhile.


def test_what_changed_meanwhile_is_left_alone_whichever_kind_it_is(start: StartSimulator, once: Converge) -> None:
    for kind in KINDS:
        tfe = start(*INSTANCE)

        def change_it(tfe: Simulator = tfe, kind: Kind = kind) -> None:
            change_sharing(tfe, "delta", **{kind.list_option: ("zeta",)})

        # The first look at the list is the plan's, the second is that right before the write.
        tfe.order(Fault("between", "GET", path=f"delta/relationships/{kind.list_key}", nth=2, call=change_it))
        answer = once(entry("delta", ["eta"], ["Gamma"]), entry("zeta", ["eta"]))
        assert answer["failed"]
        delta, zeta = answer["producers"]
        assert "delta has changed meanwhile, run again" in delta["msg"]
        assert (delta["changed"], delta[kind.list_option]) == (False, ["zeta"])
        assert (zeta["changed"], zeta["module_consumers"]) == (True, ["eta"])
        assert [it["organization"] for it in answer["before"]] == ["zeta"]
        assert {request.path.split("/")[5] for request in writes(tfe)} == {"zeta"}


def test_modules_that_were_opened_meanwhile_are_not_put_at_risk(start: StartSimulator, once: Converge) -> None:
    tfe = start(*INSTANCE)
    opened = Fault("between", "GET", path="zeta$", call=lambda: change_sharing(tfe, "zeta", global_modules=True))
    tfe.order(Fault("between", "GET", path="zeta/relationships/provider-consumers", call=lambda: tfe.order(opened)))
    answer = once(entry("zeta", providers=["eta"]))
    assert answer["failed"]
    assert "zeta shares its modules with every organization" in answer["msg"]
    assert "Nothing of zeta was changed" in answer["msg"]
    assert not answer["changed"]
    assert not writes(tfe)


def change_sharing(tfe: Simulator, name: str, **settings: Any) -> None:
    """Somebody else changes how an organization shares."""
    external_id = tfe.external_id(name)
    former = next(it for it in INSTANCE if it.name == name)
    tfe.remove(name)
    tfe.add(dataclasses.replace(former, external_id=external_id, **settings))


# Pruning.


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
@pytest.mark.parametrize(
    "behaviour",
    [Behaviour(), Behaviour(filters_honoured=False), Behaviour(producer_filter_misses_global=True)],
)
def test_one_kind_is_pruned_and_the_other_left_alone(
    start: StartSimulator, task: Converge, profile: str, behaviour: Behaviour
) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = task(entry("delta", ["Gamma"]), prune=["modules"])
    assert state(tfe) == {name: (["Gamma"] if name == "delta" else [], who[1]) for name, who in BEFORE.items()}
    assert answer["pruned"] == ["epsilon", "eta", "theta"]
    assert answer["changes"] == [change(name, MODULES, BEFORE[name][0], []) for name in answer["pruned"]]
    assert answer["before"] == [
        told("epsilon", tfe, True),
        told("eta", tfe, ["delta"], True),
        told("theta", tfe, True, True),
    ]

    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = task(entry("delta", providers=["eta"]), entry("epsilon", True, ["zeta"]), prune=["providers"])
    kept = ("delta", "epsilon")
    assert state(tfe) == {name: (who[0], who[1] if name in kept else []) for name, who in BEFORE.items()}
    assert answer["pruned"] == ["eta", "theta", "zeta"]
    assert answer["before"] == [
        told("eta", tfe, None, True),
        told("theta", tfe, True, True),
        told("zeta", tfe, None, ["Gamma", "delta"]),
    ]


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
@pytest.mark.parametrize("ends", ENDS)
def test_both_kinds_are_pruned_together(
    start: StartSimulator, task: Converge, profile: str, ends: Literal["always", "filled", "never", "both"]
) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=Behaviour(put_ends_global=ends))
    kinds = ["modules", "providers"]
    answer = task(entry("delta", ["Gamma"], ["eta"]), prune=kinds, ignore=["ETA"])
    assert state(tfe) == {name: who if name in ("delta", "eta") else ([], []) for name, who in BEFORE.items()}
    assert answer["pruned"] == ["epsilon", "theta", "zeta"]
    again = task(entry("delta", ["Gamma"], ["eta"]), prune=kinds, ignore=["ETA"])
    assert (again["changed"], again["pruned"], again["changes"]) == (False, [], [])


def test_who_was_pruned_in_part_is_told_as_changed_and_not_as_pruned(start: StartSimulator, once: Converge) -> None:
    tfe = start(*INSTANCE, behaviour=Behaviour(put_ends_global="never"))
    tfe.order(Fault("status", "PATCH", path="epsilon$", status=422))
    kinds = ["modules", "providers"]
    answer = once(entry("delta", ["Gamma"], ["eta"]), prune=kinds)
    assert answer["failed"]
    assert "1 of 5 producers did not come to what was asked for" in answer["msg"]
    assert state(tfe)["epsilon"] == (True, [])
    assert answer["pruned"] == ["eta", "theta", "zeta"]
    assert answer["changes"][0] == change("epsilon", PROVIDERS, ["zeta"], [])
    assert answer["before"][0] == told("epsilon", tfe, True, ["zeta"])
    assert once(entry("delta", ["Gamma"], ["eta"]), prune=kinds)["pruned"] == ["epsilon"]


def test_providers_are_not_pruned_where_modules_are_open_and_nobody_spoke_of_them(
    start: StartSimulator, task: Converge
) -> None:
    tfe = start(*INSTANCE)
    answer = task(entry("delta", providers=["eta"]), prune=["providers"])
    entry_to_write = "{organization: epsilon, global_module_sharing: true, provider_consumers: […]}"
    refuse(tfe, answer, "epsilon shares its modules with every organization", re.escape(entry_to_write))
    assert "theta" not in answer["msg"]  # to close what is shared globally, a flag is all that it takes
    assert task(*(entry("delta", providers=["eta"]), entry("epsilon", True, [])), prune=["providers"])["pruned"] == [
        "eta",
        "theta",
        "zeta",
    ]


@EACH_KIND
@pytest.mark.parametrize("null", [True, False])
def test_an_entry_that_leaves_out_a_pruned_kind_that_its_organization_shares(
    start: StartSimulator, task: Converge, kind: Kind, null: bool
) -> None:
    """A key without a value must not close a registry."""
    tfe = start(*INSTANCE)
    index = KINDS.index(kind)
    left_out = {kind.list_option: None, kind.flag_option: None} if null else {}
    entries = [
        entry(name, *(None if i == index else who[i] for i in range(2)), **left_out) for name, who in BEFORE.items()
    ]
    rest = entry("iota", [], [])
    tfe.add(Organization("iota"))
    answer = task(*entries, rest, prune=["modules", "providers"])
    sharers = [name for name, who in BEFORE.items() if who[index]]
    refuse(
        tfe,
        answer,
        *(
            rf"producers\[{[*BEFORE].index(name)}\] \({name}\): prune names {kind.name}, {name} shares some, and this "
            rf"entry leaves them out: say {kind.list_option}: \[\] or give the list"
            for name in sharers
        ),
    )
    assert answer["msg"].count("leaves them out") == len(sharers)
    # What it shares nothing of need not be said.
    nothing_of_it = entry("Gamma", *([] if i != index else None for i in range(2)))
    entries = [entry(name, *who) if name != "Gamma" else nothing_of_it for name, who in BEFORE.items()]
    assert not task(*entries, rest, prune=["modules", "providers"])["changed"]


def test_a_kind_that_no_entry_mentions_is_pruned_only_where_that_is_confirmed(
    start: StartSimulator, task: Converge
) -> None:
    tfe = start(*INSTANCE)
    entries = [entry(name, who[0]) for name, who in BEFORE.items()]
    kinds = ["modules", "providers"]
    refuse(
        tfe,
        task(*entries, prune=kinds),
        "prune names providers, and no entry mentions them, so nobody would share providers any more",
        r"They are shared by: delta, epsilon, eta, theta, zeta\.",
        re.escape("add prune_all: [providers]"),
    )
    answer = task(*entries, prune=kinds, prune_all=["providers"], ignore=[])
    assert state(tfe) == {name: (who[0], []) for name, who in BEFORE.items()}
    assert answer["pruned"] == ["delta", "epsilon", "eta", "theta", "zeta"]
    assert not task(*entries, prune=kinds)["changed"]


def test_more_than_ten_who_share_what_nobody_mentions_are_counted(start: StartSimulator, task: Converge) -> None:
    names = [f"team-{i:02}" for i in range(13)]
    tfe = start(*(Organization(name, global_providers=True) for name in names))
    refuse(tfe, task(prune=["providers"]), "team-08, team-09 and 3 more. If you mean that")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prune_all": ["providers"]}, "prune_all names providers, and prune does not"),
        ({"prune": ["modules"], "prune_all": ["providers"]}, "prune_all names providers, and prune does not"),
        ({"prune": ["modules"], "prune_all": ["modules"]}, "prune_all names modules, and producers has entries about"),
        ({"prune": ["module"]}, "value of prune must be one or more of: modules, providers. Got no match for: module"),
        ({"prune": ["modules"], "prune_all": ["all"]}, "value of prune_all must be one or more of: modules, providers"),
        ({"prune": True}, "value of prune must be one or more of"),
    ],
)
def test_a_slip_in_what_to_prune_costs_no_request(
    start: StartSimulator, once: Converge, options: dict[str, Any], message: str
) -> None:
    tfe = start(*INSTANCE)
    refuse(tfe, once(entry("delta", ["Gamma"]), **options), message)
    assert not tfe.requests


# What is wrong with an entry.


@pytest.mark.parametrize(
    ("entries", "messages"),
    [
        (
            [entry("delta"), entry("zeta", state="absent"), entry("eta", external_id="org-1")],
            [
                rf"producers\[{i}\] \({name}\): Nothing is asked for: give at least one of module_consumers, "
                "global_module_sharing, provider_consumers, global_provider_sharing"
                for i, name in enumerate(["delta", "zeta", "eta"])
            ],
        ),
        (
            [{**entry("delta", [], ["a b", ""]), "global_module_sharing": True}, entry("zeta", ["zeta"], ["ZETA"])],
            [
                r"producers\[0\] \(delta\): module_consumers and global_module_sharing: true exclude each other",
                r"producers\[0\] \(delta\): .*provider_consumers\[0\] is 'a b'",
                r"producers\[1\] \(zeta\): module_consumers\[0\] is 'zeta', the producing organization itself",
                r"producers\[1\] \(zeta\): .*provider_consumers\[0\] is 'ZETA', the producing organization itself",
            ],
        ),
        (
            [entry("delta", ["gama"], ["zeta", "nobody"]), entry("zeta", providers=[173])],
            [r"producers\[1\] \(zeta\): provider_consumers\[0\] is the number 173. Put it in quotes"],
        ),
        (
            [entry("delta", ["gama"], ["zeta", "nobody"]), entry("zeta", providers=["gama"])],
            [
                r"producers\[0\] \(delta\): module_consumers\[0\] 'gama' \(did you mean 'Gamma'",
                r"producers\[0\] \(delta\): provider_consumers\[1\] 'nobody'",
                r"producers\[1\] \(zeta\): provider_consumers\[0\] 'gama'",
            ],
        ),
        (
            [entry("epsilon", ["zeta"], state="present"), entry("theta", ["zeta"], ["zeta"], state="absent")],
            [
                r"producers\[0\] \(epsilon\): epsilon shares its modules with every.*add global_module_sharing: false",
                r"producers\[1\] \(theta\): theta shares its modules with every organization.*say who shall remain",
                r"producers\[1\] \(theta\): theta shares its providers with every organization.*say who shall remain",
            ],
        ),
        (
            [entry("epsilon", providers=["Gamma"]), entry("theta", providers=["zeta"])],
            [
                r"producers\[0\] \(epsilon\): epsilon shares its modules with every organization, and the request that",
                r"{organization: epsilon, global_module_sharing: true, provider_consumers: ",
                r"producers\[1\] \(theta\): theta shares its modules",
            ],
        ),
        (
            [entry("delta", ["Gamma"]), entry("DELTA", providers=["eta"])],
            [r"producers\[1\] \(DELTA\): this producer is there twice, producers\[0\] \(delta\) is the same one"],
        ),
    ],
)
def test_all_that_is_wrong_with_either_kind_is_said_before_anything_is_written(
    start: StartSimulator, task: Converge, entries: list[dict[str, Any]], messages: list[str]
) -> None:
    tfe = start(*INSTANCE)
    refuse(tfe, task(*entries), *messages)


def test_an_external_id_must_be_that_of_the_organization_of_this_name(start: StartSimulator, task: Converge) -> None:
    tfe = start(*INSTANCE)
    ids = {name: tfe.external_id(name) for name in ("delta", "zeta", "eta")}
    entries = [
        entry("delta", ["eta"], external_id=ids["delta"]),
        entry("zeta", ["eta"], external_id=ids["eta"]),
        entry("eta", ["zeta"], external_id="org-2222222222222222"),
    ]
    refuse(
        tfe,
        task(*entries),
        rf"producers\[1\] \(zeta\): external_id is '{ids['eta']}', but that of zeta is {ids['zeta']}",
        rf"producers\[2\] \(eta\): external_id is 'org-2222222222222222', but that of eta is {ids['eta']}",
    )
    tfe.rename("delta", "delta-old")
    tfe.rename("zeta", "delta")
    refuse(tfe, task(entry("delta", [], external_id=ids["delta"])), rf"but that of delta is {ids['zeta']}")
    for blank in (None, ""):
        assert task(entry("delta", ["eta"], external_id=blank), foreseen=False)["producers"][0]["external_id"]
    tfe = start(*INSTANCE, behaviour=Behaviour(without_external_ids=True))
    refuse(tfe, task(entry("delta", [], external_id=ids["delta"])), "that of delta is not told by this server")


def test_a_list_that_does_not_tell_the_flag_of_the_other_kind_is_completed(
    start: StartSimulator, once: Converge
) -> None:
    """Without it, no list of providers may be written."""
    tfe = start(*INSTANCE)
    items = [
        {
            "id": it.name,
            "attributes": {"external-id": tfe.external_id(it.name), PROVIDERS.flag_key: it.global_providers},
        }
        for it in INSTANCE
    ]
    tfe.order(Fault("not_json_api", path="organizations$", body={"data": items}))
    answer = once(entry("delta", providers=["zeta"]), entry("zeta", providers=["eta"]))
    assert "failed" not in answer, answer["msg"]
    assert (state(tfe)["delta"], state(tfe)["zeta"]) == ((["Gamma"], ["zeta"]), ([], ["eta"]))


@pytest.mark.parametrize("profile", ["202012-1", "202103-1"])
def test_a_release_without_providers_is_told_who_asked_for_them(
    start: StartSimulator, task: Converge, profile: str
) -> None:
    names = [f"team-{i:03}" for i in range(120)]
    tfe = start(*INSTANCE, *map(Organization, names), profile=profile)
    no_providers = "This server does not share providers: Terraform Enterprise does since 202301-1"
    asked = [entry("delta", ["Gamma"]), entry("zeta", providers=[]), entry("eta", None, False)]
    refuse(tfe, task(*asked), rf"^producers\[1\] \(zeta\) and 1 more: {no_providers}")
    refuse(tfe, task(entry("delta", providers=["eta"])), rf"^producers\[0\] \(delta\): {no_providers}")
    refuse(tfe, task(asked[0], prune=["providers"], prune_all=["providers"]), rf"^prune: providers: {no_providers}")
    # It is settled by one answer, however many there are.
    tfe.forget()
    refuse(tfe, task(*(entry(name, [], []) for name in names)), no_providers)
    assert sum(request.path.endswith("/provider-consumers") for request in tfe.requests) == 2  # check mode, and the run
    assert all(request.path.count("/") == 4 for request in tfe.requests if "provider-consumers" not in request.path)


@pytest.mark.parametrize("profile", PROFILES)
def test_null_is_nothing_said(start: StartSimulator, task: Converge, once: Converge, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    nothing = {kind.list_option: None for kind in KINDS} | {kind.flag_option: None for kind in KINDS}
    refuse(tfe, task({"organization": "delta", **nothing}), r"producers\[0\] \(delta\): Nothing is asked for")
    tfe.forget()
    assert once({"organization": "delta", **nothing, "module_consumers": ["eta"]})["changed"]
    assert not any("provider" in request.path for request in tfe.requests)
    assert state(tfe)["delta"] == (["eta"], ["eta"])
