# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``revoked`` is who could use it before and cannot after, and ``max_revoked`` how many of them a task may have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import (
    E7,
    EACH_KIND,
    EACH_RELEASE,
    OTHER,
    SHARE_PROVIDERS,
    instance,
    producer,
    shared,
    writes,
)

Ask = Callable[..., dict[str, Any]]
"""Runs a task about delta; ``everyone`` stands for the kind's global flag."""

MANY = "tfe_registry_sharing"
EVERYBODY = ["42", "Gamma", "epsilon", "eta", "zeta"]
"""But delta, the producer."""


@pytest.fixture(params=["one", "many"])
def ask(run: RunModule, kind: Kind, request: pytest.FixtureRequest) -> Ask:
    """By the module for one producer, and as one entry for many."""
    names = {"everyone": kind.flag_option, **({"consumers": kind.list_option} if request.param == "many" else {})}

    def ask(options: dict[str, Any], *, check: bool = False, diff: bool = False, **more: Any) -> dict[str, Any]:
        asked = {"organization": "delta", **{names.get(name, name): value for name, value in options.items()}}
        if request.param == "one":
            return run({**asked, **more}, module=f"tfe_{kind.one}_consumers", check=check, diff=diff)
        return run({"producers": [asked], **more}, module=MANY, check=check, diff=diff)

    return ask


def revoked(answer: dict[str, Any]) -> list[str]:
    """Of the kind, whichever module told it."""
    if "changes" not in answer:
        return list(answer["revoked"])
    return [name for change in answer["changes"] for name in change["revoked"]]


def many(run: RunModule, *producers: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return run({"producers": list(producers), **options}, module=MANY, check=check, diff=True)


def entry(organization: str, modules: Any = None, providers: Any = None, **options: Any) -> dict[str, Any]:
    """True and False are the flags, lists the consumers, None is nothing said."""
    asked = {"organization": organization, **options}
    for kind, who in ((MODULES, modules), (PROVIDERS, providers)):
        if who is not None:
            asked[kind.flag_option if isinstance(who, bool) else kind.list_option] = who
    return asked


# Who loses access.


@EACH_RELEASE
@pytest.mark.parametrize(
    ("before", "options", "expected"),
    [
        (["eta", "zeta"], {"consumers": ["zeta", "Gamma"]}, ["eta"]),
        (["eta", "zeta"], {"consumers": []}, ["eta", "zeta"]),
        (["eta", "zeta"], {"consumers": ["ETA"], "state": "absent"}, ["eta"]),
        (["eta"], {"consumers": ["zeta"], "state": "present"}, []),
        # Who could use it still can, although the list goes.
        (["eta", "zeta"], {"everyone": True}, []),
        ([], {"everyone": True}, []),
        (True, {"everyone": True}, []),
        # Global sharing ends.
        (True, {"everyone": False}, EVERYBODY),
        (True, {"consumers": []}, EVERYBODY),
        (True, {"consumers": ["GAMMA", "eta"]}, ["42", "epsilon", "zeta"]),
        (True, {"consumers": EVERYBODY, "everyone": False}, []),
        (True, {"consumers": ["eta"], "state": "present", "everyone": False}, ["42", "Gamma", "epsilon", "zeta"]),
    ],
)
def test_who_could_use_it_and_cannot_any_more(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str, before: Any, options: dict[str, Any], expected: list[str]
) -> None:
    everyone = before is True
    tfe = start(*instance(kind, *([] if everyone else before), everyone=everyone), profile=profile)
    preview = ask(options, check=True)
    assert revoked(preview) == expected
    answer = ask(options)
    assert revoked(answer) == expected
    removed = answer["removed"] if "removed" in answer else [it for c in answer["changes"] for it in c["removed"]]
    assert removed == ([] if everyone else sorted({*before} - {*listed(tfe, kind)}))
    assert revoked(ask(options)) == []


def listed(tfe: Simulator, kind: Kind) -> list[str]:
    who = shared(tfe, kind)
    return [] if who is True else list(who)


@EACH_KIND
def test_a_renamed_consumer_lost_nothing(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "eta", "zeta"))
    tfe.rename("eta", "eta-two")
    assert revoked(ask({"consumers": ["eta-two"]}, max_revoked=1)) == ["zeta"]
    assert revoked(ask({"consumers": [tfe.external_id("eta-two")]}, max_revoked=0)) == []


@EACH_KIND
def test_nothing_hangs_on_external_ids(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    start(*instance(kind, everyone=True), behaviour=Behaviour(without_external_ids=True))
    assert revoked(ask({"consumers": ["gamma"]})) == ["42", "epsilon", "eta", "zeta"]


def test_both_kinds_are_told_each_on_its_own(start: StartSimulator, run: RunModule) -> None:
    start(
        Organization("delta", global_modules=True, provider_consumers=("eta", "zeta")),
        *ORGANIZATIONS[1:4],
        Organization("eta", module_consumers=("zeta",), global_providers=True),
        ORGANIZATIONS[5],
    )
    asked = entry("delta", ["eta"], ["eta"]), entry("eta", True, False)
    told = [("delta", "modules", ["42", "Gamma", "epsilon", "zeta"]), ("delta", "providers", ["zeta"])]
    # Of eta's modules the list goes, and everybody may use them; of its providers it is the other way round.
    told += [("eta", "modules", []), ("eta", "providers", ["42", "Gamma", "delta", "epsilon", "zeta"])]
    for check in (True, False):
        answer = many(run, *asked, check=check)
        assert [(it["organization"], it["kind"], it["revoked"]) for it in answer["changes"]] == told


def test_who_is_pruned_takes_everybody_along(start: StartSimulator, run: RunModule) -> None:
    start(
        Organization("delta", module_consumers=("eta",)),
        *ORGANIZATIONS[1:4],
        Organization("eta", global_modules=True),
        ORGANIZATIONS[5],
    )
    for check in (True, False):
        answer = many(run, entry("delta", ["eta"]), prune=["modules"], check=check)
        [change] = answer["changes"]
        assert (change["removed"], change["revoked"]) == ([], ["42", "Gamma", "delta", "epsilon", "zeta"])


# What it costs.


@EACH_RELEASE
@pytest.mark.parametrize("count", [99, 100, 250])
@pytest.mark.parametrize(
    ("before", "options", "ends"),
    [
        (True, {"everyone": False}, True),
        (True, {"consumers": ["team-001"]}, True),
        # They are among those that were read.
        (True, {"consumers": [f"team-{i:03}" for i in range(8)]}, True),
        (True, {"everyone": True}, False),
        (["team-001", "team-002"], {"consumers": []}, False),
        (["team-001", "team-002"], {"everyone": True}, False),
    ],
)
def test_only_the_end_of_global_sharing_costs_the_list_of_all_organizations(
    start: StartSimulator,
    ask: Ask,
    kind: Kind,
    profile: str,
    count: int,
    before: Any,
    options: dict[str, Any],
    ends: bool,
) -> None:
    names = [f"team-{i:03}" for i in range(count)]
    everyone = before is True
    delta = producer(kind, [] if everyone else before, everyone=everyone)
    tfe = start(delta, *map(Organization, names), profile=profile)
    answer = ask(options, check=True)
    if ends:
        assert len(revoked(answer)) == count - len(options.get("consumers", []))
    pages = Counter(request.query["page[number]"] for request in tfe.requests if request.path == E7)
    expected = {str(number) for number in range(1, math.ceil((count + 1) / 100) + 1)} if ends else set()
    assert pages == dict.fromkeys(expected, 1)
    if ends:
        assert len(tfe.requests) == 1 + len(expected)


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_who_prunes_knows_everybody_already(start: StartSimulator, run: RunModule, profile: str) -> None:
    names = [f"team-{i:03}" for i in range(250)]
    tfe = start(
        Organization("delta", global_modules=True, global_providers=True),
        Organization("gone", global_modules=True, global_providers=True),
        *map(Organization, names),
        profile=profile,
    )
    kinds = [kind.name for kind in KINDS]
    answer = many(run, entry("delta", ["team-000"], []), prune=kinds, check=True)
    assert [len(change["revoked"]) for change in answer["changes"]] == [250, 251, 251, 251]
    whole = Counter(
        request.query["page[number]"] for request in tfe.requests if request.path == E7 and len(request.query) == 2
    )
    assert whole == {"1": 1, "2": 1, "3": 1}


def test_three_producers_that_end_it_share_one_look_at_everybody(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:03}" for i in range(120)]
    tfe = start(*(Organization(name, global_modules=i < 3) for i, name in enumerate(names)))
    answer = many(run, *(entry(name, ["team-100"]) for name in names[:3]))
    assert [len(change["revoked"]) for change in answer["changes"]] == [118] * 3
    # The first page alone told the producers.
    assert Counter(request.query["page[number]"] for request in tfe.requests if request.path == E7) == {"1": 2, "2": 1}


# The truth after a failure.


@EACH_RELEASE
def test_who_still_has_access_after_a_failed_write_did_not_lose_it(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str
) -> None:
    cases: list[tuple[list[str], bool, dict[str, Any]]] = [
        (["eta", "zeta"], False, {"consumers": ["Gamma"]}),
        ([], True, {"everyone": False}),
    ]
    for before, everyone, options in cases:
        tfe = start(
            *instance(kind, *before, everyone=everyone),
            profile=profile,
            behaviour=Behaviour(write_ignored=True),
        )
        assert len(revoked(ask(options, check=True))) > 1
        answer = ask(options)
        assert answer["failed"]
        assert revoked(answer) == []
        assert shared(tfe, kind) == (True if everyone else before)


@EACH_RELEASE
def test_who_lost_access_to_a_write_that_did_not_go_well_is_told(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str
) -> None:
    behaviour = Behaviour(write_drops=("eta", "42"))
    start(*instance(kind, "eta", "zeta"), profile=profile, behaviour=behaviour)
    answer = ask({"consumers": ["eta", "zeta", "Gamma"]})
    assert answer["failed"]
    assert "missing: eta" in answer["msg"]
    assert revoked(answer) == ["eta"], "the server dropped it, and it was to stay"
    start(*instance(kind, everyone=True), profile=profile, behaviour=behaviour)
    answer = ask({"consumers": ["eta", "zeta", "Gamma"]})
    assert answer["failed"]
    assert revoked(answer) == ["42", "epsilon", "eta"]


@EACH_KIND
def test_nobody_is_said_to_have_lost_access_where_that_is_not_known(
    start: StartSimulator, ask: Ask, kind: Kind
) -> None:
    tfe = start(*instance(kind, "eta"))
    write = "PUT" if kind == PROVIDERS else "PATCH"
    lost = Fault("reset", "GET", "/delta", times=0)
    tfe.order(Fault("between", write, call=lambda: tfe.order(lost)), Fault("reset", write, after_effect=True, times=0))
    answer = ask({"consumers": []}, tfe_max_retries=0)
    assert answer["failed"]
    assert answer["changed"]
    assert revoked(answer) == []
    assert "what delta shares now is not known" in answer["msg"]


def test_who_lost_access_to_somebody_else_did_not_lose_it_to_the_task(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(MODULES, "eta", "zeta"), behaviour=Behaviour(legacy_write="404", relationship_write="404"))

    def somebody_else() -> None:
        tfe._state.share_with(tfe._record("delta"), "modules", [tfe._record("zeta")], keep_everyone=False)

    # Where PUT is the only way, it is looked at again right before it.
    tfe.order(Fault("between", "GET", "relationships/module-consumers", nth=2, call=somebody_else))
    answer = run({"organization": "delta", "consumers": ["42"]})
    assert "delta has changed meanwhile, run again" in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["revoked"]) == (False, ["zeta"], [])


def test_of_many_only_those_are_told_that_were_written(start: StartSimulator, run: RunModule) -> None:
    tfe = start(
        Organization("delta", module_consumers=("eta", "zeta")),
        Organization("epsilon", module_consumers=("eta",)),
        Organization("theta", module_consumers=("zeta",)),
        *map(Organization, ("eta", "zeta")),
    )
    tfe.order(Fault("status", "PATCH", "/epsilon/", status=422))

    def somebody_else() -> None:
        tfe._state.share_with(tfe._record("theta"), "modules", [], keep_everyone=False)

    # The second look at theta is that right before its write.
    tfe.order(Fault("between", path="/theta/relationships/module-consumers", nth=2, call=somebody_else))
    answer = many(run, *(entry(name, []) for name in ("delta", "epsilon", "theta")))
    assert "2 of 3 producers" in answer["msg"]
    assert [(it["organization"], it["revoked"]) for it in answer["changes"]] == [("delta", ["eta", "zeta"])]


@EACH_KIND
@pytest.mark.parametrize("reads_everybody", [True, False])
def test_global_sharing_of_the_other_kind_that_put_ended_is_told_with_everybody(
    start: StartSimulator, run: RunModule, kind: Kind, reads_everybody: bool
) -> None:
    """It could not be restored; nobody planned that, so nobody was read for it before."""
    other = OTHER[kind]
    behaviour = Behaviour(legacy_write="404", relationship_write="404", put_ends_global="both")
    tfe = start(*instance(kind, "zeta", **{f"global_{other.name}": True}), behaviour=behaviour)
    tfe.order(Fault("status", "PATCH", "delta$", status=422, times=0))
    if not reads_everybody:
        tfe.order(Fault("status", "GET", f"{E7}$", status=422, times=0))
    asked: dict[str, Any] = {"organization": "delta", kind.list_option: ["eta"]}
    # Providers may be written beside global modules only where the entry is about both.
    asked |= {other.flag_option: True} if kind == PROVIDERS else {}
    answer = many(run, asked)
    assert answer["failed"]
    assert f"global {other.one} sharing is off now. It was: everybody." in answer["msg"]
    told = {it["kind"]: it for it in answer["changes"]}
    assert told[kind.name]["revoked"] == ["zeta"]
    assert (told[other.name]["everybody_before"], told[other.name]["everybody_after"]) == (True, False)
    assert told[other.name]["revoked"] == (EVERYBODY if reads_everybody else [])
    assert sum(request.path == E7 for request in tfe.requests) == 1


def test_a_list_of_the_other_kind_that_put_cut_is_told_with_who_was_on_it(
    start: StartSimulator, run: RunModule
) -> None:
    start(*instance(PROVIDERS, "eta", module_consumers=("Gamma", "zeta")), behaviour=Behaviour(write_drops=("zeta",)))
    answer = many(run, entry("delta", providers=["42"]), max_revoked=1)
    assert answer["failed"]
    assert [(it["kind"], it["revoked"]) for it in answer["changes"]] == [("modules", ["zeta"]), ("providers", ["eta"])]


# The limit.

ADVICE = (
    "If that is meant, set max_revoked to {}. If it is not, look at the lists of consumers: did a variable come out "
    "empty, or was a file cut?"
)


def exceeded(start: str, *lines: str, count: int) -> str:
    return "\n".join([f"{start} Nothing was changed. Access would be lost by:", *lines, ADVICE.format(count)])


@EACH_RELEASE
@pytest.mark.parametrize("diff", [True, False])
@pytest.mark.parametrize(
    ("before", "options", "lines"),
    [
        (["eta", "zeta", "42"], {"consumers": []}, ["delta: 42", "delta: eta", "delta: zeta"]),
        (["eta", "zeta"], {"consumers": ["eta", "zeta", "Gamma"], "state": "absent"}, ["delta: eta", "delta: zeta"]),
        (True, {"consumers": ["eta", "zeta", "Gamma"]}, ["delta: 42", "delta: epsilon"]),
        (True, {"everyone": False}, [f"delta: {name}" for name in EVERYBODY]),
    ],
)
def test_more_than_the_limit_is_refused_before_any_write(
    start: StartSimulator,
    ask: Ask,
    kind: Kind,
    profile: str,
    before: Any,
    options: dict[str, Any],
    lines: list[str],
    diff: bool,
) -> None:
    everyone, count = before is True, len(lines)
    tfe = start(*instance(kind, *([] if everyone else before), everyone=everyone), profile=profile)
    preview = ask(options, check=True, diff=diff)
    for check in (True, False):
        for limit in (count - 1, 0):
            answer = ask(options, check=check, diff=diff, max_revoked=limit)
            assert answer["failed"]
            first = f"{count} consumers of {kind.name} would lose access, and max_revoked is {limit}."
            assert answer["msg"] == exceeded(first, *lines, count=count)
            # What a preview returns, but that anything changed.
            returned = {key: value for key, value in answer.items() if key not in ("failed", "msg", "invocation")}
            assert returned == {key: preview[key] for key in preview if key not in ("changed", "invocation")}
    assert not writes(tfe)
    # As many as the limit is are fine, and once they are gone, nobody is left to lose anything.
    assert ask(options, check=True, max_revoked=count)["changed"]
    assert ask(options, max_revoked=count)["changed"]
    assert not ask(options, max_revoked=0)["changed"]


@EACH_KIND
def test_what_takes_access_from_nobody_passes_any_limit(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    tfe = start(*instance(kind, "eta"))
    steps: list[dict[str, Any]] = [
        {"consumers": ["eta", "zeta"]},
        {"consumers": ["42"], "state": "present"},
        {"everyone": True},
        {"consumers": EVERYBODY, "everyone": False},
    ]
    for options in steps:
        assert ask(options, max_revoked=0)["changed"]
    assert shared(tfe, kind) == EVERYBODY


@EACH_KIND
def test_one_is_not_called_several(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    start(*instance(kind, "eta"))
    answer = ask({"consumers": []}, max_revoked=0)
    first = f"1 consumer of {kind.name} would lose access, and max_revoked is 0."
    assert answer["msg"] == exceeded(first, "delta: eta", count=1)


@EACH_KIND
@pytest.mark.parametrize(("count", "more"), [(20, []), (21, ["and 1 more"]), (250, ["and 230 more"])])
def test_twenty_are_named_and_the_rest_is_counted(
    start: StartSimulator, ask: Ask, kind: Kind, count: int, more: list[str]
) -> None:
    names = [f"team-{i:03}" for i in range(count)]
    start(producer(kind, reversed(names)), *map(Organization, names))
    answer = ask({"consumers": []}, max_revoked=19)
    first = f"{count} consumers of {kind.name} would lose access, and max_revoked is 19."
    lines = [f"delta: {name}" for name in names[:20]]
    assert answer["msg"] == exceeded(first, *lines, *more, count=count)
    # All of them are returned.
    assert revoked(answer) == names


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_the_limit_is_over_the_whole_task(start: StartSimulator, run: RunModule, profile: str, check: bool) -> None:
    tfe = start(
        Organization("delta", module_consumers=("eta", "zeta"), provider_consumers=("eta",)),
        Organization("epsilon", global_modules=True, global_providers=True),
        Organization("theta", provider_consumers=("zeta", "delta")),
        *map(Organization, ("eta", "zeta")),
        profile=profile,
    )
    asked = entry("delta", ["zeta"], []), entry("epsilon", ["eta", "zeta", "theta"], True)
    # A consumer counts once for each producer and kind: eta twice, of delta; theta's are pruned.
    options = {"prune": ["providers"]}
    answer = many(run, *asked, **options, max_revoked=4, check=check)
    first = "5 consumers of modules and providers would lose access, and max_revoked is 4."
    lines = ["delta: eta (modules)", "delta: eta (providers)", "epsilon: delta (modules)"]
    lines += ["theta: delta (providers)", "theta: zeta (providers)"]
    assert answer["msg"] == exceeded(first, *lines, count=5)
    assert (answer["pruned"], "changed" in answer) == (["theta"], False)
    assert {it["organization"] for it in answer["before"]} == {"delta", "epsilon", "theta"}
    assert not writes(tfe)
    assert many(run, *asked, **options, max_revoked=5, check=check)["changed"]


def test_where_one_kind_alone_is_lost_no_line_says_which(start: StartSimulator, run: RunModule) -> None:
    start(Organization("delta", module_consumers=("eta",)), *map(Organization, ("eta", "zeta")))
    answer = many(run, entry("delta", [], ["zeta"]), max_revoked=0)
    first = "1 consumer of modules would lose access, and max_revoked is 0."
    assert answer["msg"] == exceeded(first, "delta: eta", count=1)


@EACH_KIND
@pytest.mark.parametrize("limit", [-1, -20])
def test_a_limit_below_nobody_costs_no_request(start: StartSimulator, ask: Ask, kind: Kind, limit: int) -> None:
    tfe = start(*instance(kind, "eta"))
    answer = ask({"consumers": ["eta"]}, max_revoked=limit)
    assert answer["msg"] == f"max_revoked must be 0 or more, not {limit}."
    assert not tfe.requests


@EACH_KIND
def test_a_blank_limit_is_refused_and_not_none(start: StartSimulator, ask: Ask, kind: Kind) -> None:
    """A variable that came out empty must not lift it."""
    tfe = start(*instance(kind, "eta"))
    for blank in ("", " ", "unlimited"):
        answer = ask({"consumers": []}, max_revoked=blank)
        assert "max_revoked" in answer["msg"]
    assert not tfe.requests
    assert ask({"consumers": []}, max_revoked=None)["changed"]


# The slips that a limit is for.


@EACH_RELEASE
def test_a_variable_that_came_out_empty_takes_nothing(
    start: StartSimulator, ask: Ask, kind: Kind, profile: str
) -> None:
    names = [f"team-{i:02}" for i in range(39)]
    tfe = start(producer(kind, names), *map(Organization, names), profile=profile)
    assert "39 consumers" in ask({"consumers": []}, max_revoked=20)["msg"]
    assert shared(tfe, kind) == names


def test_a_file_that_was_cut_in_half_takes_nothing(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(30)]
    tfe = start(
        Organization("delta", module_consumers=("team-00",)),
        Organization("epsilon", global_modules=True),
        *map(Organization, names),
    )
    answer = many(run, entry("delta", ["team-00"]), prune=["modules"], max_revoked=20)
    assert "31 consumers of modules would lose access" in answer["msg"]
    assert tfe.sharing("epsilon").global_modules


def test_the_end_of_global_sharing_takes_nothing_although_nobody_is_removed(
    start: StartSimulator, run: RunModule
) -> None:
    names = [f"team-{i:02}" for i in range(58)]
    tfe = start(Organization("delta", global_modules=True), *map(Organization, names))
    answer = many(run, entry("delta", False), max_revoked=20)
    assert ([it["removed"] for it in answer["changes"]], len(answer["changes"][0]["revoked"])) == ([[]], 58)
    assert tfe.sharing("delta").global_modules
