# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts simulators and runs playbooks and modules against them, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import requests

from ..gates import stage
from ..gates.environment import clean
from .replay import JOURNAL

HERE = Path(__file__).resolve().parent
_SECONDS_TO_START = 60


class Needed(NamedTuple):
    """What a process of measured.py needed: seconds of the clock, seconds of CPU, bytes at its peak."""

    seconds: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Instance:
    """A simulator, or a replay of one, that listens."""

    address: str
    variables: dict[str, str]
    """What the collection needs in its environment to use it."""

    def journal(self) -> list[dict[str, Any]]:
        """What was asked since the last call."""
        with requests.Session() as session:
            session.trust_env = False  # no proxy that the machine may have set
            session.verify = self.variables.get("TFE_CA_BUNDLE", True)
            journal: list[dict[str, Any]] = session.get(self.address + JOURNAL, timeout=60).json()["requests"]
            session.delete(self.address + JOURNAL, timeout=60)
        return journal


class Bench:
    """A folder for everything that is written while measuring, and the ways to measure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "ansible.cfg").touch()

    @contextmanager
    def simulator(
        self, organizations: Sequence[dict[str, Any]], *, teams: int, options: Sequence[str] = ()
    ) -> Iterator[Instance]:
        """One with these organizations, and with team-00001 to as many as ``teams`` says."""
        seed = self.write("seed.json", {"organizations": list(organizations)})
        command = ["tests.simulator", "--seed", str(seed), "--organizations", str(teams), *options]
        with self._process([*command, "--ready-file"]) as ready:
            variables = {"TFE_ADDRESS": ready["address"], "TFE_TOKEN": ready["admin_token"]}
            if ready["ca_file"]:
                variables["TFE_CA_BUNDLE"] = ready["ca_file"]
            yield Instance(ready["address"], variables)

    @contextmanager
    def replay(self, original: Instance, latency: float) -> Iterator[Instance]:
        """Gives again what the simulator answers, after ``latency`` seconds."""
        with self._process(["tests.bench.replay", original.address, str(latency)]) as ready:
            yield Instance(ready["address"], {**original.variables, "TFE_ADDRESS": ready["address"]})

    @contextmanager
    def _process(self, command: Sequence[str]) -> Iterator[Any]:
        """Runs a Python module, with a file as its last argument, and yields what it writes there when it is ready."""
        ready_file = self._folder / f"{command[0]}.ready.json"
        ready_file.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", *command, str(ready_file)],
            cwd=stage.CHECKOUT,
            env=clean(),
            stdout=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + _SECONDS_TO_START
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[2]} did not start.")
                time.sleep(0.02)
            yield json.loads(ready_file.read_text(encoding="utf-8"))
        finally:
            process.terminate()
            process.wait()

    def write(self, name: str, content: Any) -> Path:
        """A file in the folder, as JSON, which Ansible reads as YAML."""
        path = self._folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def bundle(self, instance: Instance) -> str:
        """A file with the authorities that requests trusts, and the instance's own."""
        path = self._folder / "bundle.pem"
        own = Path(instance.variables["TFE_CA_BUNDLE"]).read_text(encoding="utf-8")
        path.write_text(Path(requests.utils.DEFAULT_CA_BUNDLE_PATH).read_text(encoding="utf-8") + own, encoding="utf-8")
        return str(path)

    def play(self, playbook: Path | list[dict[str, Any]], instance: Instance, variables: Any = None) -> float:
        """Seconds that ansible-playbook took, for a playbook or for tasks, which must change nothing."""
        if not isinstance(playbook, Path):
            play = {"hosts": "localhost", "gather_facts": False, "tasks": playbook}
            playbook = self.write("playbook.json", [play])
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)]
        if variables is not None:
            command += ["--extra-vars", f"@{self.write('variables.json', variables)}"]
        environment = self._environment(instance)
        started = time.perf_counter()
        run = subprocess.run(command, env=environment, cwd=self._folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        if run.returncode or "changed: [" in run.stdout:
            raise RuntimeError(f"The play failed, or changed something:\n{run.stdout[-5000:]}\n{run.stderr[-5000:]}")
        return seconds

    def read(self, organization: str, instance: Instance) -> Needed:
        """What it takes to read with whom the organization shares."""
        return self._measured(["read", organization], None, instance)

    def run(self, module: str, arguments: dict[str, Any], instance: Instance, **environ: str) -> Needed:
        """What a module takes that must change nothing."""
        return self._measured(["module", module], arguments, instance, **environ)

    def _measured(self, words: list[str], arguments: Any, instance: Instance, **environ: str) -> Needed:
        run = subprocess.run(
            [sys.executable, str(HERE / "measured.py"), *words],
            env=self._environment(instance, PYTHONPATH=str(stage.INSTALLED), **environ),
            cwd=self._folder,
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode or json.loads(run.stdout)["changed"]:
            raise RuntimeError(f"{words} failed, or changed something:\n{run.stdout[-5000:]}\n{run.stderr[-5000:]}")
        return Needed(**json.loads(run.stderr.splitlines()[-1]))

    def _environment(self, instance: Instance, **more: str) -> dict[str, str]:
        """None of the caller's, PYTHONUNBUFFERED and PYTHONDONTWRITEBYTECODE least of all: they make tasks slow."""
        ansible = {
            "ANSIBLE_COLLECTIONS_PATH": str(stage.INSTALLED),
            "ANSIBLE_CONFIG": str(self._folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(self._folder / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self._folder / "remote"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        }
        return clean() | {"HOME": str(self._folder)} | ansible | instance.variables | more
