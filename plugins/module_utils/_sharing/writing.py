# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that write a producer's sharing on any release: E1, E3, E5 and E6 of API 1.

What the server answers decides which endpoint is used, never a version header. Only E5 writes a list of providers, and
it replaces the list of modules with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from .._tfe.client import side_by_side
from .._tfe.errors import ApiError, NotSentError, StrangerError, UsageError
from .._tfe.parsing import attributes_of
from .identity import Organization, fold
from .kinds import KINDS, MODULES, Kind
from .reading import (
    GONE,
    LEGACY_CONSUMERS,
    Document,
    Registry,
    consumers_path,
    parse_document,
    parse_partnership,
    path,
    read_document,
    refuse_stranger,
)
from .rules import Partnership


class PutNeededError(Exception):
    """This release has no way to write a list of one kind alone; the text says what was tried."""


def needs_put(kinds: Collection[Kind]) -> bool:
    """Whether lists of these kinds can be written by E5 alone, which writes those of all kinds."""
    return any(kind != MODULES for kind in kinds)


def refuse_to_risk(document: Document, lists: Collection[Kind], asked_about: Collection[Kind]) -> None:
    """Raises UsageError where E5 could end global sharing of a kind that the task does not even mention.

    ``lists`` are the kinds whose lists are to be written. A task that is killed before it has turned that on again
    would leave everybody cut off, and a second run would not see it, unless it is about that kind too.
    """
    if not needs_put(lists):
        return
    name = document.organization.name
    written = " and ".join(kind.one for kind in lists)
    for kind in KINDS:
        if kind in asked_about:
            continue
        if document.shares_globally(kind) is None:
            raise UsageError(untold(name, kind))
        if document.shares_globally(kind):
            entry = {"organization": name, kind.flag_option: "true", **{it.list_option: "[…]" for it in lists}}
            raise UsageError(
                f"{name} shares its {kind.name} with every organization, and the request that writes its {written} "
                "consumers may turn that off. A task that is killed before it has turned that on again would cut "
                "everybody off, and no second run would see it. So ask for both in one entry of tfe_registry_sharing: "
                f"{{{', '.join(f'{option}: {value}' for option, value in entry.items())}}}."
            )


def untold(name: str, kind: Kind) -> str:
    """Why E5 is not tried."""
    return (
        f"The document of {name} does not tell whether its {kind.name} are shared with every organization, and PUT "
        "registry-partnerships could turn that off. So it was not tried."
    )


class Writers:
    """Writes to the registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, registry: Registry, ready: Callable[[], None]) -> None:
        """``ready`` is called right before each write, and may raise what stops it; not before a write that repairs."""
        self._registry = registry
        self._client = registry.client
        self._ready = ready

    def replace_alone(
        self, document: Document, kind: Kind, consumers: Sequence[Organization], new: Sequence[Organization]
    ) -> tuple[Partnership, ...] | None:
        """Writes the whole list of one kind, which turns its global sharing off (API 1.7).

        Returns what the answer shows, if it does: E1 takes external ids and answers with partnerships; E3 takes names
        and answers with nothing. ``new`` are the consumers that are not in the list yet. Raises NotSentError where a
        name is not whose it was any more, PutNeededError where neither is there.
        """
        ways: dict[str, Callable[[], tuple[Partnership, ...] | None]] = {}
        if all(consumer.external_id for consumer in consumers):
            ways["E1"] = partial(self._replace_by_ids, document, consumers)
        ways["E3"] = partial(self._replace_by_names, document, kind, consumers, new)
        try:
            return self._registry.first_way("written", document, kind, ways)
        except ApiError as error:
            if error.status in GONE:
                raise PutNeededError(str(error)) from error
            raise

    def replace_all(self, document: Document, lists: Mapping[Kind, Sequence[Organization]]) -> None:
        """E5 (API 1.4): writes the whole list of each kind, and may turn any global sharing off."""
        attributes = {}
        for kind, consumers in lists.items():
            # Nobody knows which spelling of the keys counts (API 9a).
            for key in (kind.list_key, kind.list_key.replace("-", "_")):
                attributes[key] = [consumer.name for consumer in consumers]
        body = {"data": {"type": "registry-partnerships", "attributes": attributes}}
        self._client.write("PUT", path(document, "/registry-partnerships"), body, self._ready)

    def set_flags(self, document: Document, flags: Mapping[Kind, bool], *, is_repair: bool) -> Document | None:
        """E6 (API 1.5): only the flags that shall change are sent. None where the answer is not whole."""
        attributes = {kind.flag_key: value for kind, value in flags.items()}
        body = {"data": {"type": "organizations", "attributes": attributes}}
        answer = self._client.write("PATCH", path(document), body, None if is_repair else self._ready)
        if answer is None:
            return None
        shown = parse_document(answer["data"])
        planned, named = document.organization, shown.organization
        refuse_stranger(planned, named)
        if named.external_id is None and named.key != planned.key:
            raise ApiError(f"PATCH for {planned.name} answered with {named.name}.")
        return shown if named.external_id == planned.external_id else None

    def confirm(self, organizations: Sequence[Organization]) -> None:
        """Before names are written in the place of ids: each name must still be whose it was."""

        def confirm(organization: Organization) -> None:
            name = organization.name
            try:
                refuse_stranger(organization, read_document(self._client, name).organization)
            except ApiError as error:
                if error.status == 404:
                    raise NotSentError(f"{name} has changed meanwhile, run again. {error}") from error
                raise NotSentError(
                    f"{error} So {name} could not be read again right before it would have been written."
                ) from error
            except StrangerError as error:
                raise NotSentError(f"{name} has changed meanwhile, run again. {error}") from error

        side_by_side(confirm, [organization for organization in organizations if organization.external_id])

    def _replace_by_ids(self, document: Document, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", path(document, LEGACY_CONSUMERS), body, self._ready)
        items = answer["data"] if answer else None
        # An empty list does not tell whose it is.
        if not isinstance(items, list) or not items or not all(_is_of(document.organization, item) for item in items):
            return None
        return tuple(map(parse_partnership, items))

    def _replace_by_names(
        self, document: Document, kind: Kind, consumers: Sequence[Organization], new: Sequence[Organization]
    ) -> None:
        """E3 (API 1.3)."""
        self.confirm([document.organization, *new])
        data = [{"id": consumer.name, "type": "organizations"} for consumer in consumers]
        self._client.write("PATCH", consumers_path(document, kind), {"data": data}, self._ready)


def _is_of(producer: Organization, item: Any) -> bool:
    """Whether a partnership of an answer says that it is this producer's, by its id where that is known.

    Raises StrangerError where it denies it.
    """
    attributes = attributes_of(item)
    name, external_id = (attributes.get(f"producing-organization-{what}") for what in ("name", "id"))
    shown = Organization(str(name or producer.name), str(external_id) if external_id else None)
    if fold(shown.name) == producer.key:
        refuse_stranger(producer, shown)
    if producer.external_id:
        return shown.external_id == producer.external_id
    return fold(str(name or "")) == producer.key
