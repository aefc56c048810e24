# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reaches the user of an exception that nobody expected, and where requests is missing."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.tfe.admin.plugins.module_utils import _module

TOKEN = "a-token-to-keep"


def answer_to(monkeypatch: pytest.MonkeyPatch, work: Any) -> dict[str, Any]:
    """What a module with this work prints where tracebacks are wanted."""
    # What ANSIBLE_DISPLAY_TRACEBACK=error makes ansible-core 2.19 and newer pass to a module, and what remembers it.
    remembered = sys.modules.get("ansible.module_utils._internal._traceback")
    arguments: dict[str, Any] = {"tfe_address": "tfe.example.com", "tfe_token": TOKEN}
    if remembered:
        monkeypatch.setattr(remembered, "_module_tracebacks_enabled_events", None)
        arguments["_ansible_tracebacks_for"] = ["error"]
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(basic, "_PARSED_MODULE_ARGS", arguments, raising=False)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        _module.run({}, work)
    answer: dict[str, Any] = json.loads(printed.getvalue())
    answer.pop("_ansible_new_secrets", None)  # for the controller, which masks it
    assert TOKEN not in str(answer)
    return answer


def test_an_unexpected_exception_is_reported_once_with_its_traceback_and_without_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(_module: Any, _client: Any) -> dict[str, Any]:
        raise KeyError(f"unheard of: {TOKEN}")

    answer = answer_to(monkeypatch, work)
    assert answer["failed"]
    assert answer["msg"].startswith("Unexpected KeyError: ")
    assert answer["msg"].endswith(
        ". This is a fault of the tfe.admin collection: please report it with the traceback. ansible-core 2.19 and "
        "newer keep that to themselves unless ANSIBLE_DISPLAY_TRACEBACK=error is set."
    )
    assert "Traceback" not in answer["msg"]
    assert "in work" in answer["exception"]
    assert "Traceback (most recent call last)" in answer["exception"]


def test_a_host_without_requests_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_module, "REQUESTS_IMPORT_ERROR", "Traceback:\n  import\nNo module named 'requests'\n")
    answer = answer_to(monkeypatch, None)
    assert answer["failed"]
    assert answer["msg"].startswith("Failed to import the required Python library (requests) on ")
    assert re.search(r"[^\n] No module named 'requests'$", answer["msg"])
    assert "Traceback:\n  import\nNo module named 'requests'" in answer["exception"]
