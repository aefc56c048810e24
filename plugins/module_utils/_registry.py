# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes one producer's module sharing on any release: the endpoints E1 to E6 of API 1 live here alone.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ._client import ApiError, Client
from ._errors import TfeError
from ._organizations import Producer, parse_organization, parse_producer, path_of
from ._sharing import Organization, Partnership

_GONE = (404, 405, 410)
"""How an endpoint that this release does not have answers, when the organization itself was read a moment ago."""

_CONSUMERS = "/relationships/module-consumers"
_LEGACY_CONSUMERS = "/module-consumers"
_PROVIDER_CONSUMERS = "/relationships/provider-consumers"


class Registry:
    """The private registry of one producer. Every method raises ApiError where the server refuses."""

    def __init__(self, client: Client, producer: Producer) -> None:
        self._client = client
        self._producer = producer
        self._path = path_of(producer.organization.name)
        readers = [self._read_organizations, self._read_partnerships]
        # Only the order of tries hangs on the document: a missing link proves nothing (API 1.8).
        self._readers = readers if producer.links_consumers else readers[::-1]

    def read(self) -> tuple[Partnership, ...]:
        """The producer's consumers, one request for each 100 (E2; E1r where E2 does not exist)."""
        refusals = []
        for reader in list(self._readers):
            try:
                partnerships = reader()
            except ApiError as error:
                if error.status not in _GONE:
                    raise
                refusals.append(error)
            else:
                self._readers = [reader]
                return partnerships
        raise _nowhere("read", self._producer, refusals)

    def replace(self, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """Writes the whole list, which turns global sharing off (API 1.7). Returns what the answer shows, if it does.

        E1 takes external ids and answers with partnerships; E3 and E5 take names and answer with nothing.
        """
        writers: list[Callable[[Sequence[Organization]], tuple[Partnership, ...] | None]] = [
            self._replace_by_names,
            self._replace_with_providers,
        ]
        if all(consumer.external_id for consumer in consumers):
            writers.insert(0, self._replace_by_ids)
        refusals = []
        for writer in writers:
            try:
                return writer(consumers)
            except ApiError as error:
                if error.status not in _GONE:
                    raise
                refusals.append(error)
        raise _nowhere("written", self._producer, refusals)

    def share_with_everyone(self, everyone: bool) -> bool | None:
        """Sets the global flag (E6). Returns the flag that the answer shows, None where it shows none."""
        return self._set_flag("global-module-sharing", everyone).shares_modules_globally

    def _read_organizations(self) -> tuple[Partnership, ...]:
        """E2: the consumers as organizations (API 1.2)."""
        items = self._client.collection(self._path + _CONSUMERS)
        return tuple(Partnership(parse_organization(item)) for item in items)

    def _read_partnerships(self) -> tuple[Partnership, ...]:
        """E1r: the consumers as partnerships, the only list before 202103-1 (API 1.0)."""
        return tuple(map(_parse_partnership, self._client.collection(self._path + _LEGACY_CONSUMERS)))

    def _replace_by_ids(self, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", self._path + _LEGACY_CONSUMERS, body)
        if answer is None or not isinstance(answer["data"], list):
            return None
        return tuple(map(_parse_partnership, answer["data"]))

    def _replace_by_names(self, consumers: Sequence[Organization]) -> None:
        """E3 (API 1.3)."""
        data = [{"id": consumer.name, "type": "organizations"} for consumer in consumers]
        self._client.write("PATCH", self._path + _CONSUMERS, {"data": data})

    def _replace_with_providers(self, consumers: Sequence[Organization]) -> None:
        """E5 (API 1.4): it replaces the provider consumers too, so they are sent back as they were."""
        name, everyone_uses_providers = self._producer.organization.name, self._producer.shares_providers_globally
        if everyone_uses_providers is None:
            raise ApiError(
                f"PUT registry-partnerships was not tried: the document of {name} does not tell whether its providers "
                "are shared with every organization, and this write could turn that off.",
                404,
            )
        modules, providers = [consumer.name for consumer in consumers], self._provider_consumers()
        attributes = {
            # Nobody knows which spelling of the keys counts (API 9a).
            "module-consumers": modules,
            "module_consumers": modules,
            "provider-consumers": providers,
            "provider_consumers": providers,
        }
        body = {"data": {"type": "registry-partnerships", "attributes": attributes}}
        try:
            self._client.write("PUT", self._path + "/registry-partnerships", body)
        finally:
            if everyone_uses_providers:
                self._restore_global_providers()
        if set(self._provider_consumers()) != set(providers):
            raise TfeError(
                f"PUT registry-partnerships changed the provider consumers of {name} as well. They were: "
                f"{', '.join(sorted(providers)) or 'none'}. Set them again in TFE's admin pages."
            )

    def _restore_global_providers(self) -> None:
        try:
            restored = self._set_flag("global-provider-sharing", True).shares_providers_globally
            problem = "" if restored else "the server did not take it"
        except ApiError as error:
            problem = str(error)
        if problem:
            raise TfeError(
                f"{self._producer.organization.name} shared its providers with every organization. PUT "
                f"registry-partnerships may have turned that off, and it could not be turned on again: {problem}. "
                "Check it in TFE's admin pages."
            )

    def _provider_consumers(self) -> list[str]:
        return [parse_organization(i).name for i in self._client.collection(self._path + _PROVIDER_CONSUMERS)]

    def _set_flag(self, attribute: str, value: bool) -> Producer:
        """E6 (API 1.5): only the attribute that shall change is sent."""
        body = {"data": {"type": "organizations", "attributes": {attribute: value}}}
        return parse_producer(self._client.write("PATCH", self._path, body) or {"data": None})


def _parse_partnership(item: Any) -> Partnership:
    """A ``module-partnerships`` resource object (API 1.1)."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    name = attributes.get("consuming-organization-name") if isinstance(attributes, dict) else None
    if not isinstance(attributes, dict) or not name:
        raise ApiError("The server sent something that is not a partnership in a list of them.")
    external_id = attributes.get("consuming-organization-id")
    return Partnership(
        consumer=Organization(name=str(name), external_id=str(external_id) if external_id else None),
        id=str(item["id"]) if item.get("id") else None,
    )


def _nowhere(what: str, producer: Producer, refusals: Sequence[ApiError]) -> ApiError:
    """The organization was just read, and still there is no way to its consumers: never to be taken for "none"."""
    return ApiError(
        f"The module consumers of {producer.organization.name} cannot be {what}, although the organization itself was "
        f"just read: {' '.join(str(error) for error in refusals)}",
        refusals[-1].status,
    )
