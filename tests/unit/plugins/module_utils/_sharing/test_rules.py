# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of sharing: the table of states, what may be asked for, and properties that hold for every request."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import Request
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization, fold
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import (
    Outcome,
    Partnership,
    Plan,
    Result,
    Sharing,
    make_plan,
    refuse_hidden_revocation,
    refuse_one_id_for_two,
)
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import UsageError
from hypothesis import given, settings
from hypothesis import strategies as st

PRODUCER = Organization("delta", "org-Hh3mVn8cYtR5wKzE")
EVERYONE = Sharing(everyone=True)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def organization(name: str) -> Organization:
    return Organization(name, f"id-of-{fold(name)}")


def shared_with(*names: str) -> Sharing:
    return Sharing(everyone=False, partnerships=tuple(Partnership(organization(name), f"mp-{name}") for name in names))


def request_for(
    names: list[str] | None, state: str = "exact", share_globally: bool | None = None, kind: Kind = MODULES
) -> Request:
    return Request("delta", kind, None if names is None else tuple(names), state, share_globally, kind.list_option)


def of_kind(request: Request, kind: Kind) -> Request:
    return request._replace(kind=kind, option=kind.list_option)


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
@each_kind
def test_table_of_states(
    kind: Kind, before: Sharing, request_: Request, expected: tuple[bool, list[str], list[str], list[str], int]
) -> None:
    request_ = of_kind(request_, kind)
    assert outcome(before, request_) == expected
    refuse_hidden_revocation(request_, PRODUCER, before)  # none of these hides a revocation


@pytest.mark.parametrize("names", [["a"], []])
@pytest.mark.parametrize(
    ("state", "flag", "mend"),
    [
        ("present", None, "add FLAG: false"),
        ("absent", None, "say who shall remain, with state: exact"),
        ("absent", False, "say who shall remain, with state: exact"),
    ],
)
@each_kind
def test_adding_or_removing_under_global_sharing_is_refused(
    kind: Kind, state: str, flag: bool | None, mend: str, names: list[str]
) -> None:
    request = request_for(names, state, flag, kind)
    with pytest.raises(UsageError, match=mend.replace("FLAG", kind.flag_option)) as error:
        refuse_hidden_revocation(request, PRODUCER, EVERYONE)
    assert f"delta shares its {kind.name} with every organization." in str(error.value)
    refuse_hidden_revocation(request, PRODUCER, shared_with("b"))


def test_turning_global_sharing_off_is_a_change_even_with_equal_lists() -> None:
    assert make_plan(request_for([]), PRODUCER, EVERYONE, []).changed


def test_a_kept_consumer_keeps_its_partnership_id_and_a_new_one_has_none() -> None:
    wanted = [Organization("A", "id-of-a"), organization("b")]
    plan = make_plan(request_for(["a", "b"]), PRODUCER, shared_with("a"), wanted)
    assert [(p.consumer.name, p.id) for p in plan.after.partnerships] == [("a", "mp-a"), ("b", None)]


def test_what_was_not_written_was_not_changed() -> None:
    plan = make_plan(request_for(["c"]), PRODUCER, shared_with("a"), [organization("c")])
    outcome = Outcome(plan, shared_with("stranger"), written=False)
    assert (outcome.changed, outcome.added, outcome.removed, outcome.revoked) == (False, [], [], [])
    outcome = Outcome(plan, None)
    assert (outcome.changed, outcome.added, outcome.removed, outcome.revoked) == (True, [], [], []), "nobody knows"


@pytest.mark.parametrize(
    ("before", "after", "revoked", "ends_global"),
    [
        (shared_with("a", "b"), shared_with("b", "c"), ["a"], False),
        (shared_with("b", "a"), shared_with(), ["a", "b"], False),
        (shared_with("a"), EVERYONE, [], False),
        (EVERYONE, EVERYONE, [], False),
        (EVERYONE, shared_with("b"), ["a", "c"], True),
        (EVERYONE, shared_with(), ["a", "b", "c"], True),
        (EVERYONE, None, [], False),
    ],
)
@each_kind
def test_who_could_use_it_and_cannot_any_more(
    kind: Kind, before: Sharing, after: Sharing | None, revoked: list[str], ends_global: bool
) -> None:
    everybody = (PRODUCER, *map(organization, "cba"))
    told = Outcome(Plan(PRODUCER, kind, before, after or shared_with(), everybody=everybody), after)
    assert ([it.name for it in told.revoked], told.ends_global) == (revoked, ends_global)
    not_known = Outcome(told.plan._replace(everybody=None), after)
    assert [it.name for it in not_known.revoked] == ([] if ends_global else revoked)
    assert not told._replace(written=False).ends_global


def test_whom_somebody_else_added_meanwhile_was_not_added_by_the_task() -> None:
    plan = make_plan(request_for(["c"], "present"), PRODUCER, shared_with("a", "b"), [organization("c")])
    told = Outcome(plan, shared_with("a", "b", "c", "stranger"))
    assert (told.changed, told.added, told.removed) == (True, ["c"], [])


def test_what_became_of_either_kind_is_a_change_of_the_producer() -> None:
    modules = make_plan(request_for(["a"]), PRODUCER, shared_with("a"), [organization("a")])
    providers = Plan(PRODUCER, PROVIDERS, EVERYONE, EVERYONE)
    for now, changed in ((EVERYONE, False), (shared_with(), True), (None, True)):
        result = Result((Outcome(modules, modules.after), Outcome(providers, now)))
        assert (result.producer, result.changed) == (PRODUCER, changed)


@pytest.mark.parametrize(
    ("before", "request_", "writes_list"),
    [
        (shared_with("a"), request_for(["b"]), True),
        (shared_with("a"), request_for([]), True),
        (shared_with("a"), request_for(["a"]), False),
        (EVERYONE, request_for(["a"]), True),
        # The flag is all.
        (EVERYONE, request_for([]), False),
        (EVERYONE, request_for(None, share_globally=False), False),
        (shared_with("a"), request_for(None, share_globally=True), False),
    ],
)
def test_a_list_is_written_only_where_the_flag_is_not_all(
    before: Sharing, request_: Request, writes_list: bool
) -> None:
    plan = make_plan(request_, PRODUCER, before, [organization(name) for name in request_.consumers or ()])
    assert plan.writes_list == writes_list


def test_two_names_with_one_id_are_refused() -> None:
    twins = Organization("a", "1"), Organization("b", "1")
    for producer, before, wanted in [
        (PRODUCER, Sharing(everyone=False, partnerships=tuple(map(Partnership, twins))), []),
        (PRODUCER, Sharing(everyone=False, partnerships=(Partnership(twins[0]),)), [twins[1]]),
        (twins[0], shared_with(), [twins[1]]),
    ]:
        with pytest.raises(UsageError, match=r"a and b have the same external id, 1\. Was one of them renamed"):
            refuse_one_id_for_two(producer, before, wanted)
    refuse_one_id_for_two(PRODUCER, shared_with("a"), [Organization("A", "id-of-a")])
    refuse_one_id_for_two(Organization("delta"), shared_with(), [Organization("a"), Organization("b")])


_NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "A", "B", "e1", "F-f"]), max_size=8)


@st.composite
def _requests(draw: st.DrawFn) -> Request:
    names = draw(st.none() | _NAMES)
    flag = draw(st.booleans()) if names is None else draw(st.sampled_from([None, False]))
    state, kind = draw(st.sampled_from(["exact", "present", "absent"])), draw(st.sampled_from(KINDS))
    return request_for(names, state, flag, kind)


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


@pytest.mark.many_tries
@settings(deadline=None, database=None)
@given(before=_sharings(), request_=_requests())
def test_the_kinds_differ_in_words_alone(before: Sharing, request_: Request) -> None:
    wanted = [organization(name) for name in request_.consumers or ()]
    one, other = (make_plan(of_kind(request_, kind), PRODUCER, before, wanted) for kind in KINDS)
    assert one._replace(kind=PROVIDERS, warnings=()) == other._replace(warnings=())

    def worded(text: str) -> str:
        return text.replace("modules", "providers").replace("module_", "provider_")

    assert list(map(worded, one.warnings)) == list(other.warnings)


@each_kind
def test_warnings_word_for_word(kind: Kind) -> None:
    [stops] = make_plan(request_for([], kind=kind), PRODUCER, EVERYONE, []).warnings
    assert stops == (
        f"delta stops sharing its {kind.name} with every organization: all that are not listed in {kind.list_option} "
        f"lose access. Set {kind.flag_option}: false to say that this is meant."
    )
    on = request_for(None, share_globally=True, kind=kind)
    [starts] = make_plan(on, PRODUCER, shared_with("b", "a"), []).warnings
    assert starts == (
        f"delta starts sharing its {kind.name} with every organization, which drops its list of consumers for good: a, "
        "b."
    )


@pytest.mark.parametrize("names", [["a"], [], None])
def test_providers_that_terraform_cannot_address_are_warned_of(names: list[str] | None) -> None:
    """In check mode and where nothing changes as well, as long as they are shared afterwards."""
    for producer, kind, warns in [
        (Organization("team_one"), PROVIDERS, names != []),
        (Organization("team_one"), MODULES, False),
        (Organization("team-one"), PROVIDERS, False),
    ]:
        request = request_for(names, share_globally=True if names is None else None, kind=kind)
        wanted = [organization(name) for name in names or ()]
        for before in (shared_with(), shared_with("a"), EVERYONE):
            warnings = make_plan(request, producer, before, wanted).warnings
            told = (
                "Terraform cannot address the providers of team_one, since its name contains '_': sharing them helps "
                "nobody."
            )
            assert (told in warnings) == warns
            assert ("Terraform" in str(warnings)) == warns
