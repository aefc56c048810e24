# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment that gates run in: nothing of the caller's that could change a result."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_KEPT = {"CI", "HOME", "LOGNAME", "SHELL", "TERM", "TMPDIR", "USER", "XDG_CACHE_HOME"}
_NETWORK = {
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "all_proxy", "https_proxy", "http_proxy", "no_proxy"),
    *("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
}


def clean(*, network: bool = False, **more: str) -> dict[str, str]:
    """Few of the caller's variables and ``more``; with ``network`` also what pip may need to reach its index."""
    environment = {name: os.environ[name] for name in _KEPT & os.environ.keys()}
    if network:
        environment |= {k: v for k, v in os.environ.items() if k in _NETWORK or k.startswith("PIP_")}
    return environment | {"LC_ALL": "C.UTF-8", "PATH": _path()} | more


def _path() -> str:
    """This Python's own tools first; no pyenv shims, which break ansible-test, but the Pythons behind them."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [str(Path(sys.executable).parent), *map(str, sorted(pyenv.glob("versions/3.*/bin")))]
    folders += [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder).name != "shims"]
    return os.pathsep.join(folders)
