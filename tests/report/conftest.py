# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the installed playbook ``tfe.admin.sharing_report`` and opens its page in a real browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest
from ansible_collections.tfe.admin.tests.gates.get_chromium import find
from ansible_collections.tfe.admin.tests.playbooks import run_playbook
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator
from playwright.sync_api import Browser, FloatRect, Locator, Page, sync_playwright

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


class Unlikely(Organization):
    """An organization with a name that TFE does not allow (API 2), for what is to be safe even so."""

    def __post_init__(self) -> None:
        """Checks nothing."""


class Report(NamedTuple):
    """A run of the playbook, its output as text, and the simulator, which is still there."""

    folder: Path
    run: subprocess.CompletedProcess[str]
    tfe: Simulator

    def read(self, ending: str) -> str:
        return (self.folder / f"sharing.{ending}").read_text(encoding="utf-8")


class MakeReport(Protocol):
    def __call__(self, folder: Path, tfe: Simulator, *arguments: str, **variables: object) -> Report:
        """Runs the playbook with extra variables; the report is in the folder ``report`` below ``folder``."""


class OpenReport(Protocol):
    def __call__(
        self, report: Report, name: str = "sharing", *, bypass_csp: bool = False, is_provoked: bool = False
    ) -> Page:
        """Opens a report's page. When the test ends, it fails if the page logged anything or asked for anything else.

        ``is_provoked``: what it logs does not count. ``bypass_csp`` lets in what checks the page from within.
        """


def box(place: Locator) -> FloatRect:
    """Where something is on the screen."""
    found = place.bounding_box()
    assert found
    return found


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    def make_report(folder: Path, tfe: Simulator, *arguments: str, **variables: object) -> Report:
        run = run_playbook(
            folder,
            "tfe.admin.sharing_report",
            *("--extra-vars", json.dumps({"sharing_report_folder": "report", **variables}), *arguments),
            environ={
                "ANSIBLE_SHOW_CUSTOM_STATS": "true",
                "TFE_ADDRESS": tfe.address,
                "TFE_TOKEN": tfe.admin_token,
            },
        )
        assert tfe.admin_token not in run.stdout
        assert {request.method for request in tfe.requests} <= {"GET"}
        return Report(folder / "report", run, tfe)

    return make_report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = find()
    assert program, "There is no browser; make report installs one."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_report(browser: Browser) -> Iterator[OpenReport]:
    logged: list[str] = []
    requested: set[str] = set()
    pages: list[Page] = []
    addresses: set[str] = set()

    def open_report(
        report: Report, name: str = "sharing", *, bypass_csp: bool = False, is_provoked: bool = False
    ) -> Page:
        page = browser.new_page(bypass_csp=bypass_csp, viewport={"width": 1280, "height": 800})
        pages.append(page)
        page.set_default_timeout(10_000)
        if not is_provoked:
            page.on("console", lambda message: logged.append(message.text))
            page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("request", lambda request: requested.add(request.url.partition("#")[0]))
        addresses.add(address := (report.folder / f"{name}.html").as_uri())
        page.goto(address)
        return page

    yield open_report
    for page in pages:
        page.close()
    assert not logged
    assert requested == addresses
