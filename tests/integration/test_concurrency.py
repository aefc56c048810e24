# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty-five forks of one playbook, each adding its own organization to the same producer: nobody is lost."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import signal
import struct
import sys
from hashlib import sha256
from pathlib import Path

from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Fault, Organization, Simulator

FORKS = 25
TEAMS = tuple(f"team-{number:02}" for number in range(FORKS))
LATENCY = 0.02
"""Seconds for each answer; without a lock, every fork would read the list before the first has written it."""

PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - tfe.admin.tfe_module_consumers:
        organization: delta
        consumers: ["{{ inventory_hostname }}"]
        state: present
"""


def start() -> Simulator:
    organizations = [Organization("delta", module_consumers=("gamma",)), Organization("gamma")]
    return Simulator(organizations=[*organizations, *map(Organization, TEAMS)], latency=LATENCY)


def add(run_playbook: RunPlaybook, tfe: Simulator, teams: tuple[str, ...]) -> str:
    """Runs the playbook with a fork for each team, and returns what it printed."""
    arguments = ("--inventory", ",".join(teams), "--forks", str(len(teams)))
    interpreter = f"ansible_python_interpreter={sys.executable}"
    environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token}
    return run_playbook(PLAY, *arguments, "--extra-vars", interpreter, **environ).stdout


def test_twenty_five_forks_lose_nobody(run_playbook: RunPlaybook) -> None:
    with start() as tfe:
        output = add(run_playbook, tfe, TEAMS)
        assert output.count("changed=1") == FORKS, output
        assert set(tfe.sharing("delta").module_consumers) == {"gamma", *TEAMS}
        writes = [request for request in tfe.requests if request.method != "GET"]
        assert len(writes) == FORKS


def lock_holder(address: str) -> int:
    """The process that holds a lock for writing on a producer of this server."""
    path = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".ansible/tfe.admin/sharing.lock")
    first = int.from_bytes(sha256(address.encode()).digest()[:4], "big") >> 1 << 31
    question = struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, first, 1 << 31, 0)
    with path.open("rb") as file:
        kind, _whence, _start, _length, process = struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, question))
    assert kind == fcntl.F_WRLCK
    return int(process)


def test_one_that_dies_while_it_holds_the_lock_takes_nobody_along(run_playbook: RunPlaybook) -> None:
    teams = TEAMS[:10]
    killed: list[int] = []

    def kill() -> None:
        killed.append(lock_holder(tfe.address))
        os.kill(killed[0], signal.SIGKILL)

    with start() as tfe:
        # The fifth task has read the list and is about to look up its own team.
        tfe.order(Fault(kind="between", method="GET", path="/organizations/team-", nth=5, call=kill))
        output = add(run_playbook, tfe, teams)
        assert len(killed) == 1
        assert output.count("changed=1") == len(teams) - 1, output
        (victim,) = re.findall(r"^(team-\d\d) .*failed=1", output, re.MULTILINE)
        assert set(tfe.sharing("delta").module_consumers) == {"gamma", *teams} - {victim}
