# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who exists on this instance: finds organizations with the fewest requests (API 1.6, E7 and E8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from .._tfe.client import Client, side_by_side
from .._tfe.errors import ApiError, TfeError
from .identity import Organization, fold, looks_like_external_id, match
from .kinds import KINDS, Kind
from .reading import (
    GONE,
    ORGANIZATIONS,
    Document,
    consumers_path,
    parse_document,
    parse_organization,
    read_document,
)

if TYPE_CHECKING:
    from .._tfe.pages import Page

_UNKNOWN_FILTER = (400, 404, 422)
"""How a release may answer that does not know the filter, where the list without it was read a moment ago."""

_MOST_SINGLE_READS = 3
"""More names than this are worth a look at how many pages the whole list has."""


class Directory:
    """Finds organizations with few requests, and remembers every document that it saw."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Document] = {}  # by name, in the server's spelling
        self._knows_everybody = False

    def documents(self, names: Sequence[str]) -> dict[str, Document]:
        """What each name means, from as few reads as possible; names that mean no organization are left out."""
        return {
            name: self._known[organization.name]
            for name, organization in self._find(names, 1).items()
            if organization.key == fold(name)  # not by its external id
        }

    def clear_up(self, documents: Sequence[Document], kinds: Collection[Kind]) -> list[Document]:
        """The same documents; a list may tell less of an organization than its own document does (API 1.6)."""
        unclear = [it.organization.name for it in documents if None in map(it.shares_globally, kinds)]
        read = dict(zip(unclear, side_by_side(self._read, unclear)))
        return [read.get(document.organization.name, document) for document in documents]

    def spelled_exactly(self, elements: Iterable[str]) -> dict[str, Organization]:
        """Those of the names that an organization is known to have in just that spelling.

        Raises UsageError where several are known that differ from one in case alone.
        """
        return {name: found for name, found in self._match(elements).items() if found.name == name}

    def find(self, elements: Sequence[str]) -> dict[str, Organization]:
        """What each name or external id means; elements that mean no organization are left out."""
        return self._find(elements, _MOST_SINGLE_READS)

    def everybody(self) -> list[Document]:
        """All organizations of the instance, one read for each 100 (E7)."""
        if not self._knows_everybody:
            self._read_everybody()
        return list(self._known.values())

    def possible_sharers(self, kind: Kind) -> list[Document]:
        """Everyone who may share that kind: who shares globally, and who is a producer to the server's own filter.

        There is no filter before 202103-1, which then lets everybody through or is refused: everybody may share.
        Whether it lets global sharers through is not documented (API 1.6), so they are found by their own flags.
        """
        self.everybody()
        names = self._told_producers(kind)
        return self.clear_up(
            [it for name, it in self._known.items() if name in names or it.shares_globally(kind) is not False], [kind]
        )

    def _told_producers(self, kind: Kind) -> set[str]:
        """The names of those that the server's filter lets through; everybody's where it does not seem to filter."""
        filtered = f"{ORGANIZATIONS}?filter%5B{kind.filter}%5D"
        try:
            told = self._client.collection(f"{filtered}=true", parse_document)
            others = self._client.page(f"{filtered}=false", parse_document)
        except ApiError as error:
            if error.status not in _UNKNOWN_FILTER:
                raise
            return set(self._known)
        names = {document.organization.name for document in told}
        # Who is left out of a list would go on sharing unseen, so the two parts have to make up the whole, and nobody
        # may have been renamed meanwhile.
        if others.total_count is None or len(told) + others.total_count != len(self._known) or names - set(self._known):
            return set(self._known)
        return names

    def explain_missing(self, name: str, error: ApiError) -> tuple[str, str]:
        """(the server's own spelling of ``name`` where it knows just that one, else ""; why it could not be read).

        ``error`` is the 404 for it. Raises UsageError where several names differ from it in case alone.
        """
        from .explain import explain_closed  # noqa: PLC0415  # needed on the way to an error only

        closed, is_sure = explain_closed(self._client, error)
        if is_sure:
            return "", closed
        try:
            self.everybody()
        except ApiError as second:
            return "", closed or f"{error} {second}"
        found = self._match([name]).get(name)
        if found and found.key == fold(name):
            spelling = "" if found.name == name else found.name
            return spelling, f"{error} Yet the organization is in the list of all organizations: try again."
        return "", f"{error} There is no organization {name!r}{self.hints([name])[0]}."

    def refuse_unknown(self, unknown: Sequence[tuple[str, str]]) -> None:
        """Raises TfeError that names all of them; each is (where it stands, what stands there)."""
        if unknown:
            hints = self.hints([element for _where, element in unknown])
            named = ", ".join(f"{where} {element!r}{hint}" for (where, element), hint in zip(unknown, hints))
            raise TfeError(f"No organization has this name or external id: {named}. Nothing was changed.")

    def hints(self, elements: Sequence[str]) -> list[str]:
        """For each unknown name what may have been meant, as text to append."""
        from .explain import hints  # noqa: PLC0415  # needed on the way to an error only

        return hints(elements, [document.organization for document in self.everybody()])

    def _find(self, elements: Sequence[str], most_single_reads: int) -> dict[str, Organization]:
        missing = self._unsure(elements)
        if not missing or self._knows_everybody:
            return self._match(elements)
        if len(missing) > most_single_reads or any(map(looks_like_external_id, missing)):
            first = self._first_page()
            missing = self._unsure(elements)
            if len(missing) > first.pages_ahead or any(map(looks_like_external_id, missing)):
                self._read_everybody(first)
                missing = []
        if all(side_by_side(self._exists, missing)):
            return self._match(elements)
        # Before anything is called unknown, it is held against every name and every id.
        self.everybody()
        return self._match(elements)

    def _unsure(self, elements: Sequence[str]) -> list[str]:
        """Those that mean nobody yet, or who is called so in another case: somebody else may be called just so."""
        sure = {it for it, found in self._match(elements).items() if it in (found.name, found.external_id)}
        return [element for element in dict.fromkeys(elements) if element not in sure]

    def _match(self, elements: Iterable[str]) -> dict[str, Organization]:
        return match(elements, [document.organization for document in self._known.values()])

    def _exists(self, name: str) -> bool:
        try:
            self._read(name)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _read(self, name: str) -> Document:
        document = read_document(self._client, name)
        self._known[document.organization.name] = document
        return document

    def _first_page(self) -> Page:
        try:
            first = self._client.page(ORGANIZATIONS, parse_document)
        except ApiError as error:
            if error.status != 404:
                raise
            from .explain import explain_unlisted  # noqa: PLC0415  # only on the way to an error

            raise ApiError(explain_unlisted(self._client, error), error.status) from error
        self._remember(first.items.values())
        return first

    def _read_everybody(self, first: Page | None = None) -> None:
        documents = self._client.collection(ORGANIZATIONS, parse_document, first or self._first_page())
        self._remember(documents)
        self._knows_everybody = True

    def _remember(self, documents: Iterable[Document]) -> None:
        self._known.update((document.organization.name, document) for document in documents)


def has_kind(client: Client, kind: Kind, documents: Sequence[Document]) -> bool:
    """Whether this release shares that kind: a flag in any document says so, else one list of consumers does."""
    # The first kind has been there as long as sharing itself.
    if kind == KINDS[0] or any(document.shares_globally(kind) is not None for document in documents):
        return True
    try:
        return all(client.page(consumers_path(document, kind), parse_organization) for document in documents[:1])
    except ApiError as error:
        if error.status not in GONE:
            raise
        return False
