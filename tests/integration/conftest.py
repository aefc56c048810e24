# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ``ansible-playbook`` with the built and installed collection, and with no file of the checkout on its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


class RunPlaybook(Protocol):
    def __call__(self, playbook: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs a playbook, given as text, and returns the ended process with its standard output and error as text."""


@pytest.fixture
def run_playbook(tmp_path: Path) -> RunPlaybook:
    def run_playbook(playbook: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "ansible.cfg").touch()
        (tmp_path / "playbook.yml").write_text(playbook, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": os.environ["INSTALLED_COLLECTIONS"],
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            # The Python that runs the modules, where it is not the one that runs Ansible.
            **({"ANSIBLE_PYTHON_INTERPRETER": os.environ["TARGET_PYTHON"]} if "TARGET_PYTHON" in os.environ else {}),
            **environ,
        }
        return subprocess.run(
            [str(ANSIBLE_PLAYBOOK), "playbook.yml", *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    return run_playbook
