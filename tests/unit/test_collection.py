# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies in several files of the collection and has to agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.plugins.module_utils._tfe import transport

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def fragments(module: str) -> list[str]:
    """The documentation fragments that the module's documentation is extended by."""
    source = (ROOT / "plugins/modules" / f"{module}.py").read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "DOCUMENTATION":
            named = yaml.safe_load(ast.literal_eval(statement.value)).get("extends_documentation_fragment", [])
            return [named] if isinstance(named, str) else list(named)
    pytest.fail(f"{module} has no DOCUMENTATION")


def test_there_are_modules() -> None:
    assert MODULES


def test_the_action_group_is_the_modules_with_a_connection() -> None:
    connected = [module for module in MODULES if "tfe.admin.connection" in fragments(module)]
    assert sorted(read_yaml("meta/runtime.yml")["action_groups"]["tfe"]) == connected


def test_the_group_of_those_that_write_is_the_modules_with_a_limit() -> None:
    limited = [module for module in MODULES if "tfe.admin.limit" in fragments(module)]
    assert sorted(read_yaml("meta/runtime.yml")["action_groups"]["tfe_write"]) == limited
    assert [module for module in MODULES if not module.endswith("_info")] == limited


def test_the_client_names_the_version_of_the_collection() -> None:
    assert read_yaml("galaxy.yml")["version"] == transport.VERSION


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_an_integration_target(module: str) -> None:
    assert (ROOT / "tests/integration/targets" / module / "tasks/main.yml").is_file()


def test_no_rule_of_ansible_test_is_ignored() -> None:
    assert not list((ROOT / "tests/sanity").glob("ignore-*"))


def test_the_playbooks_know_the_variables_that_they_document() -> None:
    known = read_yaml("playbooks/vars/variables.yml")["tfe_known_variables"]
    documented: set[str] = set()
    for path in (ROOT / "playbooks").glob("*.yml"):
        comment = path.read_text(encoding="utf-8").partition("\n---\n")[0]
        documented |= set(re.findall(r"^# (sharing_\w+) {2,}\S", comment, re.MULTILINE))
        documented |= set(re.findall(r"^# The statistic (sharing_\w+),", comment, re.MULTILINE))
    assert sorted(known) == sorted(documented)
