# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random tasks against random servers, compared with a model of what the task asks for.

Whatever the server is like: the task ends as asked and tells the truth, or fails and leaves what it says it leaves.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

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
PREDICTED = ("changed", "organization", "global_module_sharing", "consumers", "added", "removed", "diff")

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


@dataclass(frozen=True)
class Modules:
    """Whom delta shares its modules with: everyone, else the consumers."""

    everyone: bool
    consumers: frozenset[str]


@dataclass(frozen=True)
class Case:
    """A starting state, a task and a server. An element is (index into NAMES, how it is spelled), or itself."""

    before: Modules
    providers: tuple[str, ...]
    everyone_uses_providers: bool
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
    st.just(Modules(True, frozenset())),
    CONSUMER_SETS.map(lambda names: Modules(False, frozenset(names))),
    CONSUMER_SETS.map(lambda names: Modules(False, frozenset(names))),
)
KNOWN = st.tuples(st.integers(0, len(NAMES) - 1), st.sampled_from(SPELLINGS))
ELEMENTS = st.one_of(
    st.lists(KNOWN, max_size=6).map(tuple),
    st.lists(st.one_of(KNOWN, KNOWN, KNOWN, st.sampled_from((*STRANGERS, "DELTA"))), max_size=6).map(tuple),
)


def cases(excluded: set[str]) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        before=BEFORE,
        providers=st.sampled_from(((), ("zeta",), NAMES)),
        everyone_uses_providers=st.booleans(),
        elements=st.one_of(st.none(), ELEMENTS, ELEMENTS, ELEMENTS),
        state=st.sampled_from(("exact", "present", "absent")),
        flag=st.sampled_from((None, None, True, False)),
        profile=st.sampled_from(tuple(RELEASES)),
        behaviour=variants(excluded),
    )


@contextmanager
def playing(simulators: list[Simulator], case: Case) -> Iterator[Simulator]:
    """A simulator for one example: ``run`` connects to it, and it ends with the block."""
    delta = Organization(
        "delta",
        global_modules=case.before.everyone,
        module_consumers=tuple(case.before.consumers),
        global_providers=case.everyone_uses_providers,
        provider_consumers=() if case.everyone_uses_providers else case.providers,
    )
    with Simulator(organizations=[delta, *CONSUMERS], profile=case.profile, behaviour=case.behaviour) as tfe:
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


def asked_for(case: Case) -> Modules | None:
    """The model: the state that the task asks for; None where it must be refused before anything is written."""
    if case.elements is None:
        if case.flag is None:
            return None
        return case.before if case.flag == case.before.everyone else Modules(case.flag, frozenset())
    strangers = [element for element in case.elements if element in STRANGERS]
    if case.flag or "DELTA" in case.elements or (strangers and case.state != "absent"):
        return None
    if any(element[1] == "number" and NAMES[int(element[0])].isdigit() for element in case.elements):
        return None
    if case.before.everyone and (case.state == "absent" or (case.state == "present" and case.flag is None)):
        return None
    named = frozenset(NAMES[element[0]] for element in case.elements if not isinstance(element, str))
    current = case.before.consumers
    return Modules(False, {"exact": named, "present": current | named, "absent": current - named}[case.state])


def modules(tfe: Simulator) -> Modules:
    sharing = tfe.sharing("delta")
    return Modules(sharing.global_modules, frozenset(sharing.module_consumers))


def wrote(tfe: Simulator) -> bool:
    return any(request.method != "GET" for request in tfe.requests)


def check(run: RunModule, simulators: list[Simulator], case: Case) -> dict[str, Any]:
    """Runs one case in check mode, for real and again.

    Returns what the real run answered, and whether it was ``repeatable``: some servers let a list be written, not read.
    """
    wanted = asked_for(case)
    with playing(simulators, case) as tfe:
        task: dict[str, Any] = {"organization": "delta", "state": case.state, "global_module_sharing": case.flag}
        task["consumers"] = None if case.elements is None else [spell(tfe, element) for element in case.elements]
        providers_before = tfe.sharing("delta").global_providers, tfe.sharing("delta").provider_consumers

        predicted = run(task, check=True, diff=True)
        assert modules(tfe) == case.before
        answer = run(task, diff=True)
        after = modules(tfe)
        assert "Unexpected" not in answer.get("msg", "")

        providers_after = tfe.sharing("delta").global_providers, tfe.sharing("delta").provider_consumers
        assert providers_after == providers_before or "provider" in answer["msg"]
        if wanted is None:
            assert answer["failed"]
            assert predicted["failed"]
            assert predicted["msg"] == answer["msg"]
            assert after == case.before
            assert not wrote(tfe)
        elif answer.get("failed"):
            check_failure(case.behaviour, case.before, wanted, after, answer["msg"])
        else:
            assert after == wanted
            check_returns(case.before, after, answer)
            assert {key: predicted[key] for key in PREDICTED} == {key: answer[key] for key in PREDICTED}
            assert predicted.get("warnings") == answer.get("warnings")
            tfe.forget()
            again = run(task)
            assert not wrote(tfe)
            if again.get("failed"):
                check_failure(case.behaviour, after, after, after, again["msg"])
            else:
                assert (again["changed"], again["added"], again["removed"]) == (False, [], [])
                assert again["consumers"] == answer["consumers"]
            answer["repeatable"] = not again.get("failed")
    return answer


def check_failure(behaviour: Behaviour, before: Modules, wanted: Modules, after: Modules, message: str) -> None:
    """The old state or the new one; or what the server made of it by itself, and then the message says what that is."""
    assert len(message) > 40
    if "nothing was changed" in message:
        assert after == before
    if after in (before, wanted) or "is not known" in message:
        return
    if after.everyone:
        assert "never" in (behaviour.list_ends_global, behaviour.put_ends_global)
        assert "global module sharing is still on" in message
    else:
        missing = wanted.consumers - after.consumers
        assert missing
        assert after.consumers == wanted.consumers - missing
        assert f"missing: {', '.join(sorted(missing))}" in message


def check_returns(before: Modules, after: Modules, answer: dict[str, Any]) -> None:
    """The returns are the real difference, in the server's spelling."""
    assert answer["global_module_sharing"] == after.everyone
    assert answer["consumers"] == sorted(after.consumers)
    assert answer["added"] == sorted(after.consumers - before.consumers)
    assert answer["removed"] == sorted(before.consumers - after.consumers)
    assert answer["changed"] == (before != after)
    assert [entry["consuming_organization_name"] for entry in answer["partnerships"]] == sorted(after.consumers)
    assert answer["diff"] == {
        "before": {"global_module_sharing": before.everyone, "consumers": sorted(before.consumers)},
        "after": {"global_module_sharing": after.everyone, "consumers": sorted(after.consumers)},
    }


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
    before=Modules(False, frozenset({"Gamma"})),
    providers=(),
    everyone_uses_providers=False,
    elements=((NAMES.index("Gamma"), "id"),),
    state="absent",
    flag=None,
    profile="2.1",
    behaviour=Behaviour(item_without_external_id="Gamma"),
)


@QUICK
@given(case=cases(LIES))
@example(case=NAMED_BY_A_HIDDEN_ID)
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
