# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two kinds of what a registry holds. They differ in words, options and keys, and in nothing else that is here."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Kind(NamedTuple):
    """Modules or providers."""

    name: str
    """As users choose it: "modules"."""
    one: str
    list_option: str
    """Of an entry for one of many producers: "module_consumers"."""
    flag_option: str
    flag_key: str
    """The attribute of an organization: "global-module-sharing" (API 1.5)."""
    list_key: str
    """In paths and in the body of E5: "module-consumers" (API 1.2, 1.4)."""
    filter: str
    """Of the list of all organizations: "module_producer" (API 1.6)."""
    since: str
    """The release that first shared this kind (API 1.0)."""
    written_alone: bool = False
    """Whether a list of it can be written by itself (API 1.0)."""
    not_in_names: str = ""
    """What Terraform cannot address this kind with in a producer's name (API 2)."""


MODULES = Kind(
    "modules",
    "module",
    "module_consumers",
    "global_module_sharing",
    "global-module-sharing",
    "module-consumers",
    "module_producer",
    "202012-1",
    written_alone=True,
)
PROVIDERS = Kind(
    "providers",
    "provider",
    "provider_consumers",
    "global_provider_sharing",
    "global-provider-sharing",
    "provider-consumers",
    "provider_producer",
    "202301-1",
    not_in_names="_",
)
KINDS = (MODULES, PROVIDERS)


def needs_put(kinds: Collection[Kind]) -> bool:
    """Whether lists of these kinds can be written by E5 alone, which writes those of all kinds."""
    return not all(kind.written_alone for kind in kinds)
