# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An error that explains why something cannot be read still has the status of the server's answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.directory import Directory
from ansible_collections.tfe.admin.plugins.module_utils._sharing.reading import Registry, read_producer
from ansible_collections.tfe.admin.plugins.module_utils._sharing.writing import Writers
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import ApiError
from ansible_collections.tfe.admin.tests.simulator import Fault
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator


def read_consumers(client: Client) -> None:
    Registry(client).read(read_producer(client, "delta"))


def clear_consumers(client: Client) -> None:
    Writers(Registry(client), lambda: None).replace(read_producer(client, "delta"), [], [])


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
            clear_consumers,
            [
                Fault("status", "PATCH", "delta/module-consumers$", status=404),
                Fault("status", "PATCH", "relationships/module-consumers$", status=405),
                Fault("status", "PUT", "registry-partnerships$", status=410),
            ],
            410,
        ),
    ],
)
def test_status(start: StartSimulator, read: Callable[[Client], object], faults: list[Fault], status: int) -> None:
    tfe = start()
    tfe.order(*faults)
    with pytest.raises(ApiError) as error:
        read(Client(Connection(tfe.address, tfe.admin_token), list[str]().append))
    assert error.value.status == status
