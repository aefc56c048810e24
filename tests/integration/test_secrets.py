# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token that a server echoes: in no output and in no registered result, on any release of ansible-core."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Fault, Organization, Simulator

TOKEN = "h8Xq2LrWv0zKcN.atlasv1.mB7dGf4TnYp9"
# The half of it, so that nothing but the question itself has the whole token in it.
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - tfe.admin.tfe_module_consumers:
        organization: delta
        consumers: [gamma]
        tfe_token: "{{ lookup('ansible.builtin.env', 'AS_OPTION') }}"
      register: refused
      ignore_errors: true
    - ansible.builtin.debug:
        var: refused
    - ansible.builtin.assert:
        that:
          - refused is failed
          - "'xxx' in refused.msg"
          - "'B7dGf4TnYp9' not in refused | string"
          - refused.deprecations | default([]) == []
        quiet: true
"""


@pytest.mark.parametrize("source", ["option", "environment", "platform", "terraform"])
def test_an_echoed_token_is_nowhere(run_playbook: RunPlaybook, tmp_path: Path, source: str) -> None:
    organizations = [Organization("delta"), Organization("gamma")]
    with Simulator(organizations=organizations, tls=source == "terraform", admin_token=TOKEN) as tfe:
        # As an error of the server, across the cut of its words, and as the reason of another try.
        body = {"errors": [{"title": f"Bearer {TOKEN}", "detail": "x" * 440 + TOKEN}]}
        tfe.order(Fault("status", status=503, body=body), Fault("status", "PATCH", status=422, body=body))
        environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": TOKEN}
        if source == "option":
            environ = {"TFE_ADDRESS": tfe.address, "AS_OPTION": TOKEN}
        elif source == "platform":
            environ = {"TF_HOSTNAME": tfe.address, "TF_TOKEN": TOKEN}
        elif source == "terraform":
            stored = tmp_path / ".terraform.d" / "credentials.tfrc.json"
            stored.parent.mkdir()
            host = urlsplit(tfe.address).netloc
            stored.write_text(json.dumps({"credentials": {host: {"token": TOKEN}}}), encoding="utf-8")
            environ = {"TFE_ADDRESS": tfe.address, "TFE_CA_BUNDLE": str(tfe.ca_file)}
        run = run_playbook(PLAY, "-vvvvv", **environ)
    assert run.returncode == 0, run.stdout
    assert "trying again in" in run.stdout
    assert "[DEPRECATION WARNING]" not in run.stdout
    for part in (TOKEN, TOKEN[:12], TOKEN[-12:]):
        assert part not in run.stdout
