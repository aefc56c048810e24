# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the installed collection as AWX does: answers in an extra-vars file, credentials in the environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from ansible_collections.tfe.admin.tests import playbooks
from ansible_collections.tfe.admin.tests.playbooks import INSTALLED, TOOLS
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

EXTENSIONS = INSTALLED / "ansible_collections/tfe/admin/extensions/awx"
AWX_VENV = Path(os.environ["AWX_VENV"])

CONTAINER = "/runner"
"""Where a job's container sees what is the job's folder outside of it."""


class RunPlaybook(Protocol):
    def __call__(
        self,
        playbook: str,
        answers: Mapping[str, Any],
        environ: Mapping[str, str],
        *options: str,
        ansible: Path = TOOLS,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a playbook of the installed collection and returns the ended process with all output as text."""


class _AnswersDumper(yaml.SafeDumper):
    """Marks every text as unsafe, as AWX does: nothing that somebody typed is a template."""

    def represent_data(self, data: Any) -> yaml.Node:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


@pytest.fixture
def run_playbook(tmp_path: Path) -> RunPlaybook:
    def run_playbook(
        playbook: str,
        answers: Mapping[str, Any],
        environ: Mapping[str, str],
        *options: str,
        ansible: Path = TOOLS,
    ) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "answers.yml"
        file.write_text(yaml.dump(dict(answers), Dumper=_AnswersDumper), encoding="utf-8")
        arguments = ("--extra-vars", f"@{file}", *options)
        return playbooks.run_playbook(tmp_path, f"tfe.admin.{playbook}", *arguments, environ=environ, ansible=ansible)

    return run_playbook


def inject(kind: ManagedCredentialType, inputs: dict[str, Any], folder: Path) -> dict[str, str]:
    """What a credential of this kind adds to a job's environment, injected by AWX's own code.

    Paths are those of the job's folder outside of the container.
    """
    (folder / "env").mkdir(exist_ok=True)
    environment: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    inject_credential(kind, Credential(inputs), environment, shown, [], str(folder))
    assert not inputs.get("token") or inputs["token"] not in shown.values(), "AWX would store the token in the clear"
    return {name: str(value).replace(CONTAINER, str(folder), 1) for name, value in environment.items()}


def read(path: str) -> Any:
    """A file of extensions/awx, as it was installed."""
    return yaml.safe_load((EXTENSIONS / path).read_text(encoding="utf-8"))


@pytest.fixture
def our_type() -> ManagedCredentialType:
    described = read("credential_type.yml")
    fields = {name: described[name] for name in ("name", "kind", "inputs", "injectors")}
    return ManagedCredentialType(namespace="tfe_admin", **fields)


def organizations() -> list[Organization]:
    names = ("payments", "web-shop", "0173", "123", "no", "null")
    return [Organization("platform", module_consumers=("payments",)), *map(Organization, names)]


@pytest.fixture
def tfe() -> Iterator[Simulator]:
    """One organization, platform, shares its modules with one other, payments."""
    with Simulator(organizations=organizations()) as simulator:
        yield simulator


@pytest.fixture
def tls_tfe() -> Iterator[Simulator]:
    """The same behind TLS, with a certificate that only its own CA file verifies."""
    with Simulator(organizations=organizations(), tls=True) as simulator:
        yield simulator
