# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return: plain data that can be asked for, and diffs that say of each line whose it is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import ENTRY_OPTIONS, parse_entry
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.results import (
    changes,
    diffs,
    entry,
    entry_result,
    single,
)
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import (
    Outcome,
    Partnership,
    Plan,
    Result,
    Sharing,
)

DELTA = Organization("delta", "org-Hh3mVn8cYtR5wKzE")
BETA = Organization("beta", "org-Hh3mVn8cYtR5wKzF")
EVERYONE = Sharing(everyone=True)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def shared_with(*names: str) -> Sharing:
    consumers = [Organization(name, f"id-of-{name}") for name in names]
    return Sharing(everyone=False, partnerships=tuple(Partnership(it, f"mp-{it.name}") for it in consumers))


def outcome(
    kind: Kind, before: Sharing, after: Sharing | None, producer: Organization = DELTA, planned: Sharing | None = None
) -> Outcome:
    """What became of a plan; what was planned is there now, unless told otherwise."""
    return Outcome(Plan(producer, kind, before, planned or after or shared_with()), after)


def diff(kind: Kind, before: str, after: str) -> dict[str, str]:
    header = f"who may use whose {kind.name}"
    return {"before_header": header, "after_header": header, "before": before, "after": after}


@each_kind
def test_one_producer(kind: Kind) -> None:
    told = single(Result((outcome(kind, shared_with("c", "a"), shared_with("c", "b")),)))
    assert told == {
        "changed": True,
        "organization": {"name": "delta", "external_id": "org-Hh3mVn8cYtR5wKzE"},
        kind.flag_option: False,
        "consumers": ["b", "c"],
        "partnerships": [
            {
                "id": f"mp-{name}",
                "consuming_organization_id": f"id-of-{name}",
                "consuming_organization_name": name,
                "producing_organization_id": "org-Hh3mVn8cYtR5wKzE",
                "producing_organization_name": "delta",
            }
            for name in ("b", "c")
        ],
        "added": ["b"],
        "removed": ["a"],
        "diff": diff(kind, "delta: a\ndelta: c\n", "delta: b\ndelta: c\n"),
    }


@each_kind
def test_everybody_is_a_line_of_the_diff_and_nobody_is_none(kind: Kind) -> None:
    told = single(Result((outcome(kind, EVERYONE, shared_with()),)))
    assert told["diff"] == diff(kind, "delta: (everybody)\n", "")
    assert (told["changed"], told["consumers"], told[kind.flag_option]) == (True, [], False)


@each_kind
def test_what_is_not_known_is_null_and_may_have_changed(kind: Kind) -> None:
    told = single(Result((outcome(kind, shared_with("a"), None),)))
    assert (told["changed"], told["added"], told["removed"]) == (True, [], [])
    assert told["consumers"] is told["partnerships"] is told[kind.flag_option] is None
    assert told["diff"] == diff(kind, "delta: a\n", "delta: (not known)\n")


@each_kind
def test_what_was_done_to_the_other_kind_is_a_change(kind: Kind) -> None:
    [other] = [it for it in KINDS if it != kind]
    same = outcome(kind, shared_with("a"), shared_with("a"))
    assert not single(Result((same, outcome(other, EVERYONE, EVERYONE))))["changed"]
    assert single(Result((same, outcome(other, EVERYONE, shared_with()))))["changed"]


def test_partnerships_are_told_by_name_even_if_a_server_has_one_name_twice() -> None:
    consumers = [Organization("b"), Organization("a", "id"), Organization("a")]
    sharing = Sharing(everyone=False, partnerships=tuple(map(Partnership, consumers)))
    data = single(Result((outcome(MODULES, sharing, sharing),)))
    told = [(it["consuming_organization_name"], it["consuming_organization_id"]) for it in data["partnerships"]]
    assert told == [("a", "id"), ("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("sharing", "consumers", "everyone"),
    [
        (EVERYONE, None, True),
        (shared_with("b", "a"), ["a", "b"], False),
        (shared_with(), [], False),
        (None, None, None),
    ],
)
@each_kind
def test_an_entry_can_be_asked_for(
    kind: Kind, sharing: Sharing | None, consumers: list[str] | None, everyone: bool | None
) -> None:
    [other] = [it for it in KINDS if it != kind]
    told = entry(DELTA, {kind: sharing})
    assert told == {
        "organization": "delta",
        "external_id": "org-Hh3mVn8cYtR5wKzE",
        kind.list_option: consumers,
        kind.flag_option: everyone,
        other.list_option: None,
        other.flag_option: None,
    }
    assert told.keys() == ENTRY_OPTIONS.keys() - {"state"}
    if sharing:
        [request] = parse_entry({**told, "state": "exact"}).requests
        assert (request.kind, request.share_globally) == (kind, everyone)
        assert request.consumers == (None if consumers is None else tuple(consumers))


def test_an_entry_of_the_result_has_the_kinds_that_were_asked_about() -> None:
    outcomes = outcome(PROVIDERS, shared_with(), shared_with("a")), outcome(MODULES, shared_with("z"), shared_with("z"))
    told = entry_result(Result(outcomes), {PROVIDERS})
    assert (told["provider_consumers"], told["global_provider_sharing"]) == (["a"], False)
    assert told["module_consumers"] is told["global_module_sharing"] is None, "it was read for the write alone"
    assert told["changed"]
    assert told.keys() == {*ENTRY_OPTIONS, "changed"} - {"state"}
    failed = entry_result(Result(outcomes, "Why."), {PROVIDERS})
    assert (failed["failed"], failed["msg"]) == (True, "Why.")


MIXED = [
    Result(
        (
            outcome(MODULES, shared_with("a"), shared_with("a")),
            outcome(PROVIDERS, EVERYONE, shared_with("c", "b"), planned=shared_with("c")),
        )
    ),
    Result((outcome(MODULES, shared_with("a"), None, BETA), outcome(PROVIDERS, shared_with("a"), EVERYONE, BETA))),
]


def change(name: str, kind: str, **told: Any) -> dict[str, Any]:
    return {"organization": name, "kind": kind, "added": [], "removed": [], **told}


def test_changes_are_what_differs_by_organization_and_kind() -> None:
    assert changes(MIXED) == [
        change("beta", "modules", everybody_before=False, everybody_after=None),
        change("beta", "providers", removed=["a"], everybody_before=False, everybody_after=True),
        change("delta", "providers", added=["c"], everybody_before=True, everybody_after=False),
    ]
    assert changes([Result((outcome(MODULES, EVERYONE, EVERYONE),))]) == []


def test_two_kinds_are_two_diffs() -> None:
    assert diffs(MIXED) == [
        diff(MODULES, "beta: a\n", "beta: (not known)\n"),
        diff(PROVIDERS, "beta: a\ndelta: (everybody)\n", "beta: (everybody)\ndelta: b\ndelta: c\n"),
    ]
    assert diffs(MIXED[:1]) == [diff(PROVIDERS, "delta: (everybody)\n", "delta: b\ndelta: c\n")]
    assert diffs([]) == []
