# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One page of a collection (API 3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._parsing import parse_count

PAGE_SIZE = 100
"""The server's maximum; one more is answered with 422."""

MOST_PAGES = 10_000
"""No collection is read any further."""


class Page(NamedTuple):
    """What the server does not tell is None.

    ``items`` are what is kept of the resource objects, by their ids; ``length`` counts an id that came twice as two.
    """

    items: dict[str, Any]
    length: int
    total_pages: int | None
    total_count: int | None
    has_next: bool | None

    def goes_on_after(self, number: int, seen: int) -> bool:
        """Whether the server says that there is more than ``number`` pages with ``seen`` items."""
        if self.total_count is not None and seen >= self.total_count:
            return False
        if self.total_pages is not None:
            return number < self.total_pages
        return bool(self.has_next)

    @property
    def may_be_cut(self) -> bool:
        """No word of more pages, and still there may be: servers cut lists at round numbers (20 and 100 by API 3)."""
        silent = self.total_count is None and self.total_pages is None and self.has_next is None
        return silent and self.length > 0 and self.length % 10 == 0

    @property
    def is_whole(self) -> bool:
        """Whether this first page has every item of the collection, and nothing about it is odd."""
        more = self.goes_on_after(1, self.length) or self.may_be_cut
        return not more and self.length == len(self.items) and self.total_count in (None, self.length)

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
    meta = document.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    if not isinstance(pagination, dict):
        pagination = {}
    return Page(
        {str(item["id"]): keep(item) for item in items},
        length=len(items),
        total_pages=parse_count(pagination.get("total-pages")),
        total_count=parse_count(pagination.get("total-count")),
        has_next=pagination["next-page"] is not None if "next-page" in pagination else None,
    )
