# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection on every supported release of ansible-core, two rows at a time: units, integration, sanity.

A row takes the first of its Pythons that is on this machine, and is skipped, aloud, where there is none. Its playbooks
run the modules on the oldest supported Python that is here. Names of releases choose some of the rows.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from . import stage
from .__main__ import GateError, _call, place_get_pip, sanity_on
from .environment import clean

OLDEST_REQUESTS = "requests==2.25.*"
NEWEST_REQUESTS = "requests"
TARGET_PYTHONS = ("3.9", "3.10", "3.11")
_FEWEST_ROWS = 4

# What they leave out runs in one row, and in the other gates.
_NOT_THOROUGH = ("-mnot many_tries", "-knot (test_examples or test_concurrency)")
_MATRIX = stage.CACHE / "matrix"
_one_sanity_at_a_time = threading.Lock()


class Row(NamedTuple):
    """``sanity`` is off where ansible-core's rules are for Python 2 code; ``thorough`` takes all tests.

    With ``candidate``, pip takes the newest pre-release until 2.x.0 is final. Remove it then: pip would go on to take
    the candidates of 2.x.1.
    """

    core: str
    pythons: tuple[str, ...]
    requests: str
    sanity: bool = True
    thorough: bool = False
    candidate: bool = False


ROWS = (
    Row("2.16", ("3.11", "3.12"), OLDEST_REQUESTS, sanity=False, thorough=True),
    Row("2.17", ("3.12", "3.11"), NEWEST_REQUESTS),
    Row("2.18", ("3.11", "3.12", "3.13"), OLDEST_REQUESTS),
    Row("2.19", ("3.13", "3.12", "3.11"), NEWEST_REQUESTS),
    Row("2.20", ("3.12", "3.13", "3.14"), OLDEST_REQUESTS),
    Row("2.21", ("3.14", "3.13", "3.12"), NEWEST_REQUESTS),
    Row("2.22", ("3.13", "3.14"), NEWEST_REQUESTS, candidate=True),
)


def _find_python(versions: tuple[str, ...]) -> str | None:
    for version in versions:
        python = shutil.which(f"python{version}", path=clean()["PATH"])
        # A pyenv shim that nobody switched on answers 127.
        if python and subprocess.run([python, "-c", "import venv"], check=False, capture_output=True).returncode == 0:
            return python
    return None


def _environment(name: str, python: str, *requirements: str | Path) -> Path:
    """The bin folder of a virtual environment, made anew when its requirements change; a path is a file of them."""
    folder = _MATRIX / name
    texts = [it.read_text() if isinstance(it, Path) else it for it in requirements]
    stamp = folder / hashlib.sha256("\n".join([python, *texts]).encode()).hexdigest()[:16]
    words: list[str | Path] = []
    for it in requirements:
        words += ["--requirement", it] if isinstance(it, Path) else [it]
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _call(python, "-m", "venv", folder)
        _call(folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", *words, network=True)
        stamp.touch()
    return folder / "bin"


def _run(row: Row, target: Path) -> str:
    """Returns how long each part took. Raises GateError."""
    python = _find_python(row.pythons)
    assert python
    name = f"{row.core}-{Path(python).name}"
    tools = stage.CHECKOUT / "tests/requirements-matrix.txt"
    # Only a requirement that names a pre-release admits one.
    release = f"~={row.core}.0rc0" if row.candidate else f"=={row.core}.*"
    binaries = _environment(name, python, f"ansible-core{release}", row.requests, tools)
    environment = {
        "PATH": f"{binaries}:{clean()['PATH']}",
        "PYTHONPATH": str(stage.CACHE),
        "INSTALLED_COLLECTIONS": str(stage.INSTALLED),
        "TARGET_PYTHON": str(target),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(stage.CACHE / "hypothesis"),
    }
    options = ["--color=no", "--quiet", "-p", "no:cacheprovider"]
    if not row.thorough:
        options += _NOT_THOROUGH
    times = []
    for part, folder in (("units", "tests/unit/plugins"), ("integration", "tests/integration")):
        start = time.monotonic()
        output = _call(binaries / "pytest", *options, folder, folder=stage.STAGE, environ=environment)
        times.append(f"{part} {time.monotonic() - start:.0f} s ({output.strip().splitlines()[-1]})")
    if metadata.version("ansible-core").startswith(f"{row.core}."):
        times.append("sanity is left to make sanity, which has this release")
    elif row.sanity:
        start = time.monotonic()
        with _one_sanity_at_a_time:
            # That the code compiles and can be imported on further Pythons is the sanity gate's to say.
            sanity_on(environment, "--python", Path(python).name.removeprefix("python"))
        times.append(f"sanity {time.monotonic() - start:.0f} s")
    return "; ".join(times)


def main(names: list[str]) -> int:
    """Returns the exit code."""
    stage.update()
    place_get_pip()
    target = _find_python(TARGET_PYTHONS)
    rows = [row for row in ROWS if not names or row.core in names]
    ready = [row for row in rows if _find_python(row.pythons)]
    for row in rows:
        if row not in ready:
            print(f"{row.core}: skipped, none of Python {', '.join(row.pythons)} is here")
    if target is None:
        print(f"None of Python {', '.join(TARGET_PYTHONS)} is here to run modules on.")
        return 1
    interpreter = _environment(f"target-{Path(target).name}", target, OLDEST_REQUESTS) / "python"
    print(f"Playbooks run the modules on {Path(target).name} with {OLDEST_REQUESTS}.", flush=True)
    failed = []

    def run(row: Row) -> None:
        try:
            report = f"passed: {_run(row, interpreter)}"
        except GateError as fault:
            failed.append(row.core)
            report = f"FAILED\n{fault}"
        print(f"ansible-core {row.core} with {row.requests}: {report}", flush=True)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, ready))
    enough = len(ready) >= (len(names) or _FEWEST_ROWS)
    print(f"{len(ready) - len(failed)} of {len(rows)} rows passed" + ("" if enough else ": too few rows could run"))
    return 1 if failed or not enough else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
