# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tasks ask for: from their options to requests. Refuses what can be refused without asking the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .._tfe.errors import UsageError
from .identity import Organization
from .kinds import Kind

LIMIT_OPTIONS = {"max_revoked": {"type": "int"}}

_PLAUSIBLE_NAME = re.compile(r"^(?!\.{1,2}$)[^\s/]+$")
"""What the official clients let through (API 2), less the two names that would change the path of a URL."""

_LISTED_NAME = re.compile(r"^(?!\.{1,2}$).+$")
"""What may leave a list: whatever a server may have put there."""

Result = TypeVar("Result")


class Request(NamedTuple):
    """What a task asks for one producer and one kind; ``consumers`` is None where only the global flag is asked for.

    ``option`` is what the task calls the list. ``where`` stands before every message about the request: which one it
    is, where a task asks for several.
    """

    organization: str
    kind: Kind
    consumers: tuple[str, ...] | None
    state: str
    share_globally: bool | None
    option: str = "consumers"
    where: str = ""


def request_options(kind: Kind) -> dict[str, Any]:
    """What a task says about one producer and one kind, as an argument spec."""
    return {
        "organization": {"type": "raw", "required": True},
        "consumers": {"type": "list", "elements": "raw"},
        "state": {"type": "str", "choices": ["exact", "present", "absent"], "default": "exact"},
        kind.flag_option: {"type": "bool"},
        **LIMIT_OPTIONS,
    }


def parse_request(options: Mapping[str, Any], kind: Kind) -> Request:
    """The request of a task for one producer and one kind. Raises UsageError."""
    organization = parse_name("organization", options["organization"])
    if options["consumers"] is None and options[kind.flag_option] is None:
        raise UsageError(f"Nothing is asked for: give consumers, {kind.flag_option}, or both.")
    return parse_kind(organization, options, kind, "consumers")


def parse_limit(options: Mapping[str, Any]) -> int | None:
    """How many may lose access; None: any number. Raises UsageError."""
    limit: int | None = options["max_revoked"]
    if limit is not None and limit < 0:
        raise UsageError(f"max_revoked must be 0 or more, not {limit}.")
    return limit


def parse_kind(organization: str, options: Mapping[str, Any], kind: Kind, option: str) -> Request:
    """The same where the list is called ``option``, and something is asked for. Raises UsageError."""
    elements, share_globally = options[option], options[kind.flag_option]
    if elements is not None and share_globally:
        raise UsageError(
            f"{option} and {kind.flag_option}: true exclude each other: "
            "a registry is open either to the listed organizations or to every one."
        )
    plausible = _LISTED_NAME if options["state"] == "absent" else _PLAUSIBLE_NAME
    consumers = None if elements is None else parse_elements(option, elements, plausible)
    request = Request(organization, kind, consumers, options["state"], share_globally, option)
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
            raise UsageError(f"{request.option}[{i}] is {element!r}, the producing organization itself.")


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
        option = where.partition("[")[0]
        clear = f" To clear the list, say so with an empty list: {option}: []." if option.endswith("consumers") else ""
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
