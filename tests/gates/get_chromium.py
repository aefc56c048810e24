# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs a Chromium without a window from Debian's archive, unless a browser is there that the tests can use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGE = "chromium-headless-shell"
BROWSERS = (PACKAGE, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a browser."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def main() -> int:
    """Returns the exit code."""
    if find():
        return 0
    if not shutil.which("apt-get"):
        print(f"There is no apt-get to install a browser with. Put one of these on PATH: {', '.join(BROWSERS)}.")
        return 1
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    if os.geteuid():
        command = ["sudo", "--non-interactive", "--preserve-env", *command]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", PACKAGE]):
        if subprocess.run([*command, *arguments], env=environment, check=False).returncode:
            print(f"{PACKAGE} could not be installed. Put one of these on PATH: {', '.join(BROWSERS)}.")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
