# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pytest itself has to find at the top of the unit tests."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints how many disturbed runs the fault matrix made."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    properties = [entry for report in reports for entry in getattr(report, "user_properties", ())]
    runs = [value for name, value in properties if name == "fault runs"]
    if runs:
        terminalreporter.write_line(f"fault matrix: {sum(runs)} disturbed runs in {len(runs)} tests")
