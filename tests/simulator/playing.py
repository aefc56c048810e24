# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays a fault on a request's connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from http import HTTPStatus
from typing import Any, Optional

from aiohttp import web

from .documents import error_text
from .faults import Fault

JSON_API = "application/vnd.api+json; charset=utf-8"
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

Played = tuple[int, Optional[web.StreamResponse]]
"""The status that is sent, 0 for none, and the response; None where the connection is closed already."""


async def play(fault: Fault, request: web.Request, response: web.StreamResponse | None) -> Played:
    """``response`` is what the request was answered with where it was handled first."""
    if fault.kind == "hang":
        await asyncio.Event().wait()
    if fault.kind in ("reset", "close"):
        _abort(request, with_reset=fault.kind == "reset")
        return 0, None
    if fault.kind == "truncated":
        return _truncate(request, response, chunked=fault.chunked), None
    answer = _answer(fault)
    return answer.status, answer


def _answer(fault: Fault) -> web.Response:
    if fault.kind == "redirect":
        return _response(fault.status or 302, b"", HTML, {"Location": fault.location})
    if fault.kind == "sign_in":
        return _response(200, _page("Sign in", '<form method="post"><input name="user[password]"></form>'), HTML)
    if fault.kind == "not_json_api":
        body = {"message": "hello"} if fault.body is None else fault.body
        return _response(fault.status or 200, json.dumps(body).encode(), JSON)
    if fault.kind == "raw":
        body = "hello" if fault.body is None else fault.body
        data = body if isinstance(body, bytes) else str(body).encode()
        return _response(fault.status or 200, data, fault.content_type, fault.headers)
    return _status_answer(fault)


def _status_answer(fault: Fault) -> web.Response:
    """A JSON:API error, a gateway's page, nothing or any JSON (API 6.1, 6.2)."""
    status = fault.status or 503
    phrase = HTTPStatus(status).phrase
    title = phrase.capitalize() if status == 429 else phrase.lower()
    body: Any = "json" if fault.body is None else fault.body
    if body == "json":
        return _response(status, error_text(status, title).encode(), JSON_API, fault.headers)
    if body == "html":
        return _response(status, _page(f"{status} {phrase}", "<hr><center>gateway</center>"), HTML, fault.headers)
    if body == "empty":
        return _response(status, b"", HTML, fault.headers)
    return _response(status, json.dumps(body).encode(), JSON, fault.headers)


def _response(status: int, body: bytes, content_type: str, headers: Any = None) -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": content_type, **(headers or {})})


def _page(title: str, content: str) -> bytes:
    head = f"<!doctype html><html><head><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1>{content}</body></html>".encode()


def _abort(request: web.Request, *, with_reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if with_reset:
        # Closing a socket that lingers for 0 seconds sends RST in place of FIN.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _truncate(request: web.Request, response: web.StreamResponse | None, *, chunked: bool) -> int:
    """Sends half of the response by hand, since aiohttp would not send a wrong length. Returns the status sent."""
    transport = request.transport
    body = response.body if isinstance(response, web.Response) else None
    if transport is None or response is None or not isinstance(body, bytes) or not body:
        _abort(request, with_reset=False)
        return 0
    half = body[: len(body) // 2]
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{key}: {value}" for key, value in response.headers.items() if key.lower() != "content-length"]
    lines += ["Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}", "", ""]
    start = f"{len(body):x}\r\n".encode() if chunked else b""
    transport.write("\r\n".join(lines).encode() + start + half)
    transport.close()
    return response.status
