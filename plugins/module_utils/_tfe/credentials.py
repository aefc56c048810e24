# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tokens that ``terraform login`` stores."""

from __future__ import annotations

import json
import os

from .errors import TfeError


def stored_token(home: str, server: str) -> tuple[str, str]:
    """(path, token) of what is stored for exactly this ``host[:port]``; the token is "" where there is none.

    ``home`` is the user's home folder, "" where the environment does not tell. Raises TfeError.
    """
    home = home or os.path.expanduser("~")
    if not os.path.isabs(home):  # nobody knows it, and the current folder may be anybody's
        return "", ""
    path = os.path.join(home, ".terraform.d", "credentials.tfrc.json")
    try:
        with open(path, "rb") as file:
            entries = json.load(file)["credentials"].items()
        tokens = [str(entry.get("token") or "").strip() for host, entry in entries if host.lower() == server]
    except FileNotFoundError:
        tokens = []
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise TfeError(f"No token for {server}: {path} cannot be read ({type(error).__name__}).") from None
    return path, tokens[0] if tokens else ""
