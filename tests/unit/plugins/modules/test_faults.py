# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault at every request of every kind of run: the task converges and says so truthfully, or fails and says why.

No end in which the kind that the task is not about differs from before and the task says "ok", none in which a flag
that PUT ended stays off untold, and none in which ``changed`` is not true. The matrix is generated: a run without a
fault tells how many requests there are to disturb. Its size is printed at the end of the test run.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Exchange, Fault, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.runs import (
    EVERYBODY,
    Run,
    State,
    of_both,
    of_modules,
    of_providers,
    state_of,
)

pytestmark = pytest.mark.many_tries

RETRIES = 2
MOST_TRIES_AT_429 = 70
"""The waits grow from 0.1 s, and end after 180 s."""

HANG_TIMEOUT = 1.0
"""Seconds; all other faults show at once, and must not be mistaken for a busy machine."""

PUT_ONLY = Behaviour(legacy_write="404", relationship_write="404")

RUNS: dict[str, Run] = {
    "unchanged": of_modules({"consumers": ["zeta"]}, ("zeta",)),
    "ids": of_modules({"consumers": ["eta", "Gamma"]}, ("zeta",)),
    "names": of_modules({"consumers": ["eta"], "state": "present"}, ("zeta",), Behaviour(legacy_write="404")),
    "put": of_modules({"consumers": ["zeta"], "state": "absent"}, ("zeta", "eta"), PUT_ONLY),
    "put-beside-global": of_modules({"consumers": ["eta"]}, ("zeta",), PUT_ONLY, providers=EVERYBODY),
    "oldest": of_modules({"consumers": []}, ("zeta",), profile="202012-1"),
    "pages": of_modules({"consumers": ["Gamma", "epsilon", "zeta", "eta", "42"]}, ()),
    "from-global": of_modules({"consumers": ["eta"], "global_module_sharing": False}, EVERYBODY),
    "from-global-names": of_modules({"consumers": ["eta"]}, EVERYBODY, Behaviour(legacy_write="404")),
    "global-off": of_modules({"global_module_sharing": False}, EVERYBODY),
    "global-on": of_modules({"global_module_sharing": True}, ("eta",)),
    "providers-unchanged": of_providers({"consumers": ["zeta"]}, ("zeta",)),
    "providers": of_providers({"consumers": ["eta", "Gamma"]}, ("zeta",)),
    "providers-clear": of_providers({"consumers": []}, ("zeta",), modules=()),
    "providers-from-global": of_providers({"consumers": ["eta"], "global_provider_sharing": False}, EVERYBODY),
    "providers-global-off": of_providers({"global_provider_sharing": False}, EVERYBODY, modules=EVERYBODY),
    "providers-global-on": of_providers({"global_provider_sharing": True}, ("eta",), modules=EVERYBODY),
    "both-lists": of_both(("zeta",), ("42",), module_consumers=["eta"], provider_consumers=["zeta"]),
    "both-flags": of_both(("zeta",), EVERYBODY, global_module_sharing=True, global_provider_sharing=False),
    "list-beside-global": of_both(EVERYBODY, ("zeta",), global_module_sharing=True, provider_consumers=["eta"]),
    "list-and-flag": of_both((), EVERYBODY, global_module_sharing=True, provider_consumers=["eta"]),
    "list-and-end": of_both(EVERYBODY, ("zeta",), global_module_sharing=False, provider_consumers=["eta"]),
    "pruned": Run(
        None, {"producers": [{"organization": "eta", "provider_consumers": []}], "prune": ["providers"]}, (), ("zeta",)
    ),
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


REFUSED_UNSEEN = ("401", "429")
"""What says that nothing else was looked at, as 404 says that an endpoint is not there. If it was carried out all the
same, no answer tells."""

CALM: dict[str, tuple[State, dict[str, Any], State, list[Exchange]]] = {}
"""Each run without a fault, made when it is first needed: state before, answer, state after, requests."""


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are asked for and not slept."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", RUNS)
def test_fault_matrix(start: StartSimulator, run: RunModule, name: str, fault: str, record_property: Any) -> None:
    asked = RUNS[name]
    timeout = HANG_TIMEOUT if fault == "hang" else 30
    task = {**asked.options, "tfe_timeout": timeout, "tfe_max_retries": RETRIES}

    def begin() -> Simulator:
        return start(asked.delta, *ORGANIZATIONS[1:], profile=asked.profile, behaviour=asked.behaviour)

    if name not in CALM:
        tfe = begin()
        old, undisturbed = state_of(tfe), run({**task, "tfe_timeout": 30}, module=asked.module)
        assert "failed" not in undisturbed, undisturbed["msg"]
        CALM[name] = old, undisturbed, state_of(tfe), tfe.requests
    old, undisturbed, new, requests = CALM[name]
    order, survived = FAULTS[fault]
    runs = 0
    for nth, request in enumerate(requests, start=1):
        for after_effect in (False, True) if request.method != "GET" else (False,):
            # A server that hangs for ever is met at the first request only: each costs the time-outs of all tries.
            for times in (1,) if fault == "hang" and nth > 1 else (1, 0):
                tfe = begin()
                tfe.order(Fault(**order, nth=nth, times=times, after_effect=after_effect))
                answer = run(task, module=asked.module)
                runs += 1
                where = f"{fault} at request {nth} ({request.method} {request.path}), {times=}, {after_effect=}"
                is_lie = after_effect and (
                    fault in REFUSED_UNSEEN or (fault == "404" and request.path.endswith("/module-consumers"))
                )
                check_end(tfe, asked, old, new, answer, undisturbed, where, is_lie=is_lie)
                if survived and times == 1:
                    assert not answer.get("failed"), f"{where}: {answer['msg']}"
                tries = MOST_TRIES_AT_429 if fault == "429" else RETRIES + 1
                assert len(tfe.requests) <= (len(requests) + 6) * tries, where
    record_property("fault runs", runs)


def check_end(
    tfe: Simulator,
    asked: Run,
    old: State,
    new: State,
    answer: dict[str, Any],
    undisturbed: dict[str, Any],
    where: str,
    *,
    is_lie: bool,
) -> None:
    """As asked; or a failure that tells what is there, what was changed, and whatever was broken on the way."""
    now = state_of(tfe)
    if answer.get("failed"):
        message = answer["msg"]
        where = f"{where}: {message}"
        assert "Unexpected" not in message, where
        assert len(message) > 40, where
        for kind in KINDS:
            if now[kind] not in (old[kind], new[kind]):
                # Global sharing that PUT ended, and that could not be restored.
                assert (old[kind], now[kind], new[kind]) == (EVERYBODY, (), EVERYBODY), where
        if is_lie:
            return
        if "othing was changed" in message or "Nothing of delta was changed" in message:
            assert now == old, where
        for kind in KINDS:
            if now[kind] != old[kind] == new[kind]:
                assert f"changed who may use the {kind.name} of delta too" in message, where
                assert "It was: everybody." in message, where
        check_told(asked, old, now, answer, where)
    else:
        assert now == new, where
        # The digest is of the address too, and each run has a simulator of its own.
        for key in undisturbed.keys() - {"warnings", "invocation", "partnerships", "digest"}:
            assert answer[key] == undisturbed[key], where
    assert tfe.admin_token not in str(answer), where


def check_told(asked: Run, old: State, now: State, answer: dict[str, Any], where: str) -> None:
    """``changed`` is true, unless what is there now is not known; what is told of it is so."""
    if now != old:
        assert answer.get("changed"), where
    if asked.kind:
        told = {asked.kind: (answer.get("consumers"), answer.get(asked.kind.flag_option))}
        is_known = answer.get("consumers") is not None
    else:
        changes = {it["kind"]: it for it in answer.get("changes", ()) if it["organization"] == "delta"}
        assert {kind.name for kind in KINDS if now[kind] != old[kind]} <= changes.keys(), where
        is_known = all(it["everybody_after"] is not None for it in changes.values())
        entries = [it for it in answer.get("producers", ()) if it["organization"] == "delta"]
        told = {kind: (it[kind.list_option], it[kind.flag_option]) for it in entries for kind in KINDS}
        for kind in KINDS:
            change = changes.get(kind.name, {"everybody_after": None})
            if change["everybody_after"] is not None:
                assert change["everybody_after"] == (now[kind] == EVERYBODY), where
                assert change["everybody_before"] == (old[kind] == EVERYBODY), where
    if answer.get("changed") and is_known and "changed who may use" not in answer["msg"]:
        assert now != old, where
    for kind, (consumers, everyone) in told.items():
        if everyone is not None:
            assert everyone == (now[kind] == EVERYBODY), where
            if consumers is not None or not everyone:
                assert consumers == ([] if everyone else list(now[kind])), where
