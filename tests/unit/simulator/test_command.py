# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command and its control API, as the demo and playbooks use them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.tfe.admin.tests.simulator import Simulator
from ansible_collections.tfe.admin.tests.simulator.__main__ import main
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import Client, Start

ROOT = Path(__file__).resolve().parents[3]
SEED = """
organizations:
  - {name: platform, module_consumers: [payments], global_providers: true}
  - {name: payments, provider_consumers: [platform]}
"""


@contextmanager
def command(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the line that it printed when it was ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.simulator", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_command(tmp_path: Path) -> None:
    seed, ready_file = tmp_path / "seed.yml", tmp_path / "ready.json"
    seed.write_text(SEED, encoding="utf-8")
    options = ["--seed", str(seed), "--organizations", "2", "--ready-file", str(ready_file), "--tls"]
    options += ["--profile", "202301-1", "--behaviour", "legacy_write=410", "--rate-limit", "30"]
    with command(*options) as (process, line):
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        assert ready["address"] in line
        assert ready["pid"] == process.pid
        headers = {"Authorization": f"Bearer {ready['admin_token']}"}
        address = f"{ready['address']}/api/v2/admin/organizations"
        answer = requests.get(address, headers=headers, verify=ready["ca_file"], timeout=20)
        assert sorted(item["id"] for item in answer.json()["data"]) == [
            "payments",
            "platform",
            "team-00001",
            "team-00002",
        ]
        assert (answer.headers["X-TFE-Version"], answer.headers["X-RateLimit-Limit"]) == ("v202301-1", "30")
        flags = {item["id"]: item["attributes"]["global-provider-sharing"] for item in answer.json()["data"]}
        assert [name for name, flag in flags.items() if flag] == ["platform"]
        shown = requests.get(
            f"{ready['address']}/_simulator/organizations/payments", verify=ready["ca_file"], timeout=20
        ).json()
        assert (shown["global_providers"], shown["provider_consumers"]) == (False, ["platform"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert not Path(ready["ca_file"]).exists()


@pytest.mark.parametrize(
    ("option", "code", "text"), [("--strict", 1, "data must contain ['accept']"), ("--tls", 0, "")]
)
def test_command_may_be_strict(option: str, code: int, text: str, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with command(option, "--ready-file", str(ready_file)) as (process, _line):
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        headers = {"Authorization": f"Bearer {ready['admin_token']}", "Accept": None}
        requests.get(f"{ready['address']}/api/v2/ping", headers=headers, verify=ready["ca_file"], timeout=20)
        process.send_signal(signal.SIGTERM)
        _output, said = process.communicate(timeout=20)
        assert process.returncode == code
        assert text in said


def test_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"organizations": [{"name": "a", "module_consumers": ["b"]}]}', encoding="utf-8")
    for options, text in (
        (["--behaviour", "legacy_write=gone"], "it is one of: alive, 404, 405, 410"),
        (["--seed", str(seed)], "a has consumers that do not exist: b"),
        (["--seed", str(tmp_path / "none.yml")], "No such file"),
    ):
        monkeypatch.setattr(sys, "argv", ["simulator", *options])
        with pytest.raises(SystemExit, match="2"):
            main()
        assert text in capsys.readouterr().err


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Simulator(port=taken.getsockname()[1]).__enter__()


def test_control_shows_and_replaces_the_organizations(start: Start) -> None:
    api = start()
    shown = api.get("//_simulator/organizations/DELTA").json()
    assert shown == {
        "name": "delta",
        "external_id": api.tfe.external_id("delta"),
        "disabled": False,
        "email": "team@delta.example",
        "global_modules": False,
        "module_consumers": ["Gamma", "zeta"],
        "global_providers": False,
        "provider_consumers": ["eta"],
    }
    everything = api.get("//_simulator/organizations").json()
    assert shown in everything["organizations"]
    assert api.get("//_simulator/organizations/nobody").status_code == 404
    assert control(api, "PUT", "organizations", everything) == 204
    assert api.get("//_simulator/organizations").json() == everything
    wrong: Any
    for wrong in (
        *({}, [], {"organizations": [{}]}),
        *({"organizations": [{"name": "a", key: ["b"]}]} for key in ("module_consumers", "provider_consumers")),
        {"organizations": [{"name": "a", "global_providers": True, "provider_consumers": ["a"]}]},
    ):
        assert control(api, "PUT", "organizations", wrong) == 422
    assert api.tfe.sharing("delta").module_consumers == ("Gamma", "zeta")
    new = [{"name": "new", "global_providers": True}, {"name": "newer", "provider_consumers": ["new"]}]
    assert control(api, "PUT", "organizations", {"organizations": new}) == 204
    assert api.names("") == ["new", "newer"]
    assert api.admin("/new")["data"]["attributes"]["global-provider-sharing"] is True
    assert api.names("/newer/relationships/provider-consumers") == ["new"]


def test_control_renames(start: Start) -> None:
    api = start()
    assert control(api, "PATCH", "organizations/zeta", {"name": "theta"}) == 204
    assert api.tfe.sharing("delta").module_consumers == ("Gamma", "theta")
    assert control(api, "PATCH", "organizations/zeta", {"name": "iota"}) == 404
    wrong: Any
    for wrong in ({"name": "eta"}, {}, []):
        assert control(api, "PATCH", "organizations/theta", wrong) == 422


def test_control_shows_and_empties_the_journal(start: Start) -> None:
    api = start()
    api.e3("eta")
    (request,) = api.get("//_simulator/requests").json()["requests"]
    assert (request["method"], request["status"], request["body"]["data"][0]["id"]) == ("PATCH", 204, "eta")
    assert api.call("DELETE", "//_simulator/requests").status_code == 204
    assert api.get("//_simulator/requests").json() == {"requests": []}


def test_control_takes_faults(start: Start) -> None:
    api = start()
    assert control(api, "POST", "faults", {"kind": "status", "path": "delta"}) == 204
    assert control(api, "POST", "faults", [{"kind": "raw", "body": "x"}, {"kind": "sign_in"}]) == 204
    assert [api.get("/admin/organizations/delta").text[:1] for _i in range(3)] == ["{", "x", "<"]
    wrong: Any
    for wrong in ({}, 1, {"kind": "status", "unheard_of": 1}, {"kind": "between"}):
        assert control(api, "POST", "faults", wrong) == 422
    assert api.tfe.orders_left == []


def control(api: Client, method: str, path: str, body: Any) -> int:
    """Called without a token, as JSON."""
    answer = requests.request(method, f"{api.tfe.address}/_simulator/{path}", json=body, timeout=20)
    return answer.status_code
