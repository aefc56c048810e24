# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The organizations of an instance and how their registries are shared: no HTTP, no JSON."""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

Kind = Literal["modules", "providers"]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LIKE_AN_ID = re.compile(f"org-[{_BASE58}]{{16}}")


@dataclass(frozen=True)
class Organization:
    """What an organization starts with. Consumers are names of organizations of the same instance.

    Raises ValueError where a value has the wrong type, the name has other characters than API 2 allows, or a registry
    is shared with everybody and with somebody at once (API 1.7).
    """

    name: str
    external_id: str | None = None
    """None: generated from the name, always the same."""
    global_modules: bool = False
    global_providers: bool = False
    module_consumers: Sequence[str] = ()
    provider_consumers: Sequence[str] = ()
    disabled: bool = False
    email: str | None = None

    def __post_init__(self) -> None:
        is_name = isinstance(self.name, str) and _NAME.fullmatch(self.name)
        _require(is_name, f"The name of an organization is a text of letters, digits, _ and -, not {self.name!r}.")
        for flag in ("global_modules", "global_providers", "disabled"):
            _require(isinstance(getattr(self, flag), bool), f"{flag} of {self.name} is neither true nor false.")
        for text in ("external_id", "email"):
            _require(isinstance(getattr(self, text), (str, type(None))), f"{text} of {self.name} is no text.")
        for key, everyone in (("module_consumers", self.global_modules), ("provider_consumers", self.global_providers)):
            names = getattr(self, key)
            is_list = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
            _require(is_list, f"{key} of {self.name} is not a list of names.")
            _require(not (everyone and names), f"{self.name} has {key} and shares with everybody: only one can be.")
            object.__setattr__(self, key, tuple(names))

    @classmethod
    def parse(cls, value: Any) -> Organization:
        """Reads a mapping with these fields. Raises ValueError where it is something else."""
        known = {entry.name for entry in fields(cls)}
        is_organization = isinstance(value, dict) and "name" in value and known.issuperset(value)
        _require(is_organization, f"An organization is a mapping with name and any of {sorted(known)}, not {value!r}.")
        return cls(**value)


@dataclass(frozen=True)
class Sharing:
    """With whom an organization shares. The consumers are sorted."""

    global_modules: bool
    module_consumers: tuple[str, ...]
    global_providers: bool
    provider_consumers: tuple[str, ...]


@dataclass
class Registry:
    """One kind of things of one producer: with whom they are shared."""

    everyone: bool = False
    partnerships: dict[str, str] = field(default_factory=dict)
    """The consumers' external ids and the ids of the partnerships, in the order in which they are listed."""


@dataclass
class Record:
    """An organization as it is stored. A change of its attributes must empty ``text``."""

    name: str
    external_id: str
    disabled: bool
    email: str
    modules: Registry = field(default_factory=Registry)
    providers: Registry = field(default_factory=Registry)
    text: str = ""
    """Its rendered document, "" while there is none: what makes pages of 100 cheap."""

    def registry(self, kind: Kind) -> Registry:
        """How this kind is shared."""
        return self.modules if kind == "modules" else self.providers


class State:
    """All organizations. Whoever reads or changes it from more than one thread holds ``lock``."""

    def __init__(
        self,
        organizations: Iterable[Organization] = (),
        *,
        names_like_ids: bool = False,
        case_sensitive: bool = False,
        keeps_lists: bool = False,
    ) -> None:
        """``names_like_ids``: whether a name may look like an external id, as before 202103-1 (API 2).

        ``case_sensitive``: whether two names may differ in case alone (API 10). ``keeps_lists``: whether the consumers
        from before global sharing come back when it ends (API 9p).
        """
        self.lock = threading.RLock()
        self._key: Callable[[str], str] = str if case_sensitive else str.casefold
        self._keeps_lists = keeps_lists
        self._names_like_ids = names_like_ids
        self._partnerships_made = 0
        self._by_name: dict[str, Record] = {}
        self._by_id: dict[str, Record] = {}
        self._listed: tuple[Record, ...] = ()
        self.load(organizations)

    def load(self, organizations: Iterable[Organization]) -> None:
        """Replaces everything. Raises ValueError, and changes nothing, where the organizations do not fit together."""
        self._take({}, {}, tuple(organizations))

    def add(self, organization: Organization) -> None:
        """Raises ValueError, and changes nothing, where the name is taken or a consumer does not exist."""
        self._take(dict(self._by_name), dict(self._by_id), (organization,))

    def remove(self, name: str) -> None:
        """Raises KeyError where there is no such organization. Its partnerships go with it."""
        record = self._by_name.pop(self._key(name))
        del self._by_id[record.external_id]
        self._listed = tuple(other for other in self._listed if other is not record)
        for other in self._listed:
            other.modules.partnerships.pop(record.external_id, None)
            other.providers.partnerships.pop(record.external_id, None)

    def rename(self, name: str, new: Any) -> None:
        """Its external id and its partnerships stay (API 2).

        Raises KeyError where there is no such organization, ValueError where the new name cannot be or is taken.
        """
        record = self._by_name[self._key(name)]
        self._check_name(Organization(new).name)
        if self._by_name.get(self._key(new), record) is not record:
            raise ValueError(f"There is an organization with the name {new!r} already.")
        del self._by_name[self._key(name)]
        record.name, record.text = new, ""
        self._by_name[self._key(new)] = record

    def find(self, name: str) -> Record | None:
        """Names are found in any case (API 2)."""
        return self._by_name.get(self._key(name))

    def find_id(self, external_id: str) -> Record | None:
        """By external id."""
        return self._by_id.get(external_id)

    def organizations(self) -> tuple[Record, ...]:
        """In an order that never changes and means nothing: nothing is documented about order (API 3)."""
        return self._listed

    def consumers(self, producer: Record, kind: Kind) -> list[Record]:
        """As they are listed: nobody while it is shared with everybody (API 1.2)."""
        registry = producer.registry(kind)
        return [] if registry.everyone else [self._by_id[external_id] for external_id in registry.partnerships]

    def share_with(self, producer: Record, kind: Kind, consumers: Iterable[Record], *, keep_everyone: bool) -> None:
        """Replaces the consumers, which turns global sharing off (API 1.7) unless ``keep_everyone``."""
        registry = producer.registry(kind)
        unique = {consumer.external_id: consumer for consumer in consumers}
        registry.partnerships = {
            consumer.external_id: registry.partnerships.get(consumer.external_id) or self._new_partnership(producer)
            for consumer in sorted(unique.values(), key=_scrambled)
        }
        if registry.everyone and not keep_everyone:
            registry.everyone = False
            producer.text = ""

    def share_with_everyone(self, producer: Record, kind: Kind, *, everyone: bool) -> None:
        """Sets the flag; turning it on drops the consumers for good (API 1.5)."""
        registry = producer.registry(kind)
        registry.everyone = everyone
        if everyone and not self._keeps_lists:
            registry.partnerships = {}
        producer.text = ""

    def sharing(self, record: Record) -> Sharing:
        """With whom it shares, as stored."""
        modules, providers = record.modules, record.providers
        return Sharing(modules.everyone, self._stored(modules), providers.everyone, self._stored(providers))

    def _stored(self, registry: Registry) -> tuple[str, ...]:
        hidden = registry.everyone and self._keeps_lists
        return () if hidden else tuple(sorted(self._by_id[external_id].name for external_id in registry.partnerships))

    def describe(self, record: Record) -> dict[str, Any]:
        """The fields of an ``Organization`` that would start as this one is now."""
        return {
            "name": record.name,
            "external_id": record.external_id,
            "disabled": record.disabled,
            "email": record.email,
            **asdict(self.sharing(record)),
        }

    def _take(
        self, by_name: dict[str, Record], by_id: dict[str, Record], organizations: Sequence[Organization]
    ) -> None:
        """Adds the organizations to what these dictionaries hold, and makes the result the state if all is well."""
        for organization in organizations:
            record = self._new_record(organization)
            if self._key(record.name) in by_name:
                raise ValueError(f"There are two organizations with the name {record.name!r}.")
            if record.external_id in by_id:
                raise ValueError(f"There are two organizations with the external id {record.external_id!r}.")
            by_name[self._key(record.name)] = by_id[record.external_id] = record
        for organization in organizations:
            consumers = (*organization.module_consumers, *organization.provider_consumers)
            strangers = [name for name in consumers if self._key(name) not in by_name]
            if strangers:
                raise ValueError(f"{organization.name} has consumers that do not exist: {', '.join(strangers)}")
            record = by_name[self._key(organization.name)]
            for kind, names in (
                ("modules", organization.module_consumers),
                ("providers", organization.provider_consumers),
            ):
                found = [by_name[self._key(name)] for name in names]
                self.share_with(record, cast("Kind", kind), found, keep_everyone=True)
        self._by_name, self._by_id = by_name, by_id
        self._listed = tuple(sorted(by_name.values(), key=_scrambled))

    def _new_record(self, organization: Organization) -> Record:
        name = organization.name
        self._check_name(name)
        return Record(
            name=name,
            external_id=organization.external_id or f"org-{_base58(name)}",
            disabled=organization.disabled,
            email=organization.email or f"team@{name}.example",
            modules=Registry(organization.global_modules),
            providers=Registry(organization.global_providers),
        )

    def _check_name(self, name: str) -> None:
        if _LIKE_AN_ID.fullmatch(name) and not self._names_like_ids:
            raise ValueError(f"Since 202103-1 no name may look like an external id, as {name!r} does.")

    def _new_partnership(self, producer: Record) -> str:
        self._partnerships_made += 1
        return f"mp-{_base58(f'{producer.external_id} {self._partnerships_made}')}"


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _scrambled(record: Record) -> tuple[int, str]:
    return zlib.crc32(record.name.encode()), record.name


def _base58(text: str) -> str:
    """16 characters that depend on the text alone."""
    return "".join(_BASE58[byte % 58] for byte in hashlib.sha256(text.encode()).digest()[:16])
