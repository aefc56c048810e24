# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can use whose registry: reads the sharing of one producer, or of all."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .._tfe.client import Client, side_by_side
from .._tfe.errors import ApiError, TfeError, UsageError
from .asking import parse_element, parse_name
from .converge import read_producer
from .directory import Directory, has_kind
from .entries import entry
from .identity import Organization, leftover
from .kinds import KINDS, Kind
from .reading import Document, Registry, parse_organization
from .rules import Sharing


def audit(client: Client, organization: Any, consumer: Any, as_member: bool) -> dict[str, Any]:
    """The producers, by name: one; those whose registry a consumer can use; or with both None all that share.

    With them, where all were read, everybody who exists. ``as_member`` asks without the admin API whose modules the
    consumer can use. Raises TfeError.
    """
    if organization is not None and consumer is not None:
        raise UsageError("organization and consumer exclude each other: ask for one producer, or for one consumer.")
    if as_member:
        if consumer is None:
            raise UsageError("as_member: true needs consumer: the organization that asks what it can use.")
        return {"module_producers": _ask_as_member(client, parse_name("consumer", consumer))}
    registry = Registry(client)
    if organization is not None:
        document = read_producer(client, parse_name("organization", organization))
        kinds = [kind for kind in KINDS if has_kind(client, kind, [document])]
        sharing = {kind: registry.sharing(document, kind) for kind in kinds}
        return {"producers": [entry(document.organization, sharing)]}
    directory = Directory(client)
    everybody = directory.everybody()
    user = None if consumer is None else _find(directory, consumer)
    kinds = [kind for kind in KINDS if has_kind(client, kind, everybody)]
    found = _read_all(registry, directory, kinds)
    producers = [
        entry(producer, sharing)
        for producer, sharing in found
        if any(_reaches(it, producer, user) for it in sharing.values())
    ]
    return {
        "producers": sorted(producers, key=lambda it: str(it["organization"])),
        "organizations": [it._asdict() for it in sorted(document.organization for document in everybody)],
    }


def _ask_as_member(client: Client, consumer: str) -> list[str]:
    """E9: the names of those that share modules with it; maybe without those that share with everybody (API 1.6a)."""
    path = f"/organizations/{quote(consumer, safe='')}/relationships/module-producers"
    try:
        return sorted(client.collection(path, lambda item: parse_organization(item).name))
    except ApiError as error:
        if error.status != 404:
            raise
        raise ApiError(
            f"{error} There is no organization {consumer!r}, or the token's user is no member of it. Terraform "
            "Enterprise answers members since 202103-1; HCP Terraform does not.",
            error.status,
        ) from error


def _read_all(
    registry: Registry, directory: Directory, kinds: list[Kind]
) -> list[tuple[Organization, dict[Kind, Sharing]]]:
    """Everybody who may share, and what: a list is read only of a kind that its producer may share."""
    sharers: dict[str, dict[Kind, Document]] = {}
    for kind in kinds:
        for document in directory.possible_sharers(kind):
            sharers.setdefault(document.organization.name, {})[kind] = document
    tasks = [(document, kind) for documents in sharers.values() for kind, document in documents.items()]
    read = iter(side_by_side(lambda task: registry.sharing(*task), tasks))
    found = []
    for documents in sharers.values():
        sharing = {kind: Sharing(everyone=False) for kind in kinds}
        sharing.update((kind, next(read)) for kind in documents)
        found.append((next(iter(documents.values())).organization, sharing))
    return found


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
