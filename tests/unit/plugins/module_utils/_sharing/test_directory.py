# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release shares: settled once a task, from what was read anyway where that tells."""

from __future__ import annotations

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.converge import read_producer
from ansible_collections.tfe.admin.plugins.module_utils._sharing.directory import Directory, has_kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES, PROVIDERS
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import ApiError
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, StartSimulator


def client_of(tfe: Simulator) -> Client:
    return Client(Connection(tfe.address, tfe.admin_token), list[str]().append)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [
        (Behaviour(), {"202301-1": 0, "2.1": 0}),
        (Behaviour(without_provider_flag=True), {}),
        (Behaviour(null_provider_flag=True), {}),
    ],
)
def test_whether_a_release_shares_providers_is_settled_with_one_request_at_the_most(
    start: StartSimulator, profile: str, behaviour: Behaviour, requests: dict[str, int]
) -> None:
    tfe = start(profile=profile, behaviour=behaviour)
    client = client_of(tfe)
    documents = Directory(client).everybody()
    tfe.forget()
    assert has_kind(client, MODULES, documents)
    assert not tfe.requests
    assert has_kind(client, PROVIDERS, documents) == (profile in ("202301-1", "2.1"))
    assert len(tfe.requests) == requests.get(profile, 1)


def test_a_release_of_which_nothing_is_read_may_share_anything(start: StartSimulator) -> None:
    assert has_kind(client_of(start(profile="202012-1")), PROVIDERS, [])


def test_whether_a_release_shares_providers_is_not_taken_from_a_fault(start: StartSimulator) -> None:
    tfe = start(profile="202103-1")
    tfe.order(Fault("status", path="provider-consumers$", status=403))
    client = client_of(tfe)
    with pytest.raises(ApiError, match="answered 403"):
        has_kind(client, PROVIDERS, [read_producer(client, "delta")])
