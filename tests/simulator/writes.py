# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What writes do to the state (API 1.1, 1.3, 1.4, 1.5, 1.7). Bodies come parsed; what is wrong with them is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from .behaviour import Behaviour, Release, names
from .documents import RefusedError, invalid, not_found
from .state import Kind, Record, State

_PUT_KEYS: dict[Kind, str] = {"modules": "module-consumers", "providers": "provider-consumers"}


class Writes:
    """Applies the bodies of E1, E3, E5 and E6. Every method raises RefusedError, mostly before it changed anything."""

    def __init__(self, state: State, release: Release, behaviour: Behaviour) -> None:
        self._state = state
        self._release = release
        self._behaviour = behaviour
        self._never_stored = frozenset(name.casefold() for name in names(behaviour.write_drops))

    def set_by_ids(self, producer: Record, document: Any) -> None:
        """E1: external ids; turns global sharing off (API 1.1)."""
        attributes = _attributes(document, "module-partnerships")
        ids = _texts(attributes, "module-consuming-organization-ids")
        lists: list[tuple[Kind, list[str]]] = [("modules", ids)]
        if self._behaviour.legacy_empties_providers:
            lists.append(("providers", []))
        self._replace(producer, lists, self._state.find_id, self._behaviour.list_ends_global)

    def set_by_names(self, producer: Record, document: Any) -> None:
        """E3: a list of resource identifiers whose ids are names; leaves provider sharing alone (API 1.3)."""
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list):
            raise invalid("data must be an array")
        for item in data:
            if not isinstance(item, dict) or item.get("type") != "organizations" or not isinstance(item.get("id"), str):
                raise invalid("data must be an array of organizations with their ids")
        consumers = [item["id"] for item in data]
        self._replace(producer, [("modules", consumers)], self._find_in_body, self._behaviour.list_ends_global)

    def set_partnerships(self, producer: Record, document: Any) -> None:
        """E5: both lists by name (API 1.4)."""
        attributes = _attributes(document, "registry-partnerships")
        sent = [(kind, self._put_list(attributes, key)) for kind, key in _PUT_KEYS.items()]
        lists = [(kind, consumers) for kind, consumers in sent if consumers is not None]
        self._replace(producer, lists, self._find_in_body, self._behaviour.put_ends_global)
        if self._behaviour.put_ends_global == "both" and not self._behaviour.write_ignored:
            for kind in _PUT_KEYS:
                self._state.share_with_everyone(producer, kind, everyone=False)

    def set_flags(self, record: Record, document: Any) -> None:
        """E6: only what is sent changes, all of it or nothing; true drops the consumers (API 1.5)."""
        attributes = _attributes(document, *(("organizations", "") if self._behaviour.flags_need_type else ()))
        flags: list[tuple[Kind, str]] = [("modules", "global-module-sharing")]
        if self._release.providers:
            flags.append(("providers", "global-provider-sharing"))
        wanted = [(kind, self._flag(attributes, key)) for kind, key in flags if key in attributes]
        disabled = _boolean(attributes, "is-disabled") if "is-disabled" in attributes else record.disabled
        if self._behaviour.write_ignored:
            return
        for kind, everyone in wanted:
            self._state.share_with_everyone(record, kind, everyone=everyone)
        record.disabled = disabled
        record.text = ""

    def _flag(self, attributes: dict[str, Any], key: str) -> bool:
        """Null is 422 since 202103-1 (API 1.5); what it did before is not documented, here it means off."""
        if attributes[key] is None and not self._release.relationships:
            return False
        return _boolean(attributes, key)

    def _put_list(self, attributes: dict[str, Any], key: str) -> list[str] | None:
        """None where the list is left out, or under a key that does not count, and so stays as it is."""
        spellings = {
            "both": [key, key.replace("-", "_")],
            "hyphens": [key],
            "underscores": [key.replace("-", "_")],
        }[self._behaviour.put_keys]
        for spelling in spellings:
            if spelling in attributes:
                return _texts(attributes, spelling)
        if self._behaviour.put_omitted == "422":
            raise invalid(f"{key} is missing")
        return [] if self._behaviour.put_omitted == "clears" else None

    def _replace(
        self,
        producer: Record,
        lists: Iterable[tuple[Kind, list[str]]],
        find: Callable[[str], Record | None],
        ends_global: str,
    ) -> None:
        resolved = [(kind, *self._resolve(producer, entries, find)) for kind, entries in lists]
        refusals = [refusal for _kind, _consumers, refusal in resolved if refusal]
        if refusals and self._behaviour.unknown_consumer_atomic:
            raise refusals[0]
        for kind, consumers, _refusal in resolved:
            keeps_global = ends_global == "never" or (ends_global == "filled" and not consumers)
            self._store(producer, kind, consumers, keeps_global=keeps_global)
        if refusals:
            raise refusals[0]

    def _resolve(
        self, producer: Record, entries: Sequence[str], find: Callable[[str], Record | None]
    ) -> tuple[list[Record], RefusedError | None]:
        """The consumers that can be stored, and the refusal of the first that does not exist (API 9e, 9g)."""
        behaviour = self._behaviour
        found: list[Record] = []
        refusal = None
        for entry in entries:
            consumer = find(entry)
            if consumer is None:
                refusal = refusal or self._unknown(entry)
            elif self._is_kept(consumer is producer, behaviour.self_consumer, consumer) and self._is_kept(
                consumer.disabled, behaviour.disabled_consumer, consumer
            ):
                if consumer in found and behaviour.duplicate_consumer == "422":
                    raise invalid(f"Organization {consumer.name} is listed twice")
                found.append(consumer)
        return found, refusal

    def _unknown(self, entry: str) -> RefusedError | None:
        if self._behaviour.unknown_consumer == "ignored":
            return None
        return not_found() if self._behaviour.unknown_consumer == "404" else invalid(f"Organization {entry} not found")

    @staticmethod
    def _is_kept(applies: bool, answer: Literal["accepted", "422", "ignored"], consumer: Record) -> bool:
        if applies and answer == "422":
            raise invalid(f"Organization {consumer.name} cannot be a consumer")
        return not applies or answer == "accepted"

    def _store(self, producer: Record, kind: Kind, consumers: list[Record], *, keeps_global: bool) -> None:
        if self._behaviour.write_ignored:
            return
        stored = [consumer for consumer in consumers if consumer.name.casefold() not in self._never_stored]
        self._state.share_with(producer, kind, stored, keep_everyone=keeps_global)

    def _find_in_body(self, entry: str) -> Record | None:
        """Names, in any case and with ids or not as the behaviour says (API 9f, 9h)."""
        record = self._state.find(entry)
        if record and self._behaviour.case_sensitive_bodies and record.name != entry:
            record = None
        return record or (self._state.find_id(entry) if self._behaviour.ids_in_bodies else None)


def _attributes(document: Any, *types: str) -> dict[str, Any]:
    """Those of a resource object of one of these types; of any, where there are none."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise invalid("data must be an object")
    if types and data.get("type") not in types:
        raise invalid(f"data.type must be {types[0]}")
    attributes = data.get("attributes")
    if not isinstance(attributes, dict):
        raise invalid("data.attributes is missing")
    return attributes


def _texts(attributes: dict[str, Any], key: str) -> list[str]:
    value = attributes.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"{key} must be an array of strings")
    return value


def _boolean(attributes: dict[str, Any], key: str) -> bool:
    value = attributes[key]
    if not isinstance(value, bool):
        raise invalid(f"{key} must be true or false")
    return value
