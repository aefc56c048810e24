# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can use whose modules: reads the sharing of one producer, or of all."""

from __future__ import annotations

from typing import Any

from .._tfe.client import Client
from .._tfe.errors import TfeError
from .._tfe.transport import side_by_side
from .directory import Directory
from .reading import Registry, read_producer
from .rules import Organization, Sharing, UsageError, leftover, parse_element, parse_name, sharing_data


def audit(client: Client, organization: Any, consumer: Any) -> list[dict[str, Any]]:
    """The producers, by name: one; those whose modules a consumer can use; or with both None all that share.

    Raises TfeError.
    """
    if organization is not None and consumer is not None:
        raise UsageError("organization and consumer exclude each other: ask for one producer, or for one consumer.")
    directory, registry = Directory(client), Registry(client)
    if organization is not None:
        producers = [read_producer(client, parse_name("organization", organization))]
    else:
        producers = directory.possible_sharers()
    user = None if consumer is None else _find(directory, consumer)
    sharings = side_by_side(registry.sharing, producers)
    found = [
        sharing_data(producer.organization, sharing)
        for producer, sharing in zip(producers, sharings)
        if organization is not None or _reaches(sharing, producer.organization, user)
    ]
    return sorted(found, key=lambda data: str(data["organization"]["name"]))


def _find(directory: Directory, consumer: Any) -> Organization:
    """The organization that a name or an external id means."""
    element = parse_element("consumer", consumer)
    found = directory.find([element])
    if not found:
        [hint] = directory.hints([element])
        raise TfeError(f"No organization has this name or external id: {element!r}{hint}.")
    return found[element]


def _reaches(sharing: Sharing, producer: Organization, user: Organization | None) -> bool:
    """Whether the producer shares with ``user``, with anybody at all where that is None."""
    if user is None:
        return sharing.everyone or bool(sharing.partnerships)
    return bool(leftover([user], [producer])) and (sharing.everyone or not leftover([user], sharing.consumers))
