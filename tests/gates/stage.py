# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the checkout to where Ansible's tools accept a collection, and builds and installs what users would get.

All of it lies in a cache folder of this checkout's own:
    ansible_collections/tfe/admin/              the stage: every file that git does not ignore
    installed/ansible_collections/tfe/admin/    the built tarball, installed
Run as a command it brings both up to date and prints the folder ``installed``; with --tarball it also puts the tarball
into the checkout and prints its name instead; with --remove it deletes everything.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .environment import clean

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "tfe-admin"
    / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:16]
)
STAGE = CACHE / "ansible_collections" / "tfe" / "admin"
INSTALLED = CACHE / "installed"
ANSIBLE_CONFIG = CACHE / "ansible.cfg"

# What tools leave in the stage and want to find again, ansible-test's virtual environments above all.
_KEPT = {Path(name) for name in (".ansible", ".pytest_cache", "tests/output")}


def update() -> None:
    """Brings the stage and the installed collection up to date with the checkout."""
    STAGE.mkdir(parents=True, exist_ok=True)
    # Empty: it keeps the caller's own configuration out.
    ANSIBLE_CONFIG.touch()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = _checkout_files()
        for file in files:
            _copy(CHECKOUT / file, STAGE / file)
        _prune(STAGE, files)
        _install(_digest(files))


def tarball() -> Path:
    """The built collection."""
    return next((CACHE / "tarball").glob("*.tar.gz"))


def remove() -> None:
    """Deletes everything that ``update`` and the gates left outside the checkout."""
    shutil.rmtree(CACHE, ignore_errors=True)


def _checkout_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, env=clean(), check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted({Path(name) for name in listed.split("\0") if name and (CHECKOUT / name).is_file()})


def _copy(source: Path, target: Path) -> None:
    same_mode = target.is_file() and target.stat().st_mode == source.stat().st_mode
    if same_mode and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Replaced in one step: somebody may be reading it.
    fresh = target.with_name(f"{target.name}.fresh")
    shutil.copy2(source, fresh)
    fresh.replace(target)


def _prune(folder: Path, files: list[Path]) -> None:
    wanted = set(files)
    for path in folder.iterdir():
        relative = path.relative_to(STAGE)
        if relative in _KEPT:
            continue
        if path.is_dir():
            _prune(path, files)
            with contextlib.suppress(OSError):
                path.rmdir()
        elif relative not in wanted:
            path.unlink(missing_ok=True)


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file} {(STAGE / file).stat().st_mode}\n".encode())
        digest.update((STAGE / file).read_bytes())
    return digest.hexdigest()


def _install(digest: str) -> None:
    """Builds and installs the stage, unless that was done with this digest already."""
    done = CACHE / "installed.digest"
    if done.exists() and done.read_text() == digest:
        return
    done.unlink(missing_ok=True)
    shutil.rmtree(CACHE / "tarball", ignore_errors=True)
    _galaxy("build", "--output-path", CACHE / "tarball")
    _galaxy("install", "--force", "--offline", "--no-deps", "--collections-path", INSTALLED, tarball())
    done.write_text(digest)


def _galaxy(command: str, *arguments: str | Path) -> None:
    environment = clean(ANSIBLE_CONFIG=str(ANSIBLE_CONFIG))
    program = Path(sys.executable).with_name("ansible-galaxy")
    run = subprocess.run(
        [program, "collection", command, *arguments],
        cwd=STAGE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(f"ansible-galaxy collection {command} failed:\n{run.stdout}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--remove"]:
        remove()
        sys.exit()
    update()
    if sys.argv[1:] == ["--tarball"]:
        print(shutil.copy(tarball(), CHECKOUT))
    else:
        print(INSTALLED)
