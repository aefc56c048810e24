# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a producer and who may use its registry, on any release: E8, E1r, E2 and E4 of API 1.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from .._tfe.client import Client
from .._tfe.errors import ApiError, StrangerError
from .._tfe.parsing import attributes_of
from .identity import Organization
from .kinds import KINDS, MODULES, Kind
from .rules import Partnership, Sharing

ORGANIZATIONS = "/admin/organizations"

GONE = (404, 405, 410)
"""How an endpoint that this release does not have answers, when the organization itself was read a moment ago."""

LEGACY_CONSUMERS = "/module-consumers"

FRESH = 5.0
"""Seconds that what was read may be old when something is decided from it: other people write too."""

NEVER = -math.inf
"""When a look was that has to be taken anew before anything is written."""

_MOST_LOOKS = 3

Result = TypeVar("Result")


class Document(NamedTuple):
    """An organization's admin document, as far as sharing needs it.

    ``links_consumers`` is false where the document has links, but not the one that came with E2 in 202103-1 (API 1.8).
    """

    organization: Organization
    flags: Mapping[str, bool | None]
    links_consumers: bool

    def shares_globally(self, kind: Kind) -> bool | None:
        """None where the document does not tell."""
        return self.flags[kind.name]


class Look(NamedTuple):
    """What was there, and when at the latest (of the monotonic clock)."""

    document: Document
    sharing: Mapping[Kind, Sharing]
    at: float


class Registry:
    """The private registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.put_only = False
        """Whether it has turned out that E5 is the only way to write any list."""
        self._gone: set[str] = set()

    def look_at(self, read: Callable[[], Document], kinds: Sequence[Kind]) -> Look:
        """What ``read`` returns and its sharing, at one time: again where there was a wait between the two."""
        for _time in range(_MOST_LOOKS):
            started = time.monotonic()
            document = read()
            look = Look(document, {kind: self.sharing(document, kind) for kind in kinds}, started)
            if not self.is_old(look):
                return look._replace(at=time.monotonic())
        return look

    def is_old(self, look: Look) -> bool:
        """Whether requests had to wait after a look that was a while ago."""
        return self.client.waited_since(look.at) and time.monotonic() - look.at > FRESH

    def sharing(self, document: Document, kind: Kind) -> Sharing:
        """Who may use that kind of the producer's registry, one request for each 100 consumers.

        Under global sharing there is no list to read: it was dropped when the flag was set (API 1.5, 1.7).
        """
        everyone = document.shares_globally(kind)
        if everyone:
            return Sharing(everyone=True)
        try:
            partnerships = self.read(document, kind)
        except ApiError as error:
            if everyone is not None or error.status not in GONE:
                raise
            raise ApiError(f"{shares_none(kind)} {error}", error.status) from error
        if everyone is None and not partnerships:
            raise ApiError(
                f"The server does not tell whether {document.organization.name} shares its {kind.name} with every "
                f"organization ({kind.flag_key} is neither true nor false in its document), and an empty list of "
                f"consumers can mean either. Is this Terraform Enterprise {kind.since} or newer? If it is, set global "
                "sharing of this organization once in TFE's admin pages."
            )
        return Sharing(everyone=False, partnerships=partnerships)

    def read(self, document: Document, kind: Kind) -> tuple[Partnership, ...]:
        """The producer's consumers: E2 and E4; for modules E1r where E2 does not exist."""
        ways = {kind.list_key: partial(self._read_organizations, document, kind)}
        if kind == MODULES:
            ways["E1r"] = partial(self._read_partnerships, document)
        # Only the order of tries hangs on the document: a missing link proves nothing (API 1.8).
        order = list(ways) if document.links_consumers else reversed(ways)
        return self.first_way("read", document, kind, {endpoint: ways[endpoint] for endpoint in order})

    def first_way(self, what: str, document: Document, kind: Kind, ways: Mapping[str, Callable[[], Result]]) -> Result:
        """What the first endpoint answers that this release has; one that is gone is tried last the next time."""
        refusals: dict[str, ApiError] = {}
        for endpoint in sorted(ways, key=self._gone.__contains__):
            try:
                answer = ways[endpoint]()
            except ApiError as error:
                if error.status not in GONE:
                    raise
                refusals[endpoint] = error
            else:
                self._gone.update(refusals)
                return answer
        # The organization was just read, and still there is no way to its consumers: never to be taken for "none".
        last = list(refusals.values())[-1]
        raise ApiError(
            f"The {kind.one} consumers of {document.organization.name} cannot be {what}, although the organization "
            f"itself was just read: {' '.join(map(str, refusals.values()))}",
            last.status,
        )

    def _read_organizations(self, document: Document, kind: Kind) -> tuple[Partnership, ...]:
        """E2 and E4: the consumers as organizations (API 1.2)."""
        return tuple(map(Partnership, self.client.collection(consumers_path(document, kind), parse_organization)))

    def _read_partnerships(self, document: Document) -> tuple[Partnership, ...]:
        """E1r: the consumers as partnerships, the only list before 202103-1 (API 1.0)."""
        return tuple(self.client.collection(path(document, LEGACY_CONSUMERS), parse_partnership, paged=False))


def shares_none(kind: Kind) -> str:
    """What to say where a kind is asked for that the release does not share."""
    return f"This server does not share {kind.name}: Terraform Enterprise does since {kind.since}."


def path_of(name: str) -> str:
    """The admin path of an organization, percent-encoded."""
    return f"{ORGANIZATIONS}/{quote(name, safe='')}"


def path(document: Document, below: str = "") -> str:
    """The admin path of a producer, or of what is below it."""
    return path_of(document.organization.name) + below


def consumers_path(document: Document, kind: Kind) -> str:
    """Of E2, E3 and E4."""
    return path(document, f"/relationships/{kind.list_key}")


def parse_organization(item: Mapping[str, Any]) -> Organization:
    """An ``organizations`` resource object; its id equals its name (API 1.6)."""
    attributes = attributes_of(item)
    external_id = attributes.get("external-id")
    return Organization(
        name=str(attributes.get("name") or item["id"]),
        external_id=str(external_id) if external_id else None,
    )


def parse_document(item: Any) -> Document:
    """An ``organizations`` resource object: of E7, E8 or E6. Raises ApiError where it is something else."""
    if not isinstance(item, dict) or not item.get("id"):
        raise ApiError("The server sent something that is not an organization where one was asked for.")
    attributes, relationships = attributes_of(item), item.get("relationships")
    # True or false, None where the document does not say. Null was storable until 202103-1 (API 1.5).
    flags = {kind.name: attributes.get(kind.flag_key) for kind in KINDS}
    return Document(
        organization=parse_organization(item),
        flags={name: value if isinstance(value, bool) else None for name, value in flags.items()},
        links_consumers=not isinstance(relationships, dict) or not relationships or MODULES.list_key in relationships,
    )


def read_document(client: Client, name: str) -> Document:
    """One read. Raises ApiError; 404 has several meanings (API 4)."""
    document = parse_document(client.get(path_of(name))["data"])
    if not document.organization.is_called(name):
        raise ApiError(f"Asked for organization {name!r}, the server sent {document.organization.name!r}.")
    return document


def refuse_stranger(planned: Organization, shown: Organization) -> None:
    """Raises StrangerError where a name belongs to another organization than it did: its external id tells."""
    if not shown.may_be(planned):
        raise StrangerError(
            f"The name {planned.name} belongs to another organization now: its external id is {shown.external_id}, and "
            f"was {planned.external_id} when the task began."
        )


def parse_partnership(item: Any) -> Partnership:
    """A ``module-partnerships`` resource object (API 1.1)."""
    attributes = attributes_of(item)
    name = attributes.get("consuming-organization-name")
    if not name:
        raise ApiError("The server sent something that is not a partnership in a list of them.")
    external_id = attributes.get("consuming-organization-id")
    return Partnership(
        consumer=Organization(name=str(name), external_id=str(external_id) if external_id else None),
        id=str(item["id"]) if item.get("id") else None,
    )
