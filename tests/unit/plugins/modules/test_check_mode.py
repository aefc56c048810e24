# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No module writes in check mode: a module that nobody added a task for here fails the suite as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule, StartSimulator

MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[4] / "plugins/modules").glob("*.py"))

# What each module would change on the small instance; a module that only reads is asked for everything.
TASKS: dict[str, dict[str, Any]] = {
    "tfe_module_consumers": {"organization": "delta", "consumers": ["eta"]},
    "tfe_provider_consumers": {"organization": "delta", "consumers": ["eta"]},
    "tfe_registry_sharing_info": {},
    "tfe_registry_sharing": {
        "producers": [{"organization": "delta", "module_consumers": ["eta"]}],
        "prune": ["modules"],
    },
}
BOTH_KINDS = {
    "producers": [{"organization": "delta", "module_consumers": ["eta"], "global_provider_sharing": True}],
    "prune": ["modules", "providers"],
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("module", MODULES)
def test_a_run_in_check_mode_only_reads_and_locks_nothing(
    start: StartSimulator, run: RunModule, tmp_path: Path, module: str, profile: str
) -> None:
    tfe = start(profile=profile)
    shares_providers = profile in ("202301-1", "2.1")
    tasks = [TASKS[module]]
    if module == "tfe_registry_sharing" and shares_providers:
        tasks.append(BOTH_KINDS)
    for task in tasks:
        answer = run(task, module=module, check=True)
        if module == "tfe_provider_consumers" and not shares_providers:
            assert "This server does not share providers" in answer["msg"]
        else:
            assert answer["changed"] != module.endswith("_info")
    assert {request.method for request in tfe.requests} == {"GET"}
    assert not (tmp_path / "home" / ".ansible").exists()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("module", ["tfe_module_consumers", "tfe_provider_consumers", "tfe_registry_sharing"])
def test_a_run_that_writes_locks_in_those_places(
    start: StartSimulator, run: RunModule, tmp_path: Path, module: str
) -> None:
    """Else the test above proves nothing."""
    start()
    assert run(TASKS[module], module=module)["changed"]
    assert (tmp_path / "home" / ".ansible").exists()
    assert list((tmp_path / "tmp").iterdir())
