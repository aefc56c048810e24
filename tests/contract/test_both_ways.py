# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one client writes the others read: our modules, pytfe and terrasnek agree about every release."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.contract.conftest import ConnectPytfe, ConnectTerrasnek
from ansible_collections.tfe.admin.tests.contract.test_pytfe import HAVE_PROVIDERS, flags
from ansible_collections.tfe.admin.tests.contract.test_terrasnek import HAVE_RELATIONSHIPS, e1, e3, e6, names
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import RunModule, StartSimulator

SHARED = Organization("delta", module_consumers=["Gamma", "zeta"])
TEAMS = [f"team-{number:03}" for number in range(120)]


def told(run: RunModule) -> tuple[bool, list[str]]:
    """How delta shares its modules, as tfe_registry_sharing_info tells it; nothing else may share."""
    answer = run({"organization": "delta"}, module="tfe_registry_sharing_info")
    (producer,) = answer["producers"]
    assert run({}, module="tfe_registry_sharing_info")["producers"] == [
        one for one in answer["producers"] if one["global_module_sharing"] or one["module_consumers"]
    ]
    assert (producer["module_consumers"] is None) == producer["global_module_sharing"]
    return producer["global_module_sharing"], producer["module_consumers"] or []


def is_settled(run: RunModule, *consumers: str) -> bool:
    """Whether tfe_module_consumers has nothing to do for this list."""
    answer = run({"organization": "delta", "consumers": list(consumers)})
    assert not answer.get("failed"), answer
    return answer["changed"] is False and answer["consumers"] == sorted(consumers, key=str.casefold)


@pytest.mark.parametrize("profile", RELEASES)
def test_our_modules_read_what_the_legacy_update_wrote(
    start: StartSimulator, run: RunModule, terrasnek: ConnectTerrasnek, profile: str
) -> None:
    tfe = start(profile=profile)
    ids = [tfe.external_id(name) for name in ("zeta", "Gamma")]
    partnerships = terrasnek(tfe).admin_module_sharing.update("delta", e1(*ids))["data"]
    assert told(run) == (False, ["Gamma", "zeta"])
    assert is_settled(run, "Gamma", "zeta")
    answer = run({"organization": "delta", "consumers": ["zeta", "Gamma"]})
    read = {one["consuming_organization_name"]: one for one in answer["partnerships"]}
    assert not answer["changed"]
    for written in (item["attributes"] for item in partnerships):
        one = read[written["consuming-organization-name"]]
        assert {key.replace("-", "_"): value for key, value in written.items()} == {
            key: value for key, value in one.items() if key != "id"
        }


@pytest.mark.parametrize("profile", HAVE_RELATIONSHIPS)
def test_our_modules_read_what_the_update_of_relationships_wrote(
    start: StartSimulator, run: RunModule, terrasnek: ConnectTerrasnek, profile: str
) -> None:
    tfe = start(Organization("delta"), *map(Organization, TEAMS), profile=profile)
    terrasnek(tfe).admin_orgs.update_org_module_consumers("delta", e3(*TEAMS))
    assert told(run) == (False, TEAMS)
    assert is_settled(run, *TEAMS)


@pytest.mark.parametrize("profile", RELEASES)
@pytest.mark.parametrize("client", ["pytfe", "terrasnek"])
def test_our_modules_read_the_flag_that_others_set(
    start: StartSimulator,
    run: RunModule,
    pytfe: ConnectPytfe,
    terrasnek: ConnectTerrasnek,
    client: str,
    profile: str,
) -> None:
    tfe = start(SHARED, Organization("Gamma"), Organization("zeta"), profile=profile)
    for everyone in (True, False):
        if client == "pytfe":
            pytfe(tfe).admin.organizations.update("delta", flags(global_module_sharing=everyone))
        else:
            terrasnek(tfe).admin_orgs.update("delta", e6(global_module_sharing=everyone))
        assert told(run) == (everyone, [])
        again = run({"organization": "delta", "global_module_sharing": everyone})
        assert (again["changed"], again["global_module_sharing"]) == (False, everyone)


@pytest.mark.parametrize("profile", HAVE_RELATIONSHIPS)
@pytest.mark.parametrize("module", ["tfe_module_consumers", "tfe_registry_sharing"])
def test_others_read_the_list_that_our_modules_wrote(
    start: StartSimulator, run: RunModule, terrasnek: ConnectTerrasnek, module: str, profile: str
) -> None:
    tfe = start(Organization("delta", global_modules=True), *map(Organization, TEAMS), profile=profile)
    entry: dict[str, Any] = {"organization": "delta", "module_consumers": TEAMS[:30]}
    one = {"organization": "delta", "consumers": TEAMS[:30]}
    answer = run(one if module == "tfe_module_consumers" else {"producers": [entry]}, module=module)
    assert answer["changed"]
    organizations = terrasnek(tfe).admin_orgs
    assert names(organizations.list_org_module_consumers("delta", page_size=100)) == TEAMS[:30]
    assert organizations.show("delta")["data"]["attributes"]["global-module-sharing"] is False


@pytest.mark.parametrize("profile", RELEASES)
def test_others_read_the_flag_that_our_modules_set(
    start: StartSimulator, run: RunModule, pytfe: ConnectPytfe, terrasnek: ConnectTerrasnek, profile: str
) -> None:
    tfe = start(SHARED, Organization("Gamma"), Organization("zeta"), profile=profile)
    for everyone in (True, False):
        assert run({"organization": "delta", "global_module_sharing": everyone})["changed"]
        assert pytfe(tfe).admin.organizations.read("delta").global_module_sharing is everyone
        shown = terrasnek(tfe).admin_orgs.show("delta")["data"]["attributes"]
        assert shown["global-module-sharing"] is everyone


@pytest.mark.parametrize("profile", RELEASES)
def test_three_writers_take_turns(
    start: StartSimulator, run: RunModule, pytfe: ConnectPytfe, terrasnek: ConnectTerrasnek, profile: str
) -> None:
    tfe = start(profile=profile)
    terrasnek(tfe).admin_module_sharing.update("delta", e1(tfe.external_id("zeta")))
    assert run({"organization": "delta", "consumers": ["GAMMA"], "state": "present"})["added"] == ["Gamma"]
    assert tfe.sharing("delta").module_consumers == ("Gamma", "zeta")
    pytfe(tfe).admin.organizations.update("delta", flags(global_module_sharing=True))
    refused = run({"organization": "delta", "consumers": ["zeta"], "state": "present"})
    assert "global_module_sharing: false" in refused["msg"]
    assert run({"organization": "delta", "consumers": ["zeta"], "global_module_sharing": False})["added"] == ["zeta"]
    assert tfe.sharing("delta").module_consumers == ("zeta",)


@pytest.mark.parametrize("profile", HAVE_PROVIDERS)
def test_the_provider_flag_is_the_same_to_all(
    start: StartSimulator, run: RunModule, pytfe: ConnectPytfe, terrasnek: ConnectTerrasnek, profile: str
) -> None:
    """No other client knows more of providers than the flag (API 8)."""
    tfe = start(SHARED, Organization("Gamma"), Organization("zeta"), profile=profile)
    providers: dict[str, Any] = {"module": "tfe_provider_consumers"}
    for everyone in (True, False):
        pytfe(tfe).admin.organizations.update("delta", flags(global_provider_sharing=everyone))
        again = run({"organization": "delta", "global_provider_sharing": everyone}, **providers)
        assert (again["changed"], again["global_provider_sharing"]) == (False, everyone)
        assert run({"organization": "delta", "global_provider_sharing": not everyone}, **providers)["changed"]
        assert pytfe(tfe).admin.organizations.read("delta").global_provider_sharing is not everyone
        terrasnek(tfe).admin_orgs.update("delta", e6(global_provider_sharing=everyone))
        info = run({"organization": "delta"}, module="tfe_registry_sharing_info")
        assert info["producers"][0]["global_provider_sharing"] is everyone
    assert tfe.sharing("delta").module_consumers == ("Gamma", "zeta")


@pytest.mark.parametrize("profile", HAVE_PROVIDERS)
@pytest.mark.parametrize("module", ["tfe_provider_consumers", "tfe_registry_sharing"])
def test_others_read_the_modules_that_a_list_of_providers_took_along(
    start: StartSimulator, run: RunModule, terrasnek: ConnectTerrasnek, module: str, profile: str
) -> None:
    delta = Organization("delta", module_consumers=TEAMS[:30], global_providers=True)
    tfe = start(delta, *map(Organization, TEAMS), profile=profile)
    entry: dict[str, Any] = {"organization": "delta", "provider_consumers": TEAMS[10:]}
    one = {"organization": "delta", "consumers": TEAMS[10:]}
    assert run(one if module == "tfe_provider_consumers" else {"producers": [entry]}, module=module)["changed"]
    organizations = terrasnek(tfe).admin_orgs
    assert names(organizations.list_org_module_consumers("delta", page_size=100)) == TEAMS[:30]
    shown = organizations.show("delta")["data"]["attributes"]
    assert (shown["global-module-sharing"], shown["global-provider-sharing"]) == (False, False)
    assert list(tfe.sharing("delta").provider_consumers) == TEAMS[10:]
