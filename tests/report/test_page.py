# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page in a browser: what it shows, by mouse, by keyboard and to a screen reader, and what it keeps out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.tfe.admin.tests.report.conftest import MakeReport, OpenReport, Report, Unlikely, box
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Locator, Page, expect

MARKUP = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    # It sorts after the one that ends a script: before it, HTML would not take that end for one.
    "z<!--<script>",
    '"><svg onload=alert(1)>',
    "&lt;b&gt;",
    "{{ 7*7 }}",
    "line\u2028and\u2029paragraph",
]


CONTRAST = """() => {
  const search = document.getElementById("search");
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const placeholder = getComputedStyle(search, "::placeholder");
  if (placeholder.opacity !== "1") return 0;
  const colors = [placeholder.color, getComputedStyle(search).backgroundColor];
  const [dark, light] = colors.map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}"""
"""How much the placeholder of the search differs from what is behind it (WCAG 1.4.3)."""


@pytest.fixture(scope="module")
def report(make_report: MakeReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    organizations = [
        Organization("platform", module_consumers=("payments", "web-shop", "data-science"), global_providers=True),
        Organization("payments", module_consumers=("web-shop",), provider_consumers=("web-shop", "partner")),
        Organization("security", global_modules=True),
        Organization("data-science", module_consumers=("payments", "platform")),
        Organization("web-shop"),
        Organization("partner"),
        Organization("alone"),
        *map(Unlikely, MARKUP[1:]),
        Unlikely(MARKUP[0], module_consumers=tuple(MARKUP[1:])),
    ]
    with Simulator(organizations=organizations, contract=False) as tfe:
        report = make_report(tmp_path_factory.mktemp("page"), tfe)
        assert report.run.returncode == 0, report.run.stdout
        yield report


@pytest.fixture
def page(report: Report, open_report: OpenReport) -> Page:
    return open_report(report)


def in_list(page: Page) -> list[str]:
    return page.locator("[role=option] b").all_text_contents()


def option(page: Page, name: str) -> Locator:
    return page.get_by_role("option").filter(has=page.locator("b", has_text=name))


def rows(page: Page) -> dict[str, list[str]]:
    """The matrix by the name of each producer: the consumers that have a mark in its row."""
    columns = page.locator("thead th").all_inner_texts()
    found = {}
    for row in page.locator("tbody tr:not(.blank)").all():
        marks = row.locator("td:not(.blank)").all_text_contents()
        assert set(marks) <= {"", "yes"}
        name = row.locator("th").evaluate("head => head.firstChild.textContent")
        found[name] = [column for column, mark in zip(columns, marks, strict=True) if mark]
    return found


def details(page: Page) -> tuple[str, list[str], list[str]]:
    """The organization whose details are shown, who may use its modules, and whose modules it may use."""
    users, used = (
        [" ".join(text.split()) for text in page.locator(f"{part} li").all_inner_texts()]
        for part in ("#users", "#used")
    )
    return page.locator("#detail-title").inner_text(), users, used


def test_the_head_tells_the_server_the_time_and_the_totals(page: Page, report: Report) -> None:
    banner = page.get_by_role("banner")
    expect(banner).to_contain_text(report.tfe.address)
    assert banner.locator("time").get_attribute("datetime", timeout=1000)
    figures = page.locator("#figures > *")
    modules = ["14 organizations", "5 producers", "1 shares with everybody", "13 consumers", "12 partnerships"]
    assert figures.all_inner_texts() == modules
    page.get_by_role("radio", name="Providers").check()
    providers = ["14 organizations", "2 producers", "1 shares with everybody", "13 consumers", "2 partnerships"]
    assert figures.all_inner_texts() == providers


def test_the_matrix_tells_who_may_use_whose_modules(page: Page) -> None:
    matrix = rows(page)
    assert matrix["platform"] == ["data-science", "payments", "web-shop"]
    assert matrix["payments"] == ["web-shop"]
    assert matrix["data-science"] == ["payments", "platform"]
    assert matrix["security"] == page.locator("thead th").all_inner_texts()
    assert len(matrix["security"]) == 11
    assert matrix["security"][-1] == "all others"
    page.get_by_role("row", name="security").locator("td.may").last.hover()
    expect(page.get_by_title("all others may use the modules of security")).to_have_count(1)
    expect(page.get_by_role("rowheader", name="security")).to_contain_text("everybody")
    expect(page.locator("tr.global")).to_have_count(1)


def test_the_search_narrows_the_list_and_the_matrix(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Search organizations")
    search.fill("PAY")
    assert in_list(page) == ["payments"]
    expect(page.locator("#found")).to_have_text("1 of 14 organizations")
    assert rows(page) == {
        "data-science": ["payments"],
        "payments": ["web-shop"],
        "platform": ["payments", "web-shop"],
        "security": ["payments", "web-shop"],
    }
    search.fill("no such name")
    assert in_list(page) == []
    expect(page.get_by_text("No organization has this text in its name.")).to_be_visible()
    search.fill("")
    assert len(in_list(page)) == 14
    assert len(rows(page)) == 5


def test_who_neither_shares_nor_is_on_a_list_may_use_what_everybody_may(page: Page) -> None:
    page.get_by_role("searchbox").fill("alone")
    assert in_list(page) == ["alone"]
    expect(option(page, "alone").locator("span")).to_have_text("may use 1")
    assert rows(page) == {"security": ["alone"]}
    page.keyboard.press("Enter")
    assert details(page) == ("alone", ["Nobody else."], ["security everybody"])


def test_the_exact_name_is_the_first_hit_and_then_those_that_start_so(
    make_report: MakeReport, open_report: OpenReport, tmp_path: Path
) -> None:
    names = ("a-pay", "b-pay-c", "pay", "pay-roll", "payments", "zpay")
    with Simulator(organizations=[*map(Organization, names), Organization("no")]) as tfe:
        page = open_report(make_report(tmp_path, tfe, sharing_report_formats=["html"]))
    search = page.get_by_role("searchbox")
    search.fill("Pay")
    assert in_list(page) == ["pay", "pay-roll", "payments", "a-pay", "b-pay-c", "zpay"]
    search.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("pay")
    search.fill("")
    assert in_list(page) == sorted([*names, "no"])


def test_a_click_on_a_figure_lists_whom_it_counts(page: Page) -> None:
    page.get_by_role("button", name="shares with everybody").click()
    assert in_list(page) == ["security"]
    assert list(rows(page)) == ["security"]
    expect(page.locator("#found")).to_have_text("1 shares with everybody")
    expect(page.get_by_role("button", pressed=True)).to_have_text("1 shares with everybody")
    page.get_by_role("radio", name="Providers").check()
    assert in_list(page) == ["platform"]
    page.get_by_role("radio", name="Modules").check()
    page.get_by_role("button", name="producers").click()
    assert len(in_list(page)) == len(rows(page)) == 5
    page.get_by_role("searchbox").fill("pl")
    expect(page.locator("#found")).to_have_text("1 of 5 producers")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="consumers").click()
    assert len(in_list(page)) == 13
    assert "security" not in in_list(page)
    # A second click takes it back.
    page.get_by_role("button", name="consumers").click()
    expect(page.get_by_role("button", pressed=True)).to_have_text("14 organizations")
    assert len(in_list(page)) == 14


def test_a_link_to_an_organization_survives_a_reload(page: Page) -> None:
    option(page, "payments").click()
    address = page.url
    assert address.endswith("sharing.html#org=payments")
    page.get_by_role("radio", name="Providers").check()
    assert page.url.endswith("#org=payments&kind=providers")
    page.reload()
    assert details(page) == ("payments", ["partner", "web-shop"], ["platform everybody"])
    expect(page.get_by_role("radio", name="Providers")).to_be_checked()
    page.locator("#used").get_by_role("link", name="platform").click()
    expect(page.locator("#detail-title")).to_have_text("platform")
    page.go_back()
    expect(page.locator("#detail-title")).to_have_text("payments")
    page.get_by_role("button", name="Close the details").click()
    page.reload()
    expect(page.locator("#detail")).to_be_hidden()
    expect(page.get_by_role("radio", name="Providers")).to_be_checked()
    # Written by hand, in the wrong case.
    page.evaluate("location.hash = 'org=PAYMENTS'")
    expect(page.locator("#detail-title")).to_have_text("payments")
    expect(page.get_by_role("radio", name="Modules")).to_be_checked()
    page.evaluate("name => { location.hash = new URLSearchParams({ org: name }) }", MARKUP[-1])
    expect(page.locator("#detail-title")).to_have_text(MARKUP[-1])
    page.evaluate("location.hash = 'org=old-team'")
    expect(page.get_by_role("searchbox")).to_have_value("old-team")
    expect(page.locator("#found")).to_have_text("0 of 14 organizations")
    expect(page.locator("#detail")).to_be_hidden()


def test_the_table_beside_the_page_is_linked(
    report: Report, make_report: MakeReport, open_report: OpenReport, tmp_path: Path
) -> None:
    link = open_report(report).get_by_role("link", name="As a table (CSV)")
    assert link.evaluate("link => link.href") == (report.folder / "sharing.csv").as_uri()
    odd = make_report(tmp_path, report.tfe, sharing_report_name="who: may? #1", sharing_report_formats=["html", "csv"])
    link = open_report(odd, name="who: may? #1").get_by_role("link", name="As a table (CSV)")
    assert link.evaluate("link => link.href") == (odd.folder / "who: may? #1.csv").as_uri()
    alone = make_report(tmp_path, report.tfe, sharing_report_name="alone", sharing_report_formats=["html"])
    expect(open_report(alone, name="alone").get_by_role("link")).to_have_count(0)


def test_the_page_is_about_modules_or_about_providers(page: Page) -> None:
    page.get_by_role("searchbox").fill("pay")
    option(page, "payments").click()
    page.get_by_role("radio", name="Providers").check()
    expect(page.locator("#matrix-title")).to_have_text("Providers: producers down, consumers across")
    assert in_list(page) == ["payments"]
    expect(option(page, "payments").locator("span")).to_have_text("shares with 2, may use 1")
    assert details(page) == ("payments", ["partner", "web-shop"], ["platform everybody"])
    expect(page.locator("#users-title")).to_have_text("Who may use its providers (2)")
    expect(page.locator("#used-title")).to_have_text("Whose providers it may use (1)")
    said = "payments: 2 organizations may use its providers, it may use the providers of 1 organization."
    expect(page.get_by_role("status").filter(has_text="payments:")).to_have_text(said)
    page.get_by_role("searchbox").fill("")
    matrix = rows(page)
    assert matrix["payments"] == ["partner", "web-shop"]
    assert matrix["platform"] == ["partner", "web-shop", "all others"]
    assert len(matrix) == 2
    page.get_by_role("row", name="payments").locator("td.may").first.hover()
    expect(page.get_by_title("partner may use the providers of payments")).to_have_count(1)
    page.get_by_role("radio", name="Modules").check()
    assert details(page)[1] == ["web-shop"]
    assert len(rows(page)) == 5


def test_a_kind_that_nobody_shares_is_told_as_such(
    make_report: MakeReport, open_report: OpenReport, tmp_path: Path
) -> None:
    organizations = [Organization("platform", module_consumers=("payments",)), Organization("payments")]
    with Simulator(organizations=organizations) as tfe:
        page = open_report(make_report(tmp_path, tfe, sharing_report_formats=["html"]))
    page.get_by_role("radio", name="Providers").check()
    expect(page.get_by_text("No organization shares its providers.")).to_be_visible()
    expect(page.locator("table")).to_be_hidden()
    page.get_by_role("radio", name="Modules").check()
    assert rows(page) == {"platform": ["payments"]}


def test_a_click_shows_both_directions(page: Page) -> None:
    option(page, "payments").click()
    assert details(page) == ("payments", ["web-shop"], ["data-science", "platform", "security everybody"])
    page.get_by_role("rowheader", name="platform").click()
    shared = ["data-science", "payments", "web-shop"]
    assert details(page) == ("platform", shared, ["data-science", "security everybody"])
    page.get_by_role("columnheader", name="web-shop").click()
    assert details(page)[::2] == ("web-shop", ["payments", "platform", "security everybody"])
    page.locator("#used").get_by_role("link", name="security").click()
    expect(page.locator("#detail-title")).to_have_text("security")
    everybody = ["Every organization, also those that come later."]
    assert details(page) == ("security", everybody, ["Nobody else's."])
    page.get_by_role("row", name="data-science").locator("td.may").first.click()
    assert details(page)[0] == "data-science"
    expect(option(page, "data-science")).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Close the details").click()
    expect(page.locator("#detail")).to_be_hidden()


def test_a_cell_says_what_it_means(page: Page) -> None:
    page.get_by_role("row", name="payments").locator("td.may").hover()
    expect(page.get_by_title("web-shop may use the modules of payments")).to_have_count(1)
    expect(page.locator("th.hot")).to_have_text("web-shop")


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="As a table (CSV)")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Providers")).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Modules")).to_be_checked()
    for figure in page.locator("#figures button").all():
        page.keyboard.press("Tab")
        expect(figure).to_be_focused()
        page.keyboard.press("Enter")
        expect(figure).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="organizations").click()
    page.get_by_role("button", name="consumers").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("a")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=option]:focus b")).to_have_text(in_list(page)[0])
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    name = in_list(page)[-2]
    expect(page.locator("#detail-title")).to_have_text(name)
    expect(page.locator("[role=option]:focus")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="Matrix", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Close the details")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).not_to_have_text(name)
    expect(page.locator("#detail-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    assert page.evaluate("document.activeElement !== document.body")
    page.get_by_role("searchbox").fill("web")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("web-shop")


def test_a_focused_element_has_a_ring(page: Page) -> None:
    option(page, "payments").click()
    for _stop in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_screen_reader_is_told_what_changes(page: Page) -> None:
    option(page, "payments").click()
    said = "payments: 1 organization may use its modules, it may use the modules of 3 organizations."
    expect(page.get_by_role("status").filter(has_text="payments:")).to_have_text(said)
    expect(page.locator("table")).to_have_attribute("aria-rowcount", "6")
    expect(page.get_by_role("row", name="security")).to_have_attribute("aria-rowindex", "6")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(report: Report, open_report: OpenReport, scheme: str) -> None:
    page = open_report(report, bypass_csp=True)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(15, 19, 24)" if scheme == "dark" else "rgb(244, 246, 248)")
    for name, kind in (("security", "Modules"), ("payments", "Modules"), ("platform", "Providers")):
        page.get_by_role("radio", name=kind).check()
        option(page, name).click()
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()


def test_a_name_full_of_markup_stays_text(report: Report, page: Page) -> None:
    data = report.read("html").partition('id="data">')[2].partition("\n")[0].removesuffix("</script>")
    assert data.startswith('{"organizations": [')
    assert "<" not in data
    listed = page.locator("[role=option] b").all_text_contents()
    assert set(MARKUP) <= set(listed)
    option(page, MARKUP[0]).click()
    assert page.locator("#detail-title").text_content() == MARKUP[0]
    assert sorted(page.locator("#users li a").all_text_contents()) == sorted(MARKUP[1:])
    expect(page.locator("img, svg, table b")).to_have_count(0)
    expect(page.locator("script")).to_have_count(2)


def test_the_page_can_neither_send_a_request_nor_run_markup(report: Report, open_report: OpenReport) -> None:
    page = open_report(report, is_provoked=True)
    report.tfe.forget()
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate("address => fetch(address)", report.tfe.address)
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>'")
    assert not report.tfe.requests
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_placeholder_can_be_read(report: Report, open_report: OpenReport) -> None:
    page = open_report(report)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert page.evaluate(CONTRAST) >= 4.5


def test_on_a_narrow_screen_lists_take_the_place_of_the_matrix(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    expect(page.locator("#matrix")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    last = page.get_by_role("option").last
    last.scroll_into_view_if_needed()
    last.click()
    # What was tapped and its details are both in sight, and cover neither one another.
    expect(page.locator("#detail-title")).to_be_in_viewport(ratio=1)
    expect(page.locator("#used-title")).to_be_in_viewport(ratio=1)
    expect(last).to_be_in_viewport(ratio=1)
    detail = box(page.locator("#detail"))
    assert box(last)["y"] + box(last)["height"] <= detail["y"]
    assert detail["y"] + detail["height"] == 700
    page.get_by_role("button", name="Close the details").click()
    expect(page.locator("#detail")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_middling_screen_the_details_hide_nothing(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 1000})
    option(page, "payments").click()
    page.get_by_role("rowheader", name="platform").click()
    assert details(page)[0] == "platform"
    browse, matrix, detail = (box(page.locator(part)) for part in ("#browse", "#matrix", "#detail"))
    assert browse["x"] + browse["width"] <= matrix["x"]
    assert matrix["y"] + matrix["height"] <= detail["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
