# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the sample project as jobs: run by ansible-runner, as AWX does, with what the credential injects."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.tests.awx.conftest import EXTENSIONS, inject
from ansible_collections.tfe.admin.tests.playbooks import INSTALLED, TOOLS, run_tool
from ansible_collections.tfe.admin.tests.simulator import Simulator
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType

ANSWERS: dict[str, dict[str, Any]] = {
    "share_registry.yml": {"sharing_organization": "platform", "sharing_consumers": "web-shop"},
    "converge_sharing.yml": {"sharing_file": "sharing.yml"},
    "sharing_report.yml": {"sharing_report_folder": "../report"},
}
MATRIX = {"sharing_producers": [{"organization": "platform", "module_consumers": ["web-shop"]}]}


def test_every_playbook_of_the_project_is_tried_here() -> None:
    playbooks = {path.name for path in (EXTENSIONS / "project").glob("*.yml")} - {"sharing.yml"}
    assert playbooks == ANSWERS.keys()


def run_job(playbook: str, options: str, environment: dict[str, str], folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """Runs a playbook of the project, and returns the standard output and the events of the job."""
    shutil.copytree(EXTENSIONS / "project", folder / "project", dirs_exist_ok=True)
    (folder / "project/sharing.yml").write_text(yaml.dump(MATRIX), encoding="utf-8")
    (folder / "inventory").mkdir(exist_ok=True)
    settings = {"envvars": {**environment, "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED)}, "extravars": ANSWERS[playbook]}
    for name, content in settings.items():
        (folder / "env" / name).write_text(yaml.dump(content), encoding="utf-8")
    arguments = ["run", str(folder), "--playbook", playbook, "--ident", "job", f"--cmdline={options}"]
    run = run_tool(folder, TOOLS / "ansible-runner", *arguments)
    assert run.returncode == 0, run.stdout
    events = [path.read_text(encoding="utf-8") for path in (folder / "artifacts/job/job_events").glob("*.json")]
    return run.stdout, [json.loads(event) for event in events]


@pytest.mark.parametrize("playbook", ANSWERS)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_a_job(check: bool, playbook: str, our_type: ManagedCredentialType, tls_tfe: Simulator, tmp_path: Path) -> None:
    assert tls_tfe.ca_file
    ca_bundle = Path(tls_tfe.ca_file).read_text(encoding="utf-8")
    inputs = {"address": tls_tfe.address, "token": tls_tfe.admin_token, "ca_bundle": ca_bundle}
    environment = inject(our_type, inputs, tmp_path)
    options = f"-vvv --diff {'--check' if check else ''}"
    output, events = run_job(playbook, options, environment, tmp_path)

    assert output.rpartition("\nTASK [")[2].startswith("Sum up]")
    assert "skipping:" not in output
    assert tls_tfe.admin_token not in output
    assert tls_tfe.admin_token not in json.dumps(events)
    (statistics,) = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
    handed_on = statistics["artifact_data"]
    writes = [request for request in tls_tfe.requests if request.method != "GET"]
    if playbook == "sharing_report.yml":
        assert handed_on["sharing_report"]["modules"]["partnerships"] == 1
        assert not writes
        return
    assert handed_on["sharing_result"]["changed"] is True
    (change,) = handed_on["sharing_result"]["changes"]
    assert (change["kind"], change["added"], change["removed"]) == ("modules", ["web-shop"], ["payments"])
    assert bool(writes) is not check
    assert tls_tfe.sharing("platform").module_consumers == (("payments",) if check else ("web-shop",))
