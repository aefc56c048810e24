# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who exists on this instance: look-ups of organizations with the fewest requests (API 1.6, E7 and E8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ._client import ApiError, Client, Page, attributes_of
from ._sharing import Organization, match

_ORGANIZATIONS = "/admin/organizations"
_EXTERNAL_ID = re.compile(r"^org-[1-9A-HJ-NP-Za-km-z]{16}$")
"""How external ids look as far as anybody knows (API 2). Only a hint: it saves a read that would answer 404."""

_MOST_SINGLE_READS = 3
"""More names than this are worth a look at how many pages the whole list has."""


@dataclass(frozen=True)
class Producer:
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


def parse_producer(document: Mapping[str, Any]) -> Producer:
    """The answer of E8, or of E6. Raises ApiError where it is not an organization."""
    item = document["data"]
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
    """Finds organizations, and remembers the whole list once it had to be read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._everybody: list[Organization] | None = None

    def producer(self, name: str) -> Producer:
        """One read (E8). Raises ApiError that says why, where there is none: 404 has several meanings (API 4)."""
        try:
            return self._read(name)
        except ApiError as error:
            if error.status != 404:
                raise
            raise ApiError(self._explain_missing(name, error), error.status) from error

    def find(self, elements: Sequence[str]) -> dict[str, Organization]:
        """What each name or external id means; elements that mean no organization are left out."""
        if self._everybody is None:
            found = self._find_with_few_reads(elements)
            if len(found) == len(set(elements)):
                return found
        # Before anything is called unknown, it is held against every name and every id.
        return match(elements, self.everybody())

    def suggestions(self, element: str) -> str:
        """What may have been meant, as text to append; "" where no organization is called anything like it."""
        from difflib import get_close_matches  # noqa: PLC0415  # needed on the way to an error only

        names = {organization.key: organization.name for organization in self.everybody()}
        near = [repr(names[key]) for key in get_close_matches(element.casefold(), names)]
        return f" (did you mean {' or '.join(near)}?)" if near else ""

    def everybody(self, first: Page | None = None) -> list[Organization]:
        """All organizations of the instance, one read for each 100 (E7)."""
        if self._everybody is None:
            self._everybody = [parse_organization(i) for i in self._client.collection(_ORGANIZATIONS, first)]
        return self._everybody

    def _find_with_few_reads(self, elements: Sequence[str]) -> dict[str, Organization]:
        found: dict[str, Organization] = {}
        missing = list(elements)
        if len(missing) > _MOST_SINGLE_READS or any(map(looks_like_external_id, missing)):
            first = self._client.page(_ORGANIZATIONS)
            found = match(elements, map(parse_organization, first.items))
            missing = [element for element in elements if element not in found]
            pages_left = (first.total_pages or 1) - 1
            if len(missing) > pages_left or any(map(looks_like_external_id, missing)):
                return match(elements, self.everybody(first))
        for name in missing:
            try:
                found[name] = self._read(name).organization
            except ApiError as error:
                if error.status != 404:
                    raise
        return found

    def _read(self, name: str) -> Producer:
        producer = parse_producer(self._client.get(path_of(name)))
        if not producer.organization.is_called(name):
            raise ApiError(f"Asked for organization {name!r}, the server sent {producer.organization.name!r}.")
        return producer

    def _explain_missing(self, name: str, error: ApiError) -> str:
        if self._client.application == "HCP Terraform" or self._client.address.endswith(".terraform.io"):
            return (
                f"{self._client.address} is HCP Terraform, which has no admin API. Sharing a registry between "
                "organizations is a feature of Terraform Enterprise: set tfe_address to yours."
            )
        is_site_admin = self._is_site_admin()
        if is_site_admin is False:
            return (
                f"{error} The token works, but its user is not a site administrator, and TFE hides the whole admin "
                "API from everybody else (team and organization tokens too). Use a site administrator's user token."
            )
        missing = f"{error} There is no organization {name!r}"
        if is_site_admin is None:
            return (
                f"{missing}, or the token's user is not a site administrator: TFE answers 404 to both, "
                "and does not tell which it is."
            )
        try:
            everybody = self.everybody()
            hint = self.suggestions(name)
        except ApiError as second:
            return (
                f"{error} The token's user is a site administrator, yet the admin API is closed to it ({second}). "
                "Does the site require two-factor authentication that this user has not set up?"
            )
        for organization in everybody:
            if organization.key == name.casefold():
                return f"{error} Yet the organization is in the list of all organizations: try again."
            if organization.external_id == name:
                hint = f": this is the external id of {organization.name!r}, and organization takes the name"
        return f"{missing}{hint}."

    def _is_site_admin(self) -> bool | None:
        """What /account/details says of the token's user (API 4); None where it does not say."""
        try:
            account = self._client.get("/account/details")["data"]
        except ApiError:
            return None
        return _flag(attributes_of(account), "is-site-admin")
