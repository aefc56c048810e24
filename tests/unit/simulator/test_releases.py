# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each release has, who may call it, and how errors look."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Behaviour, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import Start

DELTA = "/admin/organizations/delta"
NAMES = {"data": [{"id": "Gamma", "type": "organizations"}]}
PUT_BODY = {"data": {"type": "registry-partnerships", "attributes": {"module-consumers": [], "provider-consumers": []}}}
NOT_FOUND = {"errors": [{"status": "404", "title": "not found"}]}


@pytest.mark.parametrize("profile", RELEASES)
def test_endpoints_of_each_release(start: Start, profile: str) -> None:
    api = start(profile=profile)
    relationships, providers = profile != "202012-1", profile in ("202301-1", "2.1")
    found = {
        "E1": api.e1(api.tfe.external_id("Gamma")).status_code == 200,
        "E1r": api.get(f"{DELTA}/module-consumers").status_code == 200,
        "E2": api.get(f"{DELTA}/relationships/module-consumers").status_code == 200,
        "E3": api.e3("Gamma").status_code == 204,
        "E4": api.get(f"{DELTA}/relationships/provider-consumers").status_code == 200,
        "E5": api.call("PUT", f"{DELTA}/registry-partnerships", PUT_BODY).status_code == 204,
        "E6": api.e6(global_module_sharing=False).status_code == 200,
        "E7": api.get("/admin/organizations").status_code == 200,
        "E8": api.get(DELTA).status_code == 200,
    }
    expected = {"E2": relationships, "E3": relationships, "E4": providers, "E5": providers}
    assert found == {key: expected.get(key, True) for key in found}


@pytest.mark.parametrize("profile", ["202012-1", "202103-1"])
def test_releases_without_providers(start: Start, profile: str) -> None:
    """No way to read or to write who may use them, and no word about them (API 1.0, 1.8)."""
    api = start(profile=profile)
    before = api.tfe.sharing("delta")
    for answer in (
        api.get(f"{DELTA}/relationships/provider-consumers"),
        api.call("PUT", f"{DELTA}/registry-partnerships", PUT_BODY),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert api.e6(global_provider_sharing=True).status_code == 200  # an attribute that it does not know
    assert api.tfe.sharing("delta") == before
    documents = [api.admin("/delta")["data"], *api.admin()["data"]]
    api.session.headers["Authorization"] = f"Bearer {api.tfe.user_token}"
    documents.append(api.get("/organizations/delta").json()["data"])
    assert len(documents) == 7
    assert "provider" not in json.dumps(documents)


@pytest.mark.parametrize("profile", RELEASES)
def test_documents_and_headers_of_each_release(start: Start, profile: str) -> None:
    api = start(profile=profile, rate_limit=30)
    answer = api.get(DELTA)
    document = answer.json()["data"]
    assert (document["id"], document["attributes"]["name"]) == ("delta", "delta")
    assert document["attributes"]["external-id"] == api.tfe.external_id("delta")
    assert document["attributes"]["global-module-sharing"] is False
    assert ("global-provider-sharing" in document["attributes"]) == (profile in ("202301-1", "2.1"))
    assert ("module-consumers" in document["relationships"]) == (profile != "202012-1")
    assert answer.headers["Content-Type"].startswith("application/vnd.api+json")
    assert answer.headers["X-RateLimit-Limit"] == "30"
    assert ("X-TFE-Version" in answer.headers) == (profile in ("202301-1", "2.1"))
    assert answer.headers.get("TFP-AppName") == ("Terraform Enterprise" if profile == "2.1" else None)


@pytest.mark.parametrize(("profile", "status"), [("202012-1", 200), ("202103-1", 422), ("2.1", 422)])
def test_a_null_flag(start: Start, profile: str, status: int) -> None:
    api = start(profile=profile)
    assert api.e6("eta", global_module_sharing=None).status_code == status
    api.forgive("global-module-sharing must be boolean")


def test_the_path_finds_names_in_any_case_and_shows_the_stored_spelling(start: Start) -> None:
    api = start()
    assert api.admin("/GAMMA")["data"]["id"] == "Gamma"
    assert api.get("/admin/organizations/delta/unheard-of").json() == NOT_FOUND
    assert api.call("DELETE", DELTA).json() == NOT_FOUND
    api.forgive(*["is no request of the API"] * 2)
    assert api.get("/admin/organizations/unheard-of").json() == NOT_FOUND
    assert api.get(f"/admin/organizations/{api.tfe.external_id('delta')}").status_code == 404


def test_who_may_call(start: Start) -> None:
    api = start()
    assert api.get("/ping").status_code == 204
    assert api.get("/account/details").json()["data"]["attributes"]["is-site-admin"] is True
    assert api.get("/organizations/delta").status_code == 404
    api.session.headers["Authorization"] = f"Bearer {api.tfe.user_token}"
    assert api.get("/account/details").json()["data"]["attributes"]["is-site-admin"] is False
    for path in ("/admin/organizations", DELTA, f"{DELTA}/module-consumers"):
        assert api.get(path).json() == NOT_FOUND
    member = api.get("/organizations/delta").json()["data"]["attributes"]
    assert member["module-consuming-organizations-count"] == 2
    assert member["provider-consuming-organizations-count"] == 1
    for header in ("", "Bearer wrong", api.tfe.admin_token):
        api.session.headers["Authorization"] = header
        assert api.get("/ping").status_code == 401
        assert api.get(DELTA).json() == {"errors": [{"status": "401", "title": "unauthorized"}]}
    api.forgive(*["authorization must match"] * 4)


def test_service_discovery_needs_no_token(start: Start) -> None:
    api = start()
    answer = requests.get(f"{api.tfe.address}/.well-known/terraform.json", timeout=20)
    assert answer.json()["tfe.v2"] == "/api/v2/"


def test_hcp_terraform_has_no_admin_api(start: Start) -> None:
    api = start(behaviour=Behaviour(application="hcp"))
    answer = api.get(DELTA)
    assert (answer.status_code, answer.headers["TFP-AppName"]) == (404, "HCP Terraform")
    assert api.get("/account/details").json()["data"]["attributes"]["is-site-admin"] is False


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/module-consumers", {}),
        ("PATCH", "/module-consumers", {"data": {"type": "organizations", "attributes": {}}}),
        ("PATCH", "/module-consumers", {"data": {"type": "module-partnerships"}}),
        ("PATCH", "/module-consumers", {"data": {"type": "module-partnerships", "attributes": {}}}),
        ("PATCH", "/relationships/module-consumers", {"data": {}}),
        ("PATCH", "/relationships/module-consumers", {"data": [{"type": "organizations"}]}),
        ("PATCH", "/relationships/module-consumers", {"data": [{"id": "Gamma", "type": "organization"}]}),
        ("PUT", "/registry-partnerships", NAMES),
        (
            *("PUT", "/registry-partnerships"),
            {"data": {"type": "registry-partnerships", "attributes": {"module-consumers": [1]}}},
        ),
        ("PATCH", "", {"data": {"attributes": {"global-module-sharing": True}}}),
        ("PATCH", "", {"data": {"type": "organizations", "attributes": {"global-module-sharing": "yes"}}}),
        ("PATCH", "", {"data": {"type": "organizations", "attributes": {"is-disabled": None}}}),
    ],
)
def test_malformed_bodies_are_422_and_change_nothing(start: Start, method: str, path: str, body: Any) -> None:
    api = start()
    before = api.tfe.sharing("delta")
    answer = api.call(method, DELTA + path, body)
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (422, "invalid attribute")
    assert api.tfe.sharing("delta") == before
    api.forgive("data.body")


def test_content_type_and_json(start: Start) -> None:
    api = start()
    answer = api.call("PATCH", DELTA, NAMES, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (415, "invalid content type")
    answer = api.call("PATCH", DELTA, data="{", headers={"Content-Type": "application/vnd.api+json"})
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (400, "bad request")
    assert api.tfe.requests[-1].body is None
    api.forgive("content-type must be", "body must be object")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"profile": "3.0"}, "no profile '3.0'"),
        ({"latency": -1}, "not negative"),
        ({"user_token": "simulator-admin-token"}, "not the same"),
        ({"organizations": [Organization("a"), Organization("A")]}, "two organizations with the name 'A'"),
        (
            {"organizations": [Organization("a", external_id="1"), Organization("b", external_id="1")]},
            "two organizations with the external id '1'",
        ),
        ({"organizations": [Organization("a", module_consumers=["b"])]}, "do not exist: b"),
        ({"organizations": [Organization("org-2222222222222222")]}, "no name may look like an external id"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Simulator(**settings)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"name": "a b"}, "letters, digits"),
        ({"name": 42}, "letters, digits"),
        ({"name": "a", "global_modules": "yes"}, "neither true nor false"),
        ({"name": "a", "email": 1}, "no text"),
        ({"name": "a", "module_consumers": "b"}, "not a list"),
        ({"name": "a", "module_consumers": ["b"], "global_modules": True}, "only one"),
        ({"title": "a"}, "mapping with name"),
    ],
)
def test_organizations_that_cannot_be(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Organization.parse(values)


@pytest.mark.parametrize(("administrator", "says"), [("without_2fa", True), ("site_auditor", False)])
def test_who_else_may_have_the_administrators_token(start: Start, administrator: Any, says: bool) -> None:
    api = start(behaviour=Behaviour(administrator=administrator))
    assert api.get("/account/details").json()["data"]["attributes"]["is-site-admin"] is says
    for path in ("/admin/organizations", DELTA, f"{DELTA}/module-consumers"):
        assert api.get(path).json() == NOT_FOUND


def test_old_releases_allow_names_like_ids(start: Start) -> None:
    api = start(Organization("org-2222222222222222"), profile="202012-1")
    assert api.admin("/org-2222222222222222")["data"]["attributes"]["external-id"] != "org-2222222222222222"
