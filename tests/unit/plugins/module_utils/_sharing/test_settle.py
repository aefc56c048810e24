# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be there after a write: whom somebody else adds is theirs, who is missing or was to leave is ours."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing import settle
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import Request
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import Partnership, Plan, Sharing, make_plan

PRODUCER = Organization("delta", "org-Hh3mVn8cYtR5wKzE")
EVERYONE = Sharing(everyone=True)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def organization(name: str) -> Organization:
    return Organization(name, f"id-of-{name}")


def shared_with(*names: str) -> Sharing:
    return Sharing(everyone=False, partnerships=tuple(Partnership(organization(name)) for name in names))


def plan_for(kind: Kind, before: Sharing, names: list[str], state: str, *unknown: str) -> Plan:
    """A plan; the ``unknown`` names mean nobody."""
    request = Request("delta", kind, (*names, *unknown), state, None)
    return make_plan(request, PRODUCER, before, list(map(organization, names)))


def names_of(organizations: list[Organization]) -> list[str]:
    return [it.name for it in organizations]


@each_kind
def test_what_somebody_else_adds_meanwhile_is_theirs_unless_the_list_is_to_be_exact(kind: Kind) -> None:
    before, shown = shared_with("a", "b"), shared_with("a", "b", "c", "stranger")
    for state, reached in (("present", True), ("exact", False)):
        names = ["c"] if state == "present" else ["a", "b", "c"]
        plan = plan_for(kind, before, names, state)
        assert settle._is_reached(plan, shown) == reached
        assert names_of(settle._left_over(plan, shown)) == ([] if reached else ["stranger"])
    plan = plan_for(kind, before, ["c"], "present")
    assert not settle._is_reached(plan, shared_with("a", "c")), "it may have been our write that took b away"
    assert names_of(settle._missing(plan, shared_with("a", "c"))) == ["b"]


@each_kind
def test_who_shall_leave_has_to_be_gone_even_if_somebody_else_brings_them_back(kind: Kind) -> None:
    plan = plan_for(kind, shared_with("a", "b"), ["a"], "absent", "gone")
    assert settle._is_reached(plan, shared_with("b", "stranger"))
    for who in ("a", "gone"):
        assert names_of(settle._left_over(plan, shared_with("b", who))) == [who]


@each_kind
def test_a_list_that_comes_back_when_global_sharing_ends_is_left_over(kind: Kind) -> None:
    plan = plan_for(kind, EVERYONE, [], "exact")
    assert settle._is_reached(plan, shared_with())
    assert not settle._is_reached(plan, EVERYONE)
    assert names_of(settle._left_over(plan, shared_with("b"))) == ["b"]


@each_kind
def test_what_is_wrong_is_told_in_the_words_of_its_kind(kind: Kind) -> None:
    plan = plan_for(kind, shared_with("a", "b"), ["b", "c"], "exact")
    assert list(settle._wrong(plan, shared_with("b", "d"))) == ["missing: c", "left over: d"]
    assert list(settle._wrong(plan, EVERYONE)) == [f"global {kind.one} sharing is still on", "missing: b, c"]
    stranger = Sharing(everyone=False, partnerships=(Partnership(Organization("c", "another")), *shared_with("b")[1]))
    assert list(settle._wrong(plan, stranger)) == [f"c is another organization now, and may use the {kind.name}"]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (shared_with("a"), EVERYONE, "global KIND sharing is on now; removed: a"),
        (EVERYONE, shared_with("a"), "global KIND sharing is off now; added: a"),
        (shared_with("a", "b"), shared_with("b", "c"), "added: c; removed: a"),
        (
            shared_with("a"),
            Sharing(everyone=False, partnerships=(Partnership(Organization("z", "id-of-a")),)),
            "renamed: a, z",
        ),
    ],
)
@each_kind
def test_what_differs_is_told(kind: Kind, before: Sharing, now: Sharing, told: str) -> None:
    assert settle._differences(kind, before, now) == told.replace("KIND", kind.one)


def test_a_put_may_change_both_kinds_and_is_done_where_its_lists_are_there() -> None:
    plan = plan_for(PROVIDERS, shared_with(), ["a"], "exact")
    for by_put in (True, False):
        step = settle._Step([plan], None, is_of_lists=True, by_put=by_put)  # type: ignore[arg-type]  # not asked here
        assert set(step.kinds) == ({MODULES, PROVIDERS} if by_put else {PROVIDERS})
        assert step.is_done({PROVIDERS: shared_with("a"), MODULES: EVERYONE})
        assert not step.is_done({PROVIDERS: shared_with("b")})
