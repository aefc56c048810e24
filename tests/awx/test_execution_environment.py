# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder and ansible-galaxy make of the samples and of the installed collection."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.tfe.admin.tests.awx.conftest import EXTENSIONS
from ansible_collections.tfe.admin.tests.playbooks import INSTALLED, TOOLS, run_tool

BUILDER = TOOLS / "ansible-builder"


def test_the_collection_brings_requests_into_an_execution_environment(tmp_path: Path) -> None:
    run = run_tool(tmp_path, BUILDER, "introspect", str(INSTALLED), "--write-pip", "requirements.txt")
    assert run.returncode == 0, run.stdout
    requirements = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
    assert "requests>=2.25.0,!=2.32.0,!=2.32.1,!=2.32.2  # from collection tfe.admin" in requirements


def test_ansible_builder_accepts_the_sample(tmp_path: Path) -> None:
    definition = str(EXTENSIONS / "execution-environment.yml")
    run = run_tool(tmp_path, BUILDER, "create", "--file", definition)
    assert run.returncode == 0, run.stdout
    wanted = (tmp_path / "context/_build/requirements.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(wanted) == {"collections": [{"name": "tfe.admin"}]}
    assert "FROM $EE_BASE_IMAGE" in (tmp_path / "context/Dockerfile").read_text(encoding="utf-8")


def test_this_collection_is_what_the_sample_project_asks_for(tmp_path: Path) -> None:
    requirements = str(EXTENSIONS / "project/collections/requirements.yml")
    options = ["-r", requirements, "--offline", "--collections-path", str(INSTALLED)]
    run = run_tool(tmp_path, TOOLS / "ansible-galaxy", "collection", "install", *options)
    assert run.returncode == 0, run.stdout
    assert "All requested collections are already installed" in run.stdout
