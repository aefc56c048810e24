# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies that are too long, packed, or never end: how much memory and how many tries they cost, and what is said."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._tfe.bodies import MOST_BYTES, BodyError, BoundedResponse
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import Connection
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import ApiError
from ansible_collections.tfe.admin.tests.simulator import Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import StartSimulator, listen

MIB = 1024 * 1024
MOST_MEMORY = 160 * MIB
"""A body, the pieces that it came in, and what was unpacked from it."""

DOCUMENT = b'{"data": {"id": "delta"}}'
TOO_LONG = "its body is longer than 32 MiB, which no answer of Terraform Enterprise is"

Answer = Callable[[socket.socket], object]


def pack(data: bytes, wbits: int = 31) -> bytes:
    packer = zlib.compressobj(9, wbits=wbits)
    return packer.compress(data) + packer.flush()


def bomb(mib: int) -> bytes:
    """Zeros in a stream of gzip that is a thousand times shorter; it has no end."""
    packer = zlib.compressobj(9, wbits=31)
    first, other = (packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH) for _time in range(2))
    return first + other * (mib - 1)


def whole(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + body)


def endless(head: str, piece: bytes) -> Answer:
    """A head, and the same piece until the other side had enough."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
        while True:
            connection.sendall(piece)

    return answer


def tell_and_wait(head: str, start: bytes = b"") -> Answer:
    """A head, and hardly a body: whoever waits for the rest of it waits until its time-out."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + start)
        connection.recv(1)

    return answer


@pytest.fixture
def asked() -> list[bytes]:
    """The requests that servers of ``get`` received."""
    return []


@pytest.fixture(params=["directly", "through a proxy"])
def get(request: pytest.FixtureRequest, asked: list[bytes]) -> Iterator[Callable[[Answer], object]]:
    """Gets a document from a server that answers like this, and looks at the memory that it took."""

    def get(answer: Answer) -> object:
        def take(connection: socket.socket, head: bytes) -> None:
            asked.append(head)
            answer(connection)

        with listen(take) as address:
            proxied = request.param != "directly"
            connection = Connection(
                "http://tfe.example.com" if proxied else address,
                "token",
                timeout=20,
                max_retries=1,
                proxies={"http": address} if proxied else {},
            )
            return Client(connection, print).get("/x")["data"]

    tracemalloc.start()
    yield get
    assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    tracemalloc.stop()


@pytest.mark.parametrize(
    "answer",
    [
        whole(DOCUMENT),
        whole(DOCUMENT, "Content-Encoding: identity"),
        whole(DOCUMENT, "Content-Encoding: "),
        whole(gzip.compress(DOCUMENT), "Content-Encoding: gzip"),
        whole(gzip.compress(DOCUMENT), "Content-Encoding: GZIP "),
        whole(gzip.compress(DOCUMENT), "Content-Encoding: x-gzip"),
        whole(gzip.compress(DOCUMENT) + bytes(7), "Content-Encoding: gzip"),
        whole(DOCUMENT + b" " * (MOST_BYTES - len(DOCUMENT))),
        whole(pack(DOCUMENT + b" " * (MOST_BYTES - len(DOCUMENT))), "Content-Encoding: gzip"),
    ],
)
def test_a_body_is_read_packed_or_not(get: Callable[[Answer], object], asked: list[bytes], answer: Answer) -> None:
    assert get(answer) == {"id": "delta"}
    assert b"\r\nAccept-Encoding: gzip\r\n" in asked[0]


CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole(bomb(1024), "Content-Encoding: gzip"), f"answered 200, but {TOO_LONG}"),
        (
            whole(bomb(1024), "Content-Encoding: gzip", status="503 Down"),
            f"answered 503 Down after 2 tries .*, but {TOO_LONG}",
        ),
        (whole(pack(DOCUMENT + b" " * MOST_BYTES), "Content-Encoding: gzip"), f"answered 200, but {TOO_LONG}"),
        (tell_and_wait(f"Content-Length: {MOST_BYTES + 1}"), f"answered, but {TOO_LONG}"),
        (tell_and_wait("Content-Length: 1000000000000000000000"), f"answered, but {TOO_LONG}"),
        (tell_and_wait("Transfer-Encoding: chunked", b"7FFFFFFFFFFFFFF\r\n{"), f"answered, but {TOO_LONG}"),
        (endless("Transfer-Encoding: chunked\r\n", CHUNK), f"answered, but {TOO_LONG}"),
        (endless("Connection: close\r\n", b" " * 65536), f"answered, but {TOO_LONG}"),
        (endless("Transfer-Encoding: chunked\r\n", b"1;" + b"x" * 60000 + b"\r\n \r\n"), f"answered, but {TOO_LONG}"),
        (endless("Transfer-Encoding: chunked\r\n\r\n0", b"X: " + b"x" * 60000 + b"\r\n"), f"answered, but {TOO_LONG}"),
    ],
    ids=["bomb", "bomb-503", "one-more", "length", "absurd", "chunk", "chunks", "close", "framing", "trailers"],
)
def test_a_body_that_is_too_long_is_not_read(
    get: Callable[[Answer], object], asked: list[bytes], answer: Answer, said: str
) -> None:
    started = time.monotonic()
    with pytest.raises(ApiError, match=rf"GET http://.*/api/v2/x {said}\. The address came from") as error:
        get(answer)
    assert time.monotonic() - started < 15
    assert error.value.unsettled
    assert len(asked) == (2 if "503" in said else 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            whole(gzip.compress(bomb(100)), "Content-Encoding: gzip, gzip"),
            "has the Content-Encoding 'gzip, gzip', which",
        ),
        (
            whole(DOCUMENT, "Content-Encoding: gzip", "Content-Encoding: gzip"),
            "has the Content-Encoding 'gzip, gzip', ",
        ),
        (
            whole(b"\x0b\x02\x80{}\x03", "Content-Encoding: br"),
            "has the Content-Encoding 'br', which was not asked for",
        ),
        (
            whole(b"\x28\xb5\x2f\xfd", "Content-Encoding: ZSTD"),
            "has the Content-Encoding 'zstd', which was not asked for",
        ),
        (
            whole(zlib.compress(DOCUMENT), "Content-Encoding: deflate"),
            "has the Content-Encoding 'deflate', which was not",
        ),
        (whole(gzip.compress(DOCUMENT)[:-1], "Content-Encoding: gzip"), "is not one whole stream of gzip"),
        (whole(gzip.compress(DOCUMENT) * 2, "Content-Encoding: gzip"), "is not one whole stream of gzip"),
        (whole(DOCUMENT, "Content-Encoding: gzip"), r"is not what its Content-Encoding says \(Error -3 .*\)"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_not_guessed(
    get: Callable[[Answer], object], asked: list[bytes], answer: Answer, said: str
) -> None:
    with pytest.raises(ApiError, match=f" answered 200, but its body {said}") as error:
        get(answer)
    assert error.value.unsettled
    assert len(asked) == 1


@pytest.mark.parametrize("length", [MOST_BYTES, MOST_BYTES + 1])
def test_a_length_is_looked_at_before_a_body_is_read(length: int) -> None:
    """Older Pythons read a body piece by piece, and would do so until the time-out."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
        with pytest.raises(BodyError) if length > MOST_BYTES else contextlib.nullcontext():
            BoundedResponse(ours).begin()


def test_a_packed_page_in_two_layers_is_not_unpacked_twice(get: Callable[[Answer], object]) -> None:
    with pytest.raises(ApiError, match="answered 200 with something that is not a JSON:API document"):
        get(whole(gzip.compress(bomb(1024)), "Content-Encoding: gzip"))


@pytest.mark.parametrize("headers", [["Content-Encoding: gzip"], ["Content-Encoding: br"]])
def test_a_body_that_is_empty_needs_no_unpacking(get: Callable[[Answer], object], headers: list[str]) -> None:
    with pytest.raises(ApiError, match="answered without a document"):
        get(whole(b"", *headers))


@pytest.mark.parametrize("packed", [False, True])
def test_a_packed_body_that_is_cut_off_is_tried_again(
    get: Callable[[Answer], object], asked: list[bytes], *, packed: bool
) -> None:
    body = gzip.compress(DOCUMENT) if packed else DOCUMENT
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{'Content-Encoding: gzip' if packed else 'X: y'}\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        connection.sendall(head.encode() + body[: len(body) // 2 if len(asked) == 1 else None])

    assert get(answer) == {"id": "delta"}
    assert len(asked) == 2


def test_an_error_that_is_packed_is_read_too(start: StartSimulator) -> None:
    tfe: Simulator = start(Organization("delta"))
    client = Client(Connection(tfe.address, tfe.admin_token), print)
    packed = gzip.compress(b'{"errors": [{"title": "invalid attribute"}]}')
    tfe.order(Fault("raw", status=422, body=packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ApiError, match=r"answered 422 Unprocessable \w+: invalid attribute\.$"):
        client.get("/admin/organizations/delta")


@pytest.mark.parametrize(("status", "unsettled"), [(403, False), (503, True), (200, True)])
def test_a_write_whose_answer_is_not_taken_is_settled_by_its_status(
    start: StartSimulator, status: int, *, unsettled: bool
) -> None:
    tfe = start(Organization("delta"))
    client = Client(Connection(tfe.address, tfe.admin_token, max_retries=0), print)
    tfe.order(Fault("raw", method="PATCH", status=status, body=b"x", headers={"Content-Encoding": "br"}))
    body = {"data": {"type": "organizations", "attributes": {"global-module-sharing": True}}}
    with pytest.raises(ApiError, match="which was not asked for") as error:
        client.write("PATCH", "/admin/organizations/delta", body)
    assert (error.value.status, error.value.unsettled) == (status, unsettled)
