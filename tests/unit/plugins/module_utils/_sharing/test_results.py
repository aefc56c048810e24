# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return: plain data that can be asked for, and diffs that say of each line whose it is."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.results import single
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import (
    Outcome,
    Partnership,
    Plan,
    Result,
    Sharing,
)

DELTA = Organization("delta", "org-Hh3mVn8cYtR5wKzE")
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
