# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that finds nothing to change does without: each room that it loads is compiled anew in each task."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import Account, StartSimulator

RUN = """
import importlib, json, pwd, sys
from types import SimpleNamespace
from ansible.module_utils import basic
home, module, arguments = sys.argv[1:]
pwd.getpwuid = lambda user: SimpleNamespace(pw_dir=home)
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(arguments)}).encode()
basic._ANSIBLE_PROFILE = "legacy"
try:
    importlib.import_module(f"ansible_collections.tfe.admin.plugins.modules.{module}").main()
finally:
    print(*(name.rpartition(".")[2] for name in sys.modules if "tfe.admin.plugins.module_utils" in name))
"""

LIST = {"organization": "delta", "consumers": ["Gamma"]}
ENTRY = {"organization": "delta", "module_consumers": ["Gamma"], "provider_consumers": ["Gamma"]}


@pytest.mark.parametrize(
    ("module", "options", "rooms"),
    [
        ("tfe_module_consumers", LIST, {"directory", "entries"}),
        ("tfe_provider_consumers", LIST, {"directory", "entries"}),
        ("tfe_registry_sharing", {"producers": [ENTRY], "prune": ["modules", "providers"]}, set()),
        ("tfe_registry_sharing_info", {}, set()),
    ],
)
def test_a_task_that_changes_nothing_loads_nothing_of_what_writes(
    start: StartSimulator, account: Account, module: str, options: dict[str, Any], rooms: set[str]
) -> None:
    tfe = start(Organization("delta", module_consumers=["Gamma"], provider_consumers=["Gamma"]), Organization("Gamma"))
    arguments = {**options, "tfe_address": tfe.address, "tfe_token": tfe.admin_token}
    command = [sys.executable, "-c", RUN, str(account.home), module, json.dumps(arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    answer, loaded = run.stdout.strip().split("\n")
    assert json.loads(answer)["changed"] is False
    assert "reading" in loaded.split()
    needless = {"settle", "writing", "tries", "newcomers", "explain", "words", "route", "long_lists", "credentials"}
    assert not (needless | rooms) & set(loaded.split())
