# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is who: names in any case, external ids, and what an element of a list means."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import (
    Organization,
    fold,
    leftover,
    match,
    match_listed,
)
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import UsageError


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


def test_an_element_that_means_two_organizations_is_refused() -> None:
    named_like_an_id = Organization("org-7kPzQw3RtYb2NmXa", "org-2222222222222222")
    with pytest.raises(UsageError, match="of one organization and the external id of another"):
        match(["org-7kPzQw3RtYb2NmXa"], [named_like_an_id, Organization("gamma", "org-7kPzQw3RtYb2NmXa")])


def test_an_element_in_another_spelling_is_nobody_of_a_list_where_the_exact_one_is_given_too() -> None:
    gamma = Organization("Gamma", "1")
    assert match_listed(["gamma"], [gamma]) == {"gamma": gamma}
    assert match_listed(["gamma", "Gamma", "1"], [gamma]) == {"Gamma": gamma, "1": gamma}
