# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that knows nothing but HTTP, so that the simulator is not tested with our own client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
import requests
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

MEDIA_TYPE = "application/vnd.api+json"
ORGANIZATIONS = (
    Organization("delta", module_consumers=("Gamma", "zeta"), provider_consumers=("eta",)),
    Organization("Gamma"),
    Organization("zeta", email="ops@example.com"),
    Organization("eta", global_modules=True),
    Organization("off", disabled=True),
)


class Client:
    """Calls one simulator as its administrator."""

    def __init__(self, tfe: Simulator) -> None:
        self.tfe = tfe
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Accept": MEDIA_TYPE, "Authorization": f"Bearer {tfe.admin_token}"})

    def call(self, method: str, path: str, body: Any = None, **settings: Any) -> requests.Response:
        """``path`` is below /api/v2 unless it starts with two slashes; ``body`` is sent as JSON:API."""
        if body is not None:
            settings.setdefault("headers", {"Content-Type": MEDIA_TYPE})
            settings["json"] = body
        address = self.tfe.address + (path[1:] if path.startswith("//") else f"/api/v2{path}")
        return self.session.request(method, address, allow_redirects=False, timeout=20, **settings)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def admin(self, path: str = "", **query: Any) -> Any:
        """The parsed answer to a read below the admin organizations, which must succeed."""
        answer = self.get(f"/admin/organizations{path}", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self, path: str, **query: Any) -> list[str]:
        """The names of the organizations in a list, sorted."""
        return sorted(item["id"] for item in self.admin(path, **query)["data"])

    def forgive(self, *faults: str) -> None:
        """What was sent wrong on purpose: a part of each sentence that the contract has about it, in order."""
        sentences = self.tfe.forgive()
        assert len(sentences) == len(faults)
        assert all(fault in sentence for fault, sentence in zip(faults, sentences)), sentences

    def e1(self, *ids: str, producer: str = "delta") -> requests.Response:
        attributes = {"module-consuming-organization-ids": list(ids)}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        return self.call("PATCH", f"/admin/organizations/{producer}/module-consumers", body)

    def e3(self, *names: str, producer: str = "delta") -> requests.Response:
        body = {"data": [{"id": name, "type": "organizations"} for name in names]}
        return self.call("PATCH", f"/admin/organizations/{producer}/relationships/module-consumers", body)

    def e5(self, producer: str = "delta", **lists: Any) -> requests.Response:
        """Underscores become hyphens, unless the key is ``attributes``, which stands for all of them."""
        attributes = lists.pop("attributes", None) or {key.replace("_", "-"): names for key, names in lists.items()}
        body = {"data": {"type": "registry-partnerships", "attributes": attributes}}
        return self.call("PUT", f"/admin/organizations/{producer}/registry-partnerships", body)

    def e6(self, producer: str = "delta", **attributes: Any) -> requests.Response:
        hyphenated = {key.replace("_", "-"): value for key, value in attributes.items()}
        body = {"data": {"type": "organizations", "attributes": hyphenated}}
        return self.call("PATCH", f"/admin/organizations/{producer}", body)


class Start(Protocol):
    def __call__(self, *organizations: Organization, **settings: Any) -> Client:
        """Starts a simulator that ends with the test, and returns its client."""


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def start(*organizations: Organization, **settings: Any) -> Client:
            tfe = stack.enter_context(Simulator(organizations=organizations or ORGANIZATIONS, **settings))
            client = Client(tfe)
            stack.enter_context(client.session)
            return client

        yield start
