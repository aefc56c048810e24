# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks that are given as text."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol

import pytest
from ansible_collections.tfe.admin.tests import playbooks


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
