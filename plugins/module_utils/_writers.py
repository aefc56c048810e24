# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that write a producer's sharing on any release: E1, E3, E5 and E6 of API 1.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ._errors import ApiError, TfeError
from ._organizations import Producer, parse_organization, parse_producer, read_document
from ._parsing import attributes_of
from ._registry import CONSUMERS, GONE, LEGACY_CONSUMERS, Registry, parse_partnership, path
from ._sharing import Organization, Partnership

_PROVIDER_CONSUMERS = "/relationships/provider-consumers"


class Writers:
    """Writes to the registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._client = registry.client

    def replace(self, producer: Producer, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """Writes the whole list, which turns global sharing off (API 1.7). Returns what the answer shows, if it does.

        E1 takes external ids and answers with partnerships; E3 and E5 take names and answer with nothing.
        """
        ways: dict[str, Callable[[], tuple[Partnership, ...] | None]] = {}
        if all(consumer.external_id for consumer in consumers):
            ways["E1"] = partial(self._replace_by_ids, producer, consumers)
        ways["E3"] = partial(self._replace_by_names, producer, consumers)
        ways["E5"] = partial(self._replace_with_providers, producer, consumers)
        return self._registry.first_way("written", producer, ways)

    def share_with_everyone(self, producer: Producer, everyone: bool) -> bool | None:
        """Sets the global flag (E6). Returns the flag that the answer shows, None where it shows none."""
        return self._set_flag(producer, "global-module-sharing", everyone).shares_modules_globally

    def _replace_by_ids(self, producer: Producer, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", path(producer, LEGACY_CONSUMERS), body)
        items = answer["data"] if answer else None
        if not isinstance(items, list) or not all(_is_of(producer, item) for item in items):
            return None
        return tuple(map(parse_partnership, items))

    def _replace_by_names(self, producer: Producer, consumers: Sequence[Organization]) -> None:
        """E3 (API 1.3)."""
        data = [{"id": consumer.name, "type": "organizations"} for consumer in consumers]
        self._client.write("PATCH", path(producer, CONSUMERS), {"data": data})

    def _replace_with_providers(self, producer: Producer, consumers: Sequence[Organization]) -> None:
        """E5 (API 1.4): it replaces the provider consumers too, so they are sent back as they were."""
        name = producer.organization.name
        # Read anew: the document at hand may be minutes old, or come from a list that tells less.
        everyone_uses_providers = read_document(self._client, name).shares_providers_globally
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
            self._client.write("PUT", path(producer, "/registry-partnerships"), body)
        except ApiError as error:
            if error.status in GONE or error.had_no_effect:
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
            restored = read_document(self._client, producer.organization.name).shares_providers_globally
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
        consumers = self._client.collection(path(producer, _PROVIDER_CONSUMERS), parse_organization)
        return [organization.name for organization in consumers]

    def _set_flag(self, producer: Producer, attribute: str, value: bool) -> Producer:
        """E6 (API 1.5): only the attribute that shall change is sent."""
        body = {"data": {"type": "organizations", "attributes": {attribute: value}}}
        answer = parse_producer((self._client.write("PATCH", path(producer), body) or {}).get("data"))
        if answer.organization.key != producer.organization.key:
            raise ApiError(f"PATCH for {producer.organization.name} answered with {answer.organization.name}.")
        return answer


def _is_of(producer: Producer, item: Any) -> bool:
    """Whether a partnership of an answer is this producer's; where it does not say, it is."""
    name = attributes_of(item).get("producing-organization-name")
    return name is None or str(name).casefold() == producer.organization.key
