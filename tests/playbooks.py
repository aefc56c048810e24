# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Ansible's tools with the built and installed collection, and with no file of the checkout on their path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

INSTALLED = Path(os.environ["INSTALLED_COLLECTIONS"])
TOOLS = Path(sys.executable).parent

_LONGEST = 300
"""Seconds that a tool may take."""


def run_playbook(
    folder: Path, playbook: str, *arguments: str, environ: Mapping[str, str], ansible: Path = TOOLS
) -> subprocess.CompletedProcess[str]:
    """Runs a playbook, a file in the folder or one of the collection, with the ``ansible-playbook`` of ``ansible``."""
    if target := os.environ.get("TARGET_PYTHON"):
        # The Python that runs the modules, where it is not the one that runs Ansible.
        environ = {"ANSIBLE_PYTHON_INTERPRETER": target, **environ}
    return run_tool(folder, ansible / "ansible-playbook", playbook, *arguments, environ=environ)


def run_tool(
    folder: Path, tool: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a tool in a folder which is its home as well, with nothing of the caller's environment but the path.

    Returns the ended process; its standard output has all that it printed, errors too, as text.
    """
    (folder / "ansible.cfg").touch()
    environment = {
        "PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED),
        **(environ or {}),
    }
    return subprocess.run(
        [str(tool), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
