# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials, injected by AWX's own code, take the playbook to the simulator over TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.awx.conftest import RunPlaybook, inject
from ansible_collections.tfe.admin.tests.simulator import Simulator
from awx_plugins.credentials._managed_types.terraform import hcp_terraform
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

ANSWERS = {"sharing_organization": "platform", "sharing_consumers": "web-shop"}
UNVERIFIED = "CERTIFICATE_VERIFY_FAILED"


def ca(tfe: Simulator) -> str:
    assert tfe.ca_file
    return Path(tfe.ca_file).read_text(encoding="utf-8")


def test_all_fields_filled_in(
    our_type: ManagedCredentialType, tls_tfe: Simulator, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    inputs = {
        "address": tls_tfe.address,
        "token": tls_tfe.admin_token,
        "ca_bundle": ca(tls_tfe),
        "skip_verification": False,
    }
    run = run_playbook("share_registry", ANSWERS, inject(our_type, inputs, tmp_path))
    assert run.returncode == 0, run.stdout
    assert tls_tfe.sharing("platform").module_consumers == ("web-shop",)


@pytest.mark.parametrize("optional", [{}, {"ca_bundle": "\n", "skip_verification": False}], ids=["omitted", "blank"])
def test_without_a_ca_the_certificate_is_verified_all_the_same(
    optional: dict[str, Any],
    our_type: ManagedCredentialType,
    tls_tfe: Simulator,
    run_playbook: RunPlaybook,
    tmp_path: Path,
) -> None:
    inputs = {"address": tls_tfe.address, "token": tls_tfe.admin_token, **optional}
    environment = inject(our_type, inputs, tmp_path)
    assert environment["TFE_CA_BUNDLE"] == ""
    run = run_playbook("share_registry", ANSWERS, {**environment, "TFE_MAX_RETRIES": "0"})
    assert run.returncode == 2
    assert UNVERIFIED in run.stdout
    assert not tls_tfe.requests


def test_verification_can_be_skipped_knowingly(
    our_type: ManagedCredentialType, tls_tfe: Simulator, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    inputs = {"address": tls_tfe.address, "token": tls_tfe.admin_token, "skip_verification": True}
    run = run_playbook("share_registry", ANSWERS, inject(our_type, inputs, tmp_path))
    assert run.returncode == 0, run.stdout
    assert "TLS verification is off" in run.stdout


def test_without_an_address_the_message_says_so(
    our_type: ManagedCredentialType, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    environment = inject(our_type, {}, tmp_path)
    assert inject(our_type, {"address": "", "token": ""}, tmp_path) == environment
    run = run_playbook("share_registry", ANSWERS, environment)
    assert run.returncode == 2
    assert "No address: set tfe_address" in run.stdout


def test_no_template_needs_a_field_that_may_be_omitted(our_type: ManagedCredentialType) -> None:
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    injectors = our_type.injectors or {}
    templates = [template for kind in ("file", "env") for template in injectors[kind].values()]
    assert len(templates) == 5
    for template in templates:
        strict.from_string(template).render()


def test_extra_variables_win_over_the_credential(
    our_type: ManagedCredentialType, tfe: Simulator, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    inputs = {"address": "https://127.0.0.1:1", "token": "of-another-host"}
    connection = {"tfe_address": tfe.address, "tfe_token": tfe.admin_token, "tfe_verify_tls": "", "tfe_timeout": None}
    run = run_playbook("share_registry", {**ANSWERS, **connection}, inject(our_type, inputs, tmp_path))
    assert run.returncode == 0, run.stdout
    assert tfe.sharing("platform").module_consumers == ("web-shop",)
    assert tfe.admin_token not in run.stdout


def host(tfe: Simulator) -> str:
    return tfe.address.removeprefix("https://")


def test_the_built_in_type_of_automation_platform(
    tls_tfe: Simulator, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    environment = inject(hcp_terraform, {"hostname": host(tls_tfe), "token": tls_tfe.admin_token}, tmp_path)
    assert sorted(environment) == ["TF_HOSTNAME", "TF_TOKEN"]
    run = run_playbook("share_registry", {**ANSWERS, "tfe_ca_bundle": tls_tfe.ca_file}, environment)
    assert run.returncode == 0, run.stdout
    assert tls_tfe.sharing("platform").module_consumers == ("web-shop",)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"hostname": "", "token": "x"}, "No address: set tfe_address"),
        ({"hostname": "tfe.example.com"}, "No token for tfe.example.com"),
        # AWX fills in the host of HCP Terraform; the proxy keeps the request on this machine.
        ({"token": "x"}, "GET https://app.terraform.io/api/v2/admin/organizations/platform got no answer"),
    ],
    ids=["blank host", "no token", "no host"],
)
def test_the_built_in_type_with_fields_left_out(
    inputs: dict[str, Any], message: str, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    environment = inject(hcp_terraform, inputs, tmp_path)
    environment |= {"HTTPS_PROXY": "http://127.0.0.1:1", "TFE_MAX_RETRIES": "0"}
    run = run_playbook("share_registry", ANSWERS, environment)
    assert run.returncode == 2
    assert message in run.stdout, run.stdout
