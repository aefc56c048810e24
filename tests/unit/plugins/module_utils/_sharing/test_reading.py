# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One organization's path and document, where they are not what every server has; errors.

An error that explains why something cannot be read still has the status of the server's answer.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.converge import read_producer
from ansible_collections.tfe.admin.plugins.module_utils._sharing.directory import Directory
from ansible_collections.tfe.admin.plugins.module_utils._sharing.identity import Organization
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.plugins.module_utils._sharing.reading import (
    Registry,
    parse_document,
    parse_organization,
    path_of,
)
from ansible_collections.tfe.admin.plugins.module_utils._sharing.writing import PutNeededError, Writers
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import ApiError
from ansible_collections.tfe.admin.tests import simulator
from ansible_collections.tfe.admin.tests.simulator import Fault, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator


def client_of(tfe: Simulator) -> Client:
    return Client(Connection(tfe.address, tfe.admin_token), list[str]().append)


def test_no_name_leads_out_of_the_organizations() -> None:
    assert path_of("a/../b c?d") == "/admin/organizations/a%2F..%2Fb%20c%3Fd"


def test_a_name_of_its_own_goes_before_the_id() -> None:
    assert parse_organization({"id": "1", "attributes": {"name": "delta", "external-id": 7}}) == Organization(
        "delta", "7"
    )
    assert parse_organization({"id": "delta", "attributes": {"name": "", "external-id": ""}}) == Organization("delta")


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize(
    ("values", "told"), [([True], True), ([False], False), ([None], None), (["false"], None), ([0], None), ([], None)]
)
def test_only_true_and_false_are_flags(kind: Kind, values: list[object], told: bool | None) -> None:
    """No value: the document has no such attribute."""
    document = parse_document({"id": "delta", "attributes": dict(zip([kind.flag_key], values))})
    assert document.shares_globally(kind) is told
    [other] = [it for it in KINDS if it != kind]
    assert document.shares_globally(other) is None


def test_under_global_sharing_there_is_no_list_to_read(start: StartSimulator) -> None:
    tfe = start(simulator.Organization("delta", global_modules=True, global_providers=True))
    registry = Registry(client_of(tfe))
    document = read_producer(registry.client, "delta")
    for kind in KINDS:
        assert registry.sharing(document, kind).everyone
    assert len(tfe.requests) == 1


def read_consumers(client: Client) -> None:
    Registry(client).read(read_producer(client, "delta"), MODULES)


def read_provider_consumers(client: Client) -> None:
    Registry(client).read(read_producer(client, "delta"), PROVIDERS)


@pytest.mark.parametrize(
    ("read", "faults", "status"),
    [
        (lambda client: read_producer(client, "nobody"), [], 404),
        (lambda client: Directory(client).everybody(), [Fault("status", path="organizations$", status=404)], 404),
        (lambda client: client.get("/admin/organizations/delta"), [Fault("sign_in")], 200),
        # The way that was tried last counts.
        (
            read_consumers,
            [
                Fault("status", path="relationships/module-consumers$", status=405),
                Fault("status", path="delta/module-consumers$", status=410),
            ],
            410,
        ),
        (
            read_provider_consumers,
            [Fault("status", path="relationships/provider-consumers$", status=405)],
            405,
        ),
    ],
)
def test_status(start: StartSimulator, read: Callable[[Client], object], faults: list[Fault], status: int) -> None:
    tfe = start()
    tfe.order(*faults)
    with pytest.raises(ApiError) as error:
        read(client_of(tfe))
    assert error.value.status == status


def test_a_list_that_nothing_can_write_alone_needs_the_request_for_both_kinds(start: StartSimulator) -> None:
    tfe = start()
    registry = Registry(client_of(tfe))
    document = read_producer(registry.client, "delta")
    tfe.order(
        Fault("status", "PATCH", "delta/module-consumers$", status=404),
        Fault("status", "PATCH", "relationships/module-consumers$", status=405),
    )
    with pytest.raises(PutNeededError, match=r"answered 404 .* answered 405 "):
        Writers(registry, lambda: None).replace_alone(document, MODULES, [], [])
    tfe.order(Fault("status", "PUT", status=410))
    with pytest.raises(ApiError) as error:
        Writers(registry, lambda: None).replace_all(document, {kind: [] for kind in KINDS})
    assert error.value.status == 410
