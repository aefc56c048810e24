# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks that are given as text, and the playbooks of the collection."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from ansible_collections.tfe.admin.tests import playbooks
from ansible_collections.tfe.admin.tests.simulator import Simulator


class RunPlaybook(Protocol):
    def __call__(self, playbook: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs a playbook, given as text, and returns the ended process with its standard output and error as text."""


@pytest.fixture
def run_playbook(tmp_path: Path) -> RunPlaybook:
    def run_playbook(playbook: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "playbook.yml").write_text(playbook, encoding="utf-8")
        environ = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", **environ}
        return playbooks.run_playbook(tmp_path, "playbook.yml", *arguments, environ=environ)

    return run_playbook


class Run(NamedTuple):
    """A playbook that ended: its exit code, all that it printed, and its statistic, which is empty without one."""

    code: int
    output: str
    statistic: dict[str, Any]

    @property
    def summary(self) -> str:
        """The lines at its end."""
        return "\n".join(self.statistic["summary"])


class RunOurs(Protocol):
    def __call__(self, playbook: str, tfe: Simulator, *arguments: str, **variables: Any) -> Run:
        """Runs a playbook of the collection in the folder tmp_path, with these extra variables."""


@pytest.fixture
def run_ours(tmp_path: Path) -> RunOurs:
    def run_ours(playbook: str, tfe: Simulator, *arguments: str, **variables: Any) -> Run:
        environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token, "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
        options = ("--extra-vars", json.dumps(variables), *arguments)
        run = playbooks.run_playbook(tmp_path, f"tfe.admin.{playbook}", *options, environ=environ)
        assert tfe.admin_token not in run.stdout
        _before, _mark, handed_on = run.stdout.partition("\tRUN: ")
        if not handed_on:
            return Run(run.returncode, run.stdout, {})
        [statistic] = json.JSONDecoder().raw_decode(handed_on)[0].values()
        last_task = run.stdout.rpartition("\nTASK [")[2]
        assert last_task.startswith("Sum up]"), run.stdout
        assert all(json.dumps(line) in last_task for line in statistic["summary"]), run.stdout
        return Run(run.returncode, run.stdout, statistic)

    return run_ours


def writes(tfe: Simulator) -> list[str]:
    """The requests that write, by method and path."""
    return [f"{request.method} {request.path}" for request in tfe.requests if request.method != "GET"]
