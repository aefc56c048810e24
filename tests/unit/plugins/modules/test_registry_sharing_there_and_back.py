# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is returned can be asked for: ``before`` undoes a task, and what the info module tells changes nothing.

Random instances and matrices of both kinds, on every release, held against a model of what a matrix asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Union

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import RELEASES, shared, writes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = ("delta", "Gamma", "epsilon", "zeta", "eta")

Who = Union[bool, frozenset[str]]
"""True for everybody, else the names."""
Kinds = dict[str, dict[Kind, Who]]
"""Who may use what, by producer and kind."""

BEHAVIOURS = [
    Behaviour(),
    Behaviour(put_ends_global="filled", filters_honoured=False),
    Behaviour(put_ends_global="both", put_keys="hyphens", put_omitted="422"),
    Behaviour(put_keys="underscores", list_without_flags=True),
    Behaviour(global_keeps_list=True, producer_filter_misses_global=True),
    Behaviour(legacy_write="404", relationship_write="404"),
    Behaviour(case_sensitive_names=True, meta="missing", without_relationships=True),
]


class Asked(NamedTuple):
    """What an entry says of one kind."""

    consumers: tuple[str, ...] | None
    everyone: bool | None
    state: str

    def after(self, had: Who) -> Who | None:
        """Who may use it then; None where the task has to refuse it."""
        if self.consumers is None:
            return True if self.everyone else frozenset() if had is True else had
        if had is True:
            is_meant = self.state == "exact" or (self.state == "present" and self.everyone is False)
            return frozenset(self.consumers) if is_meant else None
        assert isinstance(had, frozenset)
        asked = frozenset(self.consumers)
        return {"exact": asked, "present": had | asked, "absent": had - asked}[self.state]


class Matrix(NamedTuple):
    entries: dict[str, dict[Kind, Asked]]
    prune: tuple[Kind, ...]
    confirmed: bool
    ignore: tuple[str, ...]

    def mentions(self, kind: Kind) -> bool:
        return any(kind in asked for asked in self.entries.values())

    def options(self) -> dict[str, Any]:
        """As the module takes them."""
        prune_all = [kind.name for kind in self.prune if self.confirmed and not self.mentions(kind)]
        producers = []
        for name, asked in self.entries.items():
            entry: dict[str, Any] = {"organization": name}
            for kind, of_kind in asked.items():
                entry[kind.list_option] = None if of_kind.consumers is None else list(of_kind.consumers)
                entry[kind.flag_option] = of_kind.everyone
                entry["state"] = of_kind.state
            producers.append(entry)
        prune = [kind.name for kind in self.prune]
        return {"producers": producers, "prune": prune, "prune_all": prune_all, "ignore": list(self.ignore)}

    def after(self, before: Kinds) -> Kinds | None:
        """Who may use what after the task; None where it has to refuse something."""
        result: Kinds = {}
        for name, had in before.items():
            asked = dict(self.entries.get(name, {}))
            for kind in self.prune if name not in self.ignore else ():
                if kind in asked or not had[kind]:
                    continue
                if name in self.entries and self.mentions(kind):
                    return None  # a blank must not close a registry
                if not self.mentions(kind) and not self.confirmed:
                    return None
                asked[kind] = Asked((), False, "exact")
            ends: dict[Kind, Who] = {}
            for kind in KINDS:
                end = asked[kind].after(had[kind]) if kind in asked else had[kind]
                if end is None:
                    return None
                ends[kind] = end
            needs_list = ends[PROVIDERS] is not True and bool(ends[PROVIDERS] or had[PROVIDERS] is not True)
            if ends[PROVIDERS] != had[PROVIDERS] and needs_list and had[MODULES] is True and MODULES not in asked:
                return None  # killed half-way, it would leave the modules closed, and nobody would see it
            result[name] = ends
        return result


def sharing(of: str, kinds: Sequence[Kind]) -> st.SearchStrategy[dict[Kind, Who]]:
    names = st.frozensets(st.sampled_from([name for name in NAMES if name != of]), max_size=3)
    each: Any = st.one_of(st.just(True), st.just(frozenset()), names)
    return st.fixed_dictionaries({kind: each if kind in kinds else st.just(frozenset()) for kind in KINDS})


def instances(kinds: Sequence[Kind]) -> st.SearchStrategy[Kinds]:
    return st.fixed_dictionaries({name: sharing(name, kinds) for name in NAMES})


@st.composite
def matrices(draw: st.DrawFn, kinds: Sequence[Kind]) -> Matrix:
    entries: dict[str, dict[Kind, Asked]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        state = draw(st.sampled_from(["exact", "exact", "present", "absent"]))
        others = st.sampled_from([other for other in NAMES if other != name])
        lists = st.lists(others, max_size=3, unique=True).map(tuple)
        both = st.one_of(
            st.builds(Asked, lists, st.sampled_from([None, False]), st.just(state)),
            st.builds(Asked, st.none(), st.booleans(), st.just(state)),
        )
        asked_about = draw(st.lists(st.sampled_from(kinds), min_size=1, unique=True))
        entries[name] = {kind: draw(both) for kind in sorted(asked_about)}
    ignored = [name for name in draw(st.lists(st.sampled_from(NAMES), max_size=1)) if name not in entries]
    prune = tuple(kind for kind in kinds if draw(st.booleans()))
    return Matrix(entries, prune, draw(st.booleans()), tuple(ignored))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Behaviour, Kinds, Matrix]:
    profile = draw(st.sampled_from(PROFILES))
    kinds = [kind for kind in KINDS if profile in RELEASES[kind]]
    return profile, draw(st.sampled_from(BEHAVIOURS)), draw(instances(kinds)), draw(matrices(kinds))


@contextmanager
def serving(profile: str, behaviour: Behaviour, before: Kinds) -> Iterator[Simulator]:
    if profile == "202012-1":  # the only writer of lists there
        behaviour = Behaviour() if behaviour.legacy_write == "404" else behaviour
    elif profile == "202103-1" and behaviour.legacy_write == "404":
        behaviour = Behaviour(legacy_write="404")
    organizations = [
        Organization(
            name,
            global_modules=who[MODULES] is True,
            module_consumers=listed(who[MODULES]),
            global_providers=who[PROVIDERS] is True,
            provider_consumers=listed(who[PROVIDERS]),
        )
        for name, who in before.items()
    ]
    with Simulator(organizations=organizations, profile=profile, behaviour=behaviour) as tfe:
        yield tfe


def listed(who: Who) -> list[str]:
    return sorted(who) if isinstance(who, frozenset) else []


def now(tfe: Simulator) -> Kinds:
    found: Kinds = {}
    for name in NAMES:
        both = {kind: shared(tfe, kind, name) for kind in KINDS}
        found[name] = {kind: True if who is True else frozenset(who) for kind, who in both.items()}
    return found


@pytest.fixture
def ask(run: RunModule) -> Any:
    def ask(tfe: Simulator, options: dict[str, Any], module: str = "", *, check: bool = False) -> dict[str, Any]:
        connection = {"tfe_address": tfe.address, "tfe_token": tfe.admin_token}
        return run({**options, **connection}, module=f"tfe_registry_sharing{module}", check=check, diff=True)

    return ask


MANY = settings(
    max_examples=120, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.many_tries
@MANY
@given(case=cases())
def test_any_matrix_is_reached_or_refused_whole_and_before_undoes_it(
    ask: Any, case: tuple[str, Behaviour, Kinds, Matrix]
) -> None:
    profile, behaviour, before, matrix = case
    with serving(profile, behaviour, before) as tfe:
        options, after = matrix.options(), matrix.after(before)
        preview = ask(tfe, options, check=True)
        assert not writes(tfe)
        done = ask(tfe, options)
        assert {**preview, "invocation": None} == {**done, "invocation": None}
        if after is None:
            assert done["failed"]
            assert not writes(tfe)
            assert now(tfe) == before
            return
        assert "failed" not in done, done["msg"]
        assert now(tfe) == after
        assert done["changed"] == (after != before) == bool(done["changes"]) == bool(done["before"])
        differ = [(name, kind) for name in sorted(NAMES) for kind in KINDS if after[name][kind] != before[name][kind]]
        assert [(it["organization"], it["kind"]) for it in done["changes"]] == [(name, k.name) for name, k in differ]
        for told, (name, kind) in zip(done["changes"], differ):
            was, will = before[name][kind], after[name][kind]
            assert (told["everybody_before"], told["everybody_after"]) == (was is True, will is True)
            assert told["added"] == sorted({*listed(will)} - {*listed(was)})
            assert told["removed"] == sorted({*listed(was)} - {*listed(will)})
            could, can = ({*NAMES} if who is True else {*listed(who)} for who in (was, will))
            assert told["revoked"] == sorted(could - can - {name})
        asked_for = {name for name, kind in differ if kind in matrix.entries.get(name, {})}
        pruned = {name for name, kind in differ if kind not in matrix.entries.get(name, {})}
        assert set(done["pruned"]) == pruned
        assert {it["organization"] for it in done["producers"] if it["changed"]} >= asked_for
        assert not ask(tfe, options)["changed"]

        undone = ask(tfe, {"producers": done["before"]})
        assert "failed" not in undone, undone["msg"]
        assert now(tfe) == before
        assert undone["changed"] == done["changed"]
        # And what that returns does the task again.
        assert "failed" not in ask(tfe, {"producers": undone["before"]})
        assert now(tfe) == after


@pytest.mark.many_tries
@MANY
@given(case=cases())
def test_what_info_tells_changes_nothing_and_is_the_whole_truth(
    ask: Any, case: tuple[str, Behaviour, Kinds, Matrix]
) -> None:
    profile, behaviour, before, matrix = case
    kinds = [kind for kind in KINDS if profile in RELEASES[kind]]
    with serving(profile, behaviour, before) as tfe:
        info = ask(tfe, {}, "_info")
        assert "failed" not in info, info["msg"]
        sharers = sorted(name for name in NAMES if any(before[name].values()))
        assert [it["organization"] for it in info["producers"]] == sharers
        # Also where nobody else may share; where nobody shares at all, there is nothing that could end.
        prune = [kind.name for kind in kinds]
        for options in ({}, {"prune": prune}):
            again = ask(tfe, {"producers": info["producers"], **options})
            assert (again.get("msg"), again["changed"]) == (None, False)
        assert not writes(tfe)
        if matrix.after(before) is None:
            return
        # A file that was made before a change is the way back.
        ask(tfe, matrix.options())
        confirmed = [] if info["producers"] else prune
        back = ask(tfe, {"producers": info["producers"], "prune": prune, "prune_all": confirmed})
        assert "failed" not in back, back["msg"]
        assert now(tfe) == before
