# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault at every request of every kind of run: the task converges and says so truthfully, or fails and says why.

The matrix is generated: a run without a fault tells how many requests there are to disturb. Its size is printed at the
end of the test run.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Exchange, Fault, Organization, Sharing, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator

pytestmark = pytest.mark.many_tries

RETRIES = 2
MOST_TRIES_AT_429 = 70
"""The waits grow from 0.1 s, and end after 180 s."""

HANG_TIMEOUT = 1.0
"""Seconds; all other faults show at once, and must not be mistaken for a busy machine."""

PUT_ONLY = Behaviour(legacy_write="404", relationship_write="404")

# name: (profile, behaviour, consumers before, everyone before, options of the task)
RUNS: dict[str, tuple[str, Behaviour, tuple[str, ...], bool, dict[str, Any]]] = {
    "unchanged": ("2.1", Behaviour(), ("zeta",), False, {"consumers": ["zeta"]}),
    "ids": ("2.1", Behaviour(), ("zeta",), False, {"consumers": ["eta", "Gamma"]}),
    "names": ("2.1", Behaviour(legacy_write="404"), ("zeta",), False, {"consumers": ["eta"], "state": "present"}),
    "put": ("2.1", PUT_ONLY, ("zeta", "eta"), False, {"consumers": ["zeta"], "state": "absent"}),
    "oldest": ("202012-1", Behaviour(), ("zeta",), False, {"consumers": []}),
    "pages": ("2.1", Behaviour(), (), False, {"consumers": ["Gamma", "epsilon", "zeta", "eta", "42"]}),
    "from-global": ("2.1", Behaviour(), (), True, {"consumers": ["eta"], "global_module_sharing": False}),
    "from-global-names": ("2.1", Behaviour(legacy_write="404"), (), True, {"consumers": ["eta"]}),
    "global-off": ("2.1", Behaviour(), (), True, {"global_module_sharing": False}),
    "global-on": ("2.1", Behaviour(), ("eta",), False, {"global_module_sharing": True}),
}

# name: how the fault is ordered; whether a single one is survived.
FAULTS: dict[str, tuple[dict[str, Any], bool]] = {
    **{f"{status}": ({"kind": "status", "status": status}, True) for status in (408, 425, 429, 500, 502, 503, 504)},
    **{f"{status}": ({"kind": "status", "status": status}, False) for status in (400, 401, 403, 404, 409, 415, 422)},
    "502-html": ({"kind": "status", "status": 502, "body": "html"}, True),
    "503-empty": ({"kind": "status", "status": 503, "body": "empty"}, True),
    "reset": ({"kind": "reset"}, True),
    "close": ({"kind": "close"}, True),
    "truncated": ({"kind": "truncated"}, True),
    "hang": ({"kind": "hang"}, True),
    "redirect": ({"kind": "redirect", "location": "https://login.example.com/"}, False),
    "sign-in": ({"kind": "sign_in"}, False),
    "not-json-api": ({"kind": "not_json_api", "body": {"message": "hello"}}, False),
    "empty-list": ({"kind": "not_json_api", "body": []}, False),
    "bytes": ({"kind": "raw", "body": b"\xff\xfe{", "content_type": "application/vnd.api+json", "status": 200}, False),
}


CALM: dict[str, tuple[Sharing, dict[str, Any], Sharing, list[Exchange]]] = {}
"""Each run without a fault, made when it is first needed: state before, answer, state after, requests."""


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are asked for and not slept."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", RUNS)
def test_fault_matrix(start: StartSimulator, run: RunModule, name: str, fault: str, record_property: Any) -> None:
    profile, behaviour, before, everyone, options = RUNS[name]
    timeout = HANG_TIMEOUT if fault == "hang" else 30
    task = {"organization": "delta", **options, "tfe_timeout": timeout, "tfe_max_retries": RETRIES}
    delta = Organization("delta", module_consumers=before, global_modules=everyone, provider_consumers=("Gamma", "42"))

    def begin() -> Simulator:
        return start(delta, *ORGANIZATIONS[1:], profile=profile, behaviour=behaviour)

    if name not in CALM:
        tfe = begin()
        old, undisturbed = tfe.sharing("delta"), run({**task, "tfe_timeout": 30})
        CALM[name] = old, undisturbed, tfe.sharing("delta"), tfe.requests
    old, undisturbed, new, requests = CALM[name]
    order, survived = FAULTS[fault]
    runs = 0
    for nth, request in enumerate(requests, start=1):
        for after_effect in (False, True) if request.method != "GET" else (False,):
            # A server that hangs for ever is met at the first request only: each costs the time-outs of all tries.
            for times in (1,) if fault == "hang" and nth > 1 else (1, 0):
                tfe = begin()
                tfe.order(Fault(**order, nth=nth, times=times, after_effect=after_effect))
                answer = run(task)
                runs += 1
                where = f"{fault} at request {nth} ({request.method} {request.path}), {times=}, {after_effect=}"
                check_end(tfe, old, new, answer, undisturbed, where)
                if survived and times == 1:
                    assert not answer.get("failed"), f"{where}: {answer['msg']}"
                tries = MOST_TRIES_AT_429 if fault == "429" else RETRIES + 1
                assert len(tfe.requests) <= (len(requests) + 4) * tries, where
    record_property("fault runs", runs)


def check_end(
    tfe: Simulator, old: Sharing, new: Sharing, answer: dict[str, Any], undisturbed: dict[str, Any], where: str
) -> None:
    """One of two ends, and never a third state."""
    now = tfe.sharing("delta")
    if answer.get("failed"):
        assert now in (old, new), where
        assert "Unexpected" not in answer["msg"], where
        assert len(answer["msg"]) > 40, where
        if "nothing was changed" in answer["msg"].lower():
            assert now == old, where
    else:
        assert now == new, where
        for key in ("changed", "consumers", "added", "removed", "global_module_sharing"):
            assert answer[key] == undisturbed[key], where
    assert tfe.admin_token not in str(answer), where
