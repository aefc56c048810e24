# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock between writers of one host: whom it holds up, whom it does not, and what it refuses to open."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing import lock
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import NotSentError, TfeError
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import Account, RunModule, StartSimulator

ADDRESS = "https://tfe.example.com"

HOLD = """
import pwd, sys
from types import SimpleNamespace
from ansible_collections.tfe.admin.plugins.module_utils._sharing import lock
home, lock._TMP, *arguments = sys.argv[1:]
pwd.getpwuid = lambda user: SimpleNamespace(pw_dir=home)
with lock.exclusive(*arguments):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def _held(
    account: Account, *organization: str, address: str = ADDRESS, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock, without an organization all of them, until its input ends or it dies."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environ}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *map(str, account), address, *organization],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


@pytest.fixture
def holder(account: Account) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of delta."""
    with _held(account, "Delta") as process:
        yield process


def _can_lock(address: str, organization: str | None) -> bool:
    try:
        with lock.exclusive(address, organization):
            return True
    except TfeError:
        return False


@pytest.mark.usefixtures("holder")
def test_one_producer_of_one_server_is_held_up_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    assert not _can_lock(ADDRESS, "delta")
    assert not _can_lock(ADDRESS, "DELTA")
    assert _can_lock(ADDRESS, "gamma")
    assert _can_lock("https://other.example.com", "delta")


@pytest.mark.usefixtures("holder")
def test_all_producers_at_once_wait_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    assert not _can_lock(ADDRESS, None)
    assert _can_lock("https://other.example.com", None)


@pytest.mark.parametrize("organization", ["delta", "gamma", None])
def test_while_all_producers_are_held_nobody_gets_one(
    account: Account, monkeypatch: pytest.MonkeyPatch, organization: str | None
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with _held(account):
        assert not _can_lock(ADDRESS, organization)
    assert _can_lock(ADDRESS, organization)


def test_a_task_waits_for_its_own_producers_alone(
    start: StartSimulator, run: RunModule, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    tfe = start()
    connection = {"tfe_address": tfe.address, "tfe_token": tfe.admin_token}
    delta, gamma = ({"organization": name, "consumers": ["eta"]} for name in ("delta", "Gamma"))
    with _held(account, "gamma", address=tfe.address):
        assert run({**delta, **connection})["changed"]
        assert "the sharing of Gamma" in run({**gamma, **connection})["msg"]
        entry = {"organization": "delta", "module_consumers": ["eta"]}
        many = run({"producers": [entry], **connection}, module="tfe_registry_sharing")
        assert "the sharing of some producer" in many["msg"]


def test_a_killed_holder_lets_go(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    assert _can_lock(ADDRESS, "delta")


def folders(account: Account) -> tuple[Path, Path]:
    """Where lock files are, in their order."""
    return account.home / ".ansible" / "tfe.admin", account.tmp / f"tfe.admin-{os.geteuid()}"


def files(account: Account) -> list[Path]:
    return [folder / "sharing.lock" for folder in folders(account)]


@pytest.mark.parametrize("variable", ["HOME", "TMPDIR"])
@pytest.mark.parametrize("value", ["/elsewhere", "", "."])
def test_the_lock_is_the_users_and_not_the_sessions(
    account: Account, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with _held(account, "delta", **{variable: value}):
        assert not _can_lock(ADDRESS, "delta")


@pytest.mark.parametrize("seen", [0, 1])
def test_who_can_use_but_one_folder_meets_who_can_use_both(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: int
) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    elsewhere = account._replace(**{"tmp" if seen == 0 else "home": nowhere})
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with _held(elsewhere, "delta"):
        assert files(account)[seen].exists()
        assert not files(account)[1 - seen].exists()
        assert not _can_lock(ADDRESS, "delta")
    assert _can_lock(ADDRESS, "delta")


def unknown_user(_user: int) -> None:
    raise KeyError


@pytest.mark.parametrize("home", ["", "~", "relative"])
def test_a_user_without_a_home_locks_in_the_other_folder_and_leaves_nothing_here(
    account: Account, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    """As with the user ids that OpenShift gives containers."""
    monkeypatch.chdir(account.home)
    monkeypatch.delenv("HOME", raising=False)
    known = SimpleNamespace(pw_dir=home)
    monkeypatch.setattr(pwd, "getpwuid", (lambda _user: known) if home else unknown_user)
    assert _can_lock(ADDRESS, "delta")
    assert not list(account.home.iterdir())
    assert files(account)[1].exists()


def test_files_and_folders_are_private_whatever_the_umask(account: Account) -> None:
    before = os.umask(0)
    try:
        assert _can_lock(ADDRESS, "delta")
    finally:
        os.umask(before)
    for folder, file in zip(folders(account), files(account)):
        assert list(folder.iterdir()) == [file]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def replace_with(trap: str, path: Path, target: Path) -> None:
    """Puts something else in the place of a file or a folder."""
    if trap == "link":
        path.symlink_to(target)
    elif trap == "hard link":
        os.link(target, path)
    elif trap == "pipe":
        os.mkfifo(path)
    elif trap == "file":
        path.touch()
    else:
        path.mkdir()
        path.chmod(0o777)


def _refusal(organization: str | None = "delta") -> str:
    with pytest.raises(TfeError) as error, lock.exclusive(ADDRESS, organization):
        pytest.fail("the lock was taken")
    return str(error.value)


NO_PLACE = "No place for a lock file, without which two tasks could undo each other. Nothing was changed."


@pytest.mark.parametrize("trap", ["link", "hard link", "pipe", "folder"])
def test_a_lock_file_that_is_no_plain_file_of_its_own_is_not_used(account: Account, tmp_path: Path, trap: str) -> None:
    target = tmp_path / "target"
    target.write_text("precious", encoding="utf-8")
    assert _can_lock(ADDRESS, "delta")
    first, second = files(account)
    first.unlink()
    replace_with(trap, first, target)
    assert _can_lock(ADDRESS, "delta")
    second.unlink()
    replace_with(trap, second, target)
    refusal = _refusal()
    assert refusal.startswith(f"{NO_PLACE} ")
    assert str(first) in refusal
    assert str(second) in refusal
    if "link" not in trap or trap == "hard link":
        problem = "Is a directory" if trap == "folder" else "is not a file of this user alone: look at it"
        assert refusal.count(problem) == 2
    assert target.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("trap", ["link", "open to others", "file"])
def test_a_folder_that_somebody_else_could_change_is_not_used(account: Account, tmp_path: Path, trap: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    first, second = folders(account)
    first.parent.mkdir()
    replace_with(trap, first, tmp_path / "elsewhere")
    assert _can_lock(ADDRESS, "delta")
    assert list(second.iterdir())
    second.chmod(0o777)
    assert _refusal().startswith(f"{NO_PLACE} ")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_why_no_folder_will_do_is_told(account: Account, tmp_path: Path, mode: int) -> None:
    first, second = folders(account)
    first.parent.mkdir()
    first.symlink_to(tmp_path)
    second.mkdir()
    second.chmod(mode)
    private = "is not a folder that only this user can write to"
    assert _refusal() == f"{NO_PLACE} {first} {private}; {second} {private}."


def test_a_folder_that_others_may_only_enter_is_used(account: Account) -> None:
    first, _second = folders(account)
    first.mkdir(parents=True)
    first.chmod(0o755)
    assert _can_lock(ADDRESS, "delta")
    assert list(first.iterdir())


@pytest.mark.usefixtures("holder")
def test_who_waited_long_enough_is_told_what_for(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 1.4)
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    monkeypatch.setattr(time, "monotonic", lambda: float(len(naps)))
    refusals = [_refusal(), _refusal(None)]
    assert refusals == [
        f"Other tasks on this host have been changing the sharing of {what} for 1 s. Nothing was changed. Find out "
        f"which process holds a lock on {files(account)[0]}."
        for what in ("delta", "some producer")
    ]
    assert naps == [0.05] * 4


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_leaves_the_other_folder(
    account: Account, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    really_lock = fcntl.lockf
    first, second = folders(account)
    without_locks = [first]

    def lockf(descriptor: int, *arguments: Any) -> None:
        if Path(f"/dev/fd/{descriptor}").resolve().parent in without_locks:
            raise OSError(code, "No locks here")
        really_lock(descriptor, *arguments)

    monkeypatch.setattr(fcntl, "lockf", lockf)
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    assert _can_lock(ADDRESS, "delta")
    with _held(account._replace(home=Path("/nowhere")), "delta"):
        assert not _can_lock(ADDRESS, "delta")
    without_locks.append(second)
    assert _refusal() == (
        f"{NO_PLACE} the file system does not lock {first / 'sharing.lock'}: No locks here; the file system does not "
        f"lock {second / 'sharing.lock'}: No locks here."
    )


def test_a_lock_is_asked_before_each_write_of_a_task(start: StartSimulator, run: RunModule, account: Account) -> None:
    tfe = start(behaviour=Behaviour(legacy_write="404"))
    # It goes after the first write, which was refused.
    tfe.order(Fault("between", method="GET", path="delta$", nth=2, call=files(account)[0].unlink))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "was removed or replaced while this task held it" in answer["msg"]
    assert [request.method for request in tfe.requests].count("PATCH") == 1


def test_a_lock_folder_that_cannot_be_looked_into_any_more_is_a_lost_lock(account: Account) -> None:
    with lock.exclusive(ADDRESS, "delta") as still_locked:
        folder, _other = folders(account)
        (folder / "sharing.lock").unlink()
        folder.rmdir()
        folder.touch()
        with pytest.raises(NotSentError):
            still_locked()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_lock_file_that_goes_while_it_is_held_stops_its_holder(account: Account, which: int, how: str) -> None:
    with lock.exclusive(ADDRESS, "delta") as still_locked:
        still_locked()
        file = files(account)[which]
        file.unlink()
        if how == "replaced":
            file.touch()
        with pytest.raises(NotSentError) as error:
            still_locked()
    assert str(error.value) == (
        f"The lock file {file} was removed or replaced while this task held it, so another task may be writing. This "
        "task stopped before its next write: run it again. Keep what cleans that folder away from the file."
    )


def test_a_file_that_was_removed_while_somebody_waited_for_it_is_no_lock(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    def clean(pause: float) -> None:
        """What cleans a folder removes the file that the task waits for, and its holder ends."""
        naps.append(pause)
        if len(naps) == 1:
            files(account)[0].unlink()
            process.kill()
            process.wait()

    monkeypatch.setattr(time, "sleep", clean)
    with _held(account, "delta") as process, lock.exclusive(ADDRESS, "delta") as still_locked:
        still_locked()
        assert naps


def test_a_task_whose_lock_file_was_removed_writes_nothing(
    start: StartSimulator, run: RunModule, account: Account
) -> None:
    tfe = start()
    tfe.order(Fault("between", path="/eta$", call=files(account)[0].unlink))
    answer = run({"organization": "delta", "consumers": ["eta"]})
    assert "was removed or replaced while this task held it" in answer["msg"]
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert not [request for request in tfe.requests if request.method != "GET"]


def test_a_held_file_looks_new_to_what_cleans_folders(account: Account) -> None:
    assert _can_lock(ADDRESS, "delta")
    for file in files(account):
        os.utime(file, (0, 0))
    assert _can_lock(ADDRESS, "delta")
    assert all(file.stat().st_mtime > 0 for file in files(account))


def test_addresses_and_producers_do_not_hold_each_other_up(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    addresses = [f"https://{number}.example.com" for number in range(40)]
    with _held(account, address=addresses[0]):
        assert [_can_lock(address, None) for address in addresses] == [False] + [True] * 39
    with _held(account, "delta", address=addresses[0]):
        assert all(_can_lock(addresses[0], f"team-{number}") for number in range(40))


def test_what_belongs_to_somebody_else_is_not_used(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _can_lock(ADDRESS, "delta")
    somebody = os.geteuid() + 1
    stranger = SimpleNamespace(st_mode=stat.S_IFREG, st_uid=somebody, st_nlink=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _descriptor: stranger)
        assert _refusal().count("is not a file of this user alone") == 2
    (account.tmp / f"tfe.admin-{somebody}").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert _refusal().count("is not a folder that only this user can write to") == 2


def test_no_file_stays_open(account: Account) -> None:
    for _time in range(3):
        assert _can_lock(ADDRESS, "delta")
    file, _other = files(account)
    os.link(file, file.with_name("another name"))
    assert _can_lock(ADDRESS, "delta")
    # Only files of this test: what another one left open may be closed at any moment.
    still_open = {descriptor.resolve() for descriptor in Path("/dev/fd").iterdir()}
    assert not still_open & {path.resolve() for folder in folders(account) for path in folder.iterdir()}
