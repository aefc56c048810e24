#!/bin/sh
# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints the newest Python that can make a virtual environment; fails where there is none from 3.11 on.

for minor in 14 13 12 11; do
    # A pyenv shim answers 127 for a version that is not switched on, so the real ones are tried too.
    for python in "python3.$minor" python3 "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python; do
        if "$python" -c "import ensurepip, ssl, sys, venv; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
            command -v "$python"
            exit 0
        fi
    done
done
echo "No Python from 3.11 to 3.14 that has the venv and ensurepip modules was found. Set PYTHON to one." >&2
exit 1
