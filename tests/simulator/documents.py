# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server says, as JSON:API text. Documents are text as early as possible, so that a page of 100 is a join."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from .behaviour import Behaviour, Release
from .state import Record

Item = TypeVar("Item")

ADMIN_ORGANIZATIONS = "/api/v2/admin/organizations"
PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100


class RefusedError(Exception):
    """Ends a request with an error document."""

    def __init__(
        self, status: int, title: str, detail: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.headers = headers or {}
        self.text = error_text(status, title, detail)


def error_text(status: int, title: str, detail: str | None = None) -> str:
    """An error document as API 6.1 has seen them: the status is a text except for 429, 404 has no detail."""
    error: dict[str, Any] = {"status": status if status == 429 else str(status), "title": title}
    if detail:
        error["detail"] = detail
    return json.dumps({"errors": [error]})


def not_found() -> RefusedError:
    """Missing and not allowed look the same (API 4)."""
    return RefusedError(404, "not found")


def invalid(detail: str) -> RefusedError:
    """422 (API 6.1). Only the sentence about ``page[size]`` is the server's own."""
    return RefusedError(422, "invalid attribute", detail)


def organization_text(record: Record, release: Release, behaviour: Behaviour) -> str:
    """The resource object of an organization for administrators (API 1.6)."""
    if not record.text:
        record.text = json.dumps(_organization(record, release, behaviour))
    return record.text


def _organization(record: Record, release: Release, behaviour: Behaviour) -> dict[str, Any]:
    address = f"{ADMIN_ORGANIZATIONS}/{record.name}"
    attributes: dict[str, Any] = {
        "name": record.name,
        "external-id": record.external_id,
        "is-disabled": record.disabled,
        "notification-email": record.email,
        "sso-enabled": False,
        "access-beta-tools": False,
        "apply-timeout": None,
        "plan-timeout": None,
        "terraform-worker-sudo-enabled": False,
        "workspace-limit": None,
    }
    if behaviour.lacks_external_id(record.name):
        del attributes["external-id"]
    if not behaviour.without_module_flag:
        attributes["global-module-sharing"] = None if behaviour.null_module_flag else record.modules.everyone
    if release.providers and not behaviour.without_provider_flag:
        attributes["global-provider-sharing"] = None if behaviour.null_provider_flag else record.providers.everyone
    relationships: dict[str, Any] = {
        "owners": {"data": []},
        "subscription": {"data": None},
        "feature-set": {"data": None},
    }
    if release.relationships:
        relationships["module-consumers"] = {"links": {"related": f"{address}/relationships/module-consumers"}}
    document = {"id": record.name, "type": "organizations", "attributes": attributes, "links": {"self": address}}
    if not behaviour.without_relationships:
        document["relationships"] = relationships
    return document


def member_document(record: Record, release: Release) -> dict[str, Any]:
    """The organization as its members see it on TFE (API 1.6, last point)."""
    attributes: dict[str, Any] = {"name": record.name, "external-id": record.external_id, "email": record.email}
    registries = {"module": record.modules, **({"provider": record.providers} if release.providers else {})}
    for kind, registry in registries.items():
        attributes[f"global-{kind}-sharing"] = registry.everyone
        attributes[f"{kind}-consuming-organizations-count"] = len(registry.partnerships)
    links = {"self": f"/api/v2/organizations/{record.name}"}
    return {"data": {"id": record.name, "type": "organizations", "attributes": attributes, "links": links}}


def producer_text(record: Record) -> str:
    """One item of E9: name and external id only (API 1.0)."""
    attributes = {"name": record.name, "external-id": record.external_id}
    return json.dumps({"id": record.name, "type": "organizations", "attributes": attributes})


def partnership_text(producer: Record, consumer: Record) -> str:
    """One item of E1 and E1r (API 1.1)."""
    attributes = {
        "consuming-organization-id": consumer.external_id,
        "consuming-organization-name": consumer.name,
        "producing-organization-id": producer.external_id,
        "producing-organization-name": producer.name,
    }
    partnership = producer.modules.partnerships[consumer.external_id]
    return json.dumps({"id": partnership, "type": "module-partnerships", "attributes": attributes})


def account_document(username: str, *, is_site_admin: bool) -> dict[str, Any]:
    """The account of the token's user (API 4)."""
    attributes = {
        "username": username,
        "email": f"{username}@accounts.example",
        "is-service-account": False,
        "is-site-admin": is_site_admin,
        "is-sso-login": False,
    }
    return {"data": {"id": f"user-{username}", "type": "users", "attributes": attributes}}


def whole_list_text(texts: Sequence[str]) -> str:
    """A list without a word about pages."""
    return '{"data":[' + ",".join(texts) + "]}"


class Pages:
    """Cuts lists into pages (API 3)."""

    def __init__(self, release: Release, behaviour: Behaviour) -> None:
        self._release = release
        self._behaviour = behaviour

    def page_text(
        self,
        items: Sequence[Item],
        render: Callable[[Item], str],
        query: Mapping[str, str],
        url: str,
        more_meta: Mapping[str, Any] | None = None,
    ) -> str:
        """The page that the query asks for; ``url`` is the list's own, without the query.

        Raises RefusedError where the query asks for a page that cannot be.
        """
        if self._behaviour.page_parameter == "unpaged":
            return whole_list_text([render(item) for item in items])
        number, size, asked = self._asked(query)
        texts = [render(item) for item in items[(number - 1) * size : number * size]]
        if self._behaviour.meta == "missing":
            return whole_list_text(texts)
        pagination = self._pagination(len(items), number, size)
        if self._behaviour.total_count == "page":
            pagination["total-count"] = len(texts)
        if self._behaviour.total_pages == "asked":
            pagination["total-pages"] = -(-len(items) // asked)
        extras = {
            "links": _links(pagination, size, query, url),
            "meta": {"pagination": pagination, **(more_meta or {})},
        }
        if self._behaviour.meta == "nested":
            return whole_list_text([json.dumps({**json.loads(text), **extras}) for text in texts[:1]] + texts[1:])
        return whole_list_text(texts)[:-1] + "," + json.dumps(extras)[1:]

    def _asked(self, query: Mapping[str, str]) -> tuple[int, int, int]:
        """Page number, size, and the size that was asked for: refused outside of 1 to 100, not cut down to it."""
        size = _whole_number(query.get("page[size]", str(PAGE_SIZE)))
        if size is None or not 1 <= size <= LARGEST_PAGE_SIZE:
            raise invalid(f"page[size] must be between 1 and {LARGEST_PAGE_SIZE}")
        number = _whole_number(query.get("page[number]", "1"))
        if number is None or number < 1:
            raise invalid("page[number] must be at least 1")
        served = size if self._behaviour.page_size_honoured else self._behaviour.fixed_page_size
        return (1 if self._behaviour.page_parameter == "ignored" else number), served, size

    def _pagination(self, count: int, number: int, size: int) -> dict[str, int | None]:
        pages = -(-count // size) or self._behaviour.empty_total_pages
        pagination: dict[str, int | None] = {
            "current-page": number,
            "prev-page": number - 1 if 1 < number <= pages else None,
            "next-page": number + 1 if number < pages else None,
            "total-pages": pages,
            "total-count": count,
        }
        if self._release.page_size_shown:
            pagination["page-size"] = size
        return pagination


def _links(
    pagination: Mapping[str, int | None], size: int, query: Mapping[str, str], url: str
) -> dict[str, str | None]:
    others = {key: value for key, value in query.items() if not key.startswith("page[")}

    def link(number: int | None) -> str | None:
        if number is None:
            return None
        return f"{url}?{urlencode({**others, 'page[number]': number, 'page[size]': size})}"

    return {
        "self": link(pagination["current-page"]),
        "first": link(1),
        "prev": link(pagination["prev-page"]),
        "next": link(pagination["next-page"]),
        "last": link(pagination["total-pages"] or 1),
    }


def _whole_number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
