# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a producer and its module sharing on any release: E8, E1r and E2 of API 1.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from .._tfe.client import Client
from .._tfe.errors import ApiError
from .._tfe.parsing import attributes_of
from .documents import Producer, parse_organization, path_of, read_document
from .rules import Organization, Partnership, Sharing, fold

GONE = (404, 405, 410)
"""How an endpoint that this release does not have answers, when the organization itself was read a moment ago."""

_MOST_LOOKS = 3

CONSUMERS = "/relationships/module-consumers"
LEGACY_CONSUMERS = "/module-consumers"

Result = TypeVar("Result")


FRESH = 5.0
"""Seconds that what was read may be old when something is decided from it: other people write too."""


NEVER = -math.inf
"""When a look was that has to be taken anew before anything is written."""


class Look(NamedTuple):
    """What was there, and when at the latest (of the monotonic clock)."""

    document: Producer
    sharing: Sharing
    at: float


class Registry:
    """The private registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._gone: set[str] = set()

    def look_at(self, read: Callable[[], Producer]) -> Look:
        """What ``read`` returns and its sharing, at one time: again where there was a wait between the two."""
        for _time in range(_MOST_LOOKS):
            started = time.monotonic()
            document = read()
            look = Look(document, self.sharing(document), started)
            if not self.is_old(look):
                return look._replace(at=time.monotonic())
        return look

    def is_old(self, look: Look) -> bool:
        """Whether requests had to wait after a look that was a while ago."""
        return self.client.waited_since(look.at) and time.monotonic() - look.at > FRESH

    def sharing(self, producer: Producer) -> Sharing:
        """Who may use the producer's modules, one request for each 100 consumers.

        Under global sharing there is no list to read: it was dropped when the flag was set (API 1.5, 1.7).
        """
        if producer.shares_modules_globally:
            return Sharing(everyone=True)
        partnerships = self.read(producer)
        if producer.shares_modules_globally is None and not partnerships:
            raise ApiError(
                f"The server does not tell whether {producer.organization.name} shares its modules with every "
                "organization (global-module-sharing is neither true nor false in its document), and an empty list of "
                "consumers can mean either. Is this Terraform Enterprise 202012-1 or newer? If it is, set global "
                "sharing of this organization once in TFE's admin pages."
            )
        return Sharing(everyone=False, partnerships=partnerships)

    def read(self, producer: Producer) -> tuple[Partnership, ...]:
        """The producer's consumers (E2; E1r where E2 does not exist)."""
        ways = {"E2": partial(self._read_organizations, producer), "E1r": partial(self._read_partnerships, producer)}
        # Only the order of tries hangs on the document: a missing link proves nothing (API 1.8).
        order = list(ways) if producer.links_consumers else reversed(ways)
        return self.first_way("read", producer, {endpoint: ways[endpoint] for endpoint in order})

    def first_way(self, what: str, producer: Producer, ways: Mapping[str, Callable[[], Result]]) -> Result:
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
            f"The module consumers of {producer.organization.name} cannot be {what}, although the organization itself "
            f"was just read: {' '.join(map(str, refusals.values()))}",
            last.status,
        )

    def _read_organizations(self, producer: Producer) -> tuple[Partnership, ...]:
        """E2: the consumers as organizations (API 1.2)."""
        return tuple(map(Partnership, self.client.collection(path(producer, CONSUMERS), parse_organization)))

    def _read_partnerships(self, producer: Producer) -> tuple[Partnership, ...]:
        """E1r: the consumers as partnerships, the only list before 202103-1 (API 1.0)."""
        return tuple(self.client.collection(path(producer, LEGACY_CONSUMERS), parse_partnership, paged=False))


def read_producer(client: Client, name: str) -> Producer:
    """One read. Raises ApiError that says why, where there is no such organization, or none that may be seen.

    An external id is refused, although some servers take one in the path (API 9h): the name is what writers of one
    producer lock. A server may know a single spelling of it (API 10), which its list of all organizations tells.
    """
    try:
        producer = read_document(client, name)
    except ApiError as error:
        if error.status != 404:
            raise
        from .directory import Directory  # noqa: PLC0415  # only where the name is not found

        spelling, reason = Directory(client).explain_missing(name, error)
        if not spelling:
            raise ApiError(reason, error.status) from error
        producer = read_document(client, spelling)
    if producer.organization.key != fold(name):
        raise ApiError(
            f"{name!r} is the external id of {producer.organization.name!r}, and here the name is needed. Nothing was "
            "changed."
        )
    return producer


def path(producer: Producer, below: str = "") -> str:
    """The admin path of a producer, or of what is below it."""
    return path_of(producer.organization.name) + below


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
