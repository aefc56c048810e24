# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Defaults for all modules at once, by their action groups: the connection, and the limit of those that write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

ONE = {"organization": "delta", "consumers": []}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("tfe_module_consumers", ONE),
        ("tfe_provider_consumers", ONE),
        ("tfe_registry_sharing", {"producers": [{"organization": "delta", "module_consumers": []}]}),
    ],
)
def test_a_limit_for_all_that_write_lets_those_be_that_read(
    module: str, options: dict[str, Any], run_playbook: RunPlaybook
) -> None:
    refused = "refused is not failed or 'and max_revoked is 0.' not in refused.msg"
    tasks = [
        {"tfe.admin.tfe_registry_sharing_info": {}},
        {f"tfe.admin.{module}": options, "register": "refused", "failed_when": refused},
        # What a task says itself wins.
        {f"tfe.admin.{module}": {**options, "max_revoked": 1}},
    ]
    delta = Organization("delta", module_consumers=["eta"], provider_consumers=["eta"])
    with Simulator(organizations=[delta, Organization("eta")]) as tfe:
        defaults = {
            "group/tfe.admin.tfe": {"tfe_address": tfe.address, "tfe_token": tfe.admin_token},
            "group/tfe.admin.tfe_write": {"max_revoked": 0},
        }
        play = {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}
        run = run_playbook(json.dumps([play]))
        assert run.returncode == 0, run.stdout
        assert "changed=1 " in run.stdout
        sharing = tfe.sharing("delta")
        assert len(sharing.module_consumers + sharing.provider_consumers) == 1
