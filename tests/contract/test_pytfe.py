# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pytfe, the official Python client, understands the simulator on every release. It can do E6, E7 and E8 only."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.tests.contract.conftest import ConnectPytfe
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator
from pytfe.errors import AuthError, NotFound, RateLimited, ServerError, TFEError
from pytfe.models import AdminOrganizationListOptions, AdminOrganizationUpdateOptions

TEAMS = [f"team-{number:03}" for number in range(205)]
HAVE_PROVIDERS = ("202301-1", "2.1")


def options(**values: str | int) -> AdminOrganizationListOptions:
    return AdminOrganizationListOptions.model_validate(values)


def flags(**values: bool) -> AdminOrganizationUpdateOptions:
    return AdminOrganizationUpdateOptions.model_validate(values)


@pytest.mark.parametrize("profile", RELEASES)
def test_lists_are_read_to_the_end(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    tfe = start(*map(Organization, TEAMS), profile=profile)
    organizations = pytfe(tfe).admin.organizations
    assert sorted(str(found.name) for found in organizations.list()) == TEAMS
    assert [request.query["page[number]"] for request in tfe.requests] == ["1", "2", "3"]
    tfe.forget()
    assert sorted(str(found.id) for found in organizations.list(options(page_size=50))) == TEAMS
    assert len(tfe.requests) == 5


@pytest.mark.parametrize("profile", RELEASES)
def test_search(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    organizations = pytfe(start(profile=profile)).admin.organizations
    for query, names in (("gam", ["Gamma"]), ("eta", ["eta", "zeta"]), ("nobody", [])):
        found = organizations.list(options(query=query))
        assert sorted(str(organization.name) for organization in found) == names


@pytest.mark.parametrize("profile", RELEASES)
def test_read(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    found = pytfe(start(profile=profile)).admin.organizations.read("gamma")
    assert (found.id, found.name, found.global_module_sharing) == ("Gamma", "Gamma", False)
    assert found.global_provider_sharing is (False if profile in HAVE_PROVIDERS else None)
    # Pytfe looks for "email"; the admin API is documented to send "notification-email", which we keep (API 8, 10).
    assert found.email is None


@pytest.mark.parametrize("profile", RELEASES)
def test_update(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    tfe = start(Organization("delta", module_consumers=["zeta"]), Organization("zeta"), profile=profile)
    organizations = pytfe(tfe).admin.organizations
    for everyone in (True, False):
        changes = flags(global_module_sharing=everyone)
        assert organizations.update("delta", changes).global_module_sharing is everyone
        assert organizations.read("delta").global_module_sharing is everyone
        assert (tfe.sharing("delta").global_modules, tfe.sharing("delta").module_consumers) == (everyone, ())


@pytest.mark.parametrize("profile", HAVE_PROVIDERS)
def test_update_of_both_flags(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    tfe = start(profile=profile)
    changes = flags(global_module_sharing=False, global_provider_sharing=True)
    answer = pytfe(tfe).admin.organizations.update("delta", changes)
    assert (answer.global_module_sharing, answer.global_provider_sharing) == (False, True)
    assert (tfe.sharing("delta").global_modules, tfe.sharing("delta").global_providers) == (False, True)


@pytest.mark.parametrize("profile", RELEASES)
def test_errors(start: StartSimulator, pytfe: ConnectPytfe, profile: str) -> None:
    tfe = start(profile=profile)
    organizations = pytfe(tfe).admin.organizations
    with pytest.raises(NotFound, match=r"^not found$") as missing:
        organizations.read("nobody")
    assert missing.value.errors == [{"status": "404", "title": "not found"}]
    with pytest.raises(NotFound, match=r"^not found$"):
        pytfe(tfe, tfe.user_token).admin.organizations.read("delta")
    with pytest.raises(AuthError, match=r"^unauthorized$"):
        pytfe(tfe, "wrong").admin.organizations.read("delta")
    # Pytfe leaves out what is null (API 1.5) and does not check the size: the one 422 that it can get.
    with pytest.raises(TFEError, match=r"^page\[size\] must be between 1 and 100$") as refused:
        list(organizations.list(options(page_size=101)))
    assert refused.value.status == 422
    assert len(tfe.forgive()) == 1
    tfe.order(Fault("status", status=502, body="html"))
    with pytest.raises(ServerError, match=r"^HTTP 502$"):
        organizations.read("delta")


def test_rate_limit(start: StartSimulator, pytfe: ConnectPytfe) -> None:
    organizations = pytfe(start(rate_limit=1)).admin.organizations

    def read_until_refused() -> None:
        while True:
            organizations.read("delta")

    with pytest.raises(RateLimited, match="rate limit") as refused:
        read_until_refused()
    # The status is a number there, and only there (API 5).
    assert refused.value.errors[0]["status"] == 429  # type: ignore[index]
