# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's main job with real playbooks against the simulator, and shows what happens.

Usage: run.py COLLECTIONS, the folder that the built collection was installed into. The Python that runs this needs
ansible-core, requests and what the simulator needs. Nothing but the simulator is ever talked to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ANSIBLE_PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TERM", "TMPDIR")

STEPS = [
    ("Preview: what would change?", ["share.yml", "--check", "--diff"], 0),
    ("Do it.", ["share.yml", "--diff"], 0),
    ("Once more: nothing is left to change, and nothing is written.", ["share.yml"], 0),
    ("Add one consumer, remove another.", ["join_and_leave.yml"], 0),
    ("Modules and providers in one task, and back.", ["both_kinds.yml", "--diff"], 0),
    ("A mistake is refused before anything is written, and the message says what to do.", ["mistake.yml"], 2),
]


def main(collections: Path) -> int:
    """Returns the exit code: 0 where every step ended as it should."""
    with tempfile.TemporaryDirectory(prefix="tfe-admin-demo-") as home:
        simulator, ready = start_simulator(Path(home))
        try:
            print(f"The simulator plays Terraform Enterprise at {ready['address']}.")
            environment = playbook_environment(Path(home), collections, ready)
            code = next((code for step in STEPS if (code := run(*step, environment))), 0)
        finally:
            simulator.terminate()
            violated = simulator.wait(timeout=10)
            print("\nThe simulator has stopped.")
    return code or violated


def start_simulator(home: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """The process and what it wrote when it was ready: its address and its tokens."""
    ready_file = home / "ready.json"
    command = [sys.executable, "-m", "tests.simulator", "--port", "0", "--ready-file", str(ready_file)]
    command += ["--strict", "--seed", str(HERE / "organizations.yml")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit("The simulator did not start.")
        time.sleep(0.05)
    return process, json.loads(ready_file.read_text(encoding="utf-8"))


def playbook_environment(home: Path, collections: Path, ready: dict[str, Any]) -> dict[str, str]:
    """A clean environment: whatever TFE, proxy or Ansible settings the caller has, they do not count here."""
    configuration = home / "ansible.cfg"
    configuration.touch()
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "HOME": str(home),
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()).lower(),
        "TFE_ADDRESS": ready["address"],
        "TFE_TOKEN": ready["admin_token"],
    }


def run(title: str, arguments: list[str], expected: int, environment: dict[str, str]) -> int:
    """One playbook run. Returns 0 where it ended with the expected code."""
    print(f"\n=== {title}\n$ ansible-playbook {' '.join(arguments)}", flush=True)
    code = subprocess.run([str(ANSIBLE_PLAYBOOK), *arguments], cwd=HERE, env=environment, check=False).returncode
    if code != expected:
        print(f"The playbook ended with {code}, not with {expected}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
