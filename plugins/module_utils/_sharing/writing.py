# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that write a producer's sharing on any release: E1, E3, E5 and E6 of API 1.

What the server answers decides which endpoint is used, never a version header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from .._tfe.errors import ApiError, HarmError, NotSentError, StrangerError
from .._tfe.parsing import attributes_of
from .._tfe.transport import side_by_side
from .documents import Producer, parse_organization, parse_producer, read_document
from .reading import CONSUMERS, GONE, LEGACY_CONSUMERS, Registry, parse_partnership, path
from .rules import Organization, Partnership, fold, leftover

_PROVIDER_CONSUMERS = "/relationships/provider-consumers"


class Writers:
    """Writes to the registries of an instance. Every method raises ApiError where the server refuses."""

    def __init__(self, registry: Registry, ready: Callable[[], None]) -> None:
        """``ready`` is called right before each write, and may raise what stops it; not before a write that repairs."""
        self._registry = registry
        self._client = registry.client
        self._ready = ready

    def replace(
        self, producer: Producer, consumers: Sequence[Organization], new: Sequence[Organization]
    ) -> tuple[Partnership, ...] | None:
        """Writes the whole list, which turns global sharing off (API 1.7). Returns what the answer shows, if it does.

        E1 takes external ids and answers with partnerships; E3 and E5 take names and answer with nothing. ``new`` are
        the consumers that are not in the list yet. Raises NotSentError where a name is not whose it was any more.
        """
        ways: dict[str, Callable[[], tuple[Partnership, ...] | None]] = {}
        if all(consumer.external_id for consumer in consumers):
            ways["E1"] = partial(self._replace_by_ids, producer, consumers)
        confirm = lru_cache(partial(self._confirm, [producer.organization, *new]))
        ways["E3"] = partial(self._replace_by_names, producer, consumers, confirm)
        ways["E5"] = partial(self._replace_with_providers, producer, consumers, confirm)
        return self._registry.first_way("written", producer, ways)

    def share_with_everyone(self, producer: Producer, everyone: bool) -> bool | None:
        """Sets the global flag (E6). Returns the flag that the answer shows, None where it shows none."""
        answer = self._set_flag(producer, "global-module-sharing", everyone, self._ready)
        return answer.shares_modules_globally if answer else None

    def _confirm(self, organizations: Sequence[Organization]) -> None:
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

    def _replace_by_ids(self, producer: Producer, consumers: Sequence[Organization]) -> tuple[Partnership, ...] | None:
        """E1 (API 1.1)."""
        ids = [consumer.external_id for consumer in consumers]
        attributes = {"module-consuming-organization-ids": ids}
        body = {"data": {"type": "module-partnerships", "attributes": attributes}}
        answer = self._client.write("PATCH", path(producer, LEGACY_CONSUMERS), body, self._ready)
        items = answer["data"] if answer else None
        # An empty list does not tell whose it is.
        if not isinstance(items, list) or not items or not all(_is_of(producer.organization, item) for item in items):
            return None
        return tuple(map(parse_partnership, items))

    def _replace_by_names(
        self, producer: Producer, consumers: Sequence[Organization], confirm: Callable[[], None]
    ) -> None:
        """E3 (API 1.3)."""
        confirm()
        data = [{"id": consumer.name, "type": "organizations"} for consumer in consumers]
        self._client.write("PATCH", path(producer, CONSUMERS), {"data": data}, self._ready)

    def _replace_with_providers(
        self, producer: Producer, consumers: Sequence[Organization], confirm: Callable[[], None]
    ) -> None:
        """E5 (API 1.4): it replaces the provider consumers too, so they are sent back as they were."""
        confirm()
        name = producer.organization.name
        # Read anew: the document at hand may come from a list that tells less.
        document = read_document(self._client, name)
        try:
            refuse_stranger(producer.organization, document.organization)
        except StrangerError as error:
            raise NotSentError(f"{name} has changed meanwhile, run again. {error}") from error
        everyone_uses_providers = document.shares_providers_globally
        if everyone_uses_providers is None:
            raise ApiError(
                f"PUT registry-partnerships was not tried: the document of {name} does not tell whether its providers "
                "are shared with every organization, and this write could turn that off.",
                404,
            )
        before = self._provider_consumers(producer)
        modules, providers = ([consumer.name for consumer in kind] for kind in (consumers, before))
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
            self._client.write("PUT", path(producer, "/registry-partnerships"), body, self._ready)
        except ApiError as error:
            if error.status in GONE or error.had_no_effect:
                raise
            failure = error  # it may have been applied all the same, or in part
        try:
            if everyone_uses_providers:
                repair = failure is None or self._is_applied(producer, consumers, failure)
                self._keep_global_providers(producer, repair=repair)
            self._prove_provider_consumers(producer, before)
        except HarmError as harm:
            raise HarmError(f"{failure or ''} {harm}".strip()) from harm
        if failure:
            raise failure

    def _is_applied(self, producer: Producer, consumers: Sequence[Organization], failure: ApiError) -> bool:
        """Whether a PUT that failed was carried out all the same: else it is not what turned a flag off."""
        if not failure.unsettled:
            return False
        try:
            now = [partnership.consumer for partnership in self._registry.read(producer)]
        except ApiError:
            return False
        return not leftover(consumers, now) and not leftover(now, consumers)

    def _keep_global_providers(self, producer: Producer, *, repair: bool) -> None:
        """Turns global sharing of providers on again where it is off and ``repair`` is set.

        Raises HarmError where it is not on in the end, which may be somebody else's doing where the PUT failed.
        """
        tries = self._client.tries()
        again, problem = True, ""
        while True:
            try:
                document = read_document(self._client, producer.organization.name)
                refuse_stranger(producer.organization, document.organization)
            except (ApiError, StrangerError) as error:
                problem = f" {error}"
                break
            if document.shares_providers_globally:
                return
            if not (again and repair):
                break
            again = False
            try:
                self._set_flag(producer, "global-provider-sharing", True)
            except ApiError as error:  # the next read tells whether it was applied
                again = tries.again(error)
        raise HarmError(
            f"{producer.organization.name} shared its providers with every organization. PUT "
            "registry-partnerships may have turned that off, and it is not known to be on again."
            f"{problem} Check it in TFE's admin pages; then run again to see whether the module consumers arrived."
        )

    def _prove_provider_consumers(self, producer: Producer, before: Sequence[Organization]) -> None:
        try:
            now, problem = self._provider_consumers(producer), ""
        except ApiError as error:
            now, problem = None, f" {error}"
        if now is None or leftover(before, now) or leftover(now, before):
            what = "may have changed" if now is None else "changed"
            names = ", ".join(sorted(consumer.name for consumer in before))
            raise HarmError(
                f"PUT registry-partnerships {what} the provider consumers of {producer.organization.name} too."
                f"{problem} They were: {names or 'none'}. Check them in TFE's admin pages; then "
                "run again to see whether the module consumers arrived."
            )

    def _provider_consumers(self, producer: Producer) -> list[Organization]:
        return self._client.collection(path(producer, _PROVIDER_CONSUMERS), parse_organization)

    def _set_flag(
        self, producer: Producer, attribute: str, value: bool, ready: Callable[[], None] | None = None
    ) -> Producer | None:
        """E6 (API 1.5): only the attribute that shall change is sent. None where the answer is not whole."""
        body = {"data": {"type": "organizations", "attributes": {attribute: value}}}
        document = self._client.write("PATCH", path(producer), body, ready)
        if document is None:
            return None
        answer = parse_producer(document["data"])
        planned, shown = producer.organization, answer.organization
        refuse_stranger(planned, shown)
        if shown.external_id is None and shown.key != planned.key:
            raise ApiError(f"PATCH for {planned.name} answered with {shown.name}.")
        return answer if shown.external_id == planned.external_id else None


def refuse_stranger(planned: Organization, shown: Organization) -> None:
    """Raises StrangerError where a name belongs to another organization than it did: its external id tells."""
    if not shown.may_be(planned):
        raise StrangerError(
            f"The name {planned.name} belongs to another organization now: its external id is {shown.external_id}, and "
            f"was {planned.external_id} when the task began."
        )


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
