# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes a producer's module sharing on any release: the endpoints E1 to E6 of API 1 live here alone.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ._client import ApiError, Client, attributes_of
from ._errors import TfeError
from ._organizations import Producer, parse_organization, parse_producer, path_of
from ._sharing import Organization, Partnership, Sharing

_GONE = (404, 405, 410)
"""How an endpoint that this release does not have answers, when the organization itself was read a moment ago."""

_CONSUMERS = "/relationships/module-consumers"
_LEGACY_CONSUMERS = "/module-consumers"
_PROVIDER_CONSUMERS = "/relationships/provider-consumers"

Result = TypeVar("Result")


class Registry:
    """The private registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._gone: set[str] = set()

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
        return self._first_way("read", producer, {endpoint: ways[endpoint] for endpoint in order})

    def replace(self, producer: Producer, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """Writes the whole list, which turns global sharing off (API 1.7). Returns what the answer shows, if it does.

        E1 takes external ids and answers with partnerships; E3 and E5 take names and answer with nothing.
        """
        ways: dict[str, Callable[[], tuple[Partnership, ...] | None]] = {}
        if all(consumer.external_id for consumer in consumers):
            ways["E1"] = partial(self._replace_by_ids, producer, consumers)
        ways["E3"] = partial(self._replace_by_names, producer, consumers)
        ways["E5"] = partial(self._replace_with_providers, producer, consumers)
        return self._first_way("written", producer, ways)

    def share_with_everyone(self, producer: Producer, everyone: bool) -> bool | None:
        """Sets the global flag (E6). Returns the flag that the answer shows, None where it shows none."""
        return self._set_flag(producer, "global-module-sharing", everyone).shares_modules_globally

    def _first_way(self, what: str, producer: Producer, ways: Mapping[str, Callable[[], Result]]) -> Result:
        """What the first endpoint answers that this release has; one that is gone is tried last the next time."""
        refusals: dict[str, ApiError] = {}
        for endpoint in sorted(ways, key=self._gone.__contains__):
            try:
                answer = ways[endpoint]()
            except ApiError as error:
                if error.status not in _GONE:
                    raise
                refusals[endpoint] = error
            else:
                self._gone.update(refusals)
                return answer
        # The organization was just read, and still there is no way to its consumers: never to be taken for "none".
        raise ApiError(
            f"The module consumers of {producer.organization.name} cannot be {what}, although the organization itself "
            f"was just read: {' '.join(map(str, refusals.values()))}",
            list(refusals.values())[-1].status,
        )

    def _read_organizations(self, producer: Producer) -> tuple[Partnership, ...]:
        """E2: the consumers as organizations (API 1.2)."""
        return tuple(map(Partnership, self._client.collection(_path(producer, _CONSUMERS), parse_organization)))

    def _read_partnerships(self, producer: Producer) -> tuple[Partnership, ...]:
        """E1r: the consumers as partnerships, the only list before 202103-1 (API 1.0)."""
        return tuple(self._client.collection(_path(producer, _LEGACY_CONSUMERS), _parse_partnership, paged=False))

    def _replace_by_ids(self, producer: Producer, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", _path(producer, _LEGACY_CONSUMERS), body)
        items = answer["data"] if answer else None
        if not isinstance(items, list) or not all(_is_of(producer, item) for item in items):
            return None
        return tuple(map(_parse_partnership, items))

    def _replace_by_names(self, producer: Producer, consumers: Sequence[Organization]) -> None:
        """E3 (API 1.3)."""
        data = [{"id": consumer.name, "type": "organizations"} for consumer in consumers]
        self._client.write("PATCH", _path(producer, _CONSUMERS), {"data": data})

    def _replace_with_providers(self, producer: Producer, consumers: Sequence[Organization]) -> None:
        """E5 (API 1.4): it replaces the provider consumers too, so they are sent back as they were."""
        name, everyone_uses_providers = producer.organization.name, producer.shares_providers_globally
        if everyone_uses_providers is None:
            raise ApiError(
                f"PUT registry-partnerships was not tried: the document of {name} does not tell whether its providers "
                "are shared with every organization, and this write could turn that off.",
                404,
            )
        modules, providers = [consumer.name for consumer in consumers], self._provider_consumers(producer)
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
            self._client.write("PUT", _path(producer, "/registry-partnerships"), body)
        except ApiError as error:
            if error.status in _GONE:
                raise
            failure = error  # it may have been applied all the same
        if everyone_uses_providers:
            self._restore_global_providers(producer)
        self._prove_provider_consumers(producer, set(providers))
        if failure:
            raise failure

    def _restore_global_providers(self, producer: Producer) -> None:
        problem = ""
        with suppress(ApiError):  # the next read tells whether it was applied
            self._set_flag(producer, "global-provider-sharing", True)
        try:
            document = self._client.get(_path(producer))
            restored = parse_producer(document["data"]).shares_providers_globally
        except ApiError as error:
            restored, problem = None, f" {error}"
        if not restored:
            raise TfeError(
                f"{producer.organization.name} shared its providers with every organization. PUT "
                "registry-partnerships may have turned that off, and it could not be turned on again."
                f"{problem} Check it in TFE's admin pages; then run again to see whether the module consumers arrived."
            )

    def _prove_provider_consumers(self, producer: Producer, before: set[str]) -> None:
        try:
            now, problem = set(self._provider_consumers(producer)), ""
        except ApiError as error:
            now, problem = None, f" {error}"
        if now != before:
            what = "may have changed" if now is None else "changed"
            raise TfeError(
                f"PUT registry-partnerships {what} the provider consumers of {producer.organization.name} too."
                f"{problem} They were: {', '.join(sorted(before)) or 'none'}. Check them in TFE's admin pages; then "
                "run again to see whether the module consumers arrived."
            )

    def _provider_consumers(self, producer: Producer) -> list[str]:
        path = _path(producer, _PROVIDER_CONSUMERS)
        return [organization.name for organization in self._client.collection(path, parse_organization)]

    def _set_flag(self, producer: Producer, attribute: str, value: bool) -> Producer:
        """E6 (API 1.5): only the attribute that shall change is sent."""
        body = {"data": {"type": "organizations", "attributes": {attribute: value}}}
        answer = parse_producer((self._client.write("PATCH", _path(producer), body) or {}).get("data"))
        if answer.organization.key != producer.organization.key:
            raise ApiError(f"PATCH for {producer.organization.name} answered with {answer.organization.name}.")
        return answer


def _path(producer: Producer, below: str = "") -> str:
    return path_of(producer.organization.name) + below


def _is_of(producer: Producer, item: Any) -> bool:
    """Whether a partnership of an answer is this producer's; where it does not say, it is."""
    name = attributes_of(item).get("producing-organization-name")
    return name is None or str(name).casefold() == producer.organization.key


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
