# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes one producer's module sharing on any release: the endpoints E1 to E6 of API 1 live here alone.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ._client import ApiError, Client, attributes_of
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
        return tuple(map(_parse_partnership, self._client.collection(self._path + _LEGACY_CONSUMERS, paged=False)))

    def _replace_by_ids(self, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", self._path + _LEGACY_CONSUMERS, body)
        items = answer["data"] if answer else None
        if not isinstance(items, list) or not all(self._is_ours(item) for item in items):
            return None
        return tuple(map(_parse_partnership, items))

    def _is_ours(self, item: Any) -> bool:
        """Whether a partnership of an answer is this producer's; where it does not say, it is."""
        producer = attributes_of(item).get("producing-organization-name")
        return producer is None or str(producer).casefold() == self._producer.organization.key

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
        failure = None
        try:
            self._client.write("PUT", self._path + "/registry-partnerships", body)
        except ApiError as error:
            if error.status in _GONE:
                raise
            failure = error  # it may have been applied all the same
        if everyone_uses_providers:
            self._restore_global_providers()
        self._prove_provider_consumers(set(providers))
        if failure:
            raise failure

    def _restore_global_providers(self) -> None:
        problem = ""
        with suppress(ApiError):  # the next read tells whether it was applied
            self._set_flag("global-provider-sharing", True)
        try:
            restored = parse_producer(self._client.get(self._path)).shares_providers_globally
        except ApiError as error:
            restored, problem = None, f" {error}"
        if not restored:
            raise TfeError(
                f"{self._producer.organization.name} shared its providers with every organization. PUT "
                "registry-partnerships may have turned that off, and it could not be turned on again."
                f"{problem} Check it in TFE's admin pages; then run again to see whether the module consumers arrived."
            )

    def _prove_provider_consumers(self, before: set[str]) -> None:
        try:
            now, problem = set(self._provider_consumers()), ""
        except ApiError as error:
            now, problem = None, f" {error}"
        if now != before:
            what = "may have changed" if now is None else "changed"
            raise TfeError(
                f"PUT registry-partnerships {what} the provider consumers of {self._producer.organization.name} too."
                f"{problem} They were: {', '.join(sorted(before)) or 'none'}. Check them in TFE's admin pages; then "
                "run again to see whether the module consumers arrived."
            )

    def _provider_consumers(self) -> list[str]:
        return [parse_organization(i).name for i in self._client.collection(self._path + _PROVIDER_CONSUMERS)]

    def _set_flag(self, attribute: str, value: bool) -> Producer:
        """E6 (API 1.5): only the attribute that shall change is sent."""
        body = {"data": {"type": "organizations", "attributes": {attribute: value}}}
        answer = parse_producer(self._client.write("PATCH", self._path, body) or {"data": None})
        if answer.organization.key != self._producer.organization.key:
            raise ApiError(f"PATCH for {self._producer.organization.name} answered with {answer.organization.name}.")
        return answer


def _parse_partnership(item: Any) -> Partnership:
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


def _nowhere(what: str, producer: Producer, refusals: Sequence[ApiError]) -> ApiError:
    """The organization was just read, and still there is no way to its consumers: never to be taken for "none"."""
    return ApiError(
        f"The module consumers of {producer.organization.name} cannot be {what}, although the organization itself was "
        f"just read: {' '.join(str(error) for error in refusals)}",
        refusals[-1].status,
    )
