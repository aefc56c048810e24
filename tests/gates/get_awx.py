# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gets the collection awx.awx out of the Python package ansible, for machines that reach nothing but a package index.

Usage: get_awx.py FOLDER, where FOLDER becomes a value for Ansible's collections path.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "ansible>=13,<14"
"""The last one that contains the collection."""

with tempfile.TemporaryDirectory() as folder:
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", f"--dest={folder}"]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
        members = [name for name in wheel.namelist() if name.startswith("ansible_collections/awx/awx/")]
        wheel.extractall(sys.argv[1], members)
