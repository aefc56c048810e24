# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Slips with a matrix that would take access from many: with the defaults of the playbooks, nobody loses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.tfe.admin.tests.integration.conftest import RunOurs, writes
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

TEAMS = tuple(f"team-{number:02}" for number in range(56))
CONSUMERS = TEAMS[:39]
"""Those of the largest producer."""


@pytest.fixture
def tfe() -> Iterator[Simulator]:
    """60 organizations: one shares with 39, one with two, and two share with everybody."""
    producers = [
        Organization("alpha", module_consumers=TEAMS[:2]),
        Organization("platform", module_consumers=CONSUMERS),
        Organization("security", global_modules=True),
        Organization("tools", global_modules=True),
    ]
    with Simulator(organizations=[*producers, *map(Organization, TEAMS)]) as simulator:
        yield simulator
        assert not writes(simulator)
        assert simulator.sharing("platform").module_consumers == CONSUMERS
        assert simulator.sharing("security").global_modules
        assert simulator.sharing("tools").global_modules


@pytest.mark.parametrize("check", [(), ("--check",)], ids=["run", "check"])
def test_a_list_that_came_out_empty(check: tuple[str, ...], tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    (tmp_path / "sharing.yml").write_text(
        "sharing_producers:\n"
        "  - organization: platform\n"
        '    module_consumers: "{{ platform_consumrs | default([]) }}"\n'
        "platform_consumers: [team-00]\n",
        encoding="utf-8",
    )
    run = run_ours("converge_sharing", tfe, *check, sharing_file="sharing.yml")
    assert run.code == 2
    assert "It failed, and nothing was changed." in run.summary
    assert "39 consumers of modules would lose access, and max_revoked is 20" in run.summary
    assert "\nplatform: team-00\n" in run.summary
    assert "and 19 more" in run.summary
    assert "sharing_max_revoked: 39 allows it" in run.summary
    assert "39 consumers of modules would lose access" in run.output.partition("TASK [Hand")[0]
    assert run.statistic["failed"]
    assert not run.statistic["changed"]


def test_a_matrix_file_that_was_cut_in_half(tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    exported = run_ours("export_sharing", tfe, sharing_export_file="sharing.yml")
    assert exported.code == 0
    file = tmp_path / "sharing.yml"
    whole = file.read_text(encoding="utf-8").splitlines(keepends=True)
    half = whole[: len(whole) // 2]
    assert not any("security" in line for line in half)
    file.write_text("".join(half), encoding="utf-8")
    run = run_ours("converge_sharing", tfe, sharing_file="sharing.yml", sharing_prune="modules")
    assert run.code == 2
    # The list of platform is cut as well.
    left = len([line for line in half if "team-" in line]) - 2
    assert f"{39 - left + 2 * 59} consumers of modules would lose access" in run.summary
    assert "\nplatform: team-" in run.summary


@pytest.mark.parametrize("playbook", ["converge_sharing", "share_registry"])
def test_a_list_in_the_place_of_everybody(playbook: str, tfe: Simulator, run_ours: RunOurs) -> None:
    variables: dict[str, object] = {"sharing_organization": "security", "sharing_consumers": ["team-00"]}
    if playbook == "converge_sharing":
        variables = {"sharing_producers": [{"organization": "security", "module_consumers": ["team-00"]}]}
    run = run_ours(playbook, tfe, **variables)
    assert run.code == 2
    assert "58 consumers of modules would lose access, and max_revoked is 20" in run.summary
    assert "\nsecurity: alpha\n" in run.summary
    assert "and 38 more" in run.summary
