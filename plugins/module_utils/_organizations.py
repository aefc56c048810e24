# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who exists on this instance: look-ups of organizations with the fewest requests (API 1.6, E7 and E8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from ._client import ApiError, Client, Page, attributes_of, side_by_side
from ._sharing import Organization, match

_ORGANIZATIONS = "/admin/organizations"
_EXTERNAL_ID = re.compile(r"^org-[1-9A-HJ-NP-Za-km-z]{16}$")
"""How external ids look as far as anybody knows (API 2). Only a hint: it saves a read that would answer 404."""

_PRODUCERS_ONLY = "filter%5Bmodule_producer%5D=true"
_UNKNOWN_FILTER = (400, 404, 422)
"""How a release may answer that does not know the filter, where the list without it was read a moment ago."""

_MOST_SINGLE_READS = 3
"""More names than this are worth a look at how many pages the whole list has."""


class Producer(NamedTuple):
    """An organization's admin document, as far as sharing needs it. A flag is None where the document lacks it.

    ``links_consumers`` tells whether the document has the link that came with E2 in 202103-1 (API 1.8).
    """

    organization: Organization
    shares_modules_globally: bool | None
    shares_providers_globally: bool | None
    links_consumers: bool


def looks_like_external_id(element: str) -> bool:
    return bool(_EXTERNAL_ID.match(element))


def path_of(name: str) -> str:
    """The admin path of an organization, percent-encoded."""
    return f"{_ORGANIZATIONS}/{quote(name, safe='')}"


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
        links_consumers=isinstance(relationships, dict) and "module-consumers" in relationships,
    )


def _flag(attributes: Mapping[str, Any], key: str) -> bool | None:
    """True or false, None where the document does not say. Null was storable until 202103-1 (API 1.5)."""
    value = attributes.get(key)
    return value if isinstance(value, bool) else None


class Directory:
    """Finds organizations with few requests, and remembers every document that it saw."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Producer] = {}
        self._knows_everybody = False

    def producer(self, name: str) -> Producer:
        """One read (E8). Raises ApiError that says why, where there is none: 404 has several meanings (API 4)."""
        try:
            return self._read(name)
        except ApiError as error:
            if error.status != 404:
                raise
            raise ApiError(self._explain_missing(name, error), error.status) from error

    def producers(self, names: Sequence[str]) -> dict[str, Producer]:
        """What each name means, from as few reads as possible; names that mean no organization are left out."""
        found = {
            name: self._known[organization.key]
            for name, organization in self._find(names, 1).items()
            if organization.key == name.casefold()
        }
        # A list may tell less of an organization than its own document does (API 1.6).
        unclear = [name for name, producer in found.items() if producer.shares_modules_globally is None]
        return {**found, **dict(zip(unclear, side_by_side(self._read, unclear)))}

    def known(self, name: str) -> Producer:
        """The last document that was seen of an organization, without a request."""
        return self._known[name.casefold()]

    def find(self, elements: Sequence[str]) -> dict[str, Organization]:
        """What each name or external id means; elements that mean no organization are left out."""
        return self._find(elements, _MOST_SINGLE_READS)

    def everybody(self) -> list[Organization]:
        """All organizations of the instance, one read for each 100 (E7)."""
        if not self._knows_everybody:
            self._read_everybody()
        return [producer.organization for producer in self._known.values()]

    def possible_sharers(self) -> list[Producer]:
        """Everyone who may share modules: who shares globally, and who is a producer to the server's own filter.

        There is no filter before 202103-1, and whether it lets global sharers through is not documented (API 1.6):
        a filter that lets everybody through tells nothing, so everybody may share.
        """
        self.everybody()
        try:
            told = self._client.collection(f"{_ORGANIZATIONS}?{_PRODUCERS_ONLY}", parse_producer)
        except ApiError as error:
            if error.status not in _UNKNOWN_FILTER:
                raise
            told = []
            is_filtered = False
        else:
            is_filtered = len(told) < len(self._known)
        self._known.update((producer.organization.key, producer) for producer in told)
        keys = {producer.organization.key for producer in told}
        return [
            producer
            for key, producer in self._known.items()
            if not is_filtered or key in keys or producer.shares_modules_globally is not False
        ]

    def hints(self, elements: Sequence[str]) -> list[str]:
        """For each unknown name what may have been meant, as text to append."""
        from ._explain import hints  # noqa: PLC0415  # needed on the way to an error only

        return hints(elements, self.everybody())

    def _find(self, elements: Sequence[str], most_single_reads: int) -> dict[str, Organization]:
        found = self._match(elements)
        missing = [element for element in dict.fromkeys(elements) if element not in found]
        if not missing or self._knows_everybody:
            return found
        if len(missing) > most_single_reads or any(map(looks_like_external_id, missing)):
            first = self._first_page()
            missing = [element for element in missing if element not in self._match(missing)]
            if len(missing) > first.pages_ahead or any(map(looks_like_external_id, missing)):
                self._read_everybody(first)
                missing = []
        if all(side_by_side(self._exists, missing)):
            return self._match(elements)
        # Before anything is called unknown, it is held against every name and every id.
        self.everybody()
        return self._match(elements)

    def _match(self, elements: Sequence[str]) -> dict[str, Organization]:
        return match(elements, [producer.organization for producer in self._known.values()])

    def _exists(self, name: str) -> bool:
        try:
            self._read(name)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _read(self, name: str) -> Producer:
        producer = parse_producer(self._client.get(path_of(name))["data"])
        if not producer.organization.is_called(name):
            raise ApiError(f"Asked for organization {name!r}, the server sent {producer.organization.name!r}.")
        self._known[producer.organization.key] = producer
        return producer

    def _first_page(self) -> Page:
        try:
            first = self._client.page(_ORGANIZATIONS, parse_producer)
        except ApiError as error:
            if error.status != 404:
                raise
            from ._explain import explain_closed, explain_unlisted  # noqa: PLC0415  # only on the way to an error

            raise ApiError(explain_closed(self._client, error) or explain_unlisted(error), error.status) from error
        self._known.update((producer.organization.key, producer) for producer in first.items.values())
        return first

    def _read_everybody(self, first: Page | None = None) -> None:
        producers = self._client.collection(_ORGANIZATIONS, parse_producer, first or self._first_page())
        self._known.update((producer.organization.key, producer) for producer in producers)
        self._knows_everybody = True

    def _explain_missing(self, name: str, error: ApiError) -> str:
        from ._explain import explain_closed, explain_missing  # noqa: PLC0415  # only on the way to an error

        closed = explain_closed(self._client, error)
        if closed:
            return closed
        try:
            return explain_missing(name, self.everybody(), error)
        except ApiError as second:
            return f"{error} {second}"
