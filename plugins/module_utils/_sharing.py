# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of sharing as pure functions: what may be asked for, and what has to change. No I/O happens here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ._errors import TfeError

REQUEST_OPTIONS = {
    "organization": {"type": "str", "required": True},
    "consumers": {"type": "list", "elements": "raw"},
    "state": {"type": "str", "choices": ["exact", "present", "absent"], "default": "exact"},
    "global_module_sharing": {"type": "bool"},
}
"""What a task says about one producer, as an argument spec."""

_PLAUSIBLE_NAME = re.compile(r"^(?!\.{1,2}$)[^\s/]+$")
"""What the official clients let through (API 2), less the two names that would change the path of a URL."""

Result = TypeVar("Result")


class UsageError(TfeError):
    """The task asks for something that cannot be meant."""


class Organization(NamedTuple):
    """``name`` in the server's spelling; ``external_id`` is opaque and may be unknown."""

    name: str
    external_id: str | None = None

    @property
    def key(self) -> str:
        """What two spellings of one organization have in common: names are unique case-insensitively (API 2)."""
        return self.name.casefold()

    def is_called(self, element: str) -> bool:
        """Whether a user means this organization: by its name in any case, or by its external id."""
        return self.key == element.casefold() or self.external_id == element


class Partnership(NamedTuple):
    """One consumer of a producer; ``id`` is None where the server did not give one."""

    consumer: Organization
    id: str | None = None


class Sharing(NamedTuple):
    """Who may use a producer's modules: everybody (``everyone``), else the consumers of ``partnerships``."""

    everyone: bool
    partnerships: tuple[Partnership, ...] = ()

    @property
    def consumers(self) -> list[Organization]:
        return [partnership.consumer for partnership in self.partnerships]

    @property
    def names(self) -> list[str]:
        return sorted(consumer.name for consumer in self.consumers)

    def without(self, other: Sharing) -> list[str]:
        """The names of the consumers here that ``other`` does not have."""
        keys = {consumer.key for consumer in other.consumers}
        return sorted(consumer.name for consumer in self.consumers if consumer.key not in keys)

    def is_same_as(self, other: Sharing) -> bool:
        return self.everyone == other.everyone and not self.without(other) and not other.without(self)


class Request(NamedTuple):
    """What a task asks for one producer. ``consumers`` is None where only the global flag is asked for.

    ``where`` stands before every message about it: which one it is, where a task asks for several.
    """

    organization: str
    consumers: tuple[str, ...] | None
    state: str
    share_globally: bool | None
    where: str = ""


class Plan(NamedTuple):
    """From what a producer shares to what it shall share; check mode and diff mode are drawn from it as well."""

    producer: Organization
    before: Sharing
    after: Sharing
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return not self.before.is_same_as(self.after)


class Outcome(NamedTuple):
    """What became of a plan: ``after`` is what the server shows now, None where that is not known."""

    plan: Plan
    after: Sharing | None
    failure: str = ""

    @property
    def changed(self) -> bool:
        return self.after is None or not self.after.is_same_as(self.plan.before)

    @property
    def added(self) -> list[str]:
        return [] if self.after is None else self.after.without(self.plan.before)

    @property
    def removed(self) -> list[str]:
        return [] if self.after is None else self.plan.before.without(self.after)


def parse_request(options: Mapping[str, Any]) -> Request:
    """Checks what can be checked without asking the server. Raises UsageError."""
    organization = _name(options["organization"])
    if organization is None:
        raise UsageError(f"organization must be the name of an organization, not {options['organization']!r}.")
    elements, share_globally = options["consumers"], options["global_module_sharing"]
    if elements is None and share_globally is None:
        raise UsageError("Nothing is asked for: give consumers, global_module_sharing, or both.")
    if elements is not None and share_globally:
        raise UsageError(
            "consumers and global_module_sharing: true exclude each other: "
            "a registry is open either to the listed organizations or to every one."
        )
    consumers = None if elements is None else parse_elements("consumers", elements)
    request = Request(organization, consumers, options["state"], share_globally)
    refuse_self(request, Organization(organization))
    return request


def each(labels: Iterable[str], check: Callable[..., Result], *columns: Iterable[Any]) -> list[Result]:
    """``map(check, *columns)``, but what it refuses is raised as one UsageError, with the label before each message."""
    results, problems = [], []
    for label, *arguments in zip(labels, *columns):
        try:
            results.append(check(*arguments))
        except UsageError as error:
            problems.append(f"{label}{error}")
    if problems:
        raise UsageError(" ".join(problems))
    return results


def refuse_self(request: Request, producer: Organization) -> None:
    """Raises UsageError where the producer is among its own consumers, under its name or its external id."""
    for i, element in enumerate(request.consumers or ()):
        if producer.is_called(element):
            raise UsageError(f"consumers[{i}] is {element!r}, the producing organization itself.")


def parse_elements(option: str, elements: Sequence[Any]) -> tuple[str, ...]:
    """Names and external ids. Raises UsageError for an element that can be neither."""
    return tuple(_element(f"{option}[{i}]", element) for i, element in enumerate(elements))


def _element(where: str, element: Any) -> str:
    name = _name(element)
    if name is None:
        problem = "blank" if element is None or element == "" else f"{element!r}"
        clear = " To clear the list, say so with an empty list: consumers: []." if where.startswith("consumers") else ""
        raise UsageError(f"{where} is {problem}: it must be the name or the external id of an organization." + clear)
    return name


def _name(value: Any) -> str | None:
    """The text of a name or an external id, None where it cannot be one. Names may be all digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()
    return text if _PLAUSIBLE_NAME.match(text) else None


def match(elements: Iterable[str], organizations: Iterable[Organization]) -> dict[str, Organization]:
    """Which of the organizations each element means; elements that mean none are left out.

    Raises UsageError where an element is the name of one organization and the external id of another, as was possible
    before 202103-1 (API 2): guessing could open a registry to a stranger.
    """
    by_name: dict[str, Organization] = {}
    by_id: dict[str, Organization] = {}
    for organization in organizations:
        by_name[organization.key] = organization
        if organization.external_id is not None:
            by_id[organization.external_id] = organization
    found = {}
    for element in elements:
        named, identified = by_name.get(element.casefold()), by_id.get(element)
        if named and identified and named.key != identified.key:
            raise UsageError(
                f"{element!r} is the name of one organization and the external id of another ({identified.name})."
            )
        organization_meant = named or identified
        if organization_meant:
            found[element] = organization_meant
    return found


def refuse_hidden_revocation(request: Request, producer: Organization, before: Sharing) -> None:
    """Adding or removing one name under global sharing would revoke everybody else: refused unless said knowingly."""
    if (
        before.everyone
        and request.consumers is not None
        and request.state != "exact"
        and request.share_globally is None
    ):
        raise UsageError(
            f"{producer.name} shares its modules with every organization. state: {request.state} would turn that off "
            "and cut everybody else off. If you mean that, add global_module_sharing: false; nothing was changed."
        )


def make_plan(request: Request, producer: Organization, before: Sharing, wanted: Sequence[Organization]) -> Plan:
    """What has to become of ``before``; ``wanted`` are the organizations that the request's consumers mean."""
    if request.consumers is None:
        after = before if before.everyone == request.share_globally else Sharing(everyone=bool(request.share_globally))
    else:
        after = Sharing(everyone=False, partnerships=_combine(request.state, before.partnerships, wanted))
    return Plan(producer, before, after, tuple(_warnings(request, producer, before, after)))


def _combine(state: str, current: tuple[Partnership, ...], wanted: Sequence[Organization]) -> tuple[Partnership, ...]:
    keys = {organization.key for organization in wanted}
    if state == "absent":
        return tuple(partnership for partnership in current if partnership.consumer.key not in keys)
    kept = [partnership for partnership in current if state == "present" or partnership.consumer.key in keys]
    known = {partnership.consumer.key for partnership in kept}
    new = {organization.key: organization for organization in wanted if organization.key not in known}
    return (*kept, *(Partnership(organization) for organization in new.values()))


def _warnings(request: Request, producer: Organization, before: Sharing, after: Sharing) -> Iterable[str]:
    if before.everyone and not after.everyone and request.share_globally is None:
        yield (
            f"{producer.name} stops sharing its modules with every organization: all that are not listed in consumers "
            "lose access. Set global_module_sharing: false to say that this is meant."
        )
    if after.everyone and not before.everyone and before.partnerships:
        yield (
            f"{producer.name} starts sharing its modules with every organization, which drops its list of consumers "
            f"for good: {', '.join(before.names)}."
        )


def sharing_data(producer: Organization, sharing: Sharing | None) -> dict[str, Any]:
    """A producer's sharing as the modules return it; nulls where it is not known."""
    data: dict[str, Any] = {"organization": {"name": producer.name, "external_id": producer.external_id}}
    if sharing is None:
        return {**data, "global_module_sharing": None, "consumers": None, "partnerships": None}
    return {
        **data,
        "global_module_sharing": sharing.everyone,
        "consumers": sharing.names,
        "partnerships": [
            {
                "id": partnership.id,
                "consuming_organization_id": partnership.consumer.external_id,
                "consuming_organization_name": partnership.consumer.name,
                "producing_organization_id": producer.external_id,
                "producing_organization_name": producer.name,
            }
            for partnership in sorted(sharing.partnerships, key=lambda partnership: partnership.consumer.name)
        ],
    }
