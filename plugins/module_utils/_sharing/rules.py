# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of sharing as pure functions: what may be asked for, and what has to change. No I/O happens here."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .._tfe.errors import TfeError

REQUEST_OPTIONS = {
    "organization": {"type": "raw", "required": True},
    "consumers": {"type": "list", "elements": "raw"},
    "state": {"type": "str", "choices": ["exact", "present", "absent"], "default": "exact"},
    "global_module_sharing": {"type": "bool"},
}
"""What a task says about one producer, as an argument spec."""

_PLAUSIBLE_NAME = re.compile(r"^(?!\.{1,2}$)[^\s/]+$")
"""What the official clients let through (API 2), less the two names that would change the path of a URL."""

_LISTED_NAME = re.compile(r"^(?!\.{1,2}$).+$")
"""What may leave a list: whatever a server may have put there."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

Result = TypeVar("Result")


def fold(name: str) -> str:
    """What the spellings of one name have in common: case does not matter (API 2), and only ASCII's is known of."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


class UsageError(TfeError):
    """The task asks for something that cannot be meant."""


class Organization(NamedTuple):
    """``name`` in the server's spelling; ``external_id`` is opaque and may be unknown."""

    name: str
    external_id: str | None = None

    @property
    def key(self) -> str:
        """Its name in any case. Two organizations share it where a server lets names differ in case alone (API 10)."""
        return fold(self.name)

    def is_called(self, element: str) -> bool:
        """Whether a user means this organization: by its name in any case, or by its external id."""
        return self.key == fold(element) or self.external_id == element

    def may_be(self, other: Organization | None) -> bool:
        """Whether nothing speaks against both being one, as far as their external ids go."""
        return other is not None and (not self.external_id or other.external_id in (None, self.external_id))


def leftover(here: Sequence[Organization], there: Sequence[Organization]) -> list[Organization]:
    """Who of ``here`` is nobody of ``there``.

    The external id decides wherever it is known of both: a name may have been given to somebody else. Without it the
    name does, and only where no exact spelling fits, in any case (API 2).
    """
    ids = {organization.external_id for organization in there if organization.external_id}
    names = {organization.name: organization for organization in there}
    left = [it for it in here if it.external_id not in ids and not it.may_be(names.get(it.name))]
    if not left:
        return left
    taken = {organization.name for organization in here}
    spellings = {organization.key: organization for organization in there if organization.name not in taken}
    return [organization for organization in left if not organization.may_be(spellings.get(organization.key))]


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
        return sorted(consumer.name for consumer in leftover(self.consumers, other.consumers))

    def is_same_as(self, other: Sharing) -> bool:
        return self.everyone == other.everyone and not self.without(other) and not other.without(self)

    def is_just(self, other: Sharing) -> bool:
        """Whether it is the same, and nobody is called otherwise: what writes names depends on them."""
        return self.is_same_as(other) and self.names == other.names


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
    """From what a producer shares to what it shall share; check mode and diff mode are drawn from it as well.

    ``exact``: whether ``after`` is the whole list, so that nobody else may be there when it was written. ``leaving``:
    whom the task asked to be absent, in its own words.
    """

    producer: Organization
    before: Sharing
    after: Sharing
    warnings: tuple[str, ...] = ()
    exact: bool = True
    leaving: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return not self.before.is_same_as(self.after)

    def missing(self, shown: Sharing) -> list[Organization]:
        """Who should be among the consumers that the server shows, and is not."""
        return leftover(self.after.consumers, shown.consumers)

    def left_over(self, shown: Sharing) -> list[Organization]:
        """Who should not be; whom somebody else added meanwhile is theirs, unless the list was to be exact."""
        extra = leftover(shown.consumers, self.after.consumers)
        new = [] if self.exact else leftover(extra, self.before.consumers)
        return [it for it in extra if it not in new or any(map(it.is_called, self.leaving))]

    def is_reached_by(self, shown: Sharing) -> bool:
        return shown.everyone == self.after.everyone and not self.missing(shown) and not self.left_over(shown)


class Outcome(NamedTuple):
    """What became of a plan: ``after`` is what the server shows now, None where that is not known.

    ``written`` is false where nothing can have been written, so that whatever differs is somebody else's doing.
    ``fault`` is an exception that nobody expected, ``harm`` whether something else of the producer was changed as well.
    """

    plan: Plan
    after: Sharing | None
    failure: str = ""
    written: bool = True
    fault: Exception | None = None
    harm: bool = False

    @property
    def changed(self) -> bool:
        shows_it = self.after is None or self.harm or not self.after.is_same_as(self.plan.before)
        return self.written and shows_it

    @property
    def added(self) -> list[str]:
        """Whom somebody else added meanwhile is not among them."""
        if self.after is None or not self.written:
            return []
        planned = leftover(self.plan.after.consumers, self.plan.before.consumers)
        return sorted(it.name for it in planned if it not in leftover(planned, self.after.consumers))

    @property
    def removed(self) -> list[str]:
        return [] if self.after is None or not self.written else self.plan.before.without(self.after)


def parse_request(options: Mapping[str, Any]) -> Request:
    """Checks what can be checked without asking the server. Raises UsageError."""
    organization = parse_name("organization", options["organization"])
    elements, share_globally = options["consumers"], options["global_module_sharing"]
    if elements is None and share_globally is None:
        raise UsageError("Nothing is asked for: give consumers, global_module_sharing, or both.")
    if elements is not None and share_globally:
        raise UsageError(
            "consumers and global_module_sharing: true exclude each other: "
            "a registry is open either to the listed organizations or to every one."
        )
    plausible = _LISTED_NAME if options["state"] == "absent" else _PLAUSIBLE_NAME
    consumers = None if elements is None else parse_elements("consumers", elements, plausible)
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


def parse_elements(
    option: str, elements: Sequence[Any], plausible: re.Pattern[str] = _PLAUSIBLE_NAME
) -> tuple[str, ...]:
    """Names and external ids. Raises UsageError for an element that can be neither."""
    return tuple(parse_element(f"{option}[{i}]", element, plausible) for i, element in enumerate(elements))


def parse_element(where: str, element: Any, plausible: re.Pattern[str] = _PLAUSIBLE_NAME) -> str:
    """A name or an external id. Raises UsageError for what can be neither."""
    name = _text(where, element)
    if not plausible.match(name):
        problem = "blank" if element is None or element == "" else f"{element!r}"
        clear = " To clear the list, say so with an empty list: consumers: []." if where.startswith("consumers") else ""
        raise UsageError(f"{where} is {problem}: it must be the name or the external id of an organization." + clear)
    return name


def parse_name(option: str, value: Any) -> str:
    """The name of an organization. Raises UsageError for what cannot be one."""
    name = _text(option, value)
    if not _PLAUSIBLE_NAME.match(name):
        raise UsageError(f"{option} must be the name of an organization, not {value!r}.")
    return name


def _text(where: str, value: Any) -> str:
    """What stands for an organization, without blanks around it; "" for what is neither text nor a number.

    Raises UsageError for a number: what was typed is not known any more.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise UsageError(
            f"{where} is the number {value}. Put it in quotes, just as it is spelled in TFE: without quotes, YAML "
            "reads 0173 as 123, which may be another organization."
        )
    return value.strip() if isinstance(value, str) else ""


def match(elements: Iterable[str], organizations: Iterable[Organization]) -> dict[str, Organization]:
    """Which of the organizations each element means; elements that mean none are left out.

    Raises UsageError where an element is the name of one organization and the external id of another, as was possible
    before 202103-1 (API 2), and where several names differ in case alone and none is spelled like it: guessing could
    open a registry to a stranger.
    """
    by_name = {organization.name: organization for organization in organizations}
    by_key: dict[str, list[Organization]] = {}
    for organization in by_name.values():
        by_key.setdefault(organization.key, []).append(organization)
    by_id = {organization.external_id: organization for organization in by_name.values() if organization.external_id}
    found = {}
    for element in elements:
        alike = by_key.get(fold(element), [])
        named, identified = by_name.get(element), by_id.get(element)
        if named is None and len(alike) > 1:
            names = " and ".join(sorted(organization.name for organization in alike))
            raise UsageError(f"{element!r} could be any of {names}, which differ in case alone: spell it exactly.")
        named = named or next(iter(alike), None)
        if named and identified and named != identified:
            raise UsageError(
                f"{element!r} is the name of one organization and the external id of another ({identified.name})."
            )
        organization_meant = named or identified
        if organization_meant:
            found[element] = organization_meant
    return found


def match_listed(elements: Sequence[str], listed: Sequence[Organization]) -> dict[str, Organization]:
    """The same among the consumers that a list has, which tells nothing of names that are not in it.

    An element in another spelling is left out where there is one in the exact spelling: somebody else may be meant.
    """
    exact = set(elements)
    return {
        element: organization
        for element, organization in match(elements, listed).items()
        if organization.name == element or organization.name not in exact or organization.external_id == element
    }


def refuse_one_id_for_two(producer: Organization, before: Sharing, wanted: Iterable[Organization]) -> None:
    """Raises UsageError where two names have one external id: one was renamed meanwhile, or ids tell nothing here."""
    seen: dict[str, Organization] = {}
    for organization in (producer, *before.consumers, *wanted):
        other = seen.setdefault(organization.external_id or "", organization)
        if organization.external_id and other.key != organization.key:
            raise UsageError(
                f"{other.name} and {organization.name} have the same external id, {organization.external_id}. Was one "
                "of them renamed this moment? Nothing was changed: run again."
            )


def refuse_hidden_revocation(request: Request, producer: Organization, before: Sharing) -> None:
    """Adding or removing one name under global sharing would revoke everybody else: refused unless said knowingly."""
    if not before.everyone or request.consumers is None or request.state == "exact":
        return
    if request.state == "present" and request.share_globally is False:
        return
    mend = (
        "add global_module_sharing: false"
        if request.state == "present"
        else "say who shall remain, with state: exact and the whole list of consumers"
    )
    raise UsageError(
        f"{producer.name} shares its modules with every organization. state: {request.state} would turn that off "
        f"and cut everybody else off. If you mean that, {mend}; nothing was changed."
    )


def make_plan(request: Request, producer: Organization, before: Sharing, wanted: Sequence[Organization]) -> Plan:
    """What has to become of ``before``; ``wanted`` are the organizations that the request's consumers mean."""
    if request.consumers is None:
        after = before if before.everyone == request.share_globally else Sharing(everyone=bool(request.share_globally))
    else:
        after = Sharing(everyone=False, partnerships=_combine(request.state, before.partnerships, wanted))
    return Plan(
        producer,
        before,
        after,
        tuple(_warnings(request, producer, before, after)),
        # Who is listed after global sharing ended with nobody can only be from a list that came back.
        exact=request.consumers is None or request.state == "exact" or (before.everyone and not after.partnerships),
        leaving=(request.consumers or ()) if request.state == "absent" else (),
    )


def _combine(state: str, current: tuple[Partnership, ...], wanted: Sequence[Organization]) -> tuple[Partnership, ...]:
    consumers = [partnership.consumer for partnership in current]
    others = set(leftover(consumers, wanted))
    if state == "absent":
        return tuple(partnership for partnership in current if partnership.consumer in others)
    kept = [partnership for partnership in current if state == "present" or partnership.consumer not in others]
    new = {it.external_id or it.name: it for it in leftover(wanted, consumers)}
    return (*kept, *map(Partnership, new.values()))


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
