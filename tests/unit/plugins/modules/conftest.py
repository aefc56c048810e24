# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tasks for many producers."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import RunModule


class Converge(Protocol):
    def __call__(self, *producers: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Runs ``tfe_registry_sharing`` with these entries."""


@pytest.fixture
def once(run: RunModule) -> Converge:
    """In diff mode."""

    def once(*producers: dict[str, Any], **options: Any) -> dict[str, Any]:
        return run({"producers": list(producers), **options}, module="tfe_registry_sharing", diff=True)

    return once


@pytest.fixture
def task(run: RunModule, once: Converge) -> Converge:
    """In check mode and then for real; the two tell the same where nothing comes in between."""

    def task(*producers: dict[str, Any], foreseen: bool = True, **options: Any) -> dict[str, Any]:
        arguments = {"producers": list(producers), **options}
        preview = run(arguments, module="tfe_registry_sharing", check=True, diff=True)
        answer = once(*producers, **options)
        if foreseen:
            assert {**preview, "invocation": None} == {**answer, "invocation": None}
        return answer

    return task
