# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests the unit tests: mutmut changes the engine in one place at a time, and each time a test has to fail.

It is given the names of rooms, such as lock, or takes all. A change that no test notices has survived. It fails where
more than 5 % of them survive, or one that tests/mutants.yml does not explain. mutmut changes nothing outside of
functions, and nothing in those with a decorator, such as properties.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

import yaml
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from . import stage
from .environment import clean

_ENGINE = Path("ansible_collections/tfe/admin/plugins/module_utils")
_LIST = stage.CHECKOUT / "tests/mutants.yml"
_MOST_SURVIVORS = 0.05
_NOTICED = ("killed", "timeout")


class Mutant(NamedTuple):
    """One change: in which function, and the lines that go (-) and come (+)."""

    where: str
    change: str

    def __str__(self) -> str:
        """As the list has it."""
        return f"    - {self.where}: |-\n{indent(self.change, ' ' * 8)}"


class Room(NamedTuple):
    """What became of a room's mutants; ``mutants`` counts them, ``seconds`` are those of all test runs."""

    name: str
    mutants: int
    survivors: list[Mutant]
    seconds: float


def _run_mutmut(rooms: list[str]) -> None:
    shutil.rmtree("mutants", ignore_errors=True)
    shutil.copy(Path(__file__).with_suffix(".cfg"), "setup.cfg")
    names = [f"{'.'.join(_path_of(room).with_suffix('').parts)}.*" for room in rooms]
    program = Path(sys.executable).with_name("mutmut")
    subprocess.run([program, "run", *names], env=clean(ANSIBLE_CONFIG=str(stage.ANSIBLE_CONFIG)), check=True)


def _path_of(room: str) -> Path:
    return next(_ENGINE.rglob(f"{room}.py"))


def _read_room(name: str) -> Room:
    path = _path_of(name)
    results = json.loads(Path("mutants", f"{path}.meta").read_text(encoding="utf-8"))
    codes = results["exit_code_by_key"]
    survivors = [_read_mutant(key, path) for key, code in codes.items() if status_by_exit_code[code] not in _NOTICED]
    return Room(name, len(codes), survivors, sum(results["durations_by_key"].values()))


def _read_mutant(key: str, path: Path) -> Mutant:
    function = key.rpartition(".")[2].partition("__mutmut_")[0]
    name = function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    lines = get_diff_for_mutant(key, path=path).splitlines()[2:]
    changed = [f"{line[0]} {line[1:].strip()}" for line in lines if line.startswith(("-", "+"))]
    return Mutant(f"{path.stem}.{name}", "\n".join(changed))


def _explained() -> Iterator[Mutant]:
    for entry in yaml.safe_load(_LIST.read_text(encoding="utf-8")) or ():
        assert entry["why"].strip()
        for change in entry["changes"]:
            for where, text in change.items():
                yield Mutant(where, text)


def main(names: list[str]) -> int:
    """Returns the exit code."""
    stage.update()
    os.chdir(stage.CACHE)
    there = ["_module", *sorted(path.stem for path in _ENGINE.rglob("[!_]*.py"))]
    if not set(names) <= set(there):
        print(f"The rooms are: {', '.join(there)}")
        return 1
    _run_mutmut(names)
    rooms = [_read_room(name) for name in names or there]
    for room in rooms:
        print(f"{room.name:<16}{room.mutants:5} mutants{len(room.survivors):5} survived{room.seconds:8.0f} s")
    survivors = {mutant for room in rooms for mutant in room.survivors}
    explained = set(_explained())
    for mutant in sorted(explained - survivors):
        if mutant.where.partition(".")[0] in (names or there):
            print(f"Explained, but it did not survive:\n{mutant}")
    for mutant in sorted(survivors - explained):
        print(f"Survived, and is not explained in {_LIST.relative_to(stage.CHECKOUT)}:\n{mutant}")
    count, survived = sum(room.mutants for room in rooms), sum(len(room.survivors) for room in rooms)
    share = survived / (count or 1)
    print(f"{survived} of {count} mutants survived: {share:.1%}")
    return 1 if share > _MOST_SURVIVORS or survivors - explained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
