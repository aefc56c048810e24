# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes, and what every request goes through: journal, faults, rate limit, authentication, handler."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Literal, Optional
from weakref import WeakKeyDictionary

from aiohttp import web

from . import control
from .behaviour import HCP_HEADERS, RELEASES, Behaviour
from .contract import MEDIA_TYPE, Contract, Message
from .documents import (
    ADMIN_ORGANIZATIONS,
    Pages,
    RefusedError,
    account_document,
    member_document,
    not_found,
    organization_text,
    partnership_text,
    producer_text,
    whole_list_text,
)
from .faults import Faults
from .playing import play
from .state import Kind, Record, State
from .writes import Writes

User = Literal["admin", "member"]
Answer = tuple[int, Optional[str]]
"""Status and text."""


@dataclass
class Exchange:
    """A request and the status that it was answered with."""

    method: str
    path: str
    """Decoded, as sent: /api/v2/admin/organizations/delta."""
    query: dict[str, str]
    headers: dict[str, str]
    """The names in lower case."""
    body: Any
    """Parsed; None where there is none or it is not JSON."""
    connection: int
    """Counts the connections, from 1."""
    status: int = 0
    """0 where no status was sent."""


@dataclass(frozen=True)
class Call:
    """What a handler is given."""

    name: str
    """The organization in the path, "" where there is none."""
    query: Mapping[str, str]
    document: Any
    url: str
    """Without the query."""
    user: User | None


Handler = Callable[[Call], Answer]


class RateLimit:
    """Requests per second for each user, all tokens together (API 5)."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        """No limit where ``limit`` is 0; ``clock`` tells seconds."""
        self._limit = limit
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def seconds_to_wait(self, user: str) -> float:
        """Counts a request. 0.0 where it may pass, else the seconds until the user's window ends."""
        now = self._clock()
        start, count = self._windows.get(user, (-math.inf, 0))
        if now - start >= 1:
            start, count = now, 0
        self._windows[user] = start, count + 1
        return start + 1 - now if self._limit and count >= self._limit else 0.0


class Simulation:
    """An instance of TFE: what it knows, what it was asked, and the web application that answers."""

    def __init__(
        self,
        *,
        profile: str,
        state: State,
        behaviour: Behaviour,
        rate_limit: int,
        latency: float,
        tokens: dict[str, User],
        contract: bool,
    ) -> None:
        """``tokens``: whose they are. ``latency``: seconds before each answer. ``contract``: whether it is checked."""
        self.state = state
        self.faults = Faults()
        self.journal: list[Exchange] = []
        self._release = RELEASES[profile]
        self._behaviour = behaviour
        self.contract = Contract(self._release, behaviour) if contract else None
        self._latency = latency
        self._tokens = tokens
        self._rate_limit = RateLimit(rate_limit)
        self._writes = Writes(state, self._release, behaviour)
        self._pages = Pages(self._release, behaviour)
        self._headers = dict(HCP_HEADERS if behaviour.application == "hcp" else self._release.headers)
        if behaviour.rate_limit_headers:
            self._headers["X-RateLimit-Limit"] = str(rate_limit)
        self._connections: WeakKeyDictionary[asyncio.BaseTransport, int] = WeakKeyDictionary()
        self._connection_numbers = itertools.count(1)

    def application(self) -> web.Application:
        """The web application; for one event loop."""
        application = web.Application(middlewares=[self._serve], client_max_size=2**24)
        application.router.add_get("/.well-known/terraform.json", _discovery)
        for method, path, handler in self._routes():
            application.router.add_route(method, path, self._route(handler))
        control.add_routes(application.router, self.state, self.journal, self.faults)
        return application

    def _routes(self) -> list[tuple[str, str, Handler]]:
        """What exists on this release (API 1.0)."""
        behaviour, release = self._behaviour, self._release
        organization = ADMIN_ORGANIZATIONS + "/{name}"
        legacy, relationship = organization + "/module-consumers", organization + "/relationships/module-consumers"
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/api/v2/ping", lambda _call: (204, None)),
            ("GET", "/api/v2/account/details", _unless_gone(behaviour.account_details, self._account)),
            ("GET", "/api/v2/organizations/{name}", self._member_view),
            ("GET", ADMIN_ORGANIZATIONS, self._list_organizations),
            ("GET", organization, self._show_organization),
            ("PATCH", organization, self._update_organization),
            ("GET", legacy, _unless_gone(behaviour.legacy_list, self._list_partnerships)),
            ("PATCH", legacy, _unless_gone(behaviour.legacy_write, self._write_partnerships)),
        ]
        if release.relationships:
            routes += [
                ("GET", relationship, _unless_gone(behaviour.relationship_list, self._list_module_consumers)),
                ("PATCH", relationship, _unless_gone(behaviour.relationship_write, self._write_consumers)),
                ("GET", "/api/v2/organizations/{name}/relationships/module-producers", self._list_producers),
            ]
        if release.providers:
            put = _unless_gone(behaviour.registry_partnerships, self._write_registry_partnerships)
            routes += [
                ("GET", organization + "/relationships/provider-consumers", self._list_provider_consumers),
                ("PUT", organization + "/registry-partnerships", put),
            ]
        return routes

    # What every request goes through.

    @web.middleware
    async def _serve(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith(control.ROOT):
            return await handler(request)
        exchange = await self._enter(request)
        if self._latency:
            await asyncio.sleep(self._latency)
        with self.state.lock:
            calls, fault = self.faults.take(request.method, request.path)
            for call in calls:
                call()
        response: web.StreamResponse | None = None
        if fault is None or fault.needs_effect:
            response = await self._answer(request, handler)
            self._check_answer(request, response)
        if fault is not None:
            exchange.status, response = await play(fault, request, response)
        elif response is not None:
            exchange.status = response.status
        # Without a response the connection is closed already: this one reaches nobody.
        return response or web.Response(status=500)

    async def _enter(self, request: web.Request) -> Exchange:
        raw = await request.read()
        transport = request.transport
        if transport is not None and transport not in self._connections:
            self._connections[transport] = next(self._connection_numbers)
        exchange = Exchange(
            method=request.method,
            path=request.path,
            query=dict(request.query.items()),
            headers={key.lower(): value for key, value in request.headers.items()},
            body=_parsed(raw),
            connection=self._connections.get(transport, 0) if transport else 0,
        )
        self.journal.append(exchange)
        if self.contract:
            self.contract.check_request(_message(request, exchange.headers, raw, exchange.query))
        return exchange

    def _check_answer(self, request: web.Request, response: web.StreamResponse) -> None:
        if self.contract:
            headers = {key.lower(): value for key, value in response.headers.items()}
            body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
            self.contract.check_answer(_message(request, headers, body, status=response.status))

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            self._admit(request)
            response = await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            response = _response((404, not_found().text))
        except RefusedError as refusal:
            response = _response((refusal.status, refusal.text))
            response.headers.update(refusal.headers)
        except Exception as error:
            if self.contract:
                self.contract.crashed(_message(request, {}, b""), error)
            raise
        response.headers.update(self._headers)
        return response

    def _admit(self, request: web.Request) -> None:
        """Refuses who is unknown with 401, who may not with 404 (API 4), who asks too often with 429 (API 5)."""
        user = self._user(request)
        wait = self._rate_limit.seconds_to_wait(user or f"address {request.remote}")
        if wait:
            raise RefusedError(429, "Too many requests", "You have exceeded the API's rate limit.", self._reset(wait))
        if request.path.startswith("/.well-known/"):
            return
        if user is None:
            raise RefusedError(401, "unauthorized")
        may_administer = self._is_site_admin(user) and self._behaviour.administrator == "site_admin"
        if request.path.startswith("/api/v2/admin/") and not may_administer:
            raise not_found()

    def _user(self, request: web.Request) -> User | None:
        scheme, _separator, token = request.headers.get("Authorization", "").partition(" ")
        return self._tokens.get(token) if scheme.lower() == "bearer" else None

    def _is_site_admin(self, user: User | None) -> bool:
        """As accounts say it (API 4): not whether the admin API is open."""
        is_administrator = user == "admin" and self._behaviour.administrator != "site_auditor"
        return is_administrator and self._behaviour.application == "tfe"

    def _reset(self, wait: float) -> dict[str, str]:
        """X-RateLimit-Reset is a float of seconds from now on; Retry-After is a variant (API 5)."""
        headers = {}
        if self._behaviour.rate_limit_headers:
            headers["X-RateLimit-Reset"] = f"{wait:.3f}"
        if self._behaviour.retry_after == "seconds":
            headers["Retry-After"] = str(math.ceil(wait))
        if self._behaviour.retry_after == "date":
            headers["Retry-After"] = formatdate(math.ceil(time.time() + wait), usegmt=True)
        return headers

    def _route(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def route(request: web.Request) -> web.StreamResponse:
            call = Call(
                name=request.match_info.get("name", ""),
                query=dict(request.query.items()),
                document=await _document(request),
                url=f"{request.scheme}://{request.host}{request.path}",
                user=self._user(request),
            )
            with self.state.lock:
                return _response(handler(call))

        return route

    # Reads.

    def _account(self, call: Call) -> Answer:
        """API 4."""
        account = account_document(call.user or "", is_site_admin=self._is_site_admin(call.user))
        return 200, json.dumps(account)

    def _member_view(self, call: Call) -> Answer:
        """API 1.6, last point. Administrators have a member's rights there (API 4), and ours is no member."""
        return 200, json.dumps(member_document(self._organization_of_member(call), self._release))

    def _list_producers(self, call: Call) -> Answer:
        """E9: who shares modules with this organization (API 1.6a)."""
        consumer = self._organization_of_member(call)
        everyone = not self._behaviour.member_list_misses_global
        producers = [
            record
            for record in self.state.organizations()
            if record is not consumer
            and ((record.modules.everyone and everyone) or consumer.external_id in record.modules.partnerships)
        ]
        return 200, self._pages.page_text(producers, producer_text, call.query, call.url)

    def _list_organizations(self, call: Call) -> Answer:
        """E7 (API 1.6)."""
        found = self.state.organizations()
        if self._behaviour.filters_honoured and not set(call.query) <= {"page[number]", "page[size]"}:
            found = tuple(record for record in found if self._is_asked_for(record, call.query))
        disabled = sum(record.disabled for record in found)
        counts = {"total": len(found), "active": len(found) - disabled, "disabled": disabled}
        text = self._pages.page_text(found, self._render_item, call.query, call.url, {"status-counts": counts})
        return 200, text

    def _show_organization(self, call: Call) -> Answer:
        """E8 (API 1.6)."""
        record = self._organization(call)
        return 200, '{"data":' + self._render(record) + "}"

    def _list_partnerships(self, call: Call) -> Answer:
        """E1r: the whole list, without meta (API 1.1)."""
        producer = self._organization(call)
        consumers = self.state.consumers(producer, "modules")
        if self._behaviour.legacy_list == "paged":
            return 200, self._pages.page_text(consumers, partnership_of(producer), call.query, call.url)
        return 200, whole_list_text([partnership_text(producer, consumer) for consumer in consumers])

    def _list_module_consumers(self, call: Call) -> Answer:
        """E2 (API 1.2)."""
        return self._list_consumers(call, "modules")

    def _list_provider_consumers(self, call: Call) -> Answer:
        """E4 (API 1.2)."""
        return self._list_consumers(call, "providers")

    def _list_consumers(self, call: Call, kind: Kind) -> Answer:
        consumers = self.state.consumers(self._organization(call), kind)
        return 200, self._pages.page_text(consumers, self._render_item, call.query, call.url)

    # Writes.

    def _write_partnerships(self, call: Call) -> Answer:
        """E1 (API 1.1). The answer shows what is stored then."""
        producer = self._organization(call)
        self._writes.set_by_ids(producer, call.document)
        if self._behaviour.legacy_answer == "204":
            return 204, None
        if self._behaviour.legacy_answer == "empty":
            return 200, None
        stored = [self.state.find_id(external_id) for external_id in producer.modules.partnerships]
        return 200, whole_list_text([partnership_text(producer, consumer) for consumer in stored if consumer])

    def _write_consumers(self, call: Call) -> Answer:
        """E3 (API 1.3)."""
        self._writes.set_by_names(self._organization(call), call.document)
        return 204, None

    def _write_registry_partnerships(self, call: Call) -> Answer:
        """E5 (API 1.4)."""
        self._writes.set_partnerships(self._organization(call), call.document)
        return 204, None

    def _update_organization(self, call: Call) -> Answer:
        """E6 (API 1.5)."""
        record = self._organization(call)
        self._writes.set_flags(record, call.document)
        return 200, '{"data":' + self._render(record) + "}"

    # Helpers.

    def _render(self, record: Record) -> str:
        return organization_text(record, self._release, self._behaviour)

    def _render_item(self, record: Record) -> str:
        """In a list, which may tell less than a document of its own (API 1.6)."""
        text = self._render(record)
        if not self._behaviour.list_without_flags:
            return text
        document = json.loads(text)
        for flag in ("global-module-sharing", "global-provider-sharing"):
            document["attributes"].pop(flag, None)
        return json.dumps(document)

    def _organization(self, call: Call) -> Record:
        record = self.state.find(call.name)
        if record is None and self._behaviour.ids_in_path:
            record = self.state.find_id(call.name)
        if record is None:
            raise not_found()
        return record

    def _organization_of_member(self, call: Call) -> Record:
        if call.user == "admin":
            raise not_found()
        return self._organization(call)

    def _is_asked_for(self, record: Record, query: Mapping[str, str]) -> bool:
        """E7's parameters: ``q`` wins over the two others, which need 202103-1 like the filters (API 1.6)."""
        name, email = record.name.casefold(), record.email.casefold()
        if "q" in query:
            asked = query["q"].casefold() in name or query["q"].casefold() in email
        elif self._release.relationships:
            asked = query.get("q[name]", "").casefold() in name and query.get("q[email]", "").casefold() in email
        else:
            asked = True
        if self._release.relationships and "filter[module_producer]" in query:
            asked = asked and self._is_producer(record, "modules") == (query["filter[module_producer]"] == "true")
        if self._release.providers and "filter[provider_producer]" in query:
            asked = asked and self._is_producer(record, "providers") == (query["filter[provider_producer]"] == "true")
        return asked

    def _is_producer(self, record: Record, kind: Kind) -> bool:
        registry = record.registry(kind)
        everyone = registry.everyone and not self._behaviour.producer_filter_misses_global
        return everyone or bool(registry.partnerships)


def partnership_of(producer: Record) -> Callable[[Record], str]:
    """Renders partnerships with this producer."""
    return lambda consumer: partnership_text(producer, consumer)


def _unless_gone(endpoint: str, handler: Handler) -> Handler:
    """The handler, or one that answers as an endpoint does that is not there (API 9i)."""
    if not endpoint.isdigit():
        return handler
    status = int(endpoint)

    def gone(_call: Call) -> Answer:
        raise RefusedError(status, "not found" if status == 404 else HTTPStatus(status).phrase.lower())

    return gone


def _message(
    request: web.Request,
    headers: Mapping[str, str],
    body: bytes,
    query: Mapping[str, str] | None = None,
    status: int = 0,
) -> Message:
    return Message(request.method, request.rel_url.raw_path, headers, body, query, status)


async def _document(request: web.Request) -> Any:
    """The body of a write. Another content type is refused with 415 (API 1), what is not JSON with 400 (API 6.1)."""
    if request.method == "GET":
        return None
    if request.content_type != MEDIA_TYPE:
        raise RefusedError(415, "invalid content type", f"Content-Type must be {MEDIA_TYPE}")
    try:
        return json.loads(await request.read())
    except ValueError:
        raise RefusedError(400, "bad request", "The body is not JSON") from None


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _response(answer: Answer) -> web.Response:
    status, text = answer
    if text is None:
        return web.Response(status=status)
    return web.Response(status=status, body=text.encode(), content_type=MEDIA_TYPE, charset="utf-8")


async def _discovery(_request: web.Request) -> web.Response:
    """Where clients find the API (API 6.3). Terrasnek insists on the registry's key, which leads nowhere here."""
    paths = dict.fromkeys(("tfe.v2", "tfe.v2.1", "tfe.v2.2"), "/api/v2/")
    return web.json_response({**paths, "modules.v1": "/api/registry/v1/modules/"})
