# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is who: names in any case, external ids, and which organization an element of a list means. No I/O."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._tfe.errors import UsageError

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

_EXTERNAL_ID = re.compile(r"^org-[1-9A-HJ-NP-Za-km-z]{16}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""How external ids look as far as anybody knows (API 2, 10). Only a hint: it saves a read that would answer 404."""


def fold(name: str) -> str:
    """What the spellings of one name have in common: case does not matter (API 2), and only ASCII's is known of."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


def looks_like_external_id(element: str) -> bool:
    return bool(_EXTERNAL_ID.match(element))


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
