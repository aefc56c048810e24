# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came and what went since an earlier table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.tfe.admin.tests.report.conftest import MakeReport, OpenReport, Report, Unlikely
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

COLUMNS = "kind,producer,producer_id,shared_with,consumer,consumer_id"
STRANGE = ['say "hi", twice', "two\nlines", "=1+1", "'quoted'", "{{ 7*7 }}"]
UNCHANGED = [*map(Unlikely, STRANGE), Unlikely("@producer", module_consumers=tuple(STRANGE))]
BEFORE = [
    Organization("platform", module_consumers=("crm", "old-team", "payments", "web-shop"), global_providers=True),
    Organization("security", module_consumers=("payments",)),
    Organization("data", global_modules=True),
    Organization("payments"),
    Organization("web-shop"),
    Organization("old-team", provider_consumers=("payments",)),
    Organization("crm", external_id="org-3yqvX7cnLmTr5KwB"),
    *UNCHANGED,
]
NOW = [
    Organization("platform", module_consumers=("data", "payments", "sales"), provider_consumers=("payments",)),
    # Payments may use it still, so it has neither come nor gone.
    Organization("security", global_modules=True),
    Organization("data", module_consumers=("payments",)),
    Organization("payments"),
    Organization("web-shop"),
    # It was crm.
    Organization("sales", external_id="org-3yqvX7cnLmTr5KwB"),
    *UNCHANGED,
]


@pytest.fixture(scope="module")
def report(make_report: MakeReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Compared with the table that it replaces."""
    folder = tmp_path_factory.mktemp("since")
    with Simulator(organizations=BEFORE, contract=False) as tfe:
        earlier = make_report(folder, tfe, sharing_report_formats=["csv"])
        assert earlier.run.returncode == 0, earlier.run.stdout
    with Simulator(organizations=NOW, contract=False) as tfe:
        report = make_report(folder, tfe, sharing_report_since="report/sharing.csv")
        assert report.run.returncode == 0, report.run.stdout
        yield report


@pytest.fixture
def page(report: Report, open_report: OpenReport) -> Page:
    return open_report(report)


def lists(page: Page) -> tuple[list[str], list[str]]:
    """What came and what went."""
    came, went = (page.locator(f"#{part} li").all_inner_texts() for part in ("came", "went"))
    return came, went


def details(page: Page, name: str) -> list[str]:
    """Who may use the modules of an organization, and whose modules it may use."""
    page.evaluate("name => { location.hash = new URLSearchParams({ org: name }) }", name)
    expect(page.locator("#detail-title")).to_have_text(name)
    return [" ".join(text.split()) for text in page.locator("#detail li").all_inner_texts()]


def test_the_page_lists_what_came_and_what_went(page: Page) -> None:
    expect(page.get_by_role("banner")).to_contain_text("compared with sharing.csv")
    page.get_by_role("button", name="2 came, 3 went").click()
    expect(page.locator("#matrix")).to_be_hidden()
    assert lists(page) == (
        ["platform: data", "security: everybody"],
        ["data: everybody", "platform: old-team", "platform: web-shop"],
    )
    expect(page.locator("#found")).to_have_text("4 organizations concerned")
    # Whoever is gone has no details.
    expect(page.locator("#changes").get_by_role("link", name="old-team")).to_have_count(0)
    page.get_by_role("searchbox").fill("sec")
    assert lists(page) == (["security: everybody"], ["Nothing."])
    page.get_by_role("searchbox").fill("")
    page.get_by_role("radio", name="Providers").check()
    assert lists(page) == (["Nothing."], ["old-team: payments", "platform: everybody"])
    page.locator("#changes").get_by_role("link", name="platform").click()
    expect(page.locator("#detail-title")).to_have_text("platform")
    page.get_by_role("button", name="organizations").click()
    expect(page.locator("#changes")).to_be_hidden()
    expect(page.locator("#matrix")).to_be_visible()


def test_the_details_and_the_matrix_mark_what_is_new(page: Page) -> None:
    assert details(page, "platform") == [
        *("data new", "payments", "sales"),
        *("old-team no longer", "web-shop no longer"),
        *("security everybody new", "data no longer"),
    ]
    assert details(page, "security") == ["Every organization, also those that come later. new", "data no longer"]
    assert details(page, "data") == [
        "payments",
        "Every organization no longer",
        "platform new",
        "security everybody new",
    ]
    marked = page.get_by_role("row", name="platform").locator("td.new")
    expect(marked).to_have_count(1)
    marked.hover()
    expect(page.get_by_title("data may use the modules of platform")).to_have_count(1)


def test_the_page_for_git_lists_it_too(report: Report) -> None:
    modules, _heading, providers = report.read("md").partition("## Providers")
    changes = [line for line in modules.splitlines() if line.startswith(("| came", "| went"))]
    assert changes == [
        "| came | `platform` | `data` |",
        "| came | `security` | **every organization** |",
        "| went | `data` | **every organization** |",
        "| went | `platform` | `old-team` |",
        "| went | `platform` | `web-shop` |",
    ]
    assert "| went | `old-team` | `payments` |" in providers
    assert "`crm`" not in report.read("md")


def test_paper_has_it_too(page: Page) -> None:
    page.pdf()
    page.emulate_media(media="print")
    modules = page.locator("#paper section").first
    expect(modules).to_contain_text("Came (2): platform: data; security: everybody.")
    expect(modules).to_contain_text("Went (3): data: everybody; platform: old-team; platform: web-shop.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(report: Report, open_report: OpenReport, scheme: str) -> None:
    page = open_report(report, bypass_csp=True)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    details(page, "platform")
    for size in ({"width": 1280, "height": 800}, {"width": 390, "height": 800}):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for figure in ("went", "organizations"):
            page.get_by_role("button", name=figure).click()
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()


def test_a_table_that_a_spreadsheet_saved_is_the_same(report: Report, make_report: MakeReport, tmp_path: Path) -> None:
    with (report.folder / "sharing.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    with (tmp_path / "saved.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    again = make_report(tmp_path, report.tfe, sharing_report_since="saved.csv", sharing_report_formats=["md"])
    assert again.run.returncode == 0, again.run.stdout
    assert again.read("md").count("Nothing came or went since `saved.csv`.") == 2


@pytest.mark.parametrize("text", ["producer,consumer\nplatform,payments\n", f"{COLUMNS}\nmodules,platform\n", None])
def test_anything_else_is_refused_before_anything_is_read(
    make_report: MakeReport, tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "earlier.csv").write_text(text, encoding="utf-8")
    with Simulator() as tfe:
        report = make_report(tmp_path, tfe, sharing_report_since="earlier.csv")
        assert report.run.returncode == 2, report.run.stdout
        assert "must name a CSV file of this playbook, and earlier.csv is none" in " ".join(report.run.stdout.split())
        assert not tfe.requests
    assert not report.folder.exists()
