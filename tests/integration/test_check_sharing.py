# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook check_sharing: it changes nothing, and fails with a line for each difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.integration.conftest import RunOurs, writes
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

NAMES = ("payments", "web-shop", "data-science")


@pytest.fixture
def tfe() -> Iterator[Simulator]:
    organizations = [
        Organization("platform", module_consumers=("payments", "data-science"), provider_consumers=("payments",)),
        Organization("security", global_modules=True),
        Organization("tools", global_modules=True, global_providers=True),
        Organization("legacy", module_consumers=("web-shop",), provider_consumers=("web-shop", "payments")),
        Organization("relics", global_modules=True),
        *map(Organization, NAMES),
    ]
    with Simulator(organizations=organizations) as simulator:
        yield simulator
        assert not writes(simulator)


@pytest.mark.parametrize("limit", [{}, {"sharing_max_revoked": 0}], ids=["default", "none may lose access"])
def test_every_difference_is_a_line(limit: dict[str, Any], tfe: Simulator, run_ours: RunOurs) -> None:
    producers = [
        {"organization": "platform", "module_consumers": ["payments", "web-shop"], "global_provider_sharing": True},
        {"organization": "security", "module_consumers": ["payments", "web-shop"], "provider_consumers": []},
        {"organization": "tools", "module_consumers": [], "provider_consumers": [], "state": "exact"},
        {"organization": "payments", "global_module_sharing": True, "provider_consumers": ["platform"]},
    ]
    run = run_ours("check_sharing", tfe, sharing_producers=producers, sharing_prune="modules,providers", **limit)
    assert run.code == 2
    lines = [
        "web-shop may use the modules of legacy, the file says nothing of them",
        "payments may use the providers of legacy, the file says nothing of them",
        "web-shop may use the providers of legacy, the file says nothing of them",
        "the file shares the modules of payments with every organization, nobody may use them",
        "platform may not use the providers of payments, the file lists it",
        "data-science may use the modules of platform, the file does not list it",
        "web-shop may not use the modules of platform, the file lists it",
        "the file shares the providers of platform with every organization, only payments may use them",
        "every organization may use the modules of relics, the file says nothing of them",
        "every organization may use the modules of security, the file lists only payments, web-shop",
        "every organization may use the modules of tools, the file lists nobody",
        "every organization may use the providers of tools, the file lists nobody",
    ]
    assert run.statistic["differences"] == lines
    assert run.summary.startswith("\n".join(["The sharing is not what the file says. Differences: 12.", *lines]))
    failed = run.output.partition("TASK [Fail where anything does]")[2]
    assert all(line in failed.partition("TASK [")[0] for line in lines)
    assert (run.statistic["changed"], run.statistic["failed"]) == (True, False)
    assert run.statistic["pruned"] == ["legacy", "relics"]
    assert f"sharing_approved set to {run.statistic['digest']}." in run.summary


def test_one_who_has_to_leave_is_a_difference(tfe: Simulator, run_ours: RunOurs) -> None:
    producers = [{"organization": "platform", "module_consumers": ["payments"], "state": "absent"}]
    run = run_ours("check_sharing", tfe, sharing_producers=producers)
    assert run.code == 2
    assert run.statistic["differences"] == ["payments may use the modules of platform, the file lists it as absent"]


def test_where_nothing_differs(tfe: Simulator, run_ours: RunOurs) -> None:
    producers = [{"organization": "platform", "module_consumers": ["data-science", "payments"]}]
    run = run_ours("check_sharing", tfe, sharing_producers=producers)
    assert run.code == 0, run.output
    assert run.summary == "The sharing is what the file says."
    assert run.statistic["differences"] == []
    assert "skipping:" not in run.output


def test_an_error_is_no_difference(tfe: Simulator, run_ours: RunOurs) -> None:
    run = run_ours("check_sharing", tfe, sharing_producers=[{"organization": "platfrm", "module_consumers": []}])
    assert run.code == 2
    assert run.summary.startswith("It failed, and nothing is known of differences.\nNo organization has this name")
    assert (run.statistic["changed"], run.statistic["failed"]) == (False, True)
    assert run.statistic["differences"] == []


def test_more_differences_than_anybody_reads(run_ours: RunOurs) -> None:
    teams = [f"team-{number:03}" for number in range(120)]
    with Simulator(organizations=[Organization("platform", module_consumers=teams), *map(Organization, teams)]) as tfe:
        run = run_ours("check_sharing", tfe, sharing_producers=[{"organization": "platform", "module_consumers": []}])
    assert run.code == 2
    assert len(run.statistic["differences"]) == 120
    assert "team-099 may use the modules of platform, the file does not list it\nand 20 more\n" in run.summary


def test_what_a_check_handed_on_is_no_misspelt_variable(tfe: Simulator, run_ours: RunOurs) -> None:
    """In a workflow of AWX, the statistics of a node are variables of those after it."""
    producers = [{"organization": "platform", "module_consumers": ["payments"]}]
    check = run_ours("check_sharing", tfe, sharing_producers=producers)
    handed_on = dict.fromkeys(("sharing_result", "sharing_export", "sharing_report"), check.statistic)
    again = run_ours("check_sharing", tfe, sharing_producers=producers, sharing_check=check.statistic, **handed_on)
    assert again.statistic == check.statistic
