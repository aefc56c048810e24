# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other people and odd servers do at the moment that hurts most: no wrong write, and no "ok" that is none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.writing import Writers
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Exchange, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import (
    ORGANIZATIONS,
    PROFILES,
    RunModule,
    StartSimulator,
)

DELTA = "/api/v2/admin/organizations/delta"
E7 = "/api/v2/admin/organizations"
MANY = "tfe_registry_sharing"
INFO = "tfe_registry_sharing_info"
PRESENT = {"organization": "delta", "consumers": ["eta"], "state": "present"}
"""A task for one producer; ``Kind.entry`` makes an entry for one of many of it."""


class Kind(NamedTuple):
    """What of a registry is shared: how a task, an entry and the simulator call it."""

    name: Any
    one: str

    @property
    def list(self) -> str:
        return f"{self.one}_consumers"

    @property
    def flag(self) -> str:
        return f"global_{self.one}_sharing"

    @property
    def path(self) -> str:
        return f"{DELTA}/relationships/{self.one}-consumers"

    def run(self, run: RunModule, task: dict[str, Any], **settings: Any) -> dict[str, Any]:
        return run(
            {self.flag if key == "flag" else key: task[key] for key in task}, module=f"tfe_{self.list}", **settings
        )

    def entry(self, task: dict[str, Any]) -> dict[str, Any]:
        names = {"consumers": self.list, "flag": self.flag}
        return {names.get(key, key): value for key, value in task.items()}

    def names(self, tfe: Simulator, organization: str = "delta") -> tuple[str, ...]:
        """Who the consumers are."""
        found: tuple[str, ...] = getattr(tfe.sharing(organization), self.list)
        return found

    def is_global(self, tfe: Simulator, organization: str = "delta") -> bool:
        return bool(getattr(tfe.sharing(organization), f"global_{self.name}"))

    def of(self, organization: str, *consumers: str, everyone: bool = False, **settings: Any) -> Organization:
        """An organization that shares this kind so."""
        return Organization(organization, **{self.list: consumers, f"global_{self.name}": everyone, **settings})


MODULES, PROVIDERS = Kind("modules", "module"), Kind("providers", "provider")
KINDS = (MODULES, PROVIDERS)
PROFILES_OF = [(MODULES, profile) for profile in PROFILES] + [(PROVIDERS, profile) for profile in PROFILES[2:]]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=["modules", "providers"])
each_kind_and_profile = pytest.mark.parametrize(
    ("kind", "profile"), PROFILES_OF, ids=[f"{kind.name}-{profile}" for kind, profile in PROFILES_OF]
)


class Writer(NamedTuple):
    """A way to write a list, and the request that it takes."""

    kind: Kind
    behaviour: Behaviour
    method: str
    path: str

    def fault(self, what: str, **details: Any) -> Fault:
        return Fault(what, self.method, self.path, **details)  # type: ignore[arg-type]


PUT_ONLY = Behaviour(legacy_write="404", relationship_write="410")
BY_ID = Writer(MODULES, Behaviour(), "PATCH", "delta/module-consumers$")
BY_NAME = Writer(MODULES, Behaviour(legacy_write="404"), "PATCH", "relationships/module-consumers$")
BY_PUT = Writer(MODULES, PUT_ONLY, "PUT", "registry-partnerships$")
OF_PROVIDERS = Writer(PROVIDERS, Behaviour(), "PUT", "registry-partnerships$")
WRITERS = [BY_ID, BY_NAME, BY_PUT, OF_PROVIDERS]
WRITER_NAMES = {id(it): name for it, name in zip(WRITERS, ("ids", "names", "put", "providers"))}


def each_writer(*writers: Writer) -> pytest.MarkDecorator:
    chosen = writers or tuple(WRITERS)
    return pytest.mark.parametrize("writer", chosen, ids=[WRITER_NAMES[id(it)] for it in chosen])


def instance(*consumers: str, kind: Kind = MODULES, **settings: Any) -> list[Organization]:
    return [kind.of("delta", *consumers, **settings), *ORGANIZATIONS[1:]]


def writes(tfe: Simulator) -> list[Exchange]:
    return [request for request in tfe.requests if request.method != "GET"]


def share(tfe: Simulator, name: str, *consumers: str, everyone: bool = False, kind: Kind = MODULES) -> None:
    """Somebody else's change."""
    record = tfe._record(name)
    if everyone:
        tfe._state.share_with_everyone(record, kind.name, everyone=True)
    else:
        found = [tfe._record(consumer) for consumer in consumers]
        tfe._state.share_with(record, kind.name, found, keep_everyone=False)


def close(tfe: Simulator, kind: Kind) -> None:
    """Somebody else ends global sharing of delta."""
    tfe._state.share_with_everyone(tfe._record("delta"), kind.name, everyone=False)


def take_name(tfe: Simulator, name: str, **settings: Any) -> None:
    """The organization is renamed, and another one takes its name."""
    tfe.rename(name, f"{name}-before")
    tfe.add(Organization(name, external_id=f"org-{'S' * 16}", **settings))


def remove_and_take_name(tfe: Simulator, name: str) -> None:
    tfe.remove(name)
    tfe.add(Organization(name, external_id=f"org-{'S' * 16}"))


def many(run: RunModule, *producers: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run({"producers": list(producers), **options}, module=MANY, diff=True)


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
@each_kind_and_profile
def test_a_list_that_is_cut_is_never_written_back(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, kind: Kind, profile: str
) -> None:
    teams = [f"team-{number:03}" for number in range(75)]
    tfe = start(*instance(*teams, kind=kind), *map(Organization, teams), behaviour=behaviour, profile=profile)
    answer = kind.run(run, PRESENT)
    if answer.get("failed"):
        assert "does not give a complete list" in answer["msg"]
        assert not writes(tfe)
    else:
        assert len(answer["consumers"]) == 76
        assert kind.names(tfe) == (*sorted(["eta", *teams]),)
    told_wrongly = behaviour.total_count == "page" or behaviour.page_parameter == "ignored"
    assert answer.get("failed", False) == (told_wrongly and profile != "202012-1")


@pytest.mark.parametrize("behaviour", ODD_PAGES)
def test_a_list_that_is_cut_is_not_sent_back_with_the_other_kind_either(
    start: StartSimulator, run: RunModule, behaviour: Behaviour
) -> None:
    teams = [f"team-{number:03}" for number in range(75)]
    for writer in (BY_PUT, OF_PROVIDERS):
        [other] = [kind for kind in KINDS if kind != writer.kind]
        fields = {**vars(behaviour), "legacy_write": writer.behaviour.legacy_write}
        odd = Behaviour(**{**fields, "relationship_write": writer.behaviour.relationship_write})
        tfe = start(*instance(*teams, kind=other), *map(Organization, teams), behaviour=odd)
        answer = writer.kind.run(run, PRESENT)
        assert other.names(tfe) == (*teams,)
        if answer.get("failed"):
            assert "does not give a complete list" in answer["msg"]
            assert not answer["changed"]
            assert not [request for request in tfe.requests if request.method == "PUT"]
        else:
            assert writer.kind.names(tfe) == ("eta",)
        assert answer.get("failed", False) == (behaviour.total_count == "page" or behaviour.page_parameter == "ignored")


@pytest.mark.parametrize("behaviour", ODD_PAGES)
@each_kind_and_profile
def test_nobody_who_shares_is_forgotten_by_prune(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, kind: Kind, profile: str
) -> None:
    sharers = [kind.of(f"team-{number:03}", "eta") for number in range(60)]
    tfe = start(Organization("eta"), *sharers, behaviour=behaviour, profile=profile)
    answer = many(run, {"organization": "eta", kind.list: []}, prune=[kind.name])
    if answer.get("failed"):
        assert "does not give a complete list" in answer["msg"]
        assert not writes(tfe)
    else:
        assert len(answer["pruned"]) == 60
        assert not any(kind.names(tfe, it.name) for it in sharers)


# One producer, one name.


@pytest.mark.parametrize("ids_in_path", [True, False])
@pytest.mark.parametrize("check", [True, False])
@each_kind
def test_an_external_id_is_no_name_of_a_producer(
    start: StartSimulator, run: RunModule, ids_in_path: bool, check: bool, kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind), behaviour=Behaviour(ids_in_path=ids_in_path))
    own = tfe.external_id("delta")
    answers = [
        kind.run(run, {"organization": own, "consumers": ["eta"]}, check=check),
        run({"producers": [{"organization": own, kind.list: ["eta"]}]}, module=MANY, check=check),
        run({"organization": own}, module=INFO),
    ]
    for answer in answers:
        assert "is the external id of 'delta', and here the name is needed" in answer["msg"]
    assert not writes(tfe)


@each_kind
def test_a_consumer_may_be_given_by_any_id_also_where_paths_take_ids(
    start: StartSimulator, run: RunModule, kind: Kind
) -> None:
    organizations = Organization("eta", external_id="any-id"), Organization("delta")
    tfe = start(*organizations, behaviour=Behaviour(ids_in_path=True), contract=False)
    assert kind.run(run, {"organization": "delta", "consumers": ["any-id"]})["consumers"] == ["eta"]
    assert kind.names(tfe) == ("eta",)


@each_kind_and_profile
def test_a_server_that_knows_one_spelling_is_asked_with_it(
    start: StartSimulator, run: RunModule, kind: Kind, profile: str
) -> None:
    tfe = start(*instance("zeta", kind=kind), behaviour=Behaviour(case_sensitive_names=True), profile=profile)
    task = {"organization": "DELTA", "consumers": ["gamma", "ZETA"]}
    answer = kind.run(run, task)
    assert (answer["changed"], answer["organization"]["name"]) == (True, "delta")
    assert kind.names(tfe) == ("Gamma", "zeta")
    assert not kind.run(run, task)["changed"]
    assert not many(run, kind.entry(task))["changed"]
    assert run({"organization": "DELTA"}, module=INFO)["producers"][0][kind.list] == ["Gamma", "zeta"]


@pytest.mark.parametrize("ids", [True, False])
@each_writer()
def test_of_two_names_that_differ_in_case_alone_the_exact_one_is_meant(
    start: StartSimulator, run: RunModule, ids: bool, writer: Writer
) -> None:
    kind = writer.kind
    fields = {**vars(writer.behaviour), "case_sensitive_names": True, "case_sensitive_bodies": True}
    behaviour = Behaviour(**{**fields, "without_external_ids": not ids})
    tfe = start(*instance("Eta", kind=kind), Organization("Eta"), Organization("DELTA"), behaviour=behaviour)
    task = {**PRESENT, "consumers": ["Eta", "eta"]}
    answer = kind.run(run, task)
    assert (answer["changed"], answer["added"]) == (True, ["eta"])
    assert kind.names(tfe) == ("Eta", "eta")
    assert kind.names(tfe, "DELTA") == ()
    assert not kind.run(run, task)["changed"]
    assert kind.run(run, {**PRESENT, "consumers": ["Eta"], "state": "absent"})["removed"] == ["Eta"]
    assert kind.names(tfe) == ("eta",)
    share(tfe, "delta", "zeta", kind=kind)
    for task in ({**PRESENT, "consumers": ["EtA"]}, {**PRESENT, "organization": "Delta"}):
        assert "which differ in case alone: spell it exactly" in kind.run(run, task)["msg"]
    assert kind.names(tfe) == ("zeta",)


@each_kind
def test_both_of_two_such_producers_are_pruned_or_listed(start: StartSimulator, run: RunModule, kind: Kind) -> None:
    behaviour = Behaviour(case_sensitive_names=True)
    both = [kind.of(name, "zeta") for name in ("team", "Team", "TEAM")]
    tfe = start(*both, Organization("zeta"), behaviour=behaviour)
    producers = [{"organization": name, kind.list: ["zeta"]} for name in ("team", "Team")]
    assert many(run, *producers, prune=[kind.name])["pruned"] == ["TEAM"]
    assert "this producer is there twice" in many(run, producers[0], producers[0], prune=[kind.name])["msg"]
    found = run({"consumer": "zeta"}, module=INFO)["producers"]
    assert [it["organization"] for it in found] == ["Team", "team"]
    assert kind.names(tfe, "TEAM") == ()


@each_kind
def test_a_name_with_a_space_may_leave(start: StartSimulator, run: RunModule, kind: Kind) -> None:
    tfe = start(*instance("zeta", "eta", kind=kind))
    items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "my team")]
    tfe.order(Fault("not_json_api", path=kind.path, body={"data": items, "meta": {"pagination": {"total-count": 2}}}))
    task = {"organization": "delta", "consumers": ["my team"], "state": "absent"}
    assert kind.run(run, task, check=True)["removed"] == ["my team"]
    assert not kind.run(run, task)["changed"], "it is absent then"


@pytest.mark.parametrize("element", ["00000000-0000-4000-8000-000000000000", "org-2222222222222222"])
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
@each_kind
def test_an_id_is_no_use_where_the_server_tells_none(
    start: StartSimulator, run: RunModule, element: str, state: str, kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind), behaviour=Behaviour(without_external_ids=True))
    answer = kind.run(run, {"organization": "delta", "consumers": [element], "state": state})
    assert ("does not tell external ids" if state != "absent" else "Use names instead of external ids") in answer["msg"]
    assert not writes(tfe)


@pytest.mark.parametrize("behaviour", [Behaviour(without_relationships=True), Behaviour()])
@each_kind
def test_a_document_without_relationships_does_not_hint_at_the_oldest_list(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind), behaviour=behaviour)
    assert not kind.run(run, {"organization": "delta", "consumers": ["zeta"]})["changed"]
    assert [request.path for request in tfe.requests] == [DELTA, kind.path]


# Identity.


@each_writer()
@pytest.mark.parametrize("task", [PRESENT, {"organization": "delta", "flag": True}])
def test_a_producer_whose_name_was_taken_is_told_and_never_ok(
    start: StartSimulator, run: RunModule, writer: Writer, task: dict[str, Any]
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    old = tfe.external_id("delta")
    path = "/eta$" if "consumers" in task else "delta$"
    method = "GET" if "consumers" in task else "PATCH"
    tfe.order(Fault("between", method=method, path=path, call=lambda: take_name(tfe, "delta")))
    answer = kind.run(run, task)
    assert answer["failed"]
    assert f"its external id is org-{'S' * 16}, and was {old} when the task began" in answer["msg"]
    assert kind.names(tfe, "delta-before") == ("zeta",)
    if "consumers" in task and writer is not BY_ID:  # by name, it was looked at once more
        assert "delta has changed meanwhile, run again. " in answer["msg"]
        assert not answer["changed"]
        assert kind.names(tfe) == ()
    else:
        assert f"look at who may use the {kind.name} of delta." in answer["msg"]
        assert answer["changed"]
        assert answer["consumers"] is None


@each_writer(BY_ID, BY_NAME, BY_PUT)
@pytest.mark.parametrize("how", [take_name, remove_and_take_name])
def test_a_consumer_whose_name_was_taken_gets_nothing(
    start: StartSimulator, run: RunModule, writer: Writer, how: Callable[..., None]
) -> None:
    tfe = start(*instance("zeta"), behaviour=writer.behaviour)
    wanted = tfe.external_id("eta")
    tfe.order(Fault("between", method="PATCH", path="module-consumers$", call=lambda: how(tfe, "eta")))
    answer = run({"organization": "delta", "consumers": ["zeta", wanted]})
    assert "eta" not in tfe.sharing("delta").module_consumers
    if how is take_name and writer is BY_ID:  # ids were written: it is the right one, under its new name
        assert answer["consumers"] == ["eta-before", "zeta"]
    else:
        assert answer["failed"]
        assert not answer["changed"]
        assert tfe.sharing("delta").module_consumers == ("zeta",)


@each_writer(BY_NAME, BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("state", ["exact", "present"])
def test_a_stranger_among_the_consumers_is_told_as_such(
    start: StartSimulator, run: RunModule, writer: Writer, state: str
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    tfe.order(writer.fault("between", call=lambda: remove_and_take_name(tfe, "eta")))
    answer = kind.run(run, {"organization": "delta", "consumers": ["zeta", "eta"], "state": state})
    assert f"eta is another organization now, and may use the {kind.name}" in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["eta", "zeta"])


@each_writer(BY_PUT, OF_PROVIDERS)
def test_a_stranger_among_the_consumers_of_the_other_kind_is_told_too(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=other), behaviour=writer.behaviour)
    tfe.order(writer.fault("between", call=lambda: remove_and_take_name(tfe, "zeta")))
    answer = writer.kind.run(run, PRESENT)
    assert f"changed who may use the {other.name} of delta too: added: zeta; removed: zeta." in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["eta"])


@each_writer(BY_NAME, BY_PUT, OF_PROVIDERS)
def test_the_name_of_a_listed_consumer_that_was_taken_is_not_written(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    # Right before the look that comes before the write.
    tfe.order(Fault("between", method="GET", path="delta$", nth=2, call=lambda: take_name(tfe, "zeta")))
    answer = many(run, kind.entry(PRESENT))
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert "renamed: zeta, zeta-before" in answer["msg"]
    assert kind.names(tfe) == ("zeta-before",)


@each_writer(BY_PUT, OF_PROVIDERS)
def test_what_put_broke_is_told_of_this_producer_and_with_the_refusal(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    [other] = [kind for kind in KINDS if kind != writer.kind]
    organizations = instance("zeta", kind=writer.kind, **{other.list: ("42", "eta")})
    tfe = start(*organizations, behaviour=writer.behaviour)
    tfe.order(Fault("between", method="PUT", call=partial(share, tfe, "delta", "42", kind=other)))
    tfe.order(Fault("status", "PUT", status=422))
    answer = writer.kind.run(run, {"organization": "delta", "consumers": ["eta"]})
    assert f"PUT {tfe.address}{DELTA}/registry-partnerships answered 422 " in answer["msg"]
    assert f"changed who may use the {other.name} of delta too: removed: eta. It was: 42, eta." in answer["msg"]
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


@each_kind_and_profile
@each_writer(BY_ID, BY_NAME)
@pytest.mark.parametrize(
    "task",
    [
        {"consumers": []},
        {"flag": False},
        {"consumers": [], "state": "present", "flag": False},
        "prune",
    ],
)
def test_an_old_list_that_comes_back_is_emptied(
    start: StartSimulator, run: RunModule, kind: Kind, profile: str, writer: Writer, task: Any
) -> None:
    if profile == "202012-1" and writer is BY_NAME:
        return  # it has no other writer
    behaviour = Behaviour(**{**vars(writer.behaviour), "global_keeps_list": True})
    tfe = start(*instance("zeta", "eta", kind=kind), behaviour=behaviour, profile=profile)
    share(tfe, "delta", everyone=True, kind=kind)
    if task == "prune":
        answer = many(run, prune=[kind.name], prune_all=[kind.name])
        assert answer["pruned"] == ["delta"]
    else:
        answer = kind.run(run, {"organization": "delta", **task})
        assert (answer["consumers"], answer[kind.flag]) == ([], False)
    assert answer["changed"]
    assert (kind.is_global(tfe), kind.names(tfe)) == (False, ())


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", [401, 403, 422, 503, "confirm"])
@pytest.mark.parametrize("task", [{"consumers": []}, {"flag": False}])
@each_kind
def test_an_old_list_that_cannot_be_emptied_is_told_and_returned(
    start: StartSimulator, run: RunModule, fault: Any, task: dict[str, Any], kind: Kind
) -> None:
    behaviour = Behaviour(global_keeps_list=True, legacy_write="404" if fault == "confirm" else "alive")
    tfe = start(*instance("zeta", "eta", kind=kind), behaviour=behaviour)
    share(tfe, "delta", everyone=True, kind=kind)
    if fault == "confirm":  # the look at the name, when names take the place of ids, or what PUT replaces
        tfe.order(Fault("status", "GET", "delta$", nth=2, status=503, times=0))
    else:
        writer = BY_ID if kind is MODULES else OF_PROVIDERS
        tfe.order(writer.fault("status", status=fault, times=0))
    answer = kind.run(run, {"organization": "delta", **task, "tfe_max_retries": 1})
    assert kind.names(tfe) == ("eta", "zeta")
    assert not kind.is_global(tfe)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "othing" not in answer["msg"]
    assert "has changed meanwhile" not in answer["msg"]
    if fault != "confirm":
        assert (answer["consumers"], answer[kind.flag]) == (["eta", "zeta"], False)
        assert "left over: eta, zeta" in answer["msg"]


@pytest.mark.usefixtures("clock")
@each_writer(BY_ID, OF_PROVIDERS)
def test_an_old_list_is_emptied_after_a_wait_for_the_rate_limit(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=Behaviour(global_keeps_list=True))
    share(tfe, "delta", everyone=True, kind=kind)
    tfe.order(writer.fault("status", **LIMITED))
    answer = kind.run(run, {"organization": "delta", "consumers": []})
    assert (answer["changed"], answer["consumers"], kind.names(tfe)) == (True, [], ())


def test_an_old_list_of_providers_is_not_emptied_where_modules_are_global(
    start: StartSimulator, run: RunModule
) -> None:
    """Only the list shows that PUT is needed: by then the flag is off, and that is told."""
    tfe = start(*instance("zeta", kind=PROVIDERS, global_modules=True), behaviour=Behaviour(global_keeps_list=True))
    share(tfe, "delta", everyone=True, kind=PROVIDERS)
    answer = PROVIDERS.run(run, {"organization": "delta", "flag": False})
    assert "delta shares its modules with every organization, and the request that writes" in answer["msg"]
    assert "So ask for both in one entry of tfe_registry_sharing" in answer["msg"]
    assert "left over: zeta" in answer["msg"]
    assert "othing" not in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["zeta"])
    assert MODULES.is_global(tfe)
    assert not [request for request in tfe.requests if request.method == "PUT"]


# PUT, and the other kind beside it.


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("fault", [{"status": 422}, {"status": 503}])
def test_providers_that_somebody_closed_are_not_opened_where_put_was_not_applied(
    start: StartSimulator, run: RunModule, fault: dict[str, Any]
) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("between", method="PUT", call=partial(close, tfe, PROVIDERS)), Fault("status", "PUT", **fault))
    answer = run({"organization": "delta", "consumers": ["eta"], "tfe_max_retries": 0})
    assert (
        "changed who may use the providers of delta too: global provider sharing is off now. It was:" in answer["msg"]
    )
    assert not tfe.sharing("delta").global_providers
    assert answer["changed"], "something of delta may have been changed"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("fault", [{"status": 422}, {"status": 503}])
def test_modules_that_somebody_closed_are_not_opened_where_put_was_not_applied(
    start: StartSimulator, run: RunModule, fault: dict[str, Any]
) -> None:
    tfe = start(*instance("zeta", kind=PROVIDERS, global_modules=True))
    tfe.order(Fault("between", method="PUT", call=partial(close, tfe, MODULES)), Fault("status", "PUT", **fault))
    entry = {"organization": "delta", "provider_consumers": ["eta"], "global_module_sharing": True}
    answer = many(run, entry, tfe_max_retries=0)
    assert "changed who may use the modules of delta too: global module sharing is off now. It was:" in answer["msg"]
    assert not tfe.sharing("delta").global_modules
    [change] = answer["changes"]
    assert (change["kind"], change["everybody_before"], change["everybody_after"]) == ("modules", True, False)


@pytest.mark.usefixtures("clock")
def test_providers_that_somebody_closed_during_a_wait_stay_closed(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    # The task, the name instead of the id, and the look before PUT.
    tfe.order(Fault("status", "GET", "relationships/module-consumers$", nth=2, **LIMITED))
    tfe.order(Fault("between", method="GET", path="delta$", nth=4, call=partial(close, tfe, PROVIDERS)))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "failed" not in answer
    assert (tfe.sharing("delta").module_consumers, tfe.sharing("delta").global_providers) == (("eta",), False)


def test_put_does_not_go_to_a_stranger(start: StartSimulator, run: RunModule) -> None:
    for writer in (BY_PUT, OF_PROVIDERS):
        tfe = start(*instance("zeta", kind=writer.kind), behaviour=writer.behaviour)
        [other] = [kind for kind in KINDS if kind != writer.kind]
        settings: dict[str, Any] = {f"global_{other.name}": True}
        order: dict[str, Any] = {"method": "PATCH", "path": "relationships/module-consumers$"}
        if writer is OF_PROVIDERS:
            order = {"method": "GET", "path": "/eta$"}
        tfe.order(Fault("between", call=partial(take_name, tfe, "delta", **settings), **order))
        answer = writer.kind.run(run, {"organization": "delta", "consumers": ["eta"]})
        assert "delta has changed meanwhile, run again." in answer["msg"]
        assert answer["msg"].endswith("Nothing of delta was changed.")
        assert not [request for request in tfe.requests if request.method == "PUT"]
        assert (writer.kind.names(tfe), other.is_global(tfe)) == ((), True)


def test_the_providers_of_a_stranger_are_not_opened(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", global_providers=True), behaviour=PUT_ONLY)
    tfe.order(Fault("between", method="GET", path="delta$", nth=4, call=lambda: take_name(tfe, "delta")))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "belongs to another organization now" in answer["msg"]
    assert "look at who may use the modules and the providers of delta." in answer["msg"]
    assert not tfe.sharing("delta").global_providers


BOTH = {"organization": "delta", "provider_consumers": ["eta"], "global_module_sharing": True}
"""The one way to write a list of providers while everybody may use the modules."""


@pytest.mark.parametrize("path", ["provider-consumers$", "/eta$"])
@pytest.mark.parametrize("before", [(), ("42",)])
def test_modules_that_somebody_opens_before_put_stay_open(
    start: StartSimulator, run: RunModule, path: str, before: tuple[str, ...]
) -> None:
    """While the list is read, and while names are looked up."""
    tfe = start(*instance("zeta", kind=PROVIDERS, module_consumers=before))
    tfe.order(Fault("between", "GET", path, call=partial(share, tfe, "delta", everyone=True)))
    answer = PROVIDERS.run(run, PRESENT)
    assert "delta shares its modules with every organization, and the request that writes" in answer["msg"]
    assert "So ask for both in one entry of tfe_registry_sharing" in answer["msg"]
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert not answer["changed"]
    assert not writes(tfe)
    assert (MODULES.is_global(tfe), PROVIDERS.names(tfe)) == (True, ("zeta",))


def test_modules_that_somebody_opens_before_the_turn_of_a_producer_stay_open(
    start: StartSimulator, run: RunModule
) -> None:
    for prune in (False, True):
        tfe = start(*instance("zeta", kind=PROVIDERS, module_consumers=("42",)), PROVIDERS.of("theta", "zeta"))
        entries = [{"organization": "theta", "provider_consumers": ["eta"]}]
        entries += [] if prune else [{"organization": "delta", "provider_consumers": ["eta"]}]
        options: dict[str, Any] = {"prune": ["providers"]} if prune else {}
        # Only the look right before the write reads the document of delta.
        tfe.order(Fault("between", "GET", "delta$", call=partial(share, tfe, "delta", everyone=True)))
        answer = many(run, *entries, **options)
        assert "1 of 2 producers did not come" in answer["msg"]
        assert "delta shares its modules with every organization, and the request that writes" in answer["msg"]
        assert answer["msg"].endswith("Nothing of delta was changed.")
        assert [it["organization"] for it in answer["changes"]] == ["theta"]
        assert {request.path for request in writes(tfe)} == {f"{E7}/theta/registry-partnerships"}
        assert (MODULES.is_global(tfe), PROVIDERS.names(tfe)) == (True, ("zeta",))
        assert PROVIDERS.names(tfe, "theta") == ("eta",)


def test_what_is_missing_is_told_of_which_kind_where_a_task_is_about_both(
    start: StartSimulator, run: RunModule
) -> None:
    tfe = start(*instance("zeta", provider_consumers=("zeta",)), behaviour=Behaviour(write_drops="eta"))
    entry = {"organization": "delta", "module_consumers": ["42", "eta"], "provider_consumers": ["eta"]}
    told = "is not what was asked for: missing module consumers: eta; missing provider consumers: eta."
    assert told in many(run, entry)["msg"]
    assert tfe.sharing("delta").module_consumers == ("42",)


@each_writer(BY_PUT, OF_PROVIDERS)
def test_the_other_kind_that_somebody_opens_between_its_flag_and_its_list_stays_open(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    """Its list is empty then, and would be sent back so."""
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind), behaviour=writer.behaviour)
    change = partial(share, tfe, "delta", everyone=True, kind=other)
    tfe.order(Fault("between", "GET", f"relationships/{other.one}-consumers$", call=change))
    answer = many(run, writer.kind.entry(PRESENT))
    assert other.is_global(tfe)
    if writer is BY_PUT:
        assert answer["producers"][0]["module_consumers"] == ["eta", "zeta"]
    else:
        assert "delta shares its modules with every organization, and the request that writes" in answer["msg"]
        assert not writes(tfe)


@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("is_global", [False, True])
def test_the_other_kind_that_somebody_changed_before_put_is_sent_back_as_it_is_then(
    start: StartSimulator, run: RunModule, writer: Writer, is_global: bool
) -> None:
    if is_global and writer is OF_PROVIDERS:
        return  # it is refused, see above
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42", "eta")}), behaviour=writer.behaviour)
    now = () if is_global else ("42", "Gamma")
    change = partial(share, tfe, "delta", *now, everyone=is_global, kind=other)
    tfe.order(Fault("between", "GET", "organizations/eta$", call=change))
    answer = writer.kind.run(run, PRESENT)
    assert (answer["changed"], answer["consumers"]) == (True, ["eta", "zeta"])
    assert (other.names(tfe), other.is_global(tfe)) == ((tuple(sorted(now))), is_global)


@each_writer(BY_PUT, OF_PROVIDERS)
def test_the_other_kind_that_somebody_changes_after_put_is_told(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    """Nobody can tell whether it was the write that did it."""
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42", "eta")}), behaviour=writer.behaviour)
    change = partial(share, tfe, "delta", "42", "Gamma", kind=other)
    tfe.order(writer.fault("between", call=lambda: tfe.order(Fault("between", "GET", "delta$", call=change))))
    answer = writer.kind.run(run, PRESENT)
    assert answer["msg"].startswith(
        f"PUT registry-partnerships, or somebody else meanwhile, changed who may use the {other.name} of delta too: "
        "added: Gamma; removed: eta. It was: 42, eta."
    )
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, ["eta", "zeta"])
    assert other.names(tfe) == ("42", "Gamma")


@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.usefixtures("no_waits")
def test_a_put_whose_answer_was_lost_is_settled_by_reading_both_kinds(
    start: StartSimulator, run: RunModule, writer: Writer, applied: bool
) -> None:
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42",)}), behaviour=writer.behaviour)
    tfe.order(Fault("status", "PUT", status=502, after_effect=applied))
    answer = writer.kind.run(run, PRESENT)
    assert (answer["changed"], answer["added"], answer["consumers"]) == (True, ["eta"], ["eta", "zeta"])
    assert (writer.kind.names(tfe), other.names(tfe)) == (("eta", "zeta"), ("42",))
    assert len([request for request in tfe.requests if request.method == "PUT"]) == 2 - applied


def global_beside(writer: Writer) -> tuple[list[Organization], dict[str, Any], Kind]:
    """Delta, whose other kind everybody may use; an entry for one of many producers; that other kind."""
    [other] = [kind for kind in KINDS if kind != writer.kind]
    organizations = instance("zeta", kind=writer.kind, **{f"global_{other.name}": True})
    entry: dict[str, Any] = {"organization": "delta", writer.kind.list: ["eta"]}
    return organizations, {**entry, **({other.flag: True} if writer is OF_PROVIDERS else {})}, other


@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("ends", ["always", "filled", "never", "both"])
def test_global_sharing_that_put_ends_is_on_again(
    start: StartSimulator, run: RunModule, writer: Writer, ends: Any
) -> None:
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=Behaviour(**{**vars(writer.behaviour), "put_ends_global": ends}))
    answer = many(run, entry)
    assert "failed" not in answer
    assert [(it["kind"], it["added"], it["removed"]) for it in answer["changes"]] == [
        (writer.kind.name, ["eta"], ["zeta"])
    ]
    assert (writer.kind.names(tfe), other.is_global(tfe)) == (("eta",), True)
    repairs = [request for request in tfe.requests if request.method == "PATCH" and request.path == DELTA]
    assert len(repairs) == (ends in ("always", "both"))
    assert not many(run, entry)["changed"]


@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("fault", [401, 403, 404, 409, 422, 503, "reset", "sign_in"])
@pytest.mark.usefixtures("no_waits")
def test_global_sharing_that_put_ended_and_that_cannot_be_restored_is_told(
    start: StartSimulator, run: RunModule, writer: Writer, fault: Any
) -> None:
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=writer.behaviour)
    order: dict[str, Any] = {"kind": fault} if isinstance(fault, str) else {"kind": "status", "status": fault}
    tfe.order(Fault(**order, method="PATCH", path="delta$", times=0))
    answer = many(run, entry, tfe_max_retries=1)
    assert not other.is_global(tfe)
    assert (
        f"PUT registry-partnerships, or somebody else meanwhile, changed who may use the {other.name} of delta too: "
        f"global {other.one} sharing is off now. It was: everybody. Set that right in TFE's admin pages, or by a task "
        f"with {other.flag}: true."
    ) in answer["msg"]
    assert "as it was before" not in answer["msg"]
    assert "othing" not in answer["msg"]
    [producer] = answer["producers"]
    assert (producer["failed"], producer["changed"], producer[writer.kind.list]) == (True, True, ["eta"])
    assert [(it["kind"], it["everybody_before"], it["everybody_after"]) for it in answer["changes"]] == sorted(
        [(writer.kind.name, False, False), (other.name, True, False)]
    )
    everybody_else = sorted(it.name for it in ORGANIZATIONS[1:])
    revoked = {it["kind"]: it["revoked"] for it in answer["changes"]}
    assert revoked == {writer.kind.name: ["zeta"], other.name: everybody_else}
    [before] = answer["before"]
    assert (before[writer.kind.list], before[other.flag], before[other.list]) == (["zeta"], True, None)


@each_writer(BY_PUT, OF_PROVIDERS)
def test_global_sharing_that_put_ended_is_on_again_although_the_list_is_not_as_asked(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=writer.behaviour)
    change = partial(share, tfe, "delta", "eta", "42", kind=writer.kind)
    tfe.order(writer.fault("between", call=lambda: tfe.order(Fault("between", "GET", "delta$", call=change))))
    answer = many(run, entry)
    assert "The server accepted the write. Read again, the sharing of delta is not what was asked" in answer["msg"]
    assert re.search("left over( provider consumers)?: 42[.]", answer["msg"])
    assert other.name not in answer["msg"].partition("left over")[2]
    assert other.is_global(tfe)
    assert [it["kind"] for it in answer["changes"]] == [writer.kind.name]


@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("status", [401, 403])
def test_what_put_left_unseen_is_told_with_what_was_there(
    start: StartSimulator, run: RunModule, writer: Writer, status: int
) -> None:
    """A token that ends, or loses its rights, between the write and the look at it."""
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=writer.behaviour)
    late = Fault("status", "GET", "delta$", status=status, times=0)
    tfe.order(writer.fault("between", call=lambda: tfe.order(late)))
    answer = many(run, entry)
    assert "The write may have been applied: what delta shares now is not known" in answer["msg"]
    assert answer["msg"].endswith(
        f"PUT registry-partnerships may have changed who may use the {other.name} of delta too. It was: everybody. Set "
        f"that right in TFE's admin pages, or by a task with {other.flag}: true."
    )
    assert [(it["kind"], it["everybody_after"]) for it in answer["changes"]] == [("modules", None), ("providers", None)]
    [before] = answer["before"]
    assert (before[writer.kind.list], before[other.flag]) == (["zeta"], True)


def lose_the_lock(tmp_path: Path) -> None:
    for path in tmp_path.rglob("sharing.lock"):
        path.unlink()


@each_writer(BY_PUT, OF_PROVIDERS)
def test_a_lock_that_is_lost_after_put_does_not_leave_everybody_cut_off(
    start: StartSimulator, run: RunModule, writer: Writer, tmp_path: Path
) -> None:
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=writer.behaviour)
    tfe.order(Fault("between", method="PUT", call=partial(lose_the_lock, tmp_path)))
    assert "failed" not in many(run, entry)
    assert (writer.kind.names(tfe), other.is_global(tfe)) == (("eta",), True)


def test_a_lock_that_is_lost_after_put_keeps_other_flags_back(
    start: StartSimulator, run: RunModule, tmp_path: Path
) -> None:
    tfe = start(*instance("zeta", kind=PROVIDERS))
    tfe.order(Fault("between", method="PUT", call=partial(lose_the_lock, tmp_path)))
    answer = many(run, BOTH)
    assert "was removed or replaced while this task held it" in answer["msg"]
    assert answer["msg"].endswith(
        "An earlier write of this task may have been applied. When it was last read, the sharing of delta was not what "
        "was asked for: global module sharing is off."
    )
    [producer] = answer["producers"]
    assert (producer["changed"], producer["provider_consumers"], producer["global_module_sharing"]) == (
        *(True, ["eta"], False),
    )
    assert (PROVIDERS.names(tfe), MODULES.is_global(tfe)) == (("eta",), False)


@each_writer(BY_PUT, OF_PROVIDERS)
def test_a_lock_that_is_lost_before_put_keeps_it_back(
    start: StartSimulator, run: RunModule, writer: Writer, tmp_path: Path
) -> None:
    organizations, entry, other = global_beside(writer)
    tfe = start(*organizations, behaviour=writer.behaviour)
    tfe.order(Fault("between", "GET", "delta$", nth=2, call=partial(lose_the_lock, tmp_path)))
    answer = many(run, entry)
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert (answer["changed"], answer["changes"], answer["before"]) == (False, [], [])
    assert (writer.kind.names(tfe), other.is_global(tfe)) == (("zeta",), True)


def test_a_task_that_was_killed_after_put_is_repaired_by_the_next_one(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def kill(*_arguments: Any, **_settings: Any) -> None:
        raise KilledError

    for consumers in ((), ("eta",)):
        entry = {**BOTH, "provider_consumers": list(consumers)}
        tfe = start(*instance("zeta", kind=PROVIDERS, global_modules=True))
        with monkeypatch.context() as patch:
            patch.setattr(Writers, "set_flags", kill)
            with pytest.raises(KilledError):
                many(run, entry)
        assert not MODULES.is_global(tfe), "this is what must not stay"
        answer = many(run, entry)
        assert [(it["kind"], it["everybody_before"], it["everybody_after"]) for it in answer["changes"]] == [
            ("modules", False, True)
        ]
        assert (MODULES.is_global(tfe), PROVIDERS.names(tfe)) == (True, consumers)


def test_no_flag_goes_out_after_a_list_that_was_refused(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance("zeta", kind=PROVIDERS, module_consumers=("42",)))
    tfe.order(Fault("status", "PUT", status=422))
    answer = many(run, BOTH)
    assert answer["msg"].endswith("nothing was changed. global_module_sharing: true was not sent any more.")
    assert [request.method for request in writes(tfe)] == ["PUT"]
    assert (answer["changed"], MODULES.names(tfe), PROVIDERS.names(tfe)) == (False, ("42",), ("zeta",))


def test_global_sharing_that_shall_end_is_no_harm_of_put(start: StartSimulator, run: RunModule) -> None:
    for ends in ("always", "filled", "never", "both"):
        behaviour = Behaviour.parse([f"put_ends_global={ends}"])
        tfe = start(*instance("zeta", kind=PROVIDERS, global_modules=True), behaviour=behaviour)
        answer = many(run, {**BOTH, "global_module_sharing": False})
        assert "failed" not in answer, answer["msg"]
        assert (MODULES.is_global(tfe), MODULES.names(tfe), PROVIDERS.names(tfe)) == (False, (), ("eta",))


@pytest.mark.parametrize("keys", ["hyphens", "underscores", "both"])
@pytest.mark.parametrize("omitted", ["clears", "keeps", "422"])
def test_either_spelling_and_either_meaning_of_a_list_left_out_will_do(
    start: StartSimulator, run: RunModule, keys: Any, omitted: Any
) -> None:
    for writer in (BY_PUT, OF_PROVIDERS):
        fields = {**vars(writer.behaviour), "put_keys": keys, "put_omitted": omitted}
        [other] = [kind for kind in KINDS if kind != writer.kind]
        tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42", "eta")}), behaviour=Behaviour(**fields))
        answer = writer.kind.run(run, PRESENT)
        assert (answer["changed"], answer["consumers"]) == (True, ["eta", "zeta"])
        assert (writer.kind.names(tfe), other.names(tfe)) == (("eta", "zeta"), ("42", "eta"))


@pytest.mark.usefixtures("no_waits")
def test_a_list_whose_answer_was_lost_and_whose_way_is_gone_then_is_settled(
    start: StartSimulator, run: RunModule
) -> None:
    """E1 arrives late, and when it is sent again neither it nor E3 is there any more."""
    tfe = start(*instance("zeta", provider_consumers=("42",)))
    gone = [Fault("status", "PATCH", "module-consumers$", status=404, times=0)]
    arrive = partial(share, tfe, "delta", "zeta", "eta")
    tfe.order(Fault("status", "PATCH", status=503), *gone)
    # Known, looked up, read back; then E1, E3 with its names, and the look before PUT.
    tfe.order(Fault("between", "GET", "delta$", nth=4, call=arrive))
    answer = run(PRESENT)
    assert (answer["changed"], answer["added"], answer["consumers"]) == (True, ["eta"], ["eta", "zeta"])
    assert not [request for request in tfe.requests if request.method == "PUT"]
    assert PROVIDERS.names(tfe) == ("42",)


# Somebody else writes.


@each_writer()
def test_what_somebody_else_adds_is_neither_ours_nor_a_failure(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    change = partial(share, tfe, "delta", "zeta", "eta", "42", kind=kind)
    # What is read after the write; where E1 and E3 are gone, there is one more look before PUT.
    nth = 3 if writer is BY_PUT else 2
    tfe.order(Fault("between", method="GET", path=f"{kind.path}$", nth=nth, call=change))
    if writer is BY_ID:
        tfe.order(writer.fault("status", status=502, after_effect=True))
    answer = kind.run(run, PRESENT)
    assert "failed" not in answer, answer["msg"]
    assert (answer["added"], answer["consumers"]) == (["eta"], ["42", "eta", "zeta"])


@each_writer(BY_NAME, BY_PUT, OF_PROVIDERS)
def test_one_that_was_to_stay_and_is_missing_is_a_failure(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", "42", kind=kind), behaviour=writer.behaviour)
    nth = 3 if writer is BY_PUT else 2
    change = partial(share, tfe, "delta", "zeta", "eta", kind=kind)
    tfe.order(Fault("between", path=f"{kind.path}$", method="GET", nth=nth, call=change))
    answer = kind.run(run, PRESENT)
    assert "missing: 42" in answer["msg"]
    assert (answer["changed"], answer["consumers"], answer["removed"]) == (True, ["eta", "zeta"], ["42"])


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", ["502", "408", "425", "reset", "close", "sign_in"])
@each_writer()
def test_a_write_is_not_sent_again_over_a_colleagues_change(
    start: StartSimulator, run: RunModule, writer: Writer, fault: str
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    order: dict[str, Any] = {"what": "status", "status": int(fault)} if fault.isdigit() else {"what": fault}
    tfe.order(
        writer.fault("between", call=lambda: share(tfe, "delta", "zeta", "42", kind=kind)),
        writer.fault(**order),
    )
    answer = kind.run(run, {"organization": "delta", "consumers": ["eta"]})
    assert answer["failed"]
    assert "missing: eta; left over: 42, zeta" in answer["msg"]
    assert kind.names(tfe) == ("42", "zeta")
    assert (answer["changed"], answer["consumers"]) == (True, ["42", "zeta"])


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", ["502", "408", "425", "reset", "close", "sign_in"])
@each_writer(BY_PUT, OF_PROVIDERS)
def test_put_is_not_sent_again_over_a_colleagues_change_of_the_other_kind(
    start: StartSimulator, run: RunModule, writer: Writer, fault: str
) -> None:
    [other] = [kind for kind in KINDS if kind != writer.kind]
    for everyone in (False, True):
        tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42",)}), behaviour=writer.behaviour)
        order: dict[str, Any] = {"what": "status", "status": int(fault)} if fault.isdigit() else {"what": fault}
        change = partial(share, tfe, "delta", *(() if everyone else ("Gamma",)), everyone=everyone, kind=other)
        tfe.order(writer.fault("between", call=change), writer.fault(**order))
        answer = writer.kind.run(run, {"organization": "delta", "consumers": ["eta"]})
        assert "missing: eta; left over: zeta" in answer["msg"]
        assert f"changed who may use the {other.name} of delta too: " in answer["msg"]
        assert len([request for request in tfe.requests if request.method == "PUT"]) == 1
        assert (writer.kind.names(tfe), other.names(tfe), other.is_global(tfe)) == (
            *(("zeta",), () if everyone else ("Gamma",), everyone),
        )
        assert (answer["changed"], answer["consumers"]) == (True, ["zeta"])


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("retries", [0, 1, 5])
@each_writer()
def test_a_write_is_sent_again_where_all_is_as_before_so_often_and_no_more(
    start: StartSimulator, run: RunModule, retries: int, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    tfe.order(writer.fault("status", status=503, times=0))
    answer = kind.run(run, {**PRESENT, "tfe_max_retries": retries})
    assert "may still be at work on the write" in answer["msg"]
    assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, False, ["zeta"])
    sent = [request for request in writes(tfe) if writer.fault("status").matches(request.method, request.path)]
    assert len(sent) == retries + 1
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    tfe.order(writer.fault("status", status=503, times=retries)) if retries else None
    assert kind.run(run, {**PRESENT, "tfe_max_retries": retries})["consumers"] == ["eta", "zeta"]


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


@pytest.mark.parametrize("seconds", [0, 6])
def test_a_name_that_was_looked_up_a_while_ago_is_looked_at_again_before_it_is_written(
    start: StartSimulator, run: RunModule, clock: Clock, seconds: int
) -> None:
    tfe = start(*instance("zeta", kind=PROVIDERS))

    def change() -> None:
        clock.skipped += seconds
        take_name(tfe, "eta")

    # Right before the look that comes before the write.
    tfe.order(Fault("between", method="GET", path="delta$", nth=2, call=change))
    answer = many(run, PROVIDERS.entry(PRESENT))
    if seconds:
        assert "eta has changed meanwhile, run again." in answer["msg"]
        assert (answer["changed"], PROVIDERS.names(tfe)) == (False, ("zeta",))
    else:  # it is told at least
        assert "eta is another organization now, and may use the providers" in answer["msg"]
        assert answer["changed"]


LIMITED: dict[str, Any] = {"status": 429, "headers": {"X-RateLimit-Reset": "40"}}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("writer", "path", "nth"),
    [
        (BY_ID, "organizations/eta$", 1),  # while the new name is looked up
        (BY_NAME, "organizations/eta$", 2),  # while names take the place of ids
        (BY_NAME, "delta$", 2),
        (BY_PUT, "organizations/eta$", 2),
        (BY_PUT, "organizations/eta$", 3),
        (BY_PUT, "delta$", 3),  # during the look at what PUT replaces
        (BY_PUT, "provider-consumers$", 1),
        (OF_PROVIDERS, "organizations/eta$", 1),
        (OF_PROVIDERS, "delta$", 2),
        (OF_PROVIDERS, "relationships/module-consumers$", 1),
    ],
)
def test_no_wait_anywhere_lets_a_write_go_over_a_colleagues_change(
    start: StartSimulator, run: RunModule, writer: Writer, path: str, nth: int
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    # The request is refused, and somebody else writes before it is tried again.
    tfe.order(Fault("status", "GET", path, nth, **LIMITED))
    tfe.order(
        Fault("between", method="GET", path=path, nth=nth, call=lambda: share(tfe, "delta", "zeta", "42", kind=kind))
    )
    answer = kind.run(run, PRESENT)
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert (answer["changed"], kind.names(tfe)) == (False, ("42", "zeta"))


@each_writer()
def test_slow_look_ups_let_no_write_go_over_a_colleagues_change(
    start: StartSimulator, run: RunModule, clock: Clock, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)

    def change() -> None:
        clock.sleep(8)
        share(tfe, "delta", "zeta", "42", kind=kind)

    tfe.order(Fault("between", "GET", "organizations/eta$", call=change))
    answer = kind.run(run, PRESENT)
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert (answer["changed"], kind.names(tfe)) == (False, ("42", "zeta"))
    assert not writes(tfe)


@pytest.mark.usefixtures("clock")
@each_writer(BY_PUT, OF_PROVIDERS)
@pytest.mark.parametrize("everyone", [True, False])
@pytest.mark.parametrize("where", ["the last list", "PUT"])
def test_no_wait_lets_put_go_over_a_colleagues_change_of_the_other_kind(
    start: StartSimulator, run: RunModule, writer: Writer, everyone: bool, where: str
) -> None:
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42",)}), behaviour=writer.behaviour)
    now = () if everyone else ("Gamma",)
    change = partial(share, tfe, "delta", *now, everyone=everyone, kind=other)
    order: dict[str, Any] = {"method": "PUT"}
    if where == "the last list":
        order = {"method": "GET", "path": f"relationships/{other.one}-consumers$"}
    tfe.order(Fault("between", call=change, **order), Fault("status", **order, **LIMITED))
    answer = writer.kind.run(run, PRESENT)
    assert (other.names(tfe), other.is_global(tfe)) == (now, everyone)
    if where == "PUT":
        assert "delta has changed meanwhile, run again." in answer["msg"]
        told = f"global {other.one} sharing is on now; removed: 42" if everyone else "added: Gamma; removed: 42"
        assert f"somebody else changed its sharing: {told}." in answer["msg"]
    elif everyone and writer is OF_PROVIDERS:
        assert "delta shares its modules with every organization, and the request that writes" in answer["msg"]
    else:
        assert "failed" not in answer, "what was read last was sent back"
    assert answer["changed"] == ("failed" not in answer)
    assert writer.kind.names(tfe) == (("zeta",) if answer.get("failed") else ("eta", "zeta"))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("task", [PRESENT, {"organization": "delta", "consumers": []}])
@each_kind
def test_a_flag_and_a_list_from_two_times_are_read_again(
    start: StartSimulator, run: RunModule, task: dict[str, Any], kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind))
    tfe.order(Fault("status", "GET", kind.path, **LIMITED))
    change = partial(share, tfe, "delta", everyone=True, kind=kind)
    tfe.order(Fault("between", method="GET", path=kind.path, call=change))
    answer = kind.run(run, task)
    if "state" in task:
        assert f"shares its {kind.name} with every organization" in answer["msg"]
        assert kind.is_global(tfe)
    else:
        assert (answer["changed"], answer[kind.flag]) == (True, False)
        assert not kind.is_global(tfe)


@each_writer(BY_ID, BY_PUT, OF_PROVIDERS)
def test_a_wait_that_another_producers_request_was_told_to_make_counts_too(
    start: StartSimulator, run: RunModule, clock: Clock, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = writer.kind
    tfe = start(*instance("42", kind=kind), behaviour=writer.behaviour)
    changed: list[bool] = []

    # Right after the look before the write of delta; the wait is only seen where the write waits for its turn.
    def change_and(send: Callable[..., Any]) -> Callable[..., Any]:
        def change_and_send(self: Writers, *arguments: Any, **settings: Any) -> Any:
            if not changed:
                changed.append(True)
                self._client._transport._pace.hold(40)
                share(tfe, "delta", "42", "Gamma", kind=kind)
                clock.skipped += 40  # as after another thread's 429
            return send(self, *arguments, **settings)

        return change_and_send

    for name in ("replace_alone", "replace_all"):
        monkeypatch.setattr(Writers, name, change_and(getattr(Writers, name)))
    answer = many(run, kind.entry(PRESENT))
    assert changed
    assert "delta has changed meanwhile, run again." in answer["msg"]
    assert kind.names(tfe) == ("42", "Gamma")


@pytest.mark.usefixtures("clock")
@each_writer(BY_ID, OF_PROVIDERS)
def test_a_write_that_arrived_late_is_done_and_not_somebody_elses(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    kind = writer.kind
    # The first look after the 503 shows all as it was, the next one what was written.
    nth = 4 if writer.method == "PUT" else 3
    for lost_look in (False, True):
        tfe = start(*instance("zeta", kind=kind))
        tfe.order(writer.fault("status", status=503), writer.fault("status", **LIMITED))
        arrive = partial(share, tfe, "delta", "zeta", "eta", kind=kind)
        tfe.order(Fault("between", method="GET", path="delta$", nth=nth, call=arrive))
        if lost_look:
            tfe.order(Fault("status", "GET", "delta$", nth=nth, status=403))
        answer = kind.run(run, PRESENT)
        if lost_look:
            assert "An earlier write of this task may have been applied." in answer["msg"]
            assert "Nothing" not in answer["msg"]
            assert "may have changed who may use the modules of delta too. It was: nobody." in answer["msg"] or (
                writer is BY_ID and answer["msg"].endswith("may have been applied.")
            )
            assert (answer["changed"], answer["consumers"]) == (True, None)
        else:
            assert (answer["changed"], answer["added"], answer["consumers"]) == (True, ["eta"], ["eta", "zeta"])


@pytest.mark.usefixtures("clock")
@each_writer()
def test_what_somebody_else_did_while_a_write_had_to_wait_is_theirs(
    start: StartSimulator, run: RunModule, writer: Writer
) -> None:
    """Also where it is what was asked for: the other kind may have changed with it, and is not put back."""
    [other] = [kind for kind in KINDS if kind != writer.kind]
    tfe = start(*instance("zeta", kind=writer.kind, **{other.list: ("42",)}), behaviour=writer.behaviour)

    def change() -> None:
        share(tfe, "delta", "eta", "zeta", kind=writer.kind)
        share(tfe, "delta", "42", "Gamma", kind=other)

    tfe.order(writer.fault("between", call=change), writer.fault("status", **LIMITED))
    answer = writer.kind.run(run, PRESENT)
    assert "delta has changed meanwhile, run again. Since it was read, somebody else changed" in answer["msg"]
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert (answer["changed"], answer["consumers"]) == (False, ["eta", "zeta"])
    assert other.names(tfe) == ("42", "Gamma")


@pytest.mark.parametrize("seconds", ["0", "1", "4", "9", "60"])
@each_writer()
def test_a_rate_limit_that_lasts_is_waited_for_three_minutes_however_short_the_waits(
    start: StartSimulator, run: RunModule, clock: Clock, writer: Writer, seconds: str
) -> None:
    kind = writer.kind
    tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
    tfe.order(writer.fault("status", status=429, headers={"X-RateLimit-Reset": seconds}, times=0))
    answer = kind.run(run, {**PRESENT, "tfe_max_retries": 0})
    assert "kept being reached." in answer["msg"]
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert (answer["changed"], answer["consumers"]) == (False, ["zeta"])
    assert 150 < clock.skipped < 260


SLOW = {"organization": "zeta", "consumers": ["eta"]}


@each_kind_and_profile
@pytest.mark.parametrize("what", ["global", "list", "name"])
def test_a_producer_that_changed_before_its_write_is_left_alone_and_the_others_are_written(
    start: StartSimulator, run: RunModule, kind: Kind, profile: str, what: str
) -> None:
    tfe = start(*instance("42", kind=kind), profile=profile)

    def change() -> None:
        if what == "name":
            take_name(tfe, "delta")
        else:
            names = () if what == "global" else ("42", "Gamma")
            share(tfe, "delta", *names, everyone=what == "global", kind=kind)

    # The plan is made from the list of all organizations; only right before its write the document is read.
    tfe.order(Fault("between", method="GET", path=f"{DELTA}$", call=change))
    answer = many(run, kind.entry(PRESENT), kind.entry(SLOW))
    assert answer["failed"]
    delta, zeta = answer["producers"]
    assert "delta has changed meanwhile, run again. " in delta["msg"]
    assert delta["msg"].endswith("Nothing of delta was changed.")
    assert (delta["failed"], delta["changed"]) == (True, False)
    assert (zeta["changed"], zeta[kind.list]) == (True, ["eta"])
    assert [(it["before"], it["after"]) for it in answer["diff"]] == [("", "zeta: eta\n")]
    assert [it["organization"] for it in answer["changes"]] == ["zeta"]
    assert [it["organization"] for it in answer["before"]] == ["zeta"]
    assert kind.is_global(tfe) == (what == "global")
    assert kind.names(tfe) == {"global": (), "list": ("42", "Gamma"), "name": ()}[what]


def test_each_producer_that_changes_costs_a_look_right_before_its_write(start: StartSimulator, run: RunModule) -> None:
    for changing in range(3):
        tfe = start(*instance("42"))
        producers = [{"organization": name, "module_consumers": ["eta"]} for name in ("delta", "Gamma")[:changing]]
        unchanged: list[dict[str, Any]] = [{"organization": name, "module_consumers": []} for name in ("zeta", "42")]
        assert "failed" not in many(run, *producers, *unchanged)
        # The organizations, the consumers of each, and for each that changes its document, its list and the write.
        assert len(tfe.requests) == 1 + 2 + 3 * changing + changing


def test_each_producer_whose_providers_change_costs_a_look_at_both_kinds_on_either_side_of_its_write(
    start: StartSimulator, run: RunModule
) -> None:
    for changing in range(3):
        tfe = start(*instance("42", kind=PROVIDERS))
        producers = [{"organization": name, "provider_consumers": ["eta"]} for name in ("delta", "Gamma")[:changing]]
        unchanged: list[dict[str, Any]] = [{"organization": name, "provider_consumers": []} for name in ("zeta", "42")]
        assert "failed" not in many(run, *producers, *unchanged)
        # Before the write the document twice: no modules are listed, which everybody may be able to use by then.
        assert len(tfe.requests) == 1 + 2 + changing + changing * (4 + 1 + 3)


@each_kind
def test_a_sharer_that_is_renamed_while_prune_looks_is_not_forgotten(
    start: StartSimulator, run: RunModule, kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind), kind.of("theta", "eta"))
    tfe.order(Fault("between", path="organizations$", nth=2, call=lambda: tfe.rename("theta", "theta-new")))
    task = {"producers": [kind.entry(PRESENT)], "prune": [kind.name]}
    answer = run(task, module=MANY)
    assert answer["failed"]
    assert not writes(tfe)
    assert run(task, module=MANY)["pruned"] == ["theta-new"]


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
@each_kind
def test_what_was_read_tells_names_apart_that_differ_in_case_alone(
    start: StartSimulator, run: RunModule, prune: bool, state: str, kind: Kind
) -> None:
    organizations = [kind.of("delta", "Eta"), *map(Organization, ("Eta", "eta", "zeta"))]
    tfe = start(*organizations, behaviour=Behaviour(case_sensitive_names=True, case_sensitive_bodies=True))
    producers = [kind.entry({"organization": "delta", "consumers": ["eta"], "state": state}), kind.entry(SLOW)]
    answer = many(run, *producers, prune=[kind.name] if prune else [])
    assert "failed" not in answer
    expected = {"exact": ("eta",), "present": ("Eta", "eta"), "absent": ("Eta",)}[state]
    assert kind.names(tfe) == expected
    assert answer["producers"][0][kind.list] == list(expected)


@each_kind
def test_a_sharer_whose_name_differs_in_case_alone_is_pruned_without_ids_too(
    start: StartSimulator, run: RunModule, kind: Kind
) -> None:
    behaviour = Behaviour(case_sensitive_names=True, without_external_ids=True)
    tfe = start(Organization("eta"), kind.of("Eta", "zeta"), Organization("zeta"), behaviour=behaviour)
    assert many(run, {"organization": "eta", kind.list: []}, prune=[kind.name])["pruned"] == ["Eta"]
    assert kind.names(tfe, "Eta") == ()


@each_kind
def test_a_spelling_that_fits_neither_of_two_known_names_is_an_error(
    start: StartSimulator, run: RunModule, kind: Kind
) -> None:
    organizations = [kind.of("delta", "Eta"), *map(Organization, ("Eta", "eta"))]
    tfe = start(*organizations, behaviour=Behaviour(case_sensitive_names=True))
    entry = {"organization": "delta", kind.list: ["EtA"], "state": "absent"}
    assert "spell it exactly" in many(run, entry, prune=[kind.name])["msg"]
    assert kind.names(tfe) == ("Eta",)


@each_kind
def test_a_name_on_a_page_that_was_not_read_is_not_taken_for_another_case(
    start: StartSimulator, run: RunModule, kind: Kind
) -> None:
    names = ["delta", "Eta", *(f"team-{number:03}" for number in range(250))]
    behaviour = Behaviour(case_sensitive_names=True, case_sensitive_bodies=True)
    tfe = start(*map(Organization, (*names, "eta")), behaviour=behaviour)
    entries = {"organization": "Eta", kind.list: []}, {"organization": "delta", kind.list: ["eta"]}
    assert "failed" not in many(run, *entries)
    assert kind.names(tfe) == ("eta",)


def test_one_spelling_is_asked_for_also_where_the_account_does_not_tell(start: StartSimulator, run: RunModule) -> None:
    behaviour = Behaviour(case_sensitive_names=True, account_details="404")
    tfe = start(*instance("zeta"), behaviour=behaviour)
    assert not run({"organization": "DELTA", "consumers": ["zeta"]})["changed"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


@pytest.mark.parametrize("ids", [(1234567890123456781, 1234567890123456782), ("one", "two")])
@each_kind
def test_ids_are_told_apart_to_their_last_digit(
    start: StartSimulator, run: RunModule, ids: tuple[Any, Any], kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind))
    zeta, eta = (
        {"id": name, "type": "organizations", "attributes": {"name": name, "external-id": external_id}}
        for name, external_id in zip(("zeta", "eta"), ids)
    )
    tfe.order(Fault("not_json_api", path=kind.path, body={"data": [zeta], "meta": {"pagination": {"total-count": 1}}}))
    tfe.order(Fault("not_json_api", path="/eta$", body={"data": eta}))
    assert kind.run(run, PRESENT, check=True)["added"] == ["eta"]


@each_kind
def test_two_names_with_one_id_are_an_error(start: StartSimulator, run: RunModule, kind: Kind) -> None:
    tfe = start(*instance("zeta", kind=kind))
    own = {"name": "eta", "external-id": tfe.external_id("zeta")}
    tfe.order(Fault("not_json_api", path="/eta$", body={"data": {"id": "eta", "attributes": own}}))
    answer = kind.run(run, PRESENT)
    assert "zeta and eta have the same external id" in answer["msg"]
    assert not writes(tfe)


# Answers that prove nothing.

ECHO = {"type": "module-partnerships", "attributes": {"module-consuming-organization-ids": ["id"]}}
NAMED = {
    "id": "mp-1",
    "attributes": {"consuming-organization-name": "eta", "producing-organization-name": "delta"},
}
"""Whose list it is is told by a name alone, although the id is known."""
FLAG = {
    "id": "delta",
    "type": "organizations",
    "attributes": {"global-module-sharing": True, "global-provider-sharing": True},
}


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        (PRESENT, {"status": 202, "body": {"data": []}}),
        (PRESENT, {"status": 201, "body": {"data": [{"id": "mp-1", "attributes": {"x": 1}}]}}),
        (PRESENT, {"body": {"data": ECHO}}),
        (PRESENT, {"body": {"data": [{"id": "mp-1", "attributes": {"consuming-organization-name": "eta"}}]}}),
        (PRESENT, {"body": {"data": [NAMED]}}),
        ({"organization": "delta", "consumers": []}, {"body": {"data": []}}),
        ({"organization": "delta", "flag": True}, {"status": 202, "body": {"data": FLAG}}),
        ({"organization": "delta", "flag": True}, {"body": {"data": FLAG}}),
        ({"organization": "delta", "flag": True}, {"status": 204, "body": {}}),
    ],
)
@each_writer(BY_ID, OF_PROVIDERS)
@pytest.mark.usefixtures("no_waits")
def test_only_the_list_or_the_document_of_this_producer_proves_a_write(
    start: StartSimulator, run: RunModule, task: dict[str, Any], answer: dict[str, Any], writer: Writer
) -> None:
    kind = writer.kind
    method = writer.method if "consumers" in task else "PATCH"
    for after_effect in (False, True):
        tfe = start(*instance("zeta", kind=kind), contract=False)
        tfe.order(Fault("not_json_api", method=method, after_effect=after_effect, **answer))
        result = kind.run(run, {**task, "tfe_max_retries": 0})
        assert result.get("failed", False) == (not after_effect)
        assert result["changed"] == after_effect
        assert tfe.requests[-1].method == "GET"


# Results.


@each_writer()
def test_what_a_failed_write_left_is_returned(start: StartSimulator, run: RunModule, writer: Writer) -> None:
    kind = writer.kind
    behaviour = Behaviour(**{**vars(writer.behaviour), "write_drops": ("eta",)})
    tfe = start(*instance("zeta", kind=kind), behaviour=behaviour)
    answer = kind.run(run, {"organization": "delta", "consumers": ["eta", "Gamma"]}, diff=True)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert (answer["consumers"], answer["added"], answer["removed"]) == (["Gamma"], ["Gamma"], ["zeta"])
    assert answer["organization"] == {"name": "delta", "external_id": tfe.external_id("delta")}
    assert (answer["diff"]["before"], answer["diff"]["after"]) == ("delta: zeta\n", "delta: Gamma\n")
    assert [it["consuming_organization_name"] for it in answer["partnerships"]] == ["Gamma"]


@pytest.mark.parametrize("count", ["9" * 5000, 10**30, -1, 1.5, True, "\N{ARABIC-INDIC DIGIT ONE}", [], {}])
def test_a_count_without_sense_is_none(start: StartSimulator, run: RunModule, count: Any) -> None:
    for writer in (BY_NAME, OF_PROVIDERS):
        kind = writer.kind
        tfe = start(*instance("zeta", kind=kind), behaviour=writer.behaviour)
        items = [{"id": name, "type": "organizations", "attributes": {"name": name}} for name in ("zeta", "eta")]
        pagination = {"total-count": count, "total-pages": count, "next-page": None}
        for path in (kind.path, kind.path.replace("delta", "Gamma")):
            for data in (items, []):
                body = {"data": data, "meta": {"pagination": pagination}}
                tfe.order(Fault("not_json_api", path=path, method="GET", nth=3, body=body))
        answer = many(run, kind.entry(PRESENT), kind.entry({"organization": "Gamma", "consumers": ["eta"]}))
        assert len(answer["producers"]) == 2
        assert answer["changed"]
        assert "Unexpected" not in str(answer)


@pytest.mark.parametrize("digits", [400, 5000, 100_000])
@each_kind
def test_a_number_of_thousands_of_digits_is_no_fault_of_ours(
    start: StartSimulator, run: RunModule, digits: int, kind: Kind
) -> None:
    tfe = start(*instance("zeta", kind=kind))
    text = '{"data": [], "meta": {"pagination": {"total-count": %s}}}' % ("9" * digits)
    tfe.order(Fault("raw", path=kind.path, body=text, content_type="application/vnd.api+json"))
    answer = kind.run(run, {"organization": "delta", "consumers": []})
    assert "Unexpected" not in str(answer)


@each_writer(BY_ID, OF_PROVIDERS)
def test_an_unexpected_error_of_one_producer_hides_nobodys_result(
    start: StartSimulator, run: RunModule, monkeypatch: pytest.MonkeyPatch, writer: Writer
) -> None:
    kind = writer.kind
    tfe = start(*instance("42", kind=kind))
    name = "replace_alone" if writer is BY_ID else "replace_all"
    replace = getattr(Writers, name)

    def fail(self: Any, producer: Any, *arguments: Any) -> Any:
        if producer.organization.name == "delta":
            raise RuntimeError("nobody thought of this")
        return replace(self, producer, *arguments)

    monkeypatch.setattr(Writers, name, fail)
    answer = many(run, kind.entry(PRESENT), kind.entry(SLOW))
    assert answer["failed"]
    delta, zeta = answer["producers"]
    assert delta["msg"].startswith("Unexpected RuntimeError: nobody thought of this. This is a fault of the tfe.admin")
    assert (delta["changed"], delta[kind.list]) == (True, None)
    assert (zeta["changed"], zeta[kind.list]) == (True, ["eta"])
    assert kind.names(tfe, "zeta") == ("eta",)
    single = kind.run(run, PRESENT)
    assert (single["failed"], single["changed"], single["consumers"]) == (True, True, None)
