# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook converge_sharing: what it refuses, what it keeps, and what it says at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.tests.integration.conftest import RunOurs, writes
from ansible_collections.tfe.admin.tests.simulator import Fault, Organization, Sharing, Simulator

NAMES = ("platform", "security", "tools", "payments", "web-shop", "data-science")
MATRIX: list[dict[str, Any]] = [
    {"organization": "platform", "module_consumers": ["data-science", "payments"]},
    {"organization": "security", "module_consumers": ["web-shop"], "provider_consumers": []},
    {"organization": "tools", "global_module_sharing": True, "provider_consumers": ["platform"]},
]
ONE = [{"organization": "platform", "module_consumers": ["payments"]}]


@pytest.fixture
def tfe() -> Iterator[Simulator]:
    organizations = [
        Organization("platform", module_consumers=("payments", "web-shop"), provider_consumers=("payments",)),
        Organization("security", global_modules=True, provider_consumers=("payments",)),
        Organization("tools", global_providers=True),
        *map(Organization, NAMES[3:]),
    ]
    with Simulator(organizations=organizations) as simulator:
        yield simulator


def state(tfe: Simulator) -> dict[str, Sharing]:
    return {name: tfe.sharing(name) for name in NAMES}


def test_what_was_kept_puts_everything_back(tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    former = state(tfe)
    kept_before_writes: list[int] = []

    def count() -> None:
        kept_before_writes.append(len(list((tmp_path / "kept").iterdir())))

    tfe.order(*(Fault(kind="between", method=method, times=0, call=count) for method in ("PATCH", "PUT")))
    run = run_ours("converge_sharing", tfe, sharing_producers=MATRIX, sharing_backup_folder="kept")
    assert run.code == 0, run.output
    assert len(kept_before_writes) >= 3
    assert set(kept_before_writes) == {1}
    assert state(tfe) != former
    [file] = (tmp_path / "kept").iterdir()
    assert run.statistic["files"] == [str(file)]
    assert f"The former state is in {file}." in run.summary
    assert "skipping:" not in run.output
    kept = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert kept["sharing_partial"] is True
    assert [entry["organization"] for entry in kept["sharing_producers"]] == ["platform", "security", "tools"]
    assert not any(value in (None, False) for entry in kept["sharing_producers"] for value in entry.values())

    run = run_ours("converge_sharing", tfe, sharing_file=str(file), sharing_prune="modules")
    assert run.code == 2
    assert "Nothing was changed. sharing_partial says that this matrix is only a part" in run.output
    run = run_ours("converge_sharing", tfe, sharing_file=str(file))
    assert run.code == 0, run.output
    assert state(tfe) == former


def test_nothing_is_kept_where_nothing_changes(tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    same = [{"organization": "platform", "module_consumers": ["payments", "web-shop"]}]
    run = run_ours("converge_sharing", tfe, sharing_producers=same, sharing_backup_folder="kept")
    assert run.code == 0, run.output
    assert run.summary == "Nothing had to be changed."
    assert not list((tmp_path / "kept").iterdir())


def test_check_mode_changes_nothing_and_keeps_nothing(tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    run = run_ours("converge_sharing", tfe, "--check", sharing_producers=MATRIX, sharing_backup_folder="kept")
    assert run.code == 0, run.output
    assert not writes(tfe)
    assert not (tmp_path / "kept").exists()
    closed = "would no longer be open to every organization, 1 still may use them"
    assert run.summary.splitlines() == [
        "Nothing was changed. This would be:",
        "modules of platform: 1 would gain access (data-science), 1 would lose access (web-shop)",
        f"modules of security: {closed} (web-shop), 4 would lose access (data-science, payments, platform, tools)",
        "providers of security: 1 would lose access (payments)",
        "modules of tools: would be open to every organization",
        f"providers of tools: {closed} (platform), 4 would lose access (data-science, payments, security, web-shop)",
        "10 would lose access in all.",
        f"To have just that changed, set sharing_approved to {run.statistic['digest']}.",
    ]
    check = run_ours("check_sharing", tfe, sharing_producers=MATRIX)
    assert check.statistic["digest"] == run.statistic["digest"]

    wrong = "0" * 64
    refused = run_ours("converge_sharing", tfe, sharing_producers=MATRIX, sharing_approved=wrong)
    assert refused.code == 2
    assert f"its digest is {run.statistic['digest']}, approved is {wrong}" in refused.summary
    assert not writes(tfe)
    approved = {"sharing_approved": run.statistic["digest"], "sharing_backup_folder": "kept"}
    done = run_ours("converge_sharing", tfe, sharing_producers=MATRIX, **approved)
    assert done.code == 0, done.output
    assert done.summary.startswith("This was changed:\nmodules of platform: 1 gained access (data-science), 1 lost")
    assert "\n10 lost access in all.\n" in done.summary


def test_what_changed_after_it_was_kept_is_left_alone(run_ours: RunOurs, tmp_path: Path) -> None:
    consumers = ("payments", "web-shop", "data-science")
    producer = Organization("platform", module_consumers=consumers)
    with Simulator(organizations=[producer, *map(Organization, consumers)]) as tfe:

        def meddle() -> None:
            if list(tmp_path.glob("kept/*")) and len(tfe.sharing("platform").module_consumers) == len(consumers):
                tfe.remove("data-science")

        tfe.order(Fault(kind="between", method="GET", times=0, call=meddle))
        run = run_ours("converge_sharing", tfe, sharing_producers=ONE, sharing_backup_folder="kept")
        assert run.code == 2
        assert not writes(tfe)
        assert run.summary.startswith("It failed, and nothing was changed.\nWhat would change is not what was approved")
        assert "The sharing has changed since its former state was kept. Run it again." in run.summary


def test_a_folder_that_cannot_be_made(tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = run_ours("converge_sharing", tfe, sharing_producers=ONE, sharing_backup_folder="file/below")
    assert run.code == 2
    assert not tfe.requests
    assert run.summary.startswith("It failed, and nothing was changed.\n")
    assert str(tmp_path / "file/below") in run.summary


def test_a_write_that_fails(tfe: Simulator, run_ours: RunOurs) -> None:
    tfe.order(Fault(kind="status", method="PATCH", path="/platform/", status=422))
    producers = [*ONE, {"organization": "payments", "module_consumers": ["platform"]}]
    run = run_ours("converge_sharing", tfe, sharing_producers=producers)
    assert run.code == 2
    told = "1 of 2 producers did not come to what was asked for"
    assert told in run.output.partition("TASK [Hand the result")[0]
    assert run.summary.startswith(
        "It failed. This was changed all the same:\n"
        "modules of payments: 1 gained access (platform)\n"
        f"Nobody lost access.\n{told}"
    )
    assert (run.statistic["failed"], run.statistic["changed"]) == (True, True)
    assert told in run.statistic["msg"]


LIMIT = "It must be a whole number, or the word unlimited."


@pytest.mark.parametrize(
    ("playbook", "limit"),
    [("converge_sharing", "unlimitd"), ("converge_sharing", -1), ("check_sharing", 1.5), ("share_registry", "all")],
)
def test_a_limit_that_is_none(playbook: str, limit: Any, tfe: Simulator, run_ours: RunOurs) -> None:
    variables: dict[str, Any] = {"sharing_producers": ONE}
    if playbook == "share_registry":
        variables = {"sharing_organization": "platform", "sharing_consumers": "payments"}
    run = run_ours(playbook, tfe, **variables, sharing_max_revoked=limit)
    assert run.code == 2
    assert f"Nothing was changed. sharing_max_revoked is {limit}. {LIMIT}" in run.output
    assert not tfe.requests


@pytest.mark.parametrize(("limit", "code"), [(0, 2), ("0", 2), (1, 0), ("", 0)])
def test_the_limit(limit: Any, code: int, tfe: Simulator, run_ours: RunOurs) -> None:
    """One consumer would lose access."""
    run = run_ours("converge_sharing", tfe, sharing_producers=ONE, sharing_max_revoked=limit)
    assert run.code == code, run.output
    assert bool(writes(tfe)) is (code == 0)


def test_any_number_may_lose_access_where_that_is_said(run_ours: RunOurs) -> None:
    teams = [f"team-{number}" for number in range(25)]
    with Simulator(organizations=[Organization("platform", module_consumers=teams), *map(Organization, teams)]) as tfe:
        producers = [{"organization": "platform", "module_consumers": []}]
        assert run_ours("converge_sharing", tfe, sharing_producers=producers).code == 2
        assert not writes(tfe)
        run = run_ours("converge_sharing", tfe, sharing_producers=producers, sharing_max_revoked="unlimited")
        assert run.code == 0, run.output
        assert "modules of platform: 25 lost access (team-0, team-1, team-10" in run.summary
        assert "and 15 more)\n25 lost access in all." in run.summary


@pytest.mark.parametrize("where", ["extra variables", "inventory", "matrix file"])
def test_a_misspelt_variable(where: str, tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    slips = {"sharing_purne": ["modules"], "sharing_max_revoke": 3, "sharing_my_teams": []}
    (tmp_path / "sharing.yml").write_text(
        json.dumps({"sharing_producers": ONE, **(slips if where == "matrix file" else {})}), encoding="utf-8"
    )
    localhost = {"ansible_connection": "local", **(slips if where == "inventory" else {})}
    inventory = {"all": {"hosts": {"localhost": localhost}}}
    (tmp_path / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    extra = slips if where == "extra variables" else {}
    run = run_ours("converge_sharing", tfe, "-i", "inventory.yml", sharing_file="sharing.yml", **extra)
    assert run.code == 2
    assert (
        "Nothing was changed. sharing_max_revoke is no variable of these playbooks. Did you mean sharing_max_revoked? "
        "sharing_my_teams is no variable of these playbooks. "
    ) in run.output
    assert "sharing_purne is no variable of these playbooks. Did you mean sharing_prune?" in run.output
    assert "A variable of your own must not begin with sharing_." in run.output
    assert not tfe.requests


@pytest.mark.parametrize("playbook", ["share_registry", "check_sharing", "export_sharing", "sharing_report"])
def test_a_misspelt_variable_is_an_error_everywhere(playbook: str, tfe: Simulator, run_ours: RunOurs) -> None:
    run = run_ours(playbook, tfe, sharing_export_fil="sharing.yml")
    assert run.code == 2
    assert "sharing_export_fil is no variable of these playbooks. Did you mean sharing_export_file?" in run.output
    assert not tfe.requests


@pytest.mark.parametrize("playbook", ["converge_sharing", "check_sharing"])
def test_a_file_that_is_not_there(playbook: str, tfe: Simulator, run_ours: RunOurs, tmp_path: Path) -> None:
    run = run_ours(playbook, tfe, sharing_file="no-such.yml")
    assert run.code == 2
    assert f"sharing_file is no-such.yml, and there is no file {tmp_path / 'no-such.yml'}." in run.output
    assert not tfe.requests


def test_lists_of_organizations_are_variables_in_the_matrix_file(
    tfe: Simulator, run_ours: RunOurs, tmp_path: Path
) -> None:
    """One who joins a team is one line, however many producers the team may use."""
    text = """
        product_teams: [web-shop, data-science]
        sharing_producers:
          - organization: platform
            module_consumers: "{{ product_teams + ['payments'] }}"
            provider_consumers: "{{ product_teams }}"
          - organization: tools
            module_consumers: "{{ product_teams }}"
    """
    (tmp_path / "sharing.yml").write_text(text, encoding="utf-8")
    run = run_ours("converge_sharing", tfe, sharing_file="sharing.yml")
    assert run.code == 0, run.output
    assert set(tfe.sharing("platform").module_consumers) == {"payments", "web-shop", "data-science"}
    assert set(tfe.sharing("platform").provider_consumers) == {"web-shop", "data-science"}
    assert set(tfe.sharing("tools").module_consumers) == {"web-shop", "data-science"}
    assert run_ours("check_sharing", tfe, sharing_file="sharing.yml").code == 0
