# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random tasks against random servers, compared with a model of what the task asks for.

Whatever the server is like: the task ends as asked and tells the truth, or fails and leaves what it says it leaves.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pytest
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Behaviour, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.many_tries

DISABLED = "dormant"
CONSUMERS = (
    *ORGANIZATIONS[1:],
    Organization(DISABLED, disabled=True),
    # With these, lists are longer than the server's default page of 20.
    *(Organization(f"team-{number:02}") for number in range(18)),
)
NAMES = tuple(organization.name for organization in CONSUMERS)
STRANGERS = ("long-gone", "org-2222222222222222")
PREDICTED = ("changed", "organization", "consumers", "added", "removed", "revoked", "diff")

# What no answer of the server can tell apart from the truth, or what is no variant of a server with an admin API; and
# an update of module consumers that takes providers along, which nobody who does not look at providers can see.
LIES = {"application", "administrator", "null_module_flag", "legacy_empties_providers"}
# Under these, the documented calls do not do what they are for: the task may fail, saying so.
OBSTINATE = {
    *("write_drops", "write_ignored", "list_ends_global=never", "put_ends_global=never", "disabled_consumer"),
    *("without_module_flag", "without_provider_flag", "null_provider_flag"),
    *("without_external_ids", "item_without_external_id"),
    *("legacy_list", "relationship_list", "page_parameter", "meta", "page_size_honoured", "total_count"),
    *("legacy_write", "relationship_write", "registry_partnerships"),
}


class Kind(NamedTuple):
    """What of a registry is shared: how options and the simulator call it."""

    name: str
    one: str

    @property
    def list(self) -> str:
        return f"{self.one}_consumers"

    @property
    def flag(self) -> str:
        return f"global_{self.one}_sharing"


MODULES, PROVIDERS = KINDS = Kind("modules", "module"), Kind("providers", "provider")


def other_than(kind: Kind) -> Kind:
    return PROVIDERS if kind == MODULES else MODULES


@dataclass(frozen=True)
class Shared:
    """With whom one kind of a producer is shared: everyone, else the consumers."""

    everyone: bool
    consumers: frozenset[str] = frozenset()


NOBODY = Shared(False)
EVERYONE = Shared(True)


@dataclass(frozen=True)
class Case:
    """A starting state, a task for one producer, and a server.

    An element is (index into NAMES, how it is spelled), or itself. ``other`` is the kind that the task is not about.
    """

    kind: Kind
    before: Shared
    other: Shared
    elements: tuple[tuple[int, str] | str, ...] | None
    state: str
    flag: bool | None
    profile: str
    behaviour: Behaviour


def variants(excluded: set[str]) -> st.SearchStrategy[Behaviour]:
    """Up to three answers to open questions at once, less the questions and the answers that are excluded."""
    questions: list[tuple[str, Any]] = []
    for name, hint in typing.get_type_hints(Behaviour).items():
        if name in excluded:
            continue
        if name in {"item_without_external_id", "write_drops"}:
            choices: tuple[Any, ...] = ("Gamma", ("eta", "team-03"))
        else:
            choices = (True, False) if hint is bool else typing.get_args(hint)
        left_out = {getattr(Behaviour(), name), *(choice for choice in choices if f"{name}={choice}" in excluded)}
        questions += [(name, choice) for choice in choices if choice not in left_out]
    answers = st.lists(st.sampled_from(questions), max_size=3, unique_by=lambda answer: answer[0])
    return answers.map(lambda given: Behaviour(**dict(given)))


SPELLINGS = ("name", "lower", "upper", "id", "number")
CONSUMER_SETS = st.one_of(st.sets(st.sampled_from(NAMES), max_size=4), st.sets(st.sampled_from(NAMES), min_size=18))
BEFORE = st.one_of(
    st.just(EVERYONE),
    CONSUMER_SETS.map(lambda names: Shared(False, frozenset(names))),
    CONSUMER_SETS.map(lambda names: Shared(False, frozenset(names))),
)
KNOWN = st.tuples(st.integers(0, len(NAMES) - 1), st.sampled_from(SPELLINGS))
ELEMENTS = st.one_of(
    st.lists(KNOWN, max_size=6).map(tuple),
    st.lists(st.one_of(KNOWN, KNOWN, KNOWN, st.sampled_from((*STRANGERS, "DELTA"))), max_size=6).map(tuple),
)


def cases(excluded: set[str]) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        kind=st.sampled_from(KINDS),
        before=BEFORE,
        other=st.sampled_from(
            (NOBODY, NOBODY, EVERYONE, Shared(False, frozenset({"zeta"})), Shared(False, frozenset(NAMES)))
        ),
        elements=st.one_of(st.none(), ELEMENTS, ELEMENTS, ELEMENTS),
        state=st.sampled_from(("exact", "present", "absent")),
        flag=st.sampled_from((None, None, True, False)),
        profile=st.sampled_from(tuple(RELEASES)),
        behaviour=variants(excluded),
    )


def organization(name: str, shared: Mapping[Kind, Shared]) -> Organization:
    given: dict[str, Any] = {f"global_{kind.name}": it.everyone for kind, it in shared.items()}
    given.update({kind.list: tuple(it.consumers) for kind, it in shared.items()})
    return Organization(name, **given)


@contextmanager
def playing(
    simulators: list[Simulator], organizations: Sequence[Organization], profile: str, behaviour: Behaviour
) -> Iterator[Simulator]:
    """A simulator for one example: ``run`` connects to it, and it ends with the block."""
    with Simulator(organizations=organizations, profile=profile, behaviour=behaviour) as tfe:
        simulators[:] = [tfe]
        try:
            yield tfe
        finally:
            simulators.clear()


def spell(tfe: Simulator, element: tuple[int, str] | str) -> str | int:
    if isinstance(element, str):
        return element
    name = NAMES[element[0]]
    spellings: dict[str, str | int] = {"lower": name.lower(), "upper": name.upper(), "id": tfe.external_id(name)}
    if element[1] == "number" and name.isdigit():
        return int(name)
    return spellings.get(element[1], name)


def combined(before: Shared, consumers: frozenset[str] | None, state: str, flag: bool | None) -> Shared | None:
    """The rules of one kind: what comes of it; None where it must be refused."""
    if consumers is None:
        return before if flag == before.everyone else Shared(bool(flag))
    if flag or (before.everyone and (state == "absent" or (state == "present" and flag is None))):
        return None
    current = before.consumers
    return Shared(False, {"exact": consumers, "present": current | consumers, "absent": current - consumers}[state])


def writes_list(before: Shared, wanted: Shared) -> bool:
    return before != wanted and not wanted.everyone and bool(wanted.consumers or not before.everyone)


def asked_for(case: Case) -> Shared | None:
    """The model: the state that the task asks for; None where it must be refused before anything is written."""
    if case.kind == PROVIDERS and not RELEASES[case.profile].providers:
        return None
    if case.elements is None:
        return None if case.flag is None else combined(case.before, None, case.state, case.flag)
    strangers = [element for element in case.elements if element in STRANGERS]
    if case.flag or "DELTA" in case.elements or (strangers and case.state != "absent"):
        return None
    if any(element[1] == "number" and NAMES[int(element[0])].isdigit() for element in case.elements):
        return None
    named = frozenset(NAMES[element[0]] for element in case.elements if not isinstance(element, str))
    wanted = combined(case.before, named, case.state, case.flag)
    if case.kind == PROVIDERS and case.other.everyone and wanted and writes_list(case.before, wanted):
        return None
    return wanted


def shared(tfe: Simulator, kind: Kind, name: str = "delta") -> Shared:
    sharing = tfe.sharing(name)
    return Shared(getattr(sharing, f"global_{kind.name}"), frozenset(getattr(sharing, kind.list)))


def revoked(before: Shared, after: Shared, everybody: Sequence[str], producer: str) -> list[str]:
    """Who could use it before and cannot after."""

    def users(it: Shared) -> set[str]:
        return {*(everybody if it.everyone else it.consumers)} - {producer}

    return sorted(users(before) - users(after))


def wrote(tfe: Simulator) -> bool:
    return any(request.method != "GET" for request in tfe.requests)


def check(run: RunModule, simulators: list[Simulator], case: Case) -> dict[str, Any]:
    """Runs one case in check mode, for real and again.

    Returns what the real run answered, and whether it was ``repeatable``: some servers let a list be written, not read.
    """
    wanted, kind, other = asked_for(case), case.kind, other_than(case.kind)
    module = f"tfe_{kind.list}"
    organizations = [organization("delta", {kind: case.before, other: case.other}), *CONSUMERS]
    with playing(simulators, organizations, case.profile, case.behaviour) as tfe:
        task: dict[str, Any] = {"organization": "delta", "state": case.state, kind.flag: case.flag}
        task["consumers"] = None if case.elements is None else [spell(tfe, element) for element in case.elements]

        predicted = run(task, module=module, check=True, diff=True)
        assert shared(tfe, kind) == case.before
        answer = run(task, module=module, diff=True)
        after = shared(tfe, kind)
        assert "Unexpected" not in answer.get("msg", "")

        if shared(tfe, other) != case.other:
            assert f"changed who may use the {other.name} of delta too" in answer["msg"]
            assert answer["changed"]
        if wanted is None:
            assert answer["failed"]
            assert predicted["failed"]
            assert predicted["msg"] == answer["msg"]
            assert after == case.before
            assert not wrote(tfe)
        elif answer.get("failed"):
            check_failure(case, case.before, wanted, after, answer["msg"])
            if answer.get("consumers") is not None:
                assert answer["revoked"] == revoked(case.before, after, NAMES, "delta")
        else:
            assert after == wanted
            check_returns(kind, case.before, after, answer)
            for key in (*PREDICTED, kind.flag):
                assert predicted[key] == answer[key]
            assert predicted.get("warnings") == answer.get("warnings")
            tfe.forget()
            again = run(task, module=module)
            assert not wrote(tfe)
            if again.get("failed"):
                check_failure(case, after, after, after, again["msg"])
            else:
                assert (again["changed"], again["added"], again["removed"], again["revoked"]) == (False, [], [], [])
                assert again["consumers"] == answer["consumers"]
            answer["repeatable"] = not again.get("failed")
    return answer


def check_failure(case: Case, before: Shared, wanted: Shared, after: Shared, message: str) -> None:
    """The old state or the new one; or what the server made of it by itself, and then the message says what that is."""
    assert len(message) > 40
    if "othing was changed" in message:
        assert after == before
    if after in (before, wanted) or "is not known" in message:
        return
    if after.everyone:
        assert "never" in (case.behaviour.list_ends_global, case.behaviour.put_ends_global)
        assert f"global {case.kind.one} sharing is still on" in message
    else:
        missing = wanted.consumers - after.consumers
        assert missing
        assert after.consumers == wanted.consumers - missing
        assert f"missing: {', '.join(sorted(missing))}" in message


def check_returns(kind: Kind, before: Shared, after: Shared, answer: dict[str, Any]) -> None:
    """The returns are the real difference, in the server's spelling."""
    assert answer[kind.flag] == after.everyone
    assert answer["consumers"] == sorted(after.consumers)
    assert answer["added"] == sorted(after.consumers - before.consumers)
    assert answer["removed"] == sorted(before.consumers - after.consumers)
    assert answer["revoked"] == revoked(before, after, NAMES, "delta")
    assert answer["changed"] == (before != after)
    assert [entry["consuming_organization_name"] for entry in answer["partnerships"]] == sorted(after.consumers)
    header = f"who may use whose {kind.name}"
    assert answer["diff"] == {
        "before_header": header,
        "before": "".join(lines("delta", before)),
        "after_header": header,
        "after": "".join(lines("delta", after)),
    }


def lines(name: str, it: Shared) -> list[str]:
    return [f"{name}: {consumer}\n" for consumer in (["(everybody)"] if it.everyone else sorted(it.consumers))]


QUICK = settings(
    max_examples=80,
    deadline=None,
    database=None,
    # The fixtures keep nothing from one example to the next: each has a simulator of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(case=cases(LIES | OBSTINATE))
def test_what_the_documentation_leaves_open_does_not_matter(
    run: RunModule, simulators: list[Simulator], case: Case
) -> None:
    answer = check(run, simulators, case)
    if asked_for(case):
        assert answer.get("repeatable"), answer.get("msg")


NAMED_BY_A_HIDDEN_ID = Case(
    kind=MODULES,
    before=Shared(False, frozenset({"Gamma"})),
    other=NOBODY,
    elements=((NAMES.index("Gamma"), "id"),),
    state="absent",
    flag=None,
    profile="2.1",
    behaviour=Behaviour(item_without_external_id="Gamma"),
)


@QUICK
@given(case=cases(LIES))
@example(case=NAMED_BY_A_HIDDEN_ID)
@example(case=replace(NAMED_BY_A_HIDDEN_ID, kind=PROVIDERS))
def test_any_server_gets_what_is_asked_for_or_a_truthful_failure(
    run: RunModule, simulators: list[Simulator], case: Case
) -> None:
    check(run, simulators, case)


@QUICK
@given(case=cases(LIES), dropped=st.sets(st.sampled_from(NAMES), min_size=1))
def test_a_writer_that_loses_consumers_is_found_out(
    run: RunModule, simulators: list[Simulator], case: Case, dropped: set[str]
) -> None:
    answer = check(run, simulators, replace(case, behaviour=replace(case.behaviour, write_drops=tuple(dropped))))
    lost = set(answer.get("added", ())) & dropped
    assert not lost


@QUICK
@given(case=cases(LIES), ends=st.sampled_from(("always", "filled", "both", "never")))
def test_a_put_never_changes_the_other_kind_in_silence(
    run: RunModule, simulators: list[Simulator], case: Case, ends: Any
) -> None:
    """Where it is the only way to write modules, or the task is about providers."""
    behaviour = replace(case.behaviour, legacy_write="404", relationship_write="410", put_ends_global=ends)
    profile = case.profile if RELEASES[case.profile].providers else "2.1"
    check(run, simulators, replace(case, behaviour=behaviour, profile=profile))


# Many producers, both kinds.


@dataclass(frozen=True)
class Asked:
    """What an entry says of one kind."""

    consumers: frozenset[str] | None
    flag: bool | None


State = Mapping[str, Mapping[Kind, Shared]]
"""By the name of each organization."""


@dataclass(frozen=True)
class Instance:
    """What is there, on which server."""

    state: State
    profile: str
    behaviour: Behaviour

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Those that the release shares."""
        return KINDS if RELEASES[self.profile].providers else (MODULES,)

    @property
    def organizations(self) -> list[Organization]:
        return [organization(name, shared) for name, shared in self.state.items()]


@dataclass(frozen=True)
class Matrix:
    """A task for many producers: (state, what it says of each kind), by the name of the producer."""

    entries: Mapping[str, tuple[str, Mapping[Kind, Asked]]]
    prune: frozenset[Kind]
    prune_all: frozenset[Kind]

    @property
    def options(self) -> dict[str, Any]:
        producers: list[dict[str, Any]] = []
        for name, (state, kinds) in self.entries.items():
            producer: dict[str, Any] = {"organization": name, "state": state}
            for kind, asked in kinds.items():
                producer[kind.list] = None if asked.consumers is None else sorted(asked.consumers)
                producer[kind.flag] = asked.flag
            producers.append(producer)
        options: dict[str, Any] = {"producers": producers}
        for option, chosen in (("prune", self.prune), ("prune_all", self.prune_all)):
            options[option] = [kind.name for kind in chosen]
        return options

    def mentions(self, kind: Kind) -> bool:
        return any(kind in kinds for _state, kinds in self.entries.values())


MEMBERS = ("alpha", "Beta", "gamma", "delta", "epsilon", "team-1")


@st.composite
def instances(draw: st.DrawFn, excluded: set[str]) -> Instance:
    state = {}
    for name in MEMBERS:
        others = [it for it in MEMBERS if it != name]
        lists = st.sets(st.sampled_from(others), max_size=3).map(lambda names: Shared(False, frozenset(names)))
        one = st.one_of(st.just(NOBODY), st.just(EVERYONE), lists, lists)
        state[name] = {kind: draw(one) for kind in KINDS}
    instance = Instance(state, draw(st.sampled_from(tuple(RELEASES))), draw(variants(excluded)))
    if PROVIDERS not in instance.kinds:
        state.update({name: {**kinds, PROVIDERS: NOBODY} for name, kinds in state.items()})
    return instance


ASKED = st.one_of(
    st.sets(st.sampled_from(MEMBERS), max_size=3).map(lambda names: Asked(frozenset(names), None)),
    st.sets(st.sampled_from(MEMBERS), max_size=3).map(lambda names: Asked(frozenset(names), False)),
    st.sampled_from((Asked(None, True), Asked(None, False))),
)


@st.composite
def matrices(draw: st.DrawFn, kinds: Sequence[Kind]) -> Matrix:
    entries = {}
    for name in draw(st.lists(st.sampled_from(MEMBERS), unique=True)):
        state = draw(st.sampled_from(("exact", "exact", "exact", "present", "absent")))
        asked = draw(st.dictionaries(st.sampled_from(kinds), ASKED, min_size=1))
        entries[name] = (
            state,
            {
                kind: it if it.consumers is None else replace(it, consumers=it.consumers - {name})
                for kind, it in asked.items()
            },
        )
    chosen = st.frozensets(st.sampled_from(kinds))
    return Matrix(entries, draw(st.one_of(st.just(frozenset()), chosen)), draw(st.one_of(st.just(frozenset()), chosen)))


def asked_for_many(instance: Instance, matrix: Matrix) -> State | None:
    """The model: what is there in the end; None where the task must be refused before anything is written."""
    if any(kind not in matrix.prune or matrix.mentions(kind) for kind in matrix.prune_all):
        return None
    end: dict[str, dict[Kind, Shared]] = {}
    for name, before in instance.state.items():
        state, asked = matrix.entries.get(name, ("exact", {}))
        end[name] = dict(before)
        about = set(asked)
        for kind in KINDS:
            if kind in asked:
                wanted = combined(before[kind], asked[kind].consumers, state, asked[kind].flag)
                if wanted is None:
                    return None
                end[name][kind] = wanted
            elif kind in matrix.prune and before[kind] != NOBODY:
                if kind not in matrix.prune_all and (name in matrix.entries or not matrix.mentions(kind)):
                    return None
                end[name][kind] = NOBODY
                about.add(kind)
        if writes_list(before[PROVIDERS], end[name][PROVIDERS]) and before[MODULES].everyone and MODULES not in about:
            return None
    return end


def state_of(tfe: Simulator) -> State:
    return {name: {kind: shared(tfe, kind, name) for kind in KINDS} for name in MEMBERS}


def changes(before: State, after: State) -> list[dict[str, Any]]:
    """What differs, as the module tells it."""
    return [
        {
            "organization": name,
            "kind": kind.name,
            "added": sorted(now.consumers - was.consumers),
            "removed": sorted(was.consumers - now.consumers),
            "revoked": revoked(was, now, MEMBERS, name),
            "everybody_before": was.everyone,
            "everybody_after": now.everyone,
        }
        for name in sorted(before)
        for kind in KINDS
        for was, now in [(before[name][kind], after[name][kind])]
        if was != now
    ]


def entry(tfe: Simulator, name: str, kinds: Mapping[Kind, Shared]) -> dict[str, Any]:
    """An entry as the modules return it."""
    told: dict[str, Any] = {"organization": name, "external_id": tfe.external_id(name)}
    for kind in KINDS:
        it = kinds.get(kind)
        told[kind.list] = None if it is None or it.everyone else sorted(it.consumers)
        told[kind.flag] = None if it is None else it.everyone
    return told


MANY, INFO = "tfe_registry_sharing", "tfe_registry_sharing_info"


@QUICK
@given(instance=instances(LIES | OBSTINATE), data=st.data())
def test_what_info_tells_can_be_asked_for_and_changes_nothing(
    run: RunModule, simulators: list[Simulator], instance: Instance, data: st.DataObject
) -> None:
    prune = data.draw(st.frozensets(st.sampled_from(instance.kinds)))
    with playing(simulators, instance.organizations, instance.profile, instance.behaviour) as tfe:
        found = run({}, module=INFO)
        of_release = {name: {kind: it[kind] for kind in instance.kinds} for name, it in instance.state.items()}
        assert found["producers"] == [
            entry(tfe, name, of_release[name]) for name in sorted(MEMBERS) if set(of_release[name].values()) != {NOBODY}
        ]
        assert found["organizations"] == [
            {"name": name, "external_id": tfe.external_id(name)} for name in sorted(MEMBERS)
        ]
        for name in MEMBERS:
            assert run({"organization": name}, module=INFO)["producers"] == [entry(tfe, name, of_release[name])]
        user = data.draw(st.sampled_from(MEMBERS))
        usable = run({"consumer": user}, module=INFO)["producers"]
        assert [it["organization"] for it in usable] == [
            name
            for name in sorted(MEMBERS)
            if name != user and any(it.everyone or user in it.consumers for it in of_release[name].values())
        ]
        tfe.forget()
        task = {"producers": found["producers"], "prune": [kind.name for kind in prune]}
        again = run(task, module=MANY, diff=True)
        assert "failed" not in again, again["msg"]
        assert not wrote(tfe)
        assert (again["changed"], again["changes"], again["before"], again["pruned"], again["diff"]) == (
            *(False, [], [], [], []),
        )
        assert again["producers"] == [{**it, "changed": False} for it in found["producers"]]
        assert state_of(tfe) == instance.state


@QUICK
@given(instance=instances(LIES | OBSTINATE), data=st.data())
def test_a_matrix_comes_to_what_is_asked_for_as_predicted_and_can_be_undone(
    run: RunModule, simulators: list[Simulator], instance: Instance, data: st.DataObject
) -> None:
    matrix = data.draw(matrices(instance.kinds))
    wanted = asked_for_many(instance, matrix)
    with playing(simulators, instance.organizations, instance.profile, instance.behaviour) as tfe:
        predicted = run(matrix.options, module=MANY, check=True, diff=True)
        assert state_of(tfe) == instance.state
        # What was foreseen can be approved as it is, and takes access from nobody more.
        count = sum(len(change["revoked"]) for change in predicted.get("changes", []))
        options = {**matrix.options, "max_revoked": count, "approved": predicted.get("digest")}
        if count:
            refused = run({**options, "max_revoked": count - 1}, module=MANY, diff=True)
            told = {key: value for key, value in predicted.items() if key not in ("changed", "invocation")}
            assert told.items() <= refused.items()
            assert "changed" not in refused
            assert not wrote(tfe)
        answer = run(options, module=MANY, diff=True)
        if wanted is None:
            assert answer["failed"]
            assert predicted["msg"] == answer["msg"]
            assert not wrote(tfe)
            return
        assert "failed" not in answer, answer["msg"]
        assert state_of(tfe) == wanted
        assert answer["changes"] == changes(instance.state, wanted)
        for key in ("changed", "producers", "pruned", "changes", "digest", "before", "diff"):
            assert predicted[key] == answer[key], key
        assert predicted.get("warnings") == answer.get("warnings")
        assert answer["producers"] == [
            {
                **entry(tfe, name, {kind: wanted[name][kind] for kind in kinds}),
                "changed": instance.state[name] != wanted[name],
            }
            for name, (_state, kinds) in matrix.entries.items()
        ]
        assert [it["organization"] for it in answer["before"]] == sorted(
            name for name in MEMBERS if instance.state[name] != wanted[name]
        )
        for text, state in (("before", instance.state), ("after", wanted)):
            assert [it[text] for it in answer["diff"]] == [
                "".join(
                    "".join(lines(name, state[name][kind]))
                    for name in sorted(MEMBERS)
                    if instance.state[name][kind] != wanted[name][kind]
                )
                for kind in KINDS
                if any(instance.state[name][kind] != wanted[name][kind] for name in MEMBERS)
            ]
        tfe.forget()
        # The approval is of no use any more, and of no harm.
        assert not run(options, module=MANY)["changed"]
        assert not wrote(tfe)
        undone = run({"producers": answer["before"]}, module=MANY)
        assert "failed" not in undone, undone["msg"]
        assert state_of(tfe) == instance.state
        assert undone["changes"] == changes(wanted, instance.state)


@QUICK
@given(instance=instances(LIES), data=st.data())
def test_a_matrix_tells_the_truth_on_any_server(
    run: RunModule, simulators: list[Simulator], instance: Instance, data: st.DataObject
) -> None:
    matrix = data.draw(matrices(instance.kinds))
    wanted = asked_for_many(instance, matrix)
    with playing(simulators, instance.organizations, instance.profile, instance.behaviour) as tfe:
        answer = run(matrix.options, module=MANY)
        after = state_of(tfe)
        assert "Unexpected" not in answer.get("msg", "")
        if "changes" not in answer:
            assert answer["failed"]
            assert not wrote(tfe)
            return
        assert wanted is not None
        if not answer.get("failed"):
            assert after == wanted
        told = {(it["organization"], it["kind"]): it for it in answer["changes"]}
        real = {(it["organization"], it["kind"]): it for it in changes(instance.state, after)}
        assert real.keys() <= told.keys()
        for key, change in told.items():
            if change["everybody_after"] is not None:
                assert real[key] == change
        assert {it["organization"] for it in answer["before"]} == {name for name, _kind in told}
        failed = {it["organization"]: it["msg"] for it in answer["producers"] if it.get("failed")}
        for name, kinds in after.items():
            for kind in KINDS:
                # Neither as it was nor as asked: nobody is told "ok" of it.
                if kinds[kind] not in (instance.state[name][kind], wanted[name][kind]):
                    assert answer["failed"]
                    assert name in failed or name in answer["msg"]
        for it in answer["producers"]:
            if not it.get("failed"):
                assert after[it["organization"]] == wanted[it["organization"]]
