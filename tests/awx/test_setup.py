# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The set-up playbook with the real modules of awx.awx, whose argument specs check it, against a stand-in for AWX."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.awx.conftest import AWX_VENV, EXTENSIONS, RunPlaybook, read
from ansible_collections.tfe.admin.tests.awx.stand_in import TOKEN, StandIn
from ansible_collections.tfe.admin.tests.playbooks import INSTALLED

NAME = "Terraform Enterprise"
TFE_TOKEN = "token-of-a-site-administrator"
ANSWERS = {
    "tfe_awx_project_url": "https://git.example.com/sharing.git",
    "tfe_awx_image": "registry.example.com/tfe-admin-ee:1",
    "tfe_address": "https://tfe.example.com",
    "tfe_token": TFE_TOKEN,
}


@pytest.fixture
def awx() -> Iterator[StandIn]:
    with StandIn(playbooks={path.name for path in (EXTENSIONS / "project").glob("*.yml")}) as stand_in:
        yield stand_in


def set_up(run_playbook: RunPlaybook, awx: StandIn, *options: str, **answers: Any) -> subprocess.CompletedProcess[str]:
    awx.requests.clear()
    path = f"{INSTALLED}{os.pathsep}{AWX_VENV / 'collections'}"
    environ = {"CONTROLLER_HOST": awx.address, "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_COLLECTIONS_PATH": path}
    run = run_playbook("awx_setup", {**ANSWERS, **answers}, environ, *options, ansible=AWX_VENV / "bin")
    assert TFE_TOKEN not in run.stdout
    return run


def changes(run: subprocess.CompletedProcess[str]) -> int:
    assert run.returncode == 0, run.stdout
    (count,) = re.findall(r"changed=(\d+)", run.stdout)
    return int(count)


def test_awx_is_set_up_once(awx: StandIn, run_playbook: RunPlaybook, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    assert changes(set_up(run_playbook, awx, "-v", tfe_awx_ca_file="ca.pem")) == 6

    described = read("credential_type.yml")
    stored = awx.one("credential_types", NAME)
    assert {key: stored[key] for key in described} == described
    credential = awx.one("credentials", NAME)
    assert credential["credential_type"] == NAME
    assert credential["inputs"] == {
        "address": "https://tfe.example.com",
        "token": TFE_TOKEN,
        "ca_bundle": "-----BEGIN CERTIFICATE-----",
    }
    assert awx.one("execution_environments", NAME)["image"] == ANSWERS["tfe_awx_image"]
    assert awx.one("inventories", NAME)["organization"] == "Default"
    assert awx.one("projects", NAME)["scm_url"] == ANSWERS["tfe_awx_project_url"]
    for described in read("job_templates.yml"):
        template = awx.one("job_templates", described["name"])
        assert template["playbook"] == described["playbook"]
        assert [template[key] for key in ("project", "inventory", "execution_environment")] == [NAME] * 3
        assert not template["allow_simultaneous"]
        assert awx.credentials(described["name"]) == [NAME]
        survey = read(f"surveys/{described['survey']}.yml") if "survey" in described else {}
        assert awx.survey(described["name"]) == survey
        assert template["survey_enabled"] == bool(survey)

    assert changes(set_up(run_playbook, awx, tfe_awx_ca_file="ca.pem")) == 0
    assert not awx.writes

    renewed = {"tfe_awx_ca_file": "ca.pem", "tfe_token": f"new-{TFE_TOKEN}", "tfe_awx_update_credential": True}
    assert changes(set_up(run_playbook, awx, "--tags", "credential", **renewed)) == 1
    assert [(request.method, request.path) for request in awx.writes] == [("PATCH", "/api/v2/credentials/1/")]
    assert awx.one("credentials", NAME)["inputs"]["token"] == f"new-{TFE_TOKEN}"


@pytest.mark.parametrize("missing", ["tfe_awx_project_url", "tfe_token"])
def test_nothing_is_begun_where_something_is_missing(missing: str, awx: StandIn, run_playbook: RunPlaybook) -> None:
    run = set_up(run_playbook, awx, **{missing: ""})
    assert run.returncode == 2
    assert f"{missing} is missing" in run.stdout
    assert not awx.requests
