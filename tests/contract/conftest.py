# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two clients that other people wrote, as they come from PyPI, and our own modules, against the same simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from ansible_collections.tfe.admin.tests.simulator import Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import run, simulators, start
from pytfe import TFEClient, TFEConfig
from terrasnek.api import TFC

__all__ = ["run", "simulators", "start"]

WITHOUT_ACCEPT = "data.accept must be same as const definition: application/vnd.api+json"
"""Terrasnek sends ``Accept: */*``, although the documentation asks for JSON:API's type on every call (API 1)."""

ConnectPytfe = Callable[..., TFEClient]
"""Connects to a simulator, as its administrator unless another token is given."""
ConnectTerrasnek = Callable[..., TFC]


@pytest.fixture(autouse=True)
def _own_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients let proxies and .netrc of the machine in."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("NETRC", "/dev/null")


@pytest.fixture
def pytfe() -> Iterator[ConnectPytfe]:
    """Pytfe, without the tries that make errors slow."""
    with ExitStack() as stack:

        def connect(tfe: Simulator, token: str | None = None) -> TFEClient:
            config = TFEConfig(
                address=tfe.address,
                token=token or tfe.admin_token,
                timeout=30,
                verify_tls=True,
                ca_bundle=None,
                max_retries=0,
            )
            return stack.enter_context(TFEClient(config))

        yield connect


@pytest.fixture
def terrasnek(simulators: list[Simulator]) -> Iterator[ConnectTerrasnek]:
    """Terrasnek, without its question to PyPI; nothing but its lack of Accept may violate the contract."""

    def connect(tfe: Simulator, token: str | None = None) -> TFC:
        return TFC(token or tfe.admin_token, url=tfe.address, skip_version_check=True)

    yield connect
    for tfe in simulators:
        assert [sentence for sentence in tfe.forgive() if not sentence.endswith(WITHOUT_ACCEPT)] == []
