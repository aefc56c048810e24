# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a collection that its first page does not show to be whole (API 3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from .pages import MOST_PAGES, PAGE_SIZE, Page
from .transport import CONNECTIONS

_FULL_PAGES = (20, PAGE_SIZE)
"""How many items a full page has: the server's own default, and what is asked for (API 3)."""


def read_on(read_page: Callable[[int], Page], first: Page, *, paged: bool) -> tuple[list[Any], str]:
    """(what was kept of the items of a collection, "" or why they cannot be all), ``first`` being its first page.

    ``paged`` is false for a list that is known to come whole, without pages.
    A list that changed between two pages is read once more; one that does not add up then is an error, since a
    list that is cut short would be taken for revoked access.
    """
    items, problem = _walk(read_page, first, paged)
    if problem and problem != _no_end():
        items, problem = _walk(read_page, read_page(1), paged)
    return items, problem


def _walk(read_page: Callable[[int], Page], first: Page, paged: bool) -> tuple[list[Any], str]:
    """Reads until the server's own count is reached; without a count until a page brings nothing new.

    What the server says of further pages may be wrong, so it is never enough to end: only to go on, or to be an error.
    """
    page, total = first, first.total_count
    items = dict(page.items)
    repeated = page.length - len(items)
    following = _following(read_page, page)
    for number in range(1, MOST_PAGES + 1):
        announced = page.goes_on_after(number)
        if total is not None and len(items) >= total and not announced:
            break
        before, page = page, next(following)
        if None not in (page.total_count, total) and page.total_count != total:
            return [], "it kept changing while it was read"
        total = page.total_count if total is None else total
        known = len(items)
        items.update(page.items)
        if len(items) == known:
            # It is the end, or a server that ignores the page number sends its first page again and again.
            is_full = paged and page.length in _FULL_PAGES
            is_more = announced or page.goes_on_after(number + 1)
            # Where a count was reached, an empty page settles that there is no more, and a repeated one does not.
            if (is_more and (page.length or total is None)) or (is_full and total is None):
                return [], f"page {number + 1} brought nothing new, and {len(items)} items may not be all"
            # A whole list or the last page may come again; only a part of either comes where items moved.
            repeated += page.items.keys() not in (set(), before.items.keys(), first.items.keys())
            break
        repeated += page.length - (len(items) - known)
    else:
        return [], _no_end()
    if total is not None and total != len(items):
        return [], f"the server counts {total} items and sent {len(items)}"
    return list(items.values()), "items came twice while it was read" if repeated else ""


def _no_end() -> str:
    return f"it has no end after {MOST_PAGES} pages"


def _following(read_page: Callable[[int], Page], first: Page) -> Iterator[Page]:
    """The pages after the first one without an end: side by side as far as it tells how many there are."""
    announced = range(2, 2 + first.pages_ahead)
    if len(announced) > 1:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a small task does without

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            ahead: deque[Any] = deque()
            for number in announced:
                ahead.append(pool.submit(read_page, number))
                # Not all at once: what the first page announces may turn out to be wrong.
                if len(ahead) >= 2 * CONNECTIONS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
    for number in count(announced.stop if len(announced) > 1 else 2):
        yield read_page(number)
