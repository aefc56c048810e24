# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of sharing: the table of states, what may be asked for, and properties that hold for every request."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import (
    Organization,
    Outcome,
    Partnership,
    Request,
    Sharing,
    UsageError,
    fold,
    leftover,
    make_plan,
    match,
    parse_request,
    refuse_hidden_revocation,
    sharing_data,
)
from hypothesis import given, settings
from hypothesis import strategies as st

PRODUCER = Organization("delta", "org-Hh3mVn8cYtR5wKzE")
EVERYONE = Sharing(everyone=True)


def organization(name: str) -> Organization:
    return Organization(name, f"id-of-{fold(name)}")


def shared_with(*names: str) -> Sharing:
    return Sharing(everyone=False, partnerships=tuple(Partnership(organization(name), f"mp-{name}") for name in names))


def options(**given_options: Any) -> dict[str, Any]:
    unset = {"organization": "delta", "consumers": None, "state": "exact", "global_module_sharing": None}
    return {**unset, **given_options}


def request_for(names: list[str] | None, state: str = "exact", share_globally: bool | None = None) -> Request:
    return Request("delta", None if names is None else tuple(names), state, share_globally)


def outcome(before: Sharing, request: Request) -> tuple[bool, list[str], list[str], list[str], int]:
    """(everyone, consumers, added, removed, number of warnings) of a plan."""
    plan = make_plan(request, PRODUCER, before, [organization(name) for name in request.consumers or ()])
    added, removed = plan.after.without(before), before.without(plan.after)
    return plan.after.everyone, plan.after.names, added, removed, len(plan.warnings)


@pytest.mark.parametrize(
    ("before", "request_", "expected"),
    [
        # The producer does not share globally.
        (shared_with("a", "b"), request_for(["b", "c"]), (False, ["b", "c"], ["c"], ["a"], 0)),
        (shared_with("a", "b"), request_for(["b", "a"]), (False, ["a", "b"], [], [], 0)),
        (shared_with("a", "b"), request_for([]), (False, [], [], ["a", "b"], 0)),
        (shared_with(), request_for([]), (False, [], [], [], 0)),
        (shared_with("a"), request_for(["b"], "present"), (False, ["a", "b"], ["b"], [], 0)),
        (shared_with("a"), request_for(["a"], "present"), (False, ["a"], [], [], 0)),
        (shared_with("a"), request_for([], "present"), (False, ["a"], [], [], 0)),
        (shared_with("a", "b"), request_for(["b"], "absent"), (False, ["a"], [], ["b"], 0)),
        (shared_with("a"), request_for(["c"], "absent"), (False, ["a"], [], [], 0)),
        (shared_with("a"), request_for([], "absent"), (False, ["a"], [], [], 0)),
        (shared_with("a"), request_for(["a"], "exact", False), (False, ["a"], [], [], 0)),
        (shared_with("a"), request_for(None, share_globally=True), (True, [], [], ["a"], 1)),
        (shared_with(), request_for(None, share_globally=True), (True, [], [], [], 0)),
        (shared_with("a"), request_for(None, share_globally=False), (False, ["a"], [], [], 0)),
        # The producer shares globally.
        (EVERYONE, request_for(["a"]), (False, ["a"], ["a"], [], 1)),
        (EVERYONE, request_for([]), (False, [], [], [], 1)),
        (EVERYONE, request_for(["a"], "exact", False), (False, ["a"], ["a"], [], 0)),
        (EVERYONE, request_for(["a"], "present", False), (False, ["a"], ["a"], [], 0)),
        (EVERYONE, request_for(None, share_globally=True), (True, [], [], [], 0)),
        (EVERYONE, request_for(None, share_globally=False), (False, [], [], [], 0)),
    ],
)
def test_table_of_states(
    before: Sharing, request_: Request, expected: tuple[bool, list[str], list[str], list[str], int]
) -> None:
    assert outcome(before, request_) == expected
    refuse_hidden_revocation(request_, PRODUCER, before)  # none of these hides a revocation


@pytest.mark.parametrize("names", [["a"], []])
@pytest.mark.parametrize(
    ("state", "flag", "mend"),
    [
        ("present", None, "add global_module_sharing: false"),
        ("absent", None, "say who shall remain, with state: exact"),
        ("absent", False, "say who shall remain, with state: exact"),
    ],
)
def test_adding_or_removing_under_global_sharing_is_refused(
    state: str, flag: bool | None, mend: str, names: list[str]
) -> None:
    with pytest.raises(UsageError, match=mend):
        refuse_hidden_revocation(request_for(names, state, flag), PRODUCER, EVERYONE)
    refuse_hidden_revocation(request_for(names, state, flag), PRODUCER, shared_with("b"))


def test_turning_global_sharing_off_is_a_change_even_with_equal_lists() -> None:
    assert make_plan(request_for([]), PRODUCER, EVERYONE, []).changed


def test_a_kept_consumer_keeps_its_partnership_id_and_a_new_one_has_none() -> None:
    wanted = [Organization("A", "id-of-a"), organization("b")]
    plan = make_plan(request_for(["a", "b"]), PRODUCER, shared_with("a"), wanted)
    assert [(p.consumer.name, p.id) for p in plan.after.partnerships] == [("a", "mp-a"), ("b", None)]


@pytest.mark.parametrize(
    ("consumers", "message"),
    [
        (["a", ""], r"consumers\[1\] is blank"),
        ([None], r"consumers\[0\] is blank"),
        (["a", "  "], r"consumers\[1\]"),
        (["a\nb"], r"consumers\[0\]"),
        ([".."], r"consumers\[0\]"),
        ([True], r"consumers\[0\] is True"),
        (["a", 42], r"consumers\[1\] is the number 42. Put it in quotes"),
        ([0.5], r"consumers\[0\] is the number 0.5. Put it in quotes"),
        ([["a"]], r"consumers\[0\]"),
        ([{"name": "a"}], r"consumers\[0\]"),
        (["a", " DELTA"], r"consumers\[1\] is 'DELTA', the producing organization itself"),
    ],
)
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
def test_an_element_that_cannot_be_meant_is_named_by_its_index(consumers: list[Any], message: str, state: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_request(options(consumers=consumers, state=state))


@pytest.mark.parametrize("element", ["b c", "a/b"])
def test_a_name_that_cannot_be_may_only_leave(element: str) -> None:
    for state in ("exact", "present"):
        with pytest.raises(UsageError, match=rf"consumers\[1\] is '{element}'"):
            parse_request(options(consumers=["a", element], state=state))
    request = parse_request(options(consumers=["a", element], state="absent"))
    assert request.consumers == ("a", element)


@pytest.mark.parametrize(
    ("given_options", "message"),
    [
        ({}, "Nothing is asked for"),
        ({"consumers": ["a"], "global_module_sharing": True}, "exclude each other"),
        ({"consumers": [], "global_module_sharing": True}, "exclude each other"),
        ({"consumers": ["a"], "organization": " "}, "organization must be the name"),
        ({"consumers": ["a"], "organization": "a/b"}, "organization must be the name"),
        ({"consumers": ["a"], "organization": None}, "organization must be the name"),
        ({"consumers": ["a"], "organization": True}, "organization must be the name"),
        ({"consumers": ["a"], "organization": 173}, "organization is the number 173. Put it in quotes"),
    ],
)
def test_usage_errors(given_options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_request(options(**given_options))


def test_stray_spaces_do_not_count() -> None:
    assert parse_request(options(consumers=["42", " gamma ", "0815"])).consumers == ("42", "gamma", "0815")


def test_a_name_matches_in_any_case_and_an_id_only_exactly() -> None:
    gamma = Organization("Gamma", "org-7kPzQw3RtYb2NmXa")
    assert match(["gAMMA", "org-7kPzQw3RtYb2NmXa"], [gamma]) == {"gAMMA": gamma, "org-7kPzQw3RtYb2NmXa": gamma}
    assert match(["org-7kpzqw3rtyb2nmxa", "gam"], [gamma]) == {}


def test_the_exact_spelling_wins_where_names_differ_in_case_alone() -> None:
    small, large, other = Organization("eta", "1"), Organization("Eta", "2"), Organization("zeta", "3")
    assert match(["Eta", "eta", "ZETA", "1"], [small, large, other]) == {
        "Eta": large,
        "eta": small,
        "ZETA": other,
        "1": small,
    }
    with pytest.raises(UsageError, match=r"'ETA' could be any of Eta and eta, which differ in case alone"):
        match(["ETA"], [small, large])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        *(("Delta-1_X", "dELTA-1_x", True), ("straße", "STRASSE", False), ("Straße", "straßE", True)),
        *(("\N{KELVIN SIGN}", "k", False), ("İ", "i", False), ("É", "é", False)),
    ],
)
def test_only_the_case_of_ascii_letters_does_not_count(one: str, other: str, alike: bool) -> None:
    assert (fold(one) == fold(other)) == alike


def names_of(organizations: list[Organization]) -> list[str]:
    return [it.name for it in organizations]


@pytest.mark.parametrize(
    ("here", "there", "left"),
    [
        # The ids decide where both are known, else the names.
        ([("a", "1")], [("b", "1")], []),
        ([("a", "1")], [("a", "2")], ["a"]),
        ([("a", "1")], [("a", None)], []),
        ([("a", None)], [("A", "2")], []),
        ([("a", None)], [("b", None)], ["a"]),
        # Where two names differ in case alone, each counts for itself.
        ([("a", None), ("A", None)], [("a", None)], ["A"]),
        ([("A", None)], [("a", None), ("A", None)], []),
        ([("a", None)], [("A", None)], []),
        ([("a", "1"), ("A", "2")], [("A", "1"), ("a", "2")], []),
    ],
)
def test_who_is_left_over(
    here: list[tuple[str, str | None]], there: list[tuple[str, str | None]], left: list[str]
) -> None:
    assert names_of(leftover([Organization(*it) for it in here], [Organization(*it) for it in there])) == left


def test_what_somebody_else_adds_meanwhile_is_theirs_unless_the_list_is_to_be_exact() -> None:
    wanted = [organization("c")]
    before, shown = shared_with("a", "b"), shared_with("a", "b", "c", "stranger")
    for state, reached in (("present", True), ("exact", False)):
        names = ["c"] if state == "present" else ["a", "b", "c"]
        plan = make_plan(request_for(names, state), PRODUCER, before, [*map(organization, names)] or wanted)
        assert plan.is_reached_by(shown) == reached
        assert names_of(plan.left_over(shown)) == ([] if reached else ["stranger"])
    plan = make_plan(request_for(["c"], "present"), PRODUCER, before, wanted)
    assert not plan.is_reached_by(shared_with("a", "c")), "it may have been our write that took b away"
    assert names_of(plan.missing(shared_with("a", "c"))) == ["b"]
    assert Outcome(plan, shown).added == ["c"]


def test_who_shall_leave_has_to_be_gone_even_if_somebody_else_brings_them_back() -> None:
    plan = make_plan(request_for(["a", "gone"], "absent"), PRODUCER, shared_with("a", "b"), [organization("a")])
    assert plan.is_reached_by(shared_with("b", "stranger"))
    for who in ("a", "gone"):
        assert names_of(plan.left_over(shared_with("b", who))) == [who]


def test_what_was_not_written_was_not_changed() -> None:
    plan = make_plan(request_for(["c"]), PRODUCER, shared_with("a"), [organization("c")])
    outcome = Outcome(plan, shared_with("stranger"), "why", written=False)
    assert (outcome.changed, outcome.added, outcome.removed) == (False, [], [])


def test_an_element_that_means_two_organizations_is_refused() -> None:
    named_like_an_id = Organization("org-7kPzQw3RtYb2NmXa", "org-2222222222222222")
    with pytest.raises(UsageError, match="of one organization and the external id of another"):
        match(["org-7kPzQw3RtYb2NmXa"], [named_like_an_id, Organization("gamma", "org-7kPzQw3RtYb2NmXa")])


_NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "A", "B", "e1", "F-f"]), max_size=8)


@st.composite
def _requests(draw: st.DrawFn) -> Request:
    names = draw(st.none() | _NAMES)
    flag = draw(st.booleans()) if names is None else draw(st.sampled_from([None, False]))
    return request_for(names, draw(st.sampled_from(["exact", "present", "absent"])), flag)


@st.composite
def _sharings(draw: st.DrawFn) -> Sharing:
    if draw(st.booleans()):
        return EVERYONE
    return shared_with(*{name.casefold(): name for name in draw(_NAMES)}.values())


@pytest.mark.many_tries
@settings(deadline=None, database=None)
@given(before=_sharings(), request_=_requests())
def test_the_plan_reaches_what_was_asked_for_and_then_there_is_nothing_left_to_do(
    before: Sharing, request_: Request
) -> None:
    wanted = [organization(name) for name in request_.consumers or ()]
    plan = make_plan(request_, PRODUCER, before, wanted)

    def keys(names: list[str]) -> set[str]:
        return {name.casefold() for name in names}

    asked, had, has = {o.key for o in wanted}, keys(before.names), keys(plan.after.names)
    if request_.consumers is None:
        assert plan.after.everyone == request_.share_globally
        assert has == (set() if before.everyone != request_.share_globally else had)
    else:
        assert not plan.after.everyone
        assert has == {"exact": asked, "present": had | asked, "absent": had - asked}[request_.state]
    assert keys(plan.after.without(before)) == has - had
    assert keys(before.without(plan.after)) == had - has
    assert plan.changed == (before.everyone != plan.after.everyone or has != had)
    assert len(plan.after.names) == len(has)
    assert not make_plan(request_, PRODUCER, plan.after, wanted).changed


def test_warnings_word_for_word() -> None:
    [stops] = make_plan(request_for([]), PRODUCER, EVERYONE, []).warnings
    assert stops == (
        "delta stops sharing its modules with every organization: all that are not listed in consumers lose access. "
        "Set global_module_sharing: false to say that this is meant."
    )
    [starts] = make_plan(request_for(None, share_globally=True), PRODUCER, shared_with("b", "a"), []).warnings
    assert starts == (
        "delta starts sharing its modules with every organization, which drops its list of consumers for good: a, b."
    )


def test_partnerships_are_told_by_name_even_if_a_server_has_one_name_twice() -> None:
    consumers = [Organization("b"), Organization("a", "id"), Organization("a")]
    data = sharing_data(PRODUCER, Sharing(everyone=False, partnerships=tuple(map(Partnership, consumers))))
    told = [(it["consuming_organization_name"], it["consuming_organization_id"]) for it in data["partnerships"]]
    assert told == [("a", "id"), ("a", None), ("b", None)]
