# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps secrets out of everything that leaves a module.

Ansible censors what it knows only up to ansible-core 2.21, and only whole results: whoever shortens a text has to
censor it before that, or a part of a secret is left which nobody recognizes.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # before ansible-core 2.22
    register_secrets = None

_CENSORED = "********"


class Secrets:
    """Texts that must not be told, in every spelling that a message could hold them in."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = frozenset(filter(None, texts))
        spellings = {spelling for text in self.texts for spelling in _spellings(text)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if spellings else None

    def censor(self, text: str) -> str:
        """The text with eight stars in the place of each secret."""
        return self._pattern.sub(_CENSORED, text) if self._pattern else text

    def censor_all(self, value: Any) -> Any:
        """The same value with every text in it censored, keys included."""
        if isinstance(value, str):
            return self.censor(value)
        if isinstance(value, Mapping):
            return {self.censor_all(key): self.censor_all(item) for key, item in value.items()}
        return [self.censor_all(item) for item in value] if isinstance(value, (list, tuple)) else value

    def tell(self, module: Any) -> None:
        """Lets Ansible know them, in whichever way this release has."""
        if register_secrets:
            register_secrets(self.texts)
        else:
            # A proxy without a password is no secret, and a message may have to name it.
            proxies = (module.params.get("tfe_proxies") or {}).values()
            module.no_log_values.difference_update(map(str, proxies))
            module.no_log_values.update(self.texts)


def proxy_secrets(url: str) -> list[str]:
    """A proxy's URL with a password, that password, and how it travels; nothing where it has none."""
    if "@" not in url:
        return []
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return [url]
    if not password:
        return [url]
    travelling = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return [url, password, unquote(password), travelling]


def _spellings(text: str) -> set[str]:
    """As it is, and as it stands in a URL, in JSON and in what Python shows of an object."""
    return {text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1]}
