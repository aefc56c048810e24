# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One organization: its admin document, and reading it (API 1.6, E8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from .._tfe.client import Client
from .._tfe.errors import ApiError
from .._tfe.parsing import attributes_of
from .rules import Organization

ORGANIZATIONS = "/admin/organizations"


class Producer(NamedTuple):
    """An organization's admin document, as far as sharing needs it. A flag is None where the document lacks it.

    ``links_consumers`` is false where the document has links, but not the one that came with E2 in 202103-1 (API 1.8).
    """

    organization: Organization
    shares_modules_globally: bool | None
    shares_providers_globally: bool | None
    links_consumers: bool


def path_of(name: str) -> str:
    """The admin path of an organization, percent-encoded."""
    return f"{ORGANIZATIONS}/{quote(name, safe='')}"


def parse_organization(item: Mapping[str, Any]) -> Organization:
    """An ``organizations`` resource object; its id equals its name (API 1.6)."""
    attributes = attributes_of(item)
    external_id = attributes.get("external-id")
    return Organization(
        name=str(attributes.get("name") or item["id"]),
        external_id=str(external_id) if external_id else None,
    )


def parse_producer(item: Any) -> Producer:
    """An ``organizations`` resource object: of E7, E8 or E6. Raises ApiError where it is something else."""
    if not isinstance(item, dict) or not item.get("id"):
        raise ApiError("The server sent something that is not an organization where one was asked for.")
    attributes = attributes_of(item)
    relationships = item.get("relationships")
    return Producer(
        organization=parse_organization(item),
        shares_modules_globally=_flag(attributes, "global-module-sharing"),
        shares_providers_globally=_flag(attributes, "global-provider-sharing"),
        links_consumers=not isinstance(relationships, dict) or not relationships or "module-consumers" in relationships,
    )


def _flag(attributes: Mapping[str, Any], key: str) -> bool | None:
    """True or false, None where the document does not say. Null was storable until 202103-1 (API 1.5)."""
    value = attributes.get(key)
    return value if isinstance(value, bool) else None


def read_document(client: Client, name: str) -> Producer:
    """One read. Raises ApiError; 404 has several meanings (API 4)."""
    producer = parse_producer(client.get(path_of(name))["data"])
    if not producer.organization.is_called(name):
        raise ApiError(f"Asked for organization {name!r}, the server sent {producer.organization.name!r}.")
    return producer
