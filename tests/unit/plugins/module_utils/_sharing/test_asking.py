# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be asked for of one kind, by a task for one producer and by an entry for one of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import Request, parse_request, request_options
from ansible_collections.tfe.admin.plugins.module_utils._sharing.entries import parse_entry
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import UsageError

each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def single(kind: Kind, **given: Any) -> Request:
    """The request of a task for one producer, whose options are called as in an entry."""
    names = {kind.list_option: "consumers"}
    unset = {"organization": "delta", "consumers": None, "state": "exact", kind.flag_option: None}
    return parse_request({**unset, **{names.get(name, name): value for name, value in given.items()}}, kind)


def of_entry(kind: Kind, **given: Any) -> Request:
    """The request of an entry for one of many producers."""
    unset: dict[str, Any] = {"organization": "delta", "state": "exact", "external_id": None}
    for it in KINDS:
        unset.update({it.list_option: None, it.flag_option: None})
    [request] = parse_entry({**unset, **given}).requests
    assert request.kind == kind
    return request


Ask = Callable[..., Request]
WAYS: list[Ask] = [single, of_entry]
each_way = pytest.mark.parametrize("ask", WAYS)


def called(option: str, ask: Ask) -> str:
    """How a message calls an option: a task for one producer has the plain ``consumers``."""
    return "consumers" if ask is single else option


@each_kind
def test_the_options_are_those_that_are_read(kind: Kind) -> None:
    assert request_options(kind).keys() == {"organization", "consumers", "state", kind.flag_option}


@pytest.mark.parametrize(
    ("consumers", "message"),
    [
        (["a", ""], r"CONSUMERS\[1\] is blank"),
        ([None], r"CONSUMERS\[0\] is blank"),
        (["a", "  "], r"CONSUMERS\[1\]"),
        (["a\nb"], r"CONSUMERS\[0\]"),
        ([".."], r"CONSUMERS\[0\]"),
        ([True], r"CONSUMERS\[0\] is True"),
        (["a", 42], r"CONSUMERS\[1\] is the number 42. Put it in quotes"),
        ([0.5], r"CONSUMERS\[0\] is the number 0.5. Put it in quotes"),
        ([["a"]], r"CONSUMERS\[0\]"),
        ([{"name": "a"}], r"CONSUMERS\[0\]"),
        (["a", " DELTA"], r"CONSUMERS\[1\] is 'DELTA', the producing organization itself"),
    ],
)
@pytest.mark.parametrize("state", ["exact", "present", "absent"])
@each_kind
@each_way
def test_an_element_that_cannot_be_meant_is_named_by_its_index(
    ask: Ask, kind: Kind, consumers: list[Any], message: str, state: str
) -> None:
    option = called(kind.list_option, ask)
    with pytest.raises(UsageError, match=f"^{message.replace('CONSUMERS', option)}") as error:
        ask(kind, **{kind.list_option: consumers}, state=state)
    hint = f"To clear the list, say so with an empty list: {option}: []."
    assert str(error.value).endswith(hint) == ("must be the name or the external id" in str(error.value))


@pytest.mark.parametrize("element", ["b c", "a/b"])
@each_kind
@each_way
def test_a_name_that_cannot_be_may_only_leave(ask: Ask, kind: Kind, element: str) -> None:
    for state in ("exact", "present"):
        with pytest.raises(UsageError, match=rf"^{called(kind.list_option, ask)}\[1\] is '{element}'"):
            ask(kind, **{kind.list_option: ["a", element]}, state=state)
    request = ask(kind, **{kind.list_option: ["a", element]}, state="absent")
    assert request.consumers == ("a", element)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"LIST": ["a"], "FLAG": True}, "CONSUMERS and FLAG: true exclude each other"),
        ({"LIST": [], "FLAG": True}, "CONSUMERS and FLAG: true exclude each other"),
        ({"LIST": ["a"], "organization": " "}, "organization must be the name"),
        ({"LIST": ["a"], "organization": "a/b"}, "organization must be the name"),
        ({"LIST": ["a"], "organization": None}, "organization must be the name"),
        ({"LIST": ["a"], "organization": True}, "organization must be the name"),
        ({"LIST": ["a"], "organization": 173}, "organization is the number 173. Put it in quotes"),
    ],
)
@each_kind
@each_way
def test_usage_errors(ask: Ask, kind: Kind, given: dict[str, Any], message: str) -> None:
    names = {"LIST": kind.list_option, "FLAG": kind.flag_option}
    expected = message.replace("CONSUMERS", called(kind.list_option, ask)).replace("FLAG", kind.flag_option)
    with pytest.raises(UsageError, match=f"^{expected}"):
        ask(kind, **{names.get(name, name): value for name, value in given.items()})


@each_kind
def test_who_asks_for_nothing_is_told_what_could_be(kind: Kind) -> None:
    with pytest.raises(UsageError, match=rf"^Nothing is asked for: give consumers, {kind.flag_option}, or both\.$"):
        single(kind)


@each_kind
@each_way
def test_stray_spaces_do_not_count(ask: Ask, kind: Kind) -> None:
    assert ask(kind, **{kind.list_option: ["42", " gamma ", "0815"]}).consumers == ("42", "gamma", "0815")


@each_kind
@each_way
def test_an_empty_list_and_a_false_flag_are_asked_for_and_null_is_not(ask: Ask, kind: Kind) -> None:
    given = ask(kind, **{kind.list_option: []})
    assert (given.consumers, given.share_globally) == ((), None)
    given = ask(kind, **{kind.flag_option: False})
    assert (given.consumers, given.share_globally) == (None, False)
