# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can use whose modules: reads the sharing of one producer, or of all."""

from __future__ import annotations

from typing import Any

from ._client import Client
from ._directory import Directory
from ._errors import TfeError
from ._registry import Registry, read_producer
from ._sharing import Sharing, UsageError, parse_elements, sharing_data
from ._transport import side_by_side


def audit(client: Client, organization: str, consumer: str) -> list[dict[str, Any]]:
    """The producers, by name: one; those whose modules a consumer can use; or with both "" all that share.

    Raises TfeError.
    """
    if organization and consumer:
        raise UsageError("organization and consumer exclude each other: ask for one producer, or for one consumer.")
    directory, registry = Directory(client), Registry(client)
    if organization:
        [name] = parse_elements("organization", [organization])
        producers = [read_producer(client, name)]
    else:
        producers = directory.possible_sharers()
    user = _find(directory, consumer) if consumer else None
    sharings = side_by_side(registry.sharing, producers)
    found = [
        sharing_data(producer.organization, sharing)
        for producer, sharing in zip(producers, sharings)
        if organization or _reaches(sharing, producer.organization.key, user)
    ]
    return sorted(found, key=lambda data: str(data["organization"]["name"]))


def _find(directory: Directory, consumer: str) -> str:
    """The key of the organization that a name or an external id means."""
    [element] = parse_elements("consumer", [consumer])
    found = directory.find([element])
    if not found:
        [hint] = directory.hints([element])
        raise TfeError(f"No organization has this name or external id: {element!r}{hint}.")
    return found[element].key


def _reaches(sharing: Sharing, producer: str, user: str | None) -> bool:
    """Whether the producer shares with ``user``, with anybody at all where that is None."""
    if user is None:
        return sharing.everyone or bool(sharing.partnerships)
    return producer != user and (sharing.everyone or any(consumer.key == user for consumer in sharing.consumers))
