# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From sharing with everybody to a list: wherever a page tells how, it takes access from nobody, on any instance."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.integration.test_examples import PAGES, TOKEN, VARIABLES, blocks, simulated
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

LIST_OF_ALL = "sharing.organizations"
RECIPES = [(page, block) for page in PAGES for block in blocks(page) if LIST_OF_ALL in block.text]
NAMES = [f"team-{i:03}" for i in range(250)]


def test_there_is_a_page_that_tells_how() -> None:
    assert RECIPES


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe[0].name)
def test_nobody_loses_access(recipe: Any, check: bool, run_playbook: RunPlaybook) -> None:
    """With 250 organizations, so with more than a page of them, and in check mode too."""
    _page, block = recipe
    with Simulator(
        organizations=[Organization("security", global_modules=True), *map(Organization, NAMES)], admin_token=TOKEN
    ) as tfe:
        tasks = yaml.safe_load(simulated(block.text, tfe))
        # A page with many examples is about other things too.
        steps = [task for task in tasks if LIST_OF_ALL in str(task) or task.get("register") == "sharing"]
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": VARIABLES,
            "module_defaults": {"group/tfe.admin.tfe_write": {"max_revoked": 0}},
            "tasks": steps,
        }
        environment = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": TOKEN}
        run = run_playbook(yaml.safe_dump([play], sort_keys=False), *["--check"] * check, **environment)
        assert run.returncode == 0, run.stdout
        assert "changed=1 " in run.stdout
        sharing = tfe.sharing("security")
        assert sharing.global_modules == check
        assert sharing.module_consumers == (() if check else tuple(NAMES))
        # From here on, it is a list like any other.
        again = run_playbook(yaml.safe_dump([play], sort_keys=False), **environment)
        assert ("changed=0 " in again.stdout) == (not check)
