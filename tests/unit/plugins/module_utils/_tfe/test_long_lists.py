# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of several pages, page by page: what is asked for, and which of them do not add up."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._tfe import long_lists
from ansible_collections.tfe.admin.plugins.module_utils._tfe.pages import Page, parse_page

TWO = {"total-pages": 2}
THREE = {"total-pages": 3}
TWICE = "items came twice while it was read"


def page(*ids: int, **pagination: Any) -> Page:
    items = [{"id": str(number)} for number in ids]
    parsed = parse_page({"data": items, "meta": {"pagination": pagination}}, lambda item: int(item["id"]))
    assert parsed
    return parsed


class Server:
    """Pages by their number, from 1 on, and then empty ones; it remembers which were asked for."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages
        self.asked: list[int] = []

    def read(self, number: int) -> Page:
        self.asked.append(number)
        return self.pages[number - 1] if number <= len(self.pages) else self.pages[-1]._replace(items={}, length=0)

    def read_all(self) -> tuple[list[int], str]:
        return long_lists.read_on(self.read, self.pages[0], paged=True)


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([page(1, 2, **THREE), page(2, 3, **THREE), page(4, 5, **THREE)], TWICE),
        ([page(1, 1, **TWO), page(2, 2, **TWO)], TWICE),
        ([page(1, 1, 2)], TWICE),
        ([page(1, 1, **{"total-count": 1})], TWICE),
        ([page(1, 1, 2, **{"total-count": 3})], "the server counts 3 items and sent 2"),
        ([page(1, **{"total-count": 2, "total-pages": 1})], "the server counts 2 items and sent 1"),
        ([page(1, 2, **{"total-count": 1})], "the server counts 1 items and sent 2"),
        ([page(1, **TWO), page(2, **TWO, **{"total-count": 3})], "the server counts 3 items and sent 2"),
        ([page(n, **TWO, **{"total-count": n}) for n in (2, 3)], "it kept changing while it was read"),
        ([page(1, **TWO), page(1)], "page 2 brought nothing new, and 1 items may not be all"),
        ([page(1), page(**THREE)], "page 2 brought nothing new, and 1 items may not be all"),
        # Items moved while a list without a count was read.
        ([page(1, 2, 3), page(2, 3)], TWICE),
        ([page(1, 2), page(3, 4), page(4, 1)], TWICE),
        # A count of the page alone, in a list of three pages.
        (
            [page(number, number + 10, **{"total-count": 2, **THREE}) for number in (1, 2, 3)],
            "the server counts 2 items and sent 6",
        ),
    ],
)
def test_what_does_not_add_up_is_read_again_and_then_told(pages: list[Page], problem: str) -> None:
    server = Server(*pages)
    assert not pages[0].is_whole
    assert server.read_all()[1] == problem
    assert server.asked.count(1) == 1


NO_MORE = {"next-page": None}


@pytest.mark.parametrize(
    "pages",
    [
        # Without a count, with and without words about pages.
        [page(1), page(2), page(3)],
        [page(1, **TWO), page(2, **TWO)],
        [page(1, **{"next-page": 2}), page(2, **{"next-page": 3}), page(3, **NO_MORE)],
        # Pages are counted by the size that was asked for, and are smaller.
        [page(1, 4, **{"total-pages": 1, "next-page": 2}), page(2, 5, **{"total-pages": 1}), page(3, **NO_MORE)],
        [page(1, **{"total-count": 3, "total-pages": 1, **NO_MORE}), *[page(n, **{"total-count": 3}) for n in (2, 3)]],
        # The count is right, and what is said of pages is not.
        [page(1, 2, **{"total-count": 2, "total-pages": 9, "next-page": 2})],
        [page(1, **{"total-count": 2, "total-pages": 9}), page(2, **{"total-count": 2, "total-pages": 9})],
        # A list that comes whole whatever page is asked for.
        [page(1, 2, 3), page(1, 2, 3)],
        [page(*range(101)), page(*range(101))],
        # Numbers without sense are none.
        [page(1, **{"total-count": "9" * 5000, "total-pages": -1}), page(2, **{"total-count": 10**12})],
    ],
)
def test_a_list_ends_where_its_count_says_so_or_a_page_brings_nothing_new(pages: list[Page]) -> None:
    server = Server(*pages)
    assert not pages[0].is_whole
    everything = sorted({item for each in pages for item in each.items.values()})
    items, problem = server.read_all()
    assert (sorted(items), problem) == (everything, "")
    counted = pages[0].total_count == len(everything) and not pages[-1].goes_on_after(len(pages))
    repeats = len(pages) > 1 and pages[0].items == pages[-1].items
    last = len(pages) if counted or repeats else len(pages) + 1
    assert sorted(server.asked) == list(range(2, last + 1))


@pytest.mark.parametrize("count", [20, 100])
def test_a_full_page_that_comes_again_proves_nothing_but_for_a_list_that_comes_whole(count: int) -> None:
    full = page(*range(count))
    read = Server(full, full, full).read
    assert long_lists.read_on(read, full, paged=True)[1].startswith("page 2 brought nothing new")
    assert long_lists.read_on(read, full, paged=False) == (list(range(count)), "")


@pytest.mark.parametrize("hints", [{}, {"next-page": 2}, {"total-pages": 10**8}, {"total-count": 10**8}], ids=str)
def test_a_list_without_an_end_is_read_no_further_than_the_bound(
    monkeypatch: pytest.MonkeyPatch, hints: dict[str, int]
) -> None:
    monkeypatch.setattr(long_lists, "MOST_PAGES", 40)
    asked: list[int] = []

    def read(number: int) -> Page:
        asked.append(number)
        return page(number, **hints)

    assert "it has no end after" in long_lists.read_on(read, page(1, **hints), paged=True)[1]
    assert max(asked) <= 40 + 16


def test_a_list_that_grows_beyond_the_pages_that_it_announced_is_read_to_its_end() -> None:
    four = {"total-pages": 4}
    server = Server(page(1, **THREE), page(2, **THREE), page(3, **four), page(4, **four))
    assert server.read_all() == ([1, 2, 3, 4], "")
    assert sorted(server.asked) == [2, 3, 4, 5]


@pytest.mark.parametrize("count", [2, 9, 40])
def test_announced_pages_keep_their_order(count: int) -> None:
    hints = {"total-pages": count, "total-count": count}
    server = Server(*(page(number, **hints) for number in range(1, count + 1)))
    assert server.read_all() == (list(range(1, count + 1)), "")
    assert sorted(server.asked) == list(range(2, count + 1))


@pytest.mark.parametrize(
    ("first", "whole"),
    [
        (page(), True),
        (page(**{"total-count": 0, "total-pages": 1}), True),
        (page(**TWO), False),
        (page(1, 2, **{"total-count": 2}), True),
        (page(1, 2, **{"total-count": 2, "total-pages": 2}), False),
        (page(1, 2, **{"total-count": 2, "next-page": 2}), False),
        (page(1, 2, **NO_MORE, **{"total-pages": 1}), False),
        (page(*range(99)), False),
    ],
)
def test_a_first_page_is_all_there_is_only_where_it_is_empty_or_counted(first: Page, whole: bool) -> None:
    assert first.is_whole == whole


def test_a_link_to_a_next_page_counts_as_well() -> None:
    document = {"data": [{"id": "1"}], "meta": {"pagination": {"total-count": 1}}}
    for links, whole in (({"next": "/page/2"}, False), ({"next": None}, True), ([], True), (None, True)):
        parsed = parse_page({**document, "links": links}, dict)
        assert parsed
        assert parsed.is_whole == whole
