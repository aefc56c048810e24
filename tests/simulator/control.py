# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API beside the simulated one: what tests and playbooks look at and order over HTTP.

It asks for no token, since the simulator listens on loopback only.

* ``GET`` and ``DELETE /_simulator/requests``: the journal, as ``{"requests": [...]}``.
* ``GET`` and ``PUT /_simulator/organizations``: everything, as ``{"organizations": [...]}``; PUT replaces it.
* ``GET /_simulator/organizations/NAME``: one of them. ``PATCH`` with ``{"name": NEW}`` renames it.
* ``POST /_simulator/faults``: one fault, or a list of them, as objects with the fields of ``Fault``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from .faults import Fault, Faults
from .state import Organization, State

ROOT = "/_simulator/"


def add_routes(router: web.UrlDispatcher, state: State, journal: list[Any], faults: Faults) -> None:
    """``journal``: a list of dataclass instances."""

    async def show_requests(_request: web.Request) -> web.Response:
        return web.json_response({"requests": [asdict(exchange) for exchange in journal]})

    async def forget_requests(_request: web.Request) -> web.Response:
        journal.clear()
        return web.Response(status=204)

    async def show_organizations(_request: web.Request) -> web.Response:
        with state.lock:
            return web.json_response({"organizations": [state.describe(record) for record in state.organizations()]})

    async def show_organization(request: web.Request) -> web.Response:
        with state.lock:
            record = state.find(request.match_info["name"])
            if record is None:
                return web.json_response({"error": "There is no such organization."}, status=404)
            return web.json_response(state.describe(record))

    async def replace_organizations(request: web.Request) -> web.Response:
        document = await _body(request)

        def load() -> None:
            organizations = parse_organizations(document)
            with state.lock:
                state.load(organizations)

        return _attempt(load)

    async def rename_organization(request: web.Request) -> web.Response:
        document = await _body(request)
        name = document.get("name") if isinstance(document, dict) else None

        def rename() -> None:
            with state.lock:
                state.rename(request.match_info["name"], name)

        return _attempt(rename)

    async def order_faults(request: web.Request) -> web.Response:
        document = await _body(request)
        orders = document if isinstance(document, list) else [document]
        return _attempt(lambda: faults.order(*[_parse_fault(order) for order in orders]))

    router.add_get(ROOT + "requests", show_requests)
    router.add_delete(ROOT + "requests", forget_requests)
    router.add_get(ROOT + "organizations", show_organizations)
    router.add_put(ROOT + "organizations", replace_organizations)
    router.add_get(ROOT + "organizations/{name}", show_organization)
    router.add_patch(ROOT + "organizations/{name}", rename_organization)
    router.add_post(ROOT + "faults", order_faults)


def parse_organizations(document: Any) -> list[Organization]:
    """Reads ``{"organizations": [...]}``. Raises ValueError where it is something else."""
    entries = document.get("organizations") if isinstance(document, dict) else None
    if isinstance(entries, list):
        return [Organization.parse(entry) for entry in entries]
    raise ValueError("This needs a mapping with a list under the key organizations.")


def _parse_fault(order: Any) -> Fault:
    try:
        return Fault(**order)
    except TypeError as error:
        raise ValueError(f"{order!r} is no fault: {error}") from error


async def _body(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _attempt(change: Callable[[], None]) -> web.Response:
    try:
        change()
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=422)
    except KeyError as error:
        return web.json_response({"error": f"There is no organization {error}."}, status=404)
    return web.Response(status=204)
