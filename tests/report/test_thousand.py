# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of an instance with a thousand organizations is still quick."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.tfe.admin.tests.report.conftest import MakeReport, OpenReport, Report
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from playwright.sync_api import Page, expect

COUNT = 1000
MOST_SECONDS = 1.0

SEARCH = """async (text) => {
  const start = performance.now();
  const search = document.getElementById("search");
  search.value = text;
  search.dispatchEvent(new Event("input"));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return (performance.now() - start) / 1000;
}"""


@pytest.fixture(scope="module")
def report(make_report: MakeReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Each shares with ten others, and every hundredth with everybody."""
    names = [f"team-{number:04}" for number in range(COUNT)]
    organizations = [
        Organization(name, global_modules=True)
        if number % 100 == 0
        else Organization(name, module_consumers=[names[(number + step * step) % COUNT] for step in range(1, 11)])
        for number, name in enumerate(names)
    ]
    with Simulator(organizations=organizations, contract=False) as tfe:
        report = make_report(tmp_path_factory.mktemp("thousand"), tfe, sharing_report_formats=["html"])
        assert report.run.returncode == 0, report.run.stdout
        yield report


def test_it_opens_and_answers_a_search_in_less_than_a_second(report: Report, open_report: OpenReport) -> None:
    """The best of three: other work on the machine makes things slower, never quicker."""
    pages = [open_report(report) for _attempt in range(3)]
    opened = [
        page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000") for page in pages
    ]
    searched = [pages[0].evaluate(SEARCH, text) for text in ("9", "team-1", "77")]
    print(f"opened in {opened} s, searched in {searched} s")
    assert 0 < min(opened) < MOST_SECONDS
    assert 0 < min(searched) < MOST_SECONDS
    expect(pages[0].locator("#found")).to_have_text("19 of 1,000 organizations")


def cells(page: Page) -> int:
    return page.locator("td").count()


def test_only_what_is_in_sight_is_in_the_document(report: Report, open_report: OpenReport) -> None:
    page = open_report(report)
    assert 500 < cells(page) < 10_000
    page.locator("#view").evaluate("view => view.scrollTo(1e6, 1e6)")
    expect(page.get_by_role("rowheader", name="team-0999")).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="team-0999")).to_be_in_viewport()
    expect(page.get_by_role("rowheader", name="team-0000")).to_have_count(0)
    assert cells(page) < 10_000
    row = page.locator("tbody tr").filter(has_text="team-0990")
    expect(row).to_have_attribute("aria-rowindex", "992")
    marks = row.locator("td:not(.blank)").all_text_contents()
    columns = page.locator("thead th").all_inner_texts()
    used = [column for column, mark in zip(columns, marks, strict=True) if mark]
    assert used == ["team-0991", "team-0994", "team-0999"]


def test_a_chosen_organization_comes_into_sight(report: Report, open_report: OpenReport) -> None:
    page = open_report(report)
    page.get_by_role("searchbox").fill("team-0500")
    page.get_by_role("option").filter(visible=True).click()
    page.get_by_role("searchbox").fill("")
    page.locator("#used").get_by_role("link", name="team-0499").click()
    expect(page.get_by_role("rowheader", name="team-0499")).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_role("columnheader", name="team-0499")).to_be_in_viewport(ratio=0.9)
    expect(page.locator("#detail-title")).to_have_text("team-0499")
