# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a small, a middling and a large instance, on a screen and on paper."""

from __future__ import annotations

import re

import pytest
from ansible_collections.tfe.admin.tests.report.conftest import MakeReport, OpenReport, Report, box
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from playwright.sync_api import Page, expect

WIDTH_OF_A4 = 680
"""Of what is printed on such a sheet, in pixels."""

MARKS = """() => [...document.querySelectorAll("td.may, .legend .mark")].map((place) => {
  const isCell = place.localName === "td";
  const { width, height, borderRadius } = getComputedStyle(place, isCell ? "::after" : null);
  const room = isCell ? [place.clientWidth, place.clientHeight] : [width, height].map(parseFloat);
  return [parseFloat(width), parseFloat(height), borderRadius, ...room];
})"""
"""Of each mark its width, height and roundness, and the room that it stands in the middle of."""

BACKGROUNDS = """() => [...document.querySelectorAll("body, header, header *, #paper, #paper *")].filter((element) => {
  const { backgroundColor, backgroundImage, boxShadow } = getComputedStyle(element);
  const isPlain = ["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"].includes(backgroundColor);
  return element.checkVisibility() && !(isPlain && backgroundImage === "none" && boxShadow === "none");
}).length"""
COLORS = "() => [...new Set([...document.querySelectorAll('#paper *')].map((it) => getComputedStyle(it).color))]"
RIGHT_END = (
    "() => Math.max(...[...document.querySelectorAll('#paper *')].map((it) => it.getBoundingClientRect().right))"
)


def organizations(total: int) -> list[Organization]:
    """Every third one shares, with up to seven others, and every twelfth of these with everybody."""
    names = [f"team-{number:03}" for number in range(total)]

    def organization(number: int, name: str) -> Organization:
        if number % 36 == 3:
            return Organization(name, global_modules=True)
        if number % 3:
            return Organization(name)
        consumers = sorted({names[(number + step * step) % total] for step in range(1, 8)} - {name})
        return Organization(name, module_consumers=consumers, provider_consumers=consumers[:1])

    return [organization(number, name) for number, name in enumerate(names)]


@pytest.fixture(scope="module", params=[5, 60, 500])
def report(request: pytest.FixtureRequest, make_report: MakeReport, tmp_path_factory: pytest.TempPathFactory) -> Report:
    with Simulator(organizations=organizations(request.param), contract=False) as tfe:
        report = make_report(tmp_path_factory.mktemp("sizes"), tfe, sharing_report_formats=["html"])
    assert report.run.returncode == 0, report.run.stdout
    return report


@pytest.fixture
def page(report: Report, open_report: OpenReport) -> Page:
    return open_report(report)


def test_marks_are_round_and_in_the_middle(page: Page) -> None:
    marks = page.evaluate(MARKS)
    assert len(marks) > 5
    for width, height, roundness, *room in marks:
        assert width == height == int(width)
        assert roundness == "50%"
        # No half pixels on either side.
        assert [(size - width) % 2 for size in room] == [0, 0]


@pytest.mark.parametrize("report", [5], indirect=True)
def test_five_organizations_do_not_drown(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    expect(page.locator("#sight")).to_be_hidden()
    body, main, matrix, table = (box(page.locator(it)) for it in ("body", "main", "#matrix", "table"))
    # In the middle, no wider than what it may show, and the room for the matrix as large as that.
    assert body["width"] < 1200
    assert body["x"] == pytest.approx(1920 - body["x"] - body["width"], abs=1)
    assert matrix["width"] - table["width"] < 100
    assert main["height"] < 500
    before = box(page.locator("#matrix"))
    page.get_by_role("option").first.click()
    expect(page.locator("#detail")).to_be_visible()
    assert box(page.locator("#matrix"))["x"] == before["x"]
    detail = box(page.locator("#detail"))
    assert detail["x"] + detail["width"] <= body["x"] + body["width"]


@pytest.mark.parametrize("report", [500], indirect=True)
def test_five_hundred_say_that_the_matrix_goes_on(page: Page) -> None:
    sight = page.locator("#sight")
    columns = int(page.locator("table").get_attribute("aria-colcount") or 0) - 1
    expect(sight).to_have_text(re.compile(rf"^Columns 1 to \d+ of {columns}, rows 1 to \d+ of 167 are in sight"))
    expect(page.locator("#matrix")).to_have_class("more")
    page.locator("#view").evaluate("view => view.scrollTo(1e6, 0)")
    expect(sight).to_contain_text(f"to {columns} of {columns}, rows 1 to")
    expect(page.locator("#matrix")).not_to_have_class("more")
    page.get_by_role("searchbox").fill("team-077")
    expect(sight).to_be_hidden()


@pytest.mark.parametrize("report", [60], indirect=True)
def test_sixty_organizations_are_a_few_sheets_and_none_is_cut(report: Report, open_report: OpenReport) -> None:
    page = open_report(report)
    page.emulate_media(color_scheme="dark")
    # What is chosen, sought and shown on the screen makes no difference.
    page.get_by_role("radio", name="Providers").check()
    page.get_by_role("searchbox").fill("team-007")
    page.get_by_role("searchbox").press("Enter")
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 1 <= sheets <= 4
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": WIDTH_OF_A4, "height": 1000})
    for screen in ("main", "fieldset", "#figures", "header a"):
        expect(page.locator(screen)).to_be_hidden()
    expect(page.get_by_role("heading")).to_have_text(["Who may use whose private registry", "Modules", "Providers"])
    modules, providers = page.locator("#paper section").all()
    expected = {it.name: ", ".join(it.module_consumers) for it in organizations(60) if it.module_consumers}
    expected |= {it.name: "every organization" for it in organizations(60) if it.global_modules}
    printed = [line.split("\t") for line in modules.locator("tbody tr").all_inner_texts()]
    assert printed == [[name, expected[name]] for name in sorted(expected)]
    assert len(providers.locator("tbody tr").all()) == 18
    named = set(page.locator("#paper span").all_inner_texts())
    assert {it.name for it in organizations(60)} <= named
    assert page.evaluate(RIGHT_END) <= WIDTH_OF_A4
    assert page.evaluate(BACKGROUNDS) == 0
    assert page.evaluate(COLORS) == ["rgb(0, 0, 0)"]
