# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One page of a collection (API 3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .parsing import parse_count

PAGE_SIZE = 100
"""The server's maximum; one more is answered with 422."""

MOST_PAGES = 2_000
"""No collection is read any further: 200,000 organizations."""


class Page(NamedTuple):
    """What the server does not tell is None.

    ``items`` are what is kept of the resource objects, by their ids; ``length`` counts an id that came twice as two.
    """

    items: dict[str, Any]
    length: int
    total_pages: int | None
    total_count: int | None
    has_next: bool

    def goes_on_after(self, number: int) -> bool:
        """Whether anything that this page says means that there are more pages than ``number``."""
        return self.has_next or (self.total_pages or 0) > number

    @property
    def is_whole(self) -> bool:
        """Whether this first page is the whole collection: the server's own count says so, and nothing else denies it.

        An empty page needs no count.
        """
        counted = self.total_count == self.length == len(self.items)
        return (counted or (self.total_count is None and not self.length)) and not self.goes_on_after(1)

    @property
    def pages_ahead(self) -> int:
        """How many pages come after this first one, as far as the server tells."""
        if not self.total_pages or not self.items:
            return 0
        pages = self.total_pages
        if self.total_count is not None:
            pages = min(pages, math.ceil(self.total_count / len(self.items)))
        return min(pages, MOST_PAGES) - 1


def parse_page(document: Mapping[str, Any], keep: Callable[[dict[str, Any]], Any]) -> Page | None:
    """A document with a list of resource objects, of each what ``keep`` makes of it; None where it has no such list."""
    items = document["data"]
    if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("id") for item in items):
        return None
    pagination = _mapping(_mapping(document.get("meta")).get("pagination"))
    return Page(
        {str(item["id"]): keep(item) for item in items},
        length=len(items),
        total_pages=parse_count(pagination.get("total-pages")),
        total_count=parse_count(pagination.get("total-count")),
        has_next=bool(pagination.get("next-page") or _mapping(document.get("links")).get("next")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
