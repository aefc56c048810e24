# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Terrasnek, a client of 2024 that can do E1, E2, E3, E6, E7 and E8, understands the simulator on every release.

What it taught: it takes the API's base path from service discovery, and insists on the registry's key there; it sends
``Accept: */*``; and a 404 in answer to PATCH it reports as unclassified, with the server's document.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.contract.conftest import ConnectTerrasnek
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Fault, Organization, Sharing, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator
from terrasnek import exceptions

HAVE_RELATIONSHIPS = ("202103-1", "202301-1", "2.1")
TEAMS = [f"team-{number:02}" for number in range(25)]
NOT_FOUND = {"errors": [{"status": "404", "title": "not found"}]}


def e1(*ids: str) -> Any:
    """The payload of the page that documents E1 (API 1.1)."""
    return {"data": {"type": "module-partnerships", "attributes": {"module-consuming-organization-ids": list(ids)}}}


def e3(*names: str) -> Any:
    return {"data": [{"id": name, "type": "organizations"} for name in names]}


def e6(**flags: bool | None) -> Any:
    attributes = {key.replace("_", "-"): value for key, value in flags.items()}
    return {"data": {"type": "organizations", "attributes": attributes}}


def modules(tfe: Simulator) -> tuple[bool, tuple[str, ...]]:
    sharing = tfe.sharing("delta")
    return sharing.global_modules, sharing.module_consumers


def names(document: Any) -> list[str]:
    return sorted(item["attributes"]["name"] for item in document["data"])


@pytest.mark.parametrize("profile", RELEASES)
def test_list_and_show(start: StartSimulator, terrasnek: ConnectTerrasnek, profile: str) -> None:
    tfe = start(*map(Organization, TEAMS), profile=profile)
    organizations = terrasnek(tfe).admin_orgs
    first = organizations.list(include=["owners"])
    # Its list of organizations has no page parameter, so it gets the server's default page (API 3).
    assert len(first["data"]) == 20
    assert first["meta"]["pagination"]["total-count"] == first["meta"]["status-counts"]["total"] == 25
    shown = organizations.show("TEAM-03")["data"]
    assert (shown["id"], shown["attributes"]["external-id"]) == ("team-03", tfe.external_id("team-03"))
    assert ("module-consumers" in shown["relationships"]) == (profile in HAVE_RELATIONSHIPS)


@pytest.mark.parametrize("profile", RELEASES)
def test_the_legacy_update(start: StartSimulator, terrasnek: ConnectTerrasnek, profile: str) -> None:
    tfe = start(Organization("delta", global_modules=True), Organization("zeta"), Organization("eta"), profile=profile)
    sharing = terrasnek(tfe).admin_module_sharing
    answer = sharing.update("delta", e1(tfe.external_id("zeta"), tfe.external_id("eta")))
    partnerships = {item["attributes"]["consuming-organization-name"]: item for item in answer["data"]}
    assert sorted(partnerships) == ["eta", "zeta"]
    assert partnerships["eta"]["type"] == "module-partnerships"
    assert partnerships["eta"]["attributes"] == {
        "consuming-organization-id": tfe.external_id("eta"),
        "consuming-organization-name": "eta",
        "producing-organization-id": tfe.external_id("delta"),
        "producing-organization-name": "delta",
    }
    assert modules(tfe) == (False, ("eta", "zeta"))
    assert sharing.update("delta", e1()) == {"data": []}
    assert modules(tfe) == (False, ())


@pytest.mark.parametrize("profile", HAVE_RELATIONSHIPS)
def test_list_and_update_of_consumers(start: StartSimulator, terrasnek: ConnectTerrasnek, profile: str) -> None:
    tfe = start(Organization("delta", global_modules=True), *map(Organization, TEAMS), profile=profile)
    organizations = terrasnek(tfe).admin_orgs
    assert organizations.list_org_module_consumers("delta")["data"] == []
    assert organizations.update_org_module_consumers("delta", e3(*TEAMS)) is None
    assert modules(tfe) == (False, tuple(TEAMS))
    pages = [organizations.list_org_module_consumers("delta", page=page, page_size=10) for page in (1, 2, 3)]
    assert sorted(name for page in pages for name in names(page)) == TEAMS
    assert [page["meta"]["pagination"]["next-page"] for page in pages] == [2, 3, None]
    organizations.update_org_module_consumers("delta", e3())
    assert modules(tfe) == (False, ())


def test_the_oldest_release_has_no_relationships(start: StartSimulator, terrasnek: ConnectTerrasnek) -> None:
    organizations = terrasnek(start(profile="202012-1")).admin_orgs
    with pytest.raises(exceptions.TFCHTTPNotFound) as missing:
        organizations.list_org_module_consumers("delta")
    assert missing.value.args == (NOT_FOUND,)
    with pytest.raises(exceptions.TFCHTTPUnclassified) as unclassified:
        organizations.update_org_module_consumers("delta", e3("zeta"))
    assert unclassified.value.args == (NOT_FOUND,)


@pytest.mark.parametrize("profile", RELEASES)
def test_the_global_flag(start: StartSimulator, terrasnek: ConnectTerrasnek, profile: str) -> None:
    tfe = start(Organization("delta", module_consumers=["zeta"]), Organization("zeta"), profile=profile)
    organizations = terrasnek(tfe).admin_orgs
    for everyone in (True, False):
        answer = organizations.update("delta", e6(global_module_sharing=everyone))
        assert answer["data"]["attributes"]["global-module-sharing"] is everyone
        assert tfe.sharing("delta") == Sharing(everyone, (), global_providers=False, provider_consumers=())


@pytest.mark.parametrize("profile", RELEASES)
def test_errors(start: StartSimulator, terrasnek: ConnectTerrasnek, profile: str) -> None:
    tfe = start(profile=profile)
    client = terrasnek(tfe)
    with pytest.raises(exceptions.TFCHTTPNotFound):
        client.admin_orgs.show("nobody")
    with pytest.raises(exceptions.TFCHTTPNotFound):
        terrasnek(tfe, tfe.user_token).admin_orgs.show("delta")
    with pytest.raises(exceptions.TFCHTTPUnauthorized) as unauthorized:
        terrasnek(tfe, "wrong").admin_orgs.show("delta")
    assert unauthorized.value.args == ({"errors": [{"status": "401", "title": "unauthorized"}]},)
    with pytest.raises(exceptions.TFCHTTPUnprocessableEntity) as unknown:
        client.admin_module_sharing.update("delta", e1("org-2222222222222222"))
    assert "not found" in unknown.value.args[0]["errors"][0]["detail"]
    if profile in HAVE_RELATIONSHIPS:
        with pytest.raises(exceptions.TFCHTTPUnprocessableEntity):
            client.admin_orgs.update_org_module_consumers("delta", e3("nobody"))
    tfe.order(Fault("status", status=429))
    with pytest.raises(exceptions.TFCHTTPAPIRequestRateLimit):
        client.admin_orgs.show("delta")


def test_a_flag_that_is_null(start: StartSimulator, terrasnek: ConnectTerrasnek) -> None:
    """Refused since 202103-1 (API 1.5)."""
    tfe = start(profile="202103-1")
    client = terrasnek(tfe)
    with pytest.raises(exceptions.TFCHTTPUnprocessableEntity):
        client.admin_orgs.update("delta", e6(global_module_sharing=None))
    (sentence,) = tfe.forgive()
    assert "global-module-sharing must be boolean" in sentence
