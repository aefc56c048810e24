# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files for programs and for git, and the playbook itself."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.report.conftest import MakeReport, Report, Unlikely
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

FORMULAS = [
    *("=1+1", "+1", "-dash", "@SUM(A1)", "\ttab"),
    # A spreadsheet drops leading blanks, and takes full-width signs for plain ones.
    *("  =1+1", "\t@SUM(A1)", "\u00a0+1", "\u3000-1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1d1"),
]
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
STRANGE = ['say "hi", twice', "two\nlines", "back`tick``s|bar", "#35; & <b> %%{init}%% *_\\", *FORMULAS]
ORGANIZATIONS = [
    Organization("platform", module_consumers=("payments", "web-shop"), provider_consumers=("security", "payments")),
    Organization("payments"),
    Organization("web-shop", global_providers=True),
    Organization("security", global_modules=True, provider_consumers=("platform",)),
    *map(Unlikely, STRANGE),
    Unlikely("=producer", module_consumers=tuple(STRANGE)),
]
PARTNERSHIPS = {
    "modules": {("platform", "payments"), ("platform", "web-shop"), *((("=producer", name)) for name in STRANGE)},
    "providers": {("platform", "payments"), ("platform", "security"), ("security", "platform")},
}
NO_TOTALS = ("producers", "global_producers", "consumers", "partnerships")
SHARES_WITH_EVERYBODY = {("modules", "security"), ("providers", "web-shop")}


@pytest.fixture(scope="module")
def report(make_report: MakeReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    with Simulator(organizations=ORGANIZATIONS, contract=False) as tfe:
        report = make_report(tmp_path_factory.mktemp("files"), tfe)
        assert report.run.returncode == 0, report.run.stdout
        yield report


def stats(report: Report) -> dict[str, Any]:
    """What the playbook hands to later nodes of a workflow."""
    _before, _key, value = report.run.stdout.partition('"sharing_report": ')
    assert value, report.run.stdout
    parsed: dict[str, Any] = json.JSONDecoder().raw_decode(value)[0]
    return parsed


def test_counts_and_paths_are_handed_on(report: Report) -> None:
    files = [str(report.folder / f"sharing.{ending}") for ending in ("html", "csv", "md")]
    assert stats(report) == {
        "organizations": len(ORGANIZATIONS),
        "modules": {
            "producers": 3,
            "global_producers": 1,
            # Everybody but the one that shares with everybody.
            "consumers": len(ORGANIZATIONS) - 1,
            "partnerships": 2 + len(STRANGE),
        },
        "providers": {
            "producers": 3,
            "global_producers": 1,
            "consumers": len(ORGANIZATIONS) - 1,
            "partnerships": 3,
        },
        "files": files,
        "failed": False,
        "msg": "",
        "summary": [
            f"Organizations: {len(ORGANIZATIONS)}.",
            f"Producers of modules: 3, of these shared with everybody: 1, consumers: {len(ORGANIZATIONS) - 1}.",
            f"Producers of providers: 3, of these shared with everybody: 1, consumers: {len(ORGANIZATIONS) - 1}.",
            f"Written: {', '.join(files)}",
        ],
    }
    assert report.run.stdout.rpartition("\nTASK [")[2].startswith("Sum up]")
    assert "skipping:" not in report.run.stdout
    assert sorted(path.name for path in report.folder.iterdir()) == ["sharing.csv", "sharing.html", "sharing.md"]
    assert all(report.tfe.admin_token not in report.read(ending) for ending in ("html", "csv", "md"))


def test_the_table_has_every_partnership_and_no_formula(report: Report) -> None:
    with (report.folder / "sharing.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, strict=True))
    fields = {field for line in lines for field in line.values()}
    assert not [field for field in fields if field.lstrip()[:1] in tuple(SIGNS) or field[:1] in tuple("\t\r\n")]
    assert {f"'{name}" for name in FORMULAS} <= fields

    def text(field: str) -> str:
        return field.removeprefix("'")

    for kind, expected in PARTNERSHIPS.items():
        listed = [line for line in lines if line["kind"] == kind and line["shared_with"] == "consumer"]
        assert {(text(line["producer"]), text(line["consumer"])) for line in listed} == expected
        assert len(listed) == len(expected)
    to_all = [(line["kind"], line["producer"]) for line in lines if line["shared_with"] == "everybody"]
    assert sorted(to_all) == sorted(SHARES_WITH_EVERYBODY)
    ids = {(text(line[role]), line[f"{role}_id"]) for line in lines for role in ("producer", "consumer")}
    for name in ("platform", "payments", "security", "web-shop"):
        assert {external_id for other, external_id in ids if other == name} == {report.tfe.external_id(name)}


def sections(report: Report) -> dict[str, str]:
    """What the page for git says of each kind."""
    _head, modules, providers = re.split(r"^## (?:Modules|Providers)$", report.read("md"), flags=re.MULTILINE)
    return {"modules": modules, "providers": providers}


@pytest.mark.parametrize("kind", PARTNERSHIPS)
def test_the_graph_has_every_partnership(report: Report, kind: str) -> None:
    [graph] = re.findall(r"^```mermaid\n(.*?)^```$", sections(report)[kind], re.DOTALL | re.MULTILINE)
    labels = {}
    arrows = set()
    for line in graph.strip().splitlines()[1:]:
        if node := re.fullmatch(r'  (o\d+)\["([^"<>&%`\\*_]*)"\]', line):
            labels[node[1]] = unescape(re.sub(r"#(\d+);", r"&#\1;", node[2]))
        elif arrow := re.fullmatch(r"  (o\d+) --> (\w+)", line):
            arrows.add((arrow[1], arrow[2]))
        else:
            assert line == "  everybody([every organization])"
    found = {(labels[start], labels.get(end, end)) for start, end in arrows}
    expected = {(producer, re.sub(r"\s", " ", consumer)) for producer, consumer in PARTNERSHIPS[kind]}
    to_all = {(producer, "everybody") for shared, producer in SHARES_WITH_EVERYBODY if shared == kind}
    assert found == expected | to_all
    assert set(labels.values()) == {name for arrow in found for name in arrow} - {"everybody"}


def test_the_page_for_git_lists_every_producer(report: Report) -> None:
    modules, providers = (
        [line for line in section.splitlines() if line.startswith("| `")] for section in sections(report).values()
    )
    assert modules[1:] == ["| `platform` | `payments`, `web-shop` |", "| `security` | **every organization** |"]
    assert "``` back`tick``s\\|bar ```" in modules[0]
    assert "`two lines`" in modules[0]
    assert providers == [
        "| `platform` | `payments`, `security` |",
        "| `security` | `platform` |",
        "| `web-shop` | **every organization** |",
    ]


def test_the_second_run_changes_nothing_but_the_time(report: Report, make_report: MakeReport) -> None:
    before = {ending: report.read(ending) for ending in ("html", "csv", "md")}
    report.folder.chmod(0o700)
    again = make_report(report.folder.parent, report.tfe)
    assert again.run.returncode == 0, again.run.stdout
    assert re.findall(r"changed: .*item=(\w+)", again.run.stdout) == ["html"]
    assert report.folder.stat().st_mode & 0o777 == 0o700
    times = re.compile("<time.*</time>")
    assert times.sub("", again.read("html")) == times.sub("", before["html"])
    assert {ending: again.read(ending) for ending in ("csv", "md")} == {key: before[key] for key in ("csv", "md")}


def test_check_mode_counts_and_writes_nothing(report: Report, make_report: MakeReport, tmp_path: Path) -> None:
    checked = make_report(tmp_path, report.tfe, "--check", "--diff")
    assert checked.run.returncode == 0, checked.run.stdout
    assert stats(checked)["modules"]["partnerships"] == len(PARTNERSHIPS["modules"])
    assert not checked.folder.exists()


def test_more_arrows_than_a_graph_can_have_are_a_table_only(make_report: MakeReport, tmp_path: Path) -> None:
    names = [f"team-{number}" for number in range(502)]
    organizations = [Organization(names[0], module_consumers=names[1:]), *map(Organization, names[1:])]
    with Simulator(organizations=organizations) as tfe:
        report = make_report(tmp_path, tfe, sharing_report_formats=["md"], sharing_report_name="teams")
    text = (report.folder / "teams.md").read_text(encoding="utf-8")
    assert "mermaid" not in text
    assert "There are too many partnerships for a graph." in text
    assert text.count("`team-") == 502


def test_who_shares_with_everybody_has_consumers_without_a_list(make_report: MakeReport, tmp_path: Path) -> None:
    organizations = [Organization("security", global_modules=True), Organization("payments"), Organization("web-shop")]
    with Simulator(organizations=organizations) as tfe:
        report = make_report(tmp_path, tfe)
        assert stats(report)["organizations"] == 3
        assert stats(report)["modules"]["consumers"] == 2
        organizations[1] = Organization("payments", global_modules=True)
    with Simulator(organizations=organizations) as tfe:
        report = make_report(tmp_path, tfe)
        assert stats(report)["modules"]["consumers"] == 3
    assert "| 2 | 2 | 3 | 0 |" in report.read("md")


def test_an_instance_without_sharing_is_reported_as_such(make_report: MakeReport, tmp_path: Path) -> None:
    with Simulator(organizations=[Organization("alone")]) as tfe:
        report = make_report(tmp_path, tfe)
    assert report.run.returncode == 0, report.run.stdout
    assert list(csv.DictReader(io.StringIO(report.read("csv")))) == []
    assert "Nobody shares modules." in report.read("md")
    assert "Nobody shares providers." in report.read("md")
    assert '{"organizations": ["alone"], "producers": []' in report.read("html")


def test_a_release_without_sharing_of_providers_has_the_modules_alone(make_report: MakeReport, tmp_path: Path) -> None:
    organizations = [Organization("platform", module_consumers=["payments"]), Organization("payments")]
    with Simulator(organizations=organizations, profile="202103-1") as tfe:
        report = make_report(tmp_path, tfe)
    assert report.run.returncode == 0, report.run.stdout
    assert [line["kind"] for line in csv.DictReader(io.StringIO(report.read("csv")))] == ["modules"]
    assert stats(report)["providers"] == dict.fromkeys(NO_TOTALS, 0)
    assert "Nobody shares providers." in report.read("md")


def test_a_format_that_is_none_is_refused_before_anything_is_read(make_report: MakeReport, tmp_path: Path) -> None:
    with Simulator() as tfe:
        report = make_report(tmp_path, tfe, sharing_report_formats=["csv", "pdf"])
        assert report.run.returncode == 2, report.run.stdout
        assert "must be a list of any of html, csv and md" in report.run.stdout
        assert not tfe.requests
    assert not report.folder.exists()
