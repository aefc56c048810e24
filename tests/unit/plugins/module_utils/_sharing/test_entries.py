# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries for many producers: what they may ask for, and that what is returned can be asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import Request
from ansible_collections.tfe.admin.plugins.module_utils._sharing.entries import (
    OPTIONS,
    Entry,
    changes,
    diffs,
    entry,
    entry_result,
    parse_entry,
)
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import (
    Outcome,
    Partnership,
    Plan,
    Result,
    Sharing,
)
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import UsageError

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


def parse(**given: Any) -> Entry:
    unset: dict[str, Any] = {"organization": "delta", "state": "exact", "external_id": None}
    for kind in KINDS:
        unset.update({kind.list_option: None, kind.flag_option: None})
    return parse_entry({**unset, **given})


def test_the_options_of_an_entry_are_those_that_are_read() -> None:
    assert OPTIONS.keys() == {
        *("organization", "external_id", "state"),
        *("module_consumers", "provider_consumers", "global_module_sharing", "global_provider_sharing"),
    }


@pytest.mark.parametrize("nothing", [{}, {"external_id": "org-7kPzQw3RtYb2NmXa"}, {"state": "absent"}])
def test_who_asks_for_nothing_is_told_what_could_be(nothing: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as error:
        parse(**nothing)
    assert str(error.value) == (
        "Nothing is asked for: give at least one of module_consumers, global_module_sharing, provider_consumers, "
        "global_provider_sharing."
    )


def test_an_entry_asks_for_each_kind_that_it_mentions() -> None:
    both = parse(module_consumers=["a"], global_provider_sharing=True, state="present", external_id="org-1")
    assert (both.organization, both.external_id) == ("delta", "org-1")
    assert both.requests == (
        Request("delta", MODULES, ("a",), "present", None, "module_consumers"),
        Request("delta", PROVIDERS, None, "present", True, "provider_consumers"),
    )


def test_all_that_is_wrong_with_an_entry_is_told_at_once() -> None:
    with pytest.raises(UsageError) as error:
        parse(module_consumers=[""], provider_consumers=["a", "delta"])
    assert "module_consumers[0] is blank" in str(error.value)
    assert "provider_consumers[1] is 'delta', the producing organization itself." in str(error.value)


def test_a_blank_external_id_is_none() -> None:
    assert parse(module_consumers=[], external_id="").external_id is None


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
    assert told.keys() == OPTIONS.keys() - {"state"}
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
    assert told.keys() == {*OPTIONS, "changed"} - {"state"}
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
