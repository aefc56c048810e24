# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of modules have in common that are about one kind or the other: the instance, tasks, what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Exchange, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, PROFILES, RunModule

E7 = "/api/v2/admin/organizations"
DELTA = f"{E7}/delta"
E1 = f"{DELTA}/module-consumers"
E2 = f"{DELTA}/relationships/module-consumers"
E4 = f"{DELTA}/relationships/provider-consumers"
E5 = f"{DELTA}/registry-partnerships"

SHARE_PROVIDERS = ("202301-1", "2.1")
RELEASES = {MODULES: PROFILES, PROVIDERS: SHARE_PROVIDERS}
OTHER = {MODULES: PROVIDERS, PROVIDERS: MODULES}

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
_EACH_RELEASE = [(kind, profile) for kind in KINDS for profile in RELEASES[kind]]
EACH_RELEASE = pytest.mark.parametrize(
    ("kind", "profile"), _EACH_RELEASE, ids=[f"{kind.name}-{profile}" for kind, profile in _EACH_RELEASE]
)
"""Each kind on every release that shares it."""


class Ask(Protocol):
    def __call__(self, options: dict[str, Any], *, check: bool = False, diff: bool = False) -> dict[str, Any]:
        """Runs the module for the consumers of one kind, about delta unless told otherwise."""


def asking(run: RunModule, kind: Kind) -> Ask:
    """``everyone`` stands for the kind's global flag."""

    def ask(options: dict[str, Any], *, check: bool = False, diff: bool = False) -> dict[str, Any]:
        renamed = {kind.flag_option if name == "everyone" else name: value for name, value in options.items()}
        return run({"organization": "delta", **renamed}, module=f"tfe_{kind.one}_consumers", check=check, diff=diff)

    return ask


def producer(kind: Kind, consumers: Iterable[str], *, everyone: bool = False, **settings: Any) -> Organization:
    """Delta, which shares this kind so."""
    shared: dict[str, Any] = {kind.list_option: tuple(consumers), f"global_{kind.name}": everyone}
    return Organization("delta", **shared, **settings)


def instance(kind: Kind, *consumers: str, everyone: bool = False, **settings: Any) -> list[Organization]:
    """The small instance, with delta sharing this kind with these consumers or with everyone."""
    return [producer(kind, consumers, everyone=everyone, **settings), *ORGANIZATIONS[1:]]


def shared(tfe: Simulator, kind: Kind, name: str = "delta") -> Any:
    """True where it shares with everyone, else the names of the consumers."""
    sharing = tfe.sharing(name)
    return getattr(sharing, f"global_{kind.name}") or list(getattr(sharing, kind.list_option))


def sent(tfe: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in tfe.requests]


def writes(tfe: Simulator) -> list[Exchange]:
    return [request for request in tfe.requests if request.method != "GET"]
