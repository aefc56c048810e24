# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bodies of answers, within bounds of time and memory: an answer may be endless, or unpack into more than fits."""

from __future__ import annotations

import http.client
import io
import socket
import time
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

MOST_BYTES = 32 * 1024 * 1024
"""Of one answer's body: a hundred organizations with all that TFE tells of them are a tenth of a MiB."""

_MOST_HEAD = 1024 * 1024
"""What may come beside a body: headers, and the sizes of its chunks."""


class BodyError(Exception):
    """A body that is not taken; the text says why, as what follows "answered, but"."""


_TOO_LONG = f"its body is longer than {MOST_BYTES // 1024 // 1024} MiB, which no answer of Terraform Enterprise is"


def body_of(response: requests.Response) -> bytes:
    """The body of an answer, without the compression. Raises BodyError where it cannot be told, or has no end.

    urllib3 would unpack whatever it is sent, as long as there is memory, and leave alone what it does not know.
    """
    data: bytes = response.raw.data
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if data and encoding in ("gzip", "x-gzip"):
        unpacker = zlib.decompressobj(wbits=47)
        try:
            data = unpacker.decompress(data, MOST_BYTES + 1)
        except zlib.error as error:
            raise BodyError(f"its body is not what its Content-Encoding says ({error})") from None
        if len(data) <= MOST_BYTES and (not unpacker.eof or unpacker.unused_data.strip(b"\0")):
            raise BodyError("its body is not one whole stream of gzip")
    elif data and encoding not in ("", "identity"):
        raise BodyError(f"its body has the Content-Encoding {encoding!r}, which was not asked for")
    if len(data) > MOST_BYTES:
        raise BodyError(_TOO_LONG)
    return data


class BoundedResponse(http.client.HTTPResponse):
    """An answer that has to be there as a whole when the time-out ends, however slowly it trickles in.

    One that is too long is not read: where it says so by itself, nothing of its body is. The BodyError ends the
    request, since urllib3 does not try again after what it does not know.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = _BoundedReader(_Until(time.monotonic() + seconds, sock, raw))

    def begin(self) -> None:
        super().begin()
        if (self.length or 0) > MOST_BYTES:
            raise BodyError(_TOO_LONG)


class _BoundedReader(io.BufferedReader):
    """Does not make room for a chunk that says by itself that it is too long."""

    def read(self, size: int | None = -1, /) -> bytes:
        if (size or 0) > MOST_BYTES:
            raise BodyError(_TOO_LONG)
        return super().read(size)


class _Until(io.RawIOBase):
    """Reads from a socket until a deadline (of the monotonic clock), where each read would start anew to wait.

    Raises BodyError once it read more than an answer may have.
    """

    def __init__(self, deadline: float, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._deadline, self._sock, self._raw = deadline, sock, raw
        self._bytes_left = MOST_BYTES + _MOST_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise socket.timeout
        self._sock.settimeout(seconds_left)
        count: int | None = self._raw.readinto(buffer)
        self._bytes_left -= count or 0
        if self._bytes_left < 0:
            raise BodyError(_TOO_LONG)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
