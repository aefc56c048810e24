# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_registry_sharing_info`` as a real module over real HTTP: both directions, every filter, requests, errors."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule, StartSimulator

E7 = "/api/v2/admin/organizations"

INSTANCE = (
    Organization("delta", module_consumers=("Gamma",)),
    Organization("Gamma", global_providers=True),
    Organization("epsilon", global_modules=True),
    Organization("Zeta", module_consumers=("delta", "Gamma")),
    Organization("eta"),
)

BEHAVIOURS = [
    Behaviour(),
    Behaviour(filters_honoured=False),
    Behaviour(producer_filter_misses_global=True),
    Behaviour(without_relationships=True),
    Behaviour(without_external_ids=True),
]


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """True, or the consumers, by producer, in the order of the answer."""
    assert not answer.get("failed"), answer["msg"]
    assert answer["changed"] is False
    return {
        producer["organization"]["name"]: producer["global_module_sharing"] or producer["consumers"]
        for producer in answer["producers"]
    }


@pytest.fixture
def ask(run: RunModule) -> Any:
    def ask(**options: Any) -> dict[str, Any]:
        return run(options, module="tfe_registry_sharing_info")

    return ask


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_everybody_who_shares(start: StartSimulator, ask: Any, profile: str, behaviour: Behaviour) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = told(ask())
    assert answer == {"Zeta": ["Gamma", "delta"], "delta": ["Gamma"], "epsilon": True}
    assert list(answer) == ["Zeta", "delta", "epsilon"]
    assert {request.method for request in tfe.requests} == {"GET"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize(
    ("consumer", "expected"),
    [
        ("GAMMA", {"Zeta": ["Gamma", "delta"], "delta": ["Gamma"], "epsilon": True}),
        ("delta", {"Zeta": ["Gamma", "delta"], "epsilon": True}),
        ("epsilon", {}),
        (" eta ", {"epsilon": True}),
    ],
)
def test_whose_modules_a_consumer_can_use(
    start: StartSimulator, ask: Any, profile: str, behaviour: Behaviour, consumer: str, expected: dict[str, Any]
) -> None:
    start(*INSTANCE, profile=profile, behaviour=behaviour)
    assert told(ask(consumer=consumer, organization="")) == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_a_consumer_by_its_external_id(start: StartSimulator, ask: Any, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    assert list(told(ask(consumer=tfe.external_id("delta")))) == ["Zeta", "epsilon"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("organization", "who"), [("ZETA", ["Gamma", "delta"]), ("eta", []), ("epsilon", True)])
def test_one_producer(start: StartSimulator, ask: Any, profile: str, organization: str, who: Any) -> None:
    tfe = start(*INSTANCE, profile=profile)
    answer = ask(organization=organization, consumer=" ")
    [name] = told(answer)
    assert name.casefold() == organization.casefold()
    [producer] = answer["producers"]
    assert producer["organization"] == {"name": name, "external_id": tfe.external_id(name)}
    assert (producer["global_module_sharing"] or producer["consumers"]) == who
    assert [entry["consuming_organization_name"] for entry in producer["partnerships"]] == producer["consumers"]
    assert all(entry["producing_organization_id"] == tfe.external_id(name) for entry in producer["partnerships"])
    again = bool(who) and profile == "202012-1"  # the oldest list has no count
    assert len(tfe.requests) == (1 if who is True else 2 + again)


def test_requests_for_everybody(start: StartSimulator, ask: Any) -> None:
    quiet = [Organization(f"team-{i:03}") for i in range(230)]
    sharers = [Organization(f"open-{i}", module_consumers=("team-001",)) for i in range(3)]
    tfe = start(*quiet, *sharers, Organization("everybody", global_modules=True))
    assert len(told(ask())) == 4
    listed = [request for request in tfe.requests if request.path == E7]
    # The whole list, the producers among it, how many the others are, and the consumers of those that do not share
    # globally.
    assert (len(listed), len(tfe.requests)) == (3 + 1 + 1, 3 + 1 + 1 + 3)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_filter_that_leaves_producers_out_is_not_believed(start: StartSimulator, ask: Any, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    nobody = {"data": [], "meta": {"pagination": {"current-page": 1, "total-pages": 1, "total-count": 0}}}
    tfe.order(Fault("not_json_api", path=f"{E7}$", nth=2, times=2, body=nobody))
    assert list(told(ask())) == ["Zeta", "delta", "epsilon"]


def test_a_list_that_does_not_tell_the_flag_is_not_believed(start: StartSimulator, ask: Any) -> None:
    tfe = start(*INSTANCE)
    items = [{"id": o.name, "type": "organizations", "attributes": {"name": o.name}} for o in INSTANCE]
    tfe.order(Fault("not_json_api", path=f"{E7}$", body={"data": items}))
    assert list(told(ask())) == ["Zeta", "delta", "epsilon"]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refused_filter_changes_nothing_of_the_answer(start: StartSimulator, ask: Any, status: int) -> None:
    tfe = start(*INSTANCE)
    tfe.order(Fault("status", path=f"{E7}$", nth=2, status=status))
    assert list(told(ask())) == ["Zeta", "delta", "epsilon"]
    assert not tfe.orders_left


def test_one_unreadable_producer_fails_the_whole_question(start: StartSimulator, ask: Any) -> None:
    tfe = start(*INSTANCE)
    tfe.order(Fault("status", path="/delta/", status=404, times=0))
    answer = ask()
    assert answer["failed"]
    assert "The module consumers of delta cannot be read" in answer["msg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"organization": "delta", "consumer": "eta"}, "organization and consumer exclude each other"),
        ({"organization": "detla"}, "There is no organization 'detla' (did you mean 'delta'"),
        ({"consumer": "gama"}, "No organization has this name or external id: 'gama' (did you mean 'Gamma'"),
        ({"consumer": "a b"}, "'a b'"),
        ({"organization": "a/b"}, "'a/b'"),
    ],
)
def test_questions_that_have_no_answer(start: StartSimulator, ask: Any, options: dict[str, str], message: str) -> None:
    start(*INSTANCE)
    answer = ask(**options)
    assert answer["failed"]
    assert message in answer["msg"]


@pytest.mark.parametrize("options", [{}, {"organization": "delta"}, {"consumer": "delta"}])
def test_a_token_without_the_right_is_named_as_such(start: StartSimulator, ask: Any, options: dict[str, str]) -> None:
    tfe = start(*INSTANCE)
    answer = ask(**options, tfe_token=tfe.user_token)
    assert "its user is not a site administrator" in answer["msg"]
    hcp = start(*INSTANCE, behaviour=Behaviour(application="hcp"))
    assert "is HCP Terraform, which has no admin API" in ask(**options, tfe_token=hcp.admin_token)["msg"]
