# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives again what a simulator answered: the bytes of each answer to GET, remembered when it is asked for first.

A page of 100 organizations costs the simulator about as much CPU as the client that reads it. Where both share two
cores, and the time beyond the latency is what is measured, that would be measured as well; this costs next to nothing.
Usage: python -m tests.bench.replay UPSTREAM LATENCY READY_FILE (an address, seconds, and a file that will hold the
address that this listens at). The journal is asked for and emptied as the simulator's is, and has less in it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import cast

import requests

JOURNAL = "/_simulator/requests"


class Replay:
    """What was answered so far, and what was asked."""

    def __init__(self, upstream: str, latency: float) -> None:
        self.latency = latency
        self.journal: list[dict[str, object]] = []
        self.connection_numbers = itertools.count(1)
        self._upstream = upstream
        self._answers: dict[str, bytes] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy that the machine may have set

    def answer(self, target: str, authorization: str) -> bytes:
        """The bytes to send. Raises requests.HTTPError where the simulator refuses."""
        if target not in self._answers:
            answer = self._session.get(self._upstream + target, headers={"Authorization": authorization}, timeout=60)
            answer.raise_for_status()
            headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            self._answers[target] = f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode() + answer.content
        return self._answers[target]


class _Connection(asyncio.Protocol):
    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._number = next(replay.connection_numbers)
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _end, self._received = self._received.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            method, target, _version = lines[0].split(" ")
            if target == JOURNAL:
                self._transport.write(self._journal(method))
            elif method == "GET":
                self._give(target, lines[1:])
            else:
                self._transport.abort()

    def _give(self, target: str, headers: list[str]) -> None:
        values = dict(line.split(": ", 1) for line in headers)
        answer = self._replay.answer(target, values["Authorization"])
        path = target.partition("?")[0]
        self._replay.journal.append({"method": "GET", "path": path, "connection": self._number, "status": 200})
        asyncio.get_running_loop().call_later(self._replay.latency, self._transport.write, answer)

    def _journal(self, method: str) -> bytes:
        if method == "DELETE":
            self._replay.journal.clear()
        body = json.dumps({"requests": self._replay.journal}).encode()
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def main(upstream: str, latency: float, ready_file: Path) -> None:
    """Serves until the process is ended."""
    replay = Replay(upstream, latency)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(replay), "127.0.0.1", 0)
    unfinished = ready_file.with_name(ready_file.name + ".unfinished")
    unfinished.write_text(json.dumps({"address": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}))
    unfinished.replace(ready_file)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])))
