# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of requests and answers: what it finds, what it lets pass, and that it cannot be overlooked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import (
    RELEASES,
    Behaviour,
    ContractViolatedError,
    Fault,
    Simulator,
    app,
    documents,
)
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import MEDIA_TYPE, ORGANIZATIONS, Client

ORGANIZATION = "/admin/organizations/delta"
CONSUMERS = f"{ORGANIZATION}/relationships/module-consumers"
PROVIDERS = f"{ORGANIZATION}/relationships/provider-consumers"
EXTERNAL_ID = "org-2222222222222222"


def calls(work: Callable[[Client], object], **settings: Any) -> None:
    """Has a simulator of its own called, which must end without a complaint unless the test expects one."""
    with Simulator(organizations=ORGANIZATIONS, **settings) as tfe:
        client = Client(tfe)
        with client.session:
            work(client)


def e6(attributes: Any, **more: Any) -> Any:
    return {"data": {"type": "organizations", "attributes": attributes, **more}}


WRONG_REQUESTS: dict[str, tuple[Callable[[Client], object], str]] = {
    "content type": (
        lambda api: api.call("PATCH", CONSUMERS, {"data": []}, headers={"Content-Type": "application/json"}),
        "content-type must be same as",
    ),
    "no accept": (lambda api: api.call("GET", ORGANIZATION, headers={"Accept": "*/*"}), "accept must be same as"),
    "no token": (
        lambda api: api.call("GET", ORGANIZATION, headers={"Authorization": None}),
        r"must contain \['authorization'\]",
    ),
    "page size": (lambda api: api.get(CONSUMERS, **{"page[size]": 101}), r"page\[size\] must match"),
    "page number": (lambda api: api.get(CONSUMERS, **{"page[number]": 0}), r"page\[number\] must match"),
    "parameter": (lambda api: api.get(CONSUMERS, q="eta"), "query must not contain"),
    "parameter of another endpoint": (lambda api: api.get(ORGANIZATION, **{"page[size]": 100}), "must not contain"),
    "filter": (
        lambda api: api.get("/admin/organizations", **{"filter[module_producer]": "yes"}),
        r"filter\[module_producer\] must be one of",
    ),
    "filter for providers": (
        lambda api: api.get("/admin/organizations", **{"filter[provider_producer]": "1"}),
        r"filter\[provider_producer\] must be one of",
    ),
    "a write to E4": (lambda api: api.call("PATCH", PROVIDERS, {"data": []}), "is no request of the API"),
    "the legacy way to providers": (lambda api: api.get(f"{ORGANIZATION}/provider-consumers"), "is no request"),
    "ids to E3": (lambda api: api.e3(EXTERNAL_ID), r"data\[0\].id must match"),
    "names to E1": (lambda api: api.e1("eta"), r"organization-ids\[0\] must match"),
    "an id twice to E1": (lambda api: api.e1(EXTERNAL_ID, EXTERNAL_ID), "must contain unique items"),
    "a name twice to E3": (lambda api: api.e3("eta", "eta"), "must contain unique items"),
    "one list to E5": (lambda api: api.e5(module_consumers=["eta"]), r"must contain \['provider-consumers'\]"),
    "the other list to E5": (lambda api: api.e5(provider_consumers=["eta"]), r"must contain \['module-consumers'\]"),
    "ids to E5": (
        lambda api: api.e5(module_consumers=[], provider_consumers=[EXTERNAL_ID]),
        r"provider-consumers\[0\] must match",
    ),
    "null to E6": (lambda api: api.e6(global_module_sharing=None), "global-module-sharing must be boolean"),
    "null to E6 for providers": (
        lambda api: api.e6(global_module_sharing=True, global_provider_sharing=None),
        "global-provider-sharing must be boolean",
    ),
    "nothing to E6": (lambda api: api.e6(), "must contain at least 1 properties"),
    "a number as a time-out": (lambda api: api.e6(apply_timeout=24), "apply-timeout must be string or null"),
    "another type to E6": (
        lambda api: api.call("PATCH", ORGANIZATION, {"data": {**e6({"is-disabled": True})["data"], "type": "users"}}),
        "data.type must be one of",
    ),
    "an empty type to E5": (
        lambda api: api.call("PUT", f"{ORGANIZATION}/registry-partnerships", {"data": {"type": "", "attributes": {}}}),
        "data.type must be one of",
    ),
    "an extra key in the attributes": (lambda api: api.e6(global_module_sharing=True, name="x"), "must not contain"),
    "an extra key in the data": (
        lambda api: api.call("PATCH", ORGANIZATION, e6({"global-module-sharing": True}, extra=1)),
        "data.body.data must not contain",
    ),
    "not JSON": (
        lambda api: api.call("PATCH", ORGANIZATION, data="{", headers={"Content-Type": MEDIA_TYPE}),
        "body must be object",
    ),
    "no body": (
        lambda api: api.call("PATCH", ORGANIZATION, headers={"Content-Type": MEDIA_TYPE}),
        r"must contain .*'body'",
    ),
    "a body to read with": (lambda api: api.call("GET", ORGANIZATION, {"data": []}), "must not contain"),
    "method": (lambda api: api.call("PUT", ORGANIZATION, e6({"is-disabled": True})), "is no request of the API"),
    "path": (lambda api: api.get(f"{ORGANIZATION}/consumers"), "is no request of the API"),
    "a name that is not encoded": (lambda api: api.get("/admin/organizations/a+b"), "is no request of the API"),
    "outside of the API": (lambda api: api.get("//favicon.ico"), "is no request of the API"),
}


@pytest.mark.parametrize("wrong", WRONG_REQUESTS)
def test_wrong_requests(wrong: str) -> None:
    send, text = WRONG_REQUESTS[wrong]
    with pytest.raises(ContractViolatedError, match=text):
        calls(send)


@pytest.mark.parametrize("profile", RELEASES)
def test_right_requests(profile: str) -> None:
    def send(api: Client) -> None:
        eta = api.tfe.external_id("eta")
        for path in ("", "/delta", "/delta/module-consumers", "/a%20%C3%A9"):
            api.get(f"/admin/organizations{path}")
        for path in (CONSUMERS, PROVIDERS):
            api.get(path, **{"page[number]": 1, "page[size]": 100})
        for kind in ("module", "provider"):
            api.get("/admin/organizations", **{"q[name]": "e", f"filter[{kind}_producer]": "true", "page[size]": 100})
        api.get("/organizations/delta/relationships/module-producers")
        api.get("/ping")
        api.get("/account/details")
        api.e1(eta)
        api.e3("eta")
        api.e3()
        both = ("module-consumers", "module_consumers", "provider-consumers", "provider_consumers")
        api.e5(attributes={key: ["eta"] for key in both})
        api.e6(global_module_sharing=True, is_disabled=False, workspace_limit=None)
        api.e6(global_module_sharing=False, global_provider_sharing=True)
        api.e6(apply_timeout="24h", plan_timeout=None)

    calls(send, profile=profile)


def without(key: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}


def test_a_page_without_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    count = documents.Pages._pagination

    def forgetful(*arguments: Any) -> dict[str, Any]:
        return without("total-count", count(*arguments))

    monkeypatch.setattr(documents.Pages, "_pagination", forgetful)
    with pytest.raises(ContractViolatedError, match=r"answered 200: .*meta.pagination must contain"):
        calls(lambda api: api.get(CONSUMERS))


@pytest.mark.parametrize("attribute", ["name", "external-id", "global-module-sharing", "global-provider-sharing"])
@pytest.mark.parametrize("path", [ORGANIZATION, "/admin/organizations", CONSUMERS, PROVIDERS])
def test_an_organization_without_an_attribute(monkeypatch: pytest.MonkeyPatch, path: str, attribute: str) -> None:
    describe = documents._organization

    def forgetful(*arguments: Any) -> dict[str, Any]:
        document = describe(*arguments)
        return {**document, "attributes": without(attribute, document["attributes"])}

    monkeypatch.setattr(documents, "_organization", forgetful)
    with pytest.raises(ContractViolatedError, match=r"answered 200: .*attributes must contain"):
        calls(lambda api: api.get(path))


@pytest.mark.parametrize("timeout", [None, "24h", 24])
def test_an_organizations_time_outs_are_texts(monkeypatch: pytest.MonkeyPatch, timeout: Any) -> None:
    describe = documents._organization

    def with_timeouts(*arguments: Any) -> dict[str, Any]:
        document = describe(*arguments)
        return {**document, "attributes": {**document["attributes"], "plan-timeout": timeout}}

    monkeypatch.setattr(documents, "_organization", with_timeouts)
    expected = pytest.raises(ContractViolatedError, match="plan-timeout") if timeout == 24 else contextlib.nullcontext()
    with expected:
        calls(lambda api: api.get(ORGANIZATION))


def test_a_partnership_without_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    describe = documents.partnership_text
    monkeypatch.setattr(app, "partnership_text", lambda *of: json.dumps(without("id", json.loads(describe(*of)))))
    for send in (
        lambda api: api.get(f"{ORGANIZATION}/module-consumers"),
        lambda api: api.e1(api.tfe.external_id("eta")),
    ):
        with pytest.raises(ContractViolatedError, match=r"data\[0\] must contain \['id'\]"):
            calls(send)


def test_an_error_without_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "error_text", lambda status, *_: json.dumps({"errors": [{"status": str(status)}]}))
    with pytest.raises(ContractViolatedError, match=r"answered 404: .*errors\[0\] must contain"):
        calls(lambda api: api.get("/admin/organizations/nobody"))


@pytest.mark.parametrize("answer", [(200, None), (204, "{}"), (201, "{}"), (200, "hello")])
def test_an_answer_that_does_not_belong_there(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr(app.Simulation, "_show_organization", lambda *_: answer)
    with pytest.raises(ContractViolatedError, match=f"GET /api/v2{ORGANIZATION} answered {answer[0]}: "):
        calls(lambda api: api.get(ORGANIZATION))


def test_an_endpoint_that_the_release_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    show = app.Simulation._routes
    routes = [("GET", "/api/v2" + CONSUMERS.replace("delta", "{name}"), lambda _call: (200, '{"data":[]}'))]
    monkeypatch.setattr(app.Simulation, "_routes", lambda simulation: show(simulation) + routes)
    with pytest.raises(ContractViolatedError, match="no such endpoint on this release"):
        calls(lambda api: api.get(CONSUMERS), profile="202012-1")


def test_a_handler_that_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.Simulation, "_show_organization", lambda *_: 1 / 0)
    with pytest.raises(ContractViolatedError, match="made the simulator raise ZeroDivisionError"):
        calls(lambda api: api.get(ORGANIZATION))


def test_faults_on_order_are_no_violations() -> None:
    def send(api: Client) -> None:
        api.tfe.order(*[Fault(kind="raw", body="x"), Fault(kind="status", status=500), Fault(kind="not_json_api")])
        assert [api.get(ORGANIZATION).status_code for _i in range(3)] == [200, 500, 200]

    calls(send)


def test_what_a_behaviour_leaves_out_is_no_violation_and_the_rest_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behaviour = Behaviour(without_external_ids=True, meta="missing", without_relationships=True)
    calls(lambda api: api.get(CONSUMERS), behaviour=behaviour)
    monkeypatch.setattr(app, "organization_text", lambda *_: "{}")
    with pytest.raises(ContractViolatedError, match=r"data\[0\] must contain"):
        calls(lambda api: api.get(CONSUMERS), behaviour=behaviour)


@pytest.mark.parametrize("key", ["global-module-sharing", "global-provider-sharing"])
def test_flags_that_lists_leave_out_are_still_told_by_documents(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    behaviour = Behaviour(list_without_flags=True)
    describe = documents._organization

    def forgetful(*arguments: Any) -> dict[str, Any]:
        document = describe(*arguments)
        return {**document, "attributes": without(key, document["attributes"])}

    monkeypatch.setattr(documents, "_organization", forgetful)
    calls(lambda api: api.get("/admin/organizations"), behaviour=behaviour)
    with pytest.raises(ContractViolatedError, match=rf"attributes must contain .*{key}"):
        calls(lambda api: api.get(ORGANIZATION), behaviour=behaviour)


@pytest.mark.parametrize("kind", ["module", "provider"])
def test_a_flag_is_null_only_where_the_behaviour_says_so(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    key, describe = f"global-{kind}-sharing", documents._organization

    def with_null(*arguments: Any) -> dict[str, Any]:
        document = describe(*arguments)
        return {**document, "attributes": {**document["attributes"], key: None}}

    monkeypatch.setattr(documents, "_organization", with_null)
    behaviour = Behaviour(null_module_flag=kind == "module", null_provider_flag=kind == "provider")
    calls(lambda api: api.get(ORGANIZATION), behaviour=behaviour)
    with pytest.raises(ContractViolatedError, match=f"{key} must be boolean"):
        calls(lambda api: api.get(ORGANIZATION))


def test_what_was_forgiven_counts_no_longer() -> None:
    def send(api: Client) -> None:
        api.get(f"{ORGANIZATION}/nothing")
        assert api.tfe.forgive() == [f"GET /api/v2{ORGANIZATION}/nothing is no request of the API"]
        assert api.tfe.forgive() == []

    calls(send)


def test_it_can_be_switched_off() -> None:
    calls(lambda api: api.get(f"{ORGANIZATION}/nothing"), contract=False)


def test_the_error_of_a_test_is_not_hidden() -> None:
    def send(api: Client) -> None:
        api.get(f"{ORGANIZATION}/nothing")
        raise LookupError

    with pytest.raises(LookupError):
        calls(send)
