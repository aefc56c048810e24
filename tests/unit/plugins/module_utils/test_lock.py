# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock between writers of one host: whom it holds up, whom it does not, and what it refuses to open."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils import _lock
from ansible_collections.tfe.admin.plugins.module_utils._errors import TfeError
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import RunModule, StartSimulator

ADDRESS = "https://tfe.example.com"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "home"


HOLD = """
import sys
from ansible_collections.tfe.admin.plugins.module_utils._lock import exclusive
with exclusive(*sys.argv[1:]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def _held(*organization: str, address: str = ADDRESS) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock, without an organization all of them, until its input ends or it dies."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, address, *organization],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of delta."""
    with _held("Delta") as process:
        yield process


def _can_lock(address: str, organization: str | None) -> bool:
    try:
        with _lock.exclusive(address, organization):
            return True
    except TfeError:
        return False


@pytest.mark.usefixtures("holder")
def test_one_producer_of_one_server_is_held_up_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lock, "PATIENCE", 0.0)
    assert not _can_lock(ADDRESS, "delta")
    assert not _can_lock(ADDRESS, "DELTA")
    assert _can_lock(ADDRESS, "gamma")
    assert _can_lock("https://other.example.com", "delta")


@pytest.mark.usefixtures("holder")
def test_all_producers_at_once_wait_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lock, "PATIENCE", 0.0)
    assert not _can_lock(ADDRESS, None)
    assert _can_lock("https://other.example.com", None)


@pytest.mark.parametrize("organization", ["delta", "gamma", None])
def test_while_all_producers_are_held_nobody_gets_one(
    monkeypatch: pytest.MonkeyPatch, organization: str | None
) -> None:
    monkeypatch.setattr(_lock, "PATIENCE", 0.0)
    with _held():
        assert not _can_lock(ADDRESS, organization)
    assert _can_lock(ADDRESS, organization)


def test_a_task_waits_for_its_own_producers_alone(
    start: StartSimulator, run: RunModule, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lock, "PATIENCE", 0.0)
    tfe = start()
    connection = {"tfe_address": tfe.address, "tfe_token": tfe.admin_token}
    delta, gamma = ({"organization": name, "consumers": ["eta"]} for name in ("delta", "Gamma"))
    environ: dict[str, Any] = {"HOME": str(home)}
    with _held("gamma", address=tfe.address):
        assert run({**delta, **connection}, **environ)["changed"]
        assert "the sharing of Gamma" in run({**gamma, **connection}, **environ)["msg"]
        many = run({"producers": [delta], **connection}, module="tfe_module_sharing", **environ)
        assert "the sharing of some producer" in many["msg"]


def test_a_killed_holder_lets_go(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    assert _can_lock(ADDRESS, "delta")


def test_file_and_folder_are_private_whatever_the_umask(home: Path) -> None:
    before = os.umask(0)
    try:
        assert _can_lock(ADDRESS, "delta")
    finally:
        os.umask(before)
    (folder,) = (home / ".ansible").iterdir()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("trap", ["symlink", "hard link", "folder"])
def test_a_lock_file_that_is_no_plain_file_of_its_own_is_refused(home: Path, tmp_path: Path, trap: str) -> None:
    assert _can_lock(ADDRESS, "delta")
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    file.unlink()
    target = tmp_path / "target"
    target.write_text("precious", encoding="utf-8")
    if trap == "symlink":
        file.symlink_to(target)
    elif trap == "hard link":
        os.link(target, file)
    else:
        file.mkdir()
    with pytest.raises(TfeError, match="lock file"), _lock.exclusive(ADDRESS, "delta"):
        pytest.fail("the lock was taken")
    assert target.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("trap", ["link", "open to others", "file"])
def test_a_folder_that_somebody_else_could_change_is_not_used(home: Path, tmp_path: Path, trap: str) -> None:
    folder = home / ".ansible" / "tfe.admin"
    folder.parent.mkdir(parents=True)
    if trap == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    elif trap == "file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777)
    assert _can_lock(ADDRESS, "delta")
    (fallback,) = (tmp_path / "tmp").iterdir()
    assert stat.S_IMODE(fallback.stat().st_mode) == 0o700
    assert list(fallback.iterdir())
    fallback.chmod(0o777)
    with pytest.raises(TfeError, match="No place for a lock file"), _lock.exclusive(ADDRESS, "delta"):
        pytest.fail("the lock was taken")


def _refusal(organization: str | None = "delta") -> str:
    with pytest.raises(TfeError) as error, _lock.exclusive(ADDRESS, organization):
        pytest.fail("the lock was taken")
    return str(error.value)


@pytest.mark.usefixtures("holder")
def test_who_waited_long_enough_is_told_what_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lock, "PATIENCE", 1.4)
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    monkeypatch.setattr(time, "monotonic", lambda: float(len(naps)))
    refusals = [_refusal(), _refusal(None)]
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    assert refusals == [
        f"Other tasks on this host have been changing the sharing of {what} for 1 s. Nothing was changed. Find out "
        f"which process holds a lock on {file}."
        for what in ("delta", "some producer")
    ]
    assert naps == [0.05] * 4


def test_a_file_system_without_locks_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lockf(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", lockf)
    refusal = _refusal()
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    assert refusal == f"The file system does not lock {file}: No locks available. Nothing was changed."


def test_what_is_wrong_with_a_lock_file_is_told(home: Path) -> None:
    assert _can_lock(ADDRESS, "delta")
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    os.link(file, file.with_name("another name"))
    assert _refusal() == f"The lock file {file} is not a file of this user alone. Look at it, then remove it."
    file.unlink()
    os.mkfifo(file)
    assert _refusal() == f"The lock file {file} is not a file of this user alone. Look at it, then remove it."
    file.unlink()
    file.mkdir()
    assert _refusal() == f"The lock file {file} cannot be opened: Is a directory."


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_why_no_folder_will_do_is_told(home: Path, tmp_path: Path, mode: int) -> None:
    (home / ".ansible").mkdir(parents=True)
    (home / ".ansible" / "tfe.admin").symlink_to(tmp_path)
    fallback = tmp_path / "tmp" / f"tfe.admin-{os.geteuid()}"
    fallback.mkdir()
    fallback.chmod(mode)
    private = "is not a folder that only this user can write to"
    assert _refusal() == (
        "No place for a lock file, without which two tasks could undo each other: "
        f"{home / '.ansible' / 'tfe.admin'} {private}; {fallback} {private}."
    )


def test_a_folder_that_others_may_only_enter_is_used(home: Path, tmp_path: Path) -> None:
    folder = home / ".ansible" / "tfe.admin"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    assert _can_lock(ADDRESS, "delta")
    assert list(folder.iterdir())
    assert not list((tmp_path / "tmp").iterdir())


def test_each_address_has_a_file_of_its_own_named_by_31_bits(home: Path) -> None:
    for number in range(40):
        assert _can_lock(f"https://{number}.example.com", "delta")
    names = [file.name for file in (home / ".ansible" / "tfe.admin").iterdir()]
    assert len(names) == 40
    assert all(re.fullmatch(r"[0-7][0-9a-f]{7}\.lock", name) for name in names)


def test_what_belongs_to_somebody_else_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _can_lock(ADDRESS, "delta")
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    somebody = os.geteuid() + 1
    stranger = SimpleNamespace(st_mode=stat.S_IFREG, st_uid=somebody, st_nlink=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _descriptor: stranger)
        assert _refusal() == f"The lock file {file} is not a file of this user alone. Look at it, then remove it."
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert "No place for a lock file" in _refusal()


def test_a_folder_that_cannot_be_written_to_is_not_used(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def access(path: str, mode: int) -> bool:
        assert mode == os.W_OK | os.X_OK
        return str(home) not in path

    monkeypatch.setattr(os, "access", access)
    assert _can_lock(ADDRESS, "delta")
    (fallback,) = (tmp_path / "tmp").iterdir()
    assert fallback.name == f"tfe.admin-{os.geteuid()}"
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    folders = (home / ".ansible" / "tfe.admin", fallback)
    assert _refusal().endswith(f": {'; '.join(f'{folder} cannot be written to' for folder in folders)}.")


def test_no_file_stays_open(home: Path) -> None:
    for _time in range(3):
        assert _can_lock(ADDRESS, "delta")
    (file,) = (home / ".ansible" / "tfe.admin").iterdir()
    os.link(file, file.with_name("another name"))
    assert not _can_lock(ADDRESS, "delta")
    # Only files of this test: what another one left open may be closed at any moment.
    still_open = {descriptor.resolve() for descriptor in Path("/dev/fd").iterdir()}
    assert not still_open & {file.resolve() for file in file.parent.iterdir()}
