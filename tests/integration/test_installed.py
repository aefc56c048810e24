# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installed collection as a user meets it: the action group, TLS, and a host that lacks requests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/tfe.admin.tfe:
      tfe_address: "{{ address }}"
      tfe_token: "{{ token }}"
  tasks:
    - tfe.admin.tfe_module_consumers:
        organization: delta
        consumers: [gamma]
"""


def test_module_defaults_reach_the_module_over_tls_and_the_token_is_in_no_output(
    run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    with Simulator(organizations=[Organization("delta"), Organization("gamma")], tls=True) as tfe:
        assert tfe.ca_file
        variables = ["-e", f"address={tfe.address}", "-e", "token={{ lookup('file', 'token') }}"]
        (tmp_path / "token").write_text(tfe.admin_token, encoding="utf-8")
        run = run_playbook(PLAY, *variables, "--diff", "-vvvvv", TFE_CA_BUNDLE=tfe.ca_file)
        assert run.returncode == 0, run.stdout
        assert "changed=1" in run.stdout
        assert tfe.sharing("delta").module_consumers == ("gamma",)
        assert tfe.admin_token not in run.stdout
        unverified = run_playbook(PLAY, *variables)
        assert "CERTIFICATE_VERIFY_FAILED" in unverified.stdout
        assert "tfe_ca_bundle" in unverified.stdout


def test_a_host_without_requests_is_told_so(run_playbook: RunPlaybook, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    interpreter = f"ansible_python_interpreter={tmp_path}/bare/bin/python"
    run = run_playbook(PLAY, "-e", interpreter, "-e", "address=tfe.example.com token=x")
    assert run.returncode == 2
    assert "Failed to import the required Python library (requests)" in run.stdout
