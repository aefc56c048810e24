# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer at a time on this host, for each producer of each TFE: every write replaces a whole list.

The kernel drops a lock with the process that holds it, so a killed task blocks nobody.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from ._errors import TfeError

PATIENCE = 600.0
"""Seconds to wait for other tasks of the same user."""

_PAUSE = 0.05
_TO_THE_END = 0


@contextmanager
def exclusive(address: str, organization: str | None = None) -> Iterator[None]:
    """Holds the lock of one producer, or of all at once. Raises TfeError where it cannot be had within PATIENCE.

    There is one file for each address, and one byte in it for each producer.
    """
    path = os.path.join(_private_folder(), f"{_number(address):08x}.lock")
    first, length = (0, _TO_THE_END) if organization is None else (_number(organization.casefold()), 1)
    descriptor = _open_private(path)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _try_to_lock(path, descriptor, first, length):
            if time.monotonic() > deadline:
                what = organization or "some producer"
                raise TfeError(
                    f"Other tasks on this host have been changing the sharing of {what} for {PATIENCE:.0f} s. "
                    f"Nothing was changed. Find out which process holds a lock on {path}."
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _number(text: str) -> int:
    """31 bits that stand for a text: a byte position that every platform's locks can take."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1


def _try_to_lock(path: str, descriptor: int, first: int, length: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, first)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise TfeError(f"The file system does not lock {path}: {error.strerror}. Nothing was changed.") from error
    return True


def _private_folder() -> str:
    """A folder of this user alone: below the home folder, else (where that is read-only) below the temporary one.

    Every task of a user must come to the same folder, so nothing that differs between sessions is asked first.
    """
    problems = []
    for folder in (
        os.path.join(os.path.expanduser("~"), ".ansible", "tfe.admin"),
        os.path.join(tempfile.gettempdir(), f"tfe.admin-{os.geteuid()}"),
    ):
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            status = os.lstat(folder)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                raise PermissionError(f"{folder} is not a folder that only this user can write to")
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(f"{folder} cannot be written to")
        except OSError as error:
            problems.append(str(error))
        else:
            return folder
    raise TfeError(f"No place for a lock file, without which two tasks could undo each other: {'; '.join(problems)}.")


def _open_private(path: str) -> int:
    """Opens a lock file, never through a link, and only if it is this user's own."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TfeError(f"The lock file {path} cannot be opened: {error.strerror}.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink != 1:
        os.close(descriptor)
        raise TfeError(f"The lock file {path} is not a file of this user alone. Look at it, then remove it.")
    return descriptor
