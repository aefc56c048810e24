# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each integration target, a role in ``targets/``, on each release that the simulator plays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Simulator

TARGETS = Path(__file__).with_name("targets")

PLAY = """
- hosts: localhost
  gather_facts: false
  roles:
    - {target}
"""


@pytest.mark.parametrize("profile", RELEASES)
@pytest.mark.parametrize("target", sorted(path.name for path in TARGETS.iterdir()))
def test_target(target: str, profile: str, run_playbook: RunPlaybook) -> None:
    with Simulator(profile=profile) as tfe:
        environment = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token, "ANSIBLE_ROLES_PATH": str(TARGETS)}
        # What a release can change is which requests are made, and the unit tests look at those on each of them.
        settings = {
            "thorough": profile == list(RELEASES)[-1],
            "shares_providers": RELEASES[profile].providers,
            "user_token": tfe.user_token,
        }
        run = run_playbook(PLAY.format(target=target), "--extra-vars", json.dumps(settings), **environment)
        assert run.returncode == 0, run.stdout
        assert "failed=0" in run.stdout
        assert tfe.admin_token not in run.stdout
