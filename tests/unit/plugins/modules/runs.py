# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks about delta, each with what it shares before: what the tests disturb that disturb every run."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Organization, Simulator

Shared = tuple[str, ...]
"""With whom: the consumers, or everybody."""
EVERYBODY: Shared = ("(everybody)",)
OTHERS: Shared = ("42", "Gamma")
"""Whom delta shares with what a task is not about."""


class Run(NamedTuple):
    """What delta shares, and a task about it: of one kind, or of many producers."""

    kind: Kind | None
    options: dict[str, Any]
    modules: Shared = ()
    providers: Shared = ()
    behaviour: Behaviour = Behaviour()
    profile: str = "2.1"

    @property
    def module(self) -> str:
        return f"tfe_{self.kind.list_option}" if self.kind else "tfe_registry_sharing"

    @property
    def delta(self) -> Organization:
        lists: dict[str, Any] = {}
        for kind, shared in ((MODULES, self.modules), (PROVIDERS, self.providers)):
            everyone = shared == EVERYBODY
            lists.update({kind.list_option: () if everyone else shared, f"global_{kind.name}": everyone})
        return Organization("delta", **lists)


def of_modules(options: dict[str, Any], modules: Shared, *settings: Any, **more: Any) -> Run:
    """Beside providers, which shall stay as they are."""
    providers = more.pop("providers", OTHERS)
    return Run(MODULES, {"organization": "delta", **options}, modules, providers, *settings, **more)


def of_providers(options: dict[str, Any], providers: Shared, **more: Any) -> Run:
    return Run(PROVIDERS, {"organization": "delta", **options}, more.pop("modules", OTHERS), providers, **more)


def of_both(modules: Shared, providers: Shared, **entry: Any) -> Run:
    return Run(None, {"producers": [{"organization": "delta", **entry}]}, modules, providers)


State = dict[Kind, Shared]


def state_of(tfe: Simulator) -> State:
    sharing = tfe.sharing("delta")
    return {
        kind: EVERYBODY if getattr(sharing, f"global_{kind.name}") else getattr(sharing, kind.list_option)
        for kind in KINDS
    }
