# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer at a time of one user on this host, for each producer of each TFE: every write replaces a whole list.

The kernel drops a lock with the process that holds it, so a killed task blocks nobody. The lock belongs to the user id
and to nothing that differs between two sessions of one user, such as HOME or TMPDIR.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from .._tfe.errors import NotSentError, TfeError
from .identity import fold

PATIENCE = 600.0
"""Seconds to wait for other tasks of the same user."""

_PAUSE = 0.05
_TMP = "/tmp"  # noqa: S108  # a folder of this user alone is made there
_BITS = 31
"""For an address, and for a producer: together they are a byte's position in a file."""


class BusyError(Exception):
    """Somebody else holds the lock, and went on holding it."""


@contextmanager
def exclusive(address: str, organization: str | None = None) -> Iterator[Callable[[], None]]:
    """Holds the lock of one producer, or of all at once. Raises TfeError where it cannot be had within PATIENCE.

    Yields a function, for the moment before each write, that raises NotSentError where the lock is not held any more.
    It is taken in every folder that can be used, always in the same order: a task that can use but one of them, since
    the other is hidden from it, still meets all others.
    """
    first = _number(address) << _BITS
    length = 1 << _BITS
    if organization is not None:
        first, length = first + _number(fold(organization)), 1
    deadline = time.monotonic() + PATIENCE
    held: list[tuple[str, int]] = []
    problems = []
    try:
        for folder in _folders():
            path = os.path.join(folder, "sharing.lock")
            try:
                _make_private(folder)
                held.append((path, _lock(path, first, length, deadline)))
            except OSError as error:
                problems.append(str(error))
            except BusyError as error:
                raise TfeError(
                    f"Other tasks on this host have been changing the sharing of {organization or 'some producer'} for "
                    f"{PATIENCE:.0f} s. Nothing was changed. Find out which process holds a lock on {path}."
                ) from error
        if not held:
            raise TfeError(
                "No place for a lock file, without which two tasks could undo each other. Nothing was changed. "
                f"{'; '.join(problems)}."
            )
        yield lambda: _check(held)
    finally:
        for _path, descriptor in held:
            os.close(descriptor)


def _check(held: list[tuple[str, int]]) -> None:
    for path, descriptor in held:
        if not _is_at(path, descriptor):
            raise NotSentError(
                f"The lock file {path} was removed or replaced while this task held it, so another task may be "
                "writing. This task stopped before its next write: run it again. Keep what cleans that folder away "
                "from the file."
            )


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> (32 - _BITS)


def _folders() -> list[str]:
    """Below the home folder that the password database names, and one for this user id."""
    user = os.geteuid()
    folders = [os.path.join(_TMP, f"tfe.admin-{user}")]
    try:
        home = pwd.getpwuid(user).pw_dir
    except KeyError:  # containers run as users that nobody ever listed
        home = ""
    return [os.path.join(home, ".ansible", "tfe.admin"), *folders] if os.path.isabs(home) else folders


def _make_private(folder: str) -> None:
    """Raises OSError where there can be no folder that this user alone can write to."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder that only this user can write to")


def _lock(path: str, first: int, length: int, deadline: float) -> int:
    """An open file that holds the lock. Raises OSError where that cannot be, BusyError where somebody holds it."""
    while True:
        descriptor = _open_private(path)
        try:
            while not _try_to_lock(path, descriptor, first, length):
                if time.monotonic() > deadline:
                    raise BusyError
                time.sleep(_PAUSE)
            os.utime(descriptor)  # what cleans a folder looks for old files
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        # It was removed while this task waited for it: a lock on it would hold up nobody.
        os.close(descriptor)


def _try_to_lock(path: str, descriptor: int, first: int, length: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, first)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise OSError(f"the file system does not lock {path}: {error.strerror}") from error
    return True


def _open_private(path: str) -> int:
    """Opens a lock file, never through a link, and only if it is this user's own."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink > 1:
        os.close(descriptor)
        raise PermissionError(f"{path} is not a file of this user alone: look at it, then remove it")
    return descriptor


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the open file is still what the path leads to; not where nobody can tell."""
    try:
        there, here = os.lstat(path), os.fstat(descriptor)
    except OSError:
        return False
    return os.path.samestat(there, here)
