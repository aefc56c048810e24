# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a collection that its first page does not show to be whole (API 3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from ._page import MOST_PAGES, PAGE_SIZE, Page
from ._transport import CONNECTIONS

_FULL_PAGES = (20, PAGE_SIZE)
"""How many items a full page has: the server's own default, and what is asked for (API 3)."""


def read_on(read_page: Callable[[int], Page], first: Page, *, paged: bool) -> tuple[list[Any], str]:
    """(what was kept of the items of a collection, "" or why they cannot be all), ``first`` being its first page.

    ``paged`` is false for a list that is known to come whole, without pages.
    A list that changed between two pages is read once more; one that does not add up then is an error, since a
    list that is cut short would be taken for revoked access.
    """
    items, problem = _walk(read_page, first, paged)
    if problem:
        items, problem = _walk(read_page, read_page(1), paged)
    return items, problem


def _walk(read_page: Callable[[int], Page], page: Page, paged: bool) -> tuple[list[Any], str]:
    total = page.total_count
    items = dict(page.items)
    repeated = page.length - len(items)
    problem = ""
    following = _following(read_page, page)
    for number in range(2, MOST_PAGES + 2):
        told = page.goes_on_after(number - 1, len(items))
        if not told and not page.may_be_cut:
            break
        page = next(following)
        if page.total_count != total:
            return [], "it kept changing while it was read"
        known = len(items)
        items.update(page.items)
        if len(items) == known:
            # A server that ignores the page number sends its first page again: is that one all there is?
            if total is None and (told or (paged and page.length in _FULL_PAGES)):
                problem = f"page {number} brought nothing new, and {len(items)} items may not be all"
            break
        repeated += page.length - (len(items) - known)
    else:
        problem = f"it has no end after {MOST_PAGES} pages"
    if total is not None and total != len(items):
        problem = f"the server counts {total} items and sent {len(items)}"
    elif repeated:
        problem = "items came twice while it was read"
    return list(items.values()), problem


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
