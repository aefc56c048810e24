# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules as Ansible runs them, real argument parsing included, against a simulator of their own."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pwd
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible_collections.tfe.admin.plugins.module_utils._sharing import lock
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

MODULES = {
    path.stem: importlib.import_module(f"ansible_collections.tfe.admin.plugins.modules.{path.stem}")
    for path in (Path(__file__).resolve().parents[3] / "plugins/modules").glob("*.py")
}
"""Imported before any test, so that their coverage does not depend on which test is the first."""

PROFILES = ("202012-1", "202103-1", "202301-1", "2.1")

ORGANIZATIONS = (
    Organization("delta"),
    Organization("Gamma"),
    Organization("epsilon"),
    Organization("zeta"),
    Organization("eta"),
    Organization("42"),
)
"""A small instance: delta is the producer of most tests and shares with nobody yet."""


class StartSimulator(Protocol):
    def __call__(self, *organizations: Organization, **settings: Any) -> Simulator:
        """Starts a simulator that ends with the test; its keyword arguments are those of Simulator."""


class RunModule(Protocol):
    def __call__(
        self,
        options: dict[str, Any],
        *,
        module: str = "tfe_module_consumers",
        check: bool = False,
        diff: bool = False,
        **environ: str,
    ) -> dict[str, Any]:
        """Runs a module and returns what it answered; a failed module has ``failed`` in its answer."""


@contextlib.contextmanager
def listen(answer: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """The address of a server that hands each connection, and what it received there, to ``answer``, and closes it."""

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                answer(connection, connection.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Closing alone would not wake up accept().
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


class Account(NamedTuple):
    """Where a lock goes: the home folder of the password database, and what stands for /tmp."""

    home: Path
    tmp: Path


@pytest.fixture(autouse=True)
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    account = Account(tmp_path / "home", tmp_path / "tmp")
    for folder in account:
        folder.mkdir()
    monkeypatch.setattr(pwd, "getpwuid", lambda _user: SimpleNamespace(pw_dir=str(account.home)))
    monkeypatch.setattr(lock, "_TMP", str(account.tmp))
    return account


@pytest.fixture
def simulators() -> Iterator[list[Simulator]]:
    """The simulators that the test started."""
    with contextlib.ExitStack() as stack:
        started: list[Simulator] = []
        yield started
        for simulator in started:
            stack.push(simulator)


@pytest.fixture
def start(simulators: list[Simulator]) -> StartSimulator:
    def start(*organizations: Organization, **settings: Any) -> Simulator:
        simulator = Simulator(organizations=list(organizations or ORGANIZATIONS), **settings)
        simulator.__enter__()
        simulators.append(simulator)
        return simulator

    return start


@pytest.fixture
def run(simulators: list[Simulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunModule:
    """Runs a module, connected to the latest simulator as its administrator unless told otherwise."""

    def run(
        options: dict[str, Any],
        *,
        module: str = "tfe_module_consumers",
        check: bool = False,
        diff: bool = False,
        **environ: str,
    ) -> dict[str, Any]:
        for variable in [name for name in os.environ if name.upper().startswith(("TFE_", "TF_", "SSL_", "REQUESTS_"))]:
            monkeypatch.delenv(variable)
        for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(variable, raising=False)
            monkeypatch.delenv(variable.upper(), raising=False)
        for variable, value in {"HOME": str(tmp_path), **environ}.items():
            monkeypatch.setenv(variable, value)
        given = dict(options)
        if simulators and "tfe_address" not in given and not environ:
            tfe = simulators[-1]
            given.update(tfe_address=tfe.address, tfe_token=given.get("tfe_token", tfe.admin_token))
        sent_before = [len(simulator.requests) for simulator in simulators]
        answer = _run_main(module, {**given, "_ansible_check_mode": check, "_ansible_diff": diff})
        if check:
            for simulator, count in zip(simulators, sent_before):
                writes = [request for request in simulator.requests[count:] if request.method != "GET"]
                assert not writes, "a run in check mode must not send anything but GET"
        return answer

    return run


def _run_main(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Calls the module's main() with its arguments where Ansible puts them, and parses what it prints."""
    warnings._global_warnings.clear()
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as end:
        MODULES[module].main()
    answer: dict[str, Any] = json.loads(printed.getvalue())
    # What ansible-core 2.22 and newer send to the controller beside the result, so that it can mask it.
    answer.pop("_ansible_new_secrets", None)
    assert bool(answer.get("failed")) == bool(end.value.code)
    return answer
