# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for AWX's REST API as far as the set-up playbook needs it. It is not AWX, and checks little of its input.

It keeps what it is sent, hides the secrets of credentials, and records every request.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

TOKEN = "stand-in-token"
HIDDEN = "$encrypted$"
KINDS = (
    *("organizations", "credential_types", "credentials", "execution_environments"),
    *("inventories", "projects", "job_templates"),
)
# What AWX fills in where nobody says anything, and its modules compare with.
DEFAULTS: dict[str, dict[str, Any]] = {
    "inventories": {"kind": "", "host_filter": None},
    "projects": {"scm_revision": "0" * 40},
}

Document = dict[str, Any]


class Request(NamedTuple):
    method: str
    path: str
    body: Document


class StandIn:
    """Listens on loopback while its ``with`` block lasts. ``playbooks`` are what a project turns out to contain."""

    def __init__(self, playbooks: Collection[str]) -> None:
        self.requests: list[Request] = []
        self._playbooks = playbooks
        self._stored: dict[str, list[Document]] = {kind: [] for kind in KINDS}
        self._surveys: dict[int, Document] = {}
        self._credentials: dict[int, list[int]] = {}
        self._create("organizations", {"name": "Default"})
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = 401, {"detail": "Authentication credentials were not provided."}
                if self.headers["Authorization"] == f"Bearer {TOKEN}":
                    status, answer = stand_in._answer(self.command, self.path, json.loads(body or "{}"))
                data = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  # the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that http.server gives it
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.method != "GET"]

    def one(self, kind: str, name: str) -> Document:
        """What is stored under a name, with names in place of the ids of other things."""
        (item,) = (item for item in self._stored[kind] if item["name"] == name)
        related = {"organization": "organizations", "project": "projects", "inventory": "inventories"}
        related |= {"execution_environment": "execution_environments", "credential_type": "credential_types"}
        names = {key: self._find(other, item[key])["name"] for key, other in related.items() if key in item}
        return {**item, **names}

    def survey(self, name: str) -> Document:
        """The survey of a job template; empty where there is none."""
        return self._surveys.get(self.one("job_templates", name)["id"], {})

    def credentials(self, name: str) -> list[str]:
        """The names of the credentials of a job template."""
        ids = self._credentials.get(self.one("job_templates", name)["id"], [])
        return [self._find("credentials", number)["name"] for number in ids]

    def _answer(self, method: str, url: str, body: Document) -> tuple[int, Document]:
        path = urlsplit(url).path
        self.requests.append(Request(method, path, body))
        match = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/(?:(\w+)/)?)?", path)
        kind, number, part = match.groups() if match else ("", None, None)
        if (method, kind, number) == ("GET", "project_updates", "1"):
            return 200, {"status": "successful"}
        if kind not in KINDS:
            return 404, {"detail": "Not found."}
        if not number:
            return (
                self._create(kind, body) if method == "POST" else self._list(kind, dict(parse_qsl(urlsplit(url).query)))
            )
        if part == "survey_spec":
            return self._survey_spec(method, int(number), body)
        if part == "credentials":
            return self._associate(method, int(number), body)
        item = self._find(kind, int(number))
        item.update(body if method == "PATCH" else {})
        return 200, self._shown(kind, item)

    def _find(self, kind: str, number: int) -> Document:
        return next(item for item in self._stored[kind] if item["id"] == number)

    def _list(self, kind: str, wanted: dict[str, str]) -> tuple[int, Document]:
        found = [item for item in self._stored[kind] if all(str(item.get(key)) == wanted[key] for key in wanted)]
        return 200, {"count": len(found), "next": None, "results": [self._shown(kind, item) for item in found]}

    def _create(self, kind: str, body: Document) -> tuple[int, Document]:
        if kind == "job_templates" and body.get("playbook") not in self._playbooks:
            return 400, {"playbook": ["Playbook not found for project."]}
        if kind == "credentials":
            inputs = self._find("credential_types", body["credential_type"])["inputs"]
            known, given = {field["id"] for field in inputs["fields"]}, body["inputs"].keys()
            if not set(inputs["required"]) <= given <= known:
                return 400, {"inputs": [f"AWX would not take {sorted(given)} for {inputs}"]}
        number = len(self._stored[kind]) + 1
        url = f"/api/v2/{kind}/{number}/"
        item = {"id": number, "url": url, "type": kind.removesuffix("s"), **DEFAULTS.get(kind, {}), **body}
        item["related"] = {"survey_spec": f"{url}survey_spec/"}
        self._stored[kind].append(item)
        updates = {"summary_fields": {"current_update": {"id": 1}}} if kind == "projects" else {}
        return 201, {**self._shown(kind, item), **updates}

    def _shown(self, kind: str, item: Document) -> Document:
        if kind != "credentials":
            return item
        fields = self._find("credential_types", item["credential_type"])["inputs"]["fields"]
        secret = {field["id"] for field in fields if field.get("secret")}
        return {**item, "inputs": {key: HIDDEN if key in secret else item["inputs"][key] for key in item["inputs"]}}

    def _survey_spec(self, method: str, number: int, body: Document) -> tuple[int, Document]:
        if method == "POST":
            self._surveys[number] = body
        return 200, self._surveys.get(number, {})

    def _associate(self, method: str, number: int, body: Document) -> tuple[int, Document]:
        ids = self._credentials.setdefault(number, [])
        if method == "POST":
            ids.append(body["id"])
            return 204, {}
        results = [{"id": number} for number in ids]
        return 200, {"count": len(results), "next": None, "results": results}
