# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of several pages, page by page: what is asked for, and which of them do not add up."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils import _pages
from ansible_collections.tfe.admin.plugins.module_utils._page import Page, parse_page

TWO = {"total-pages": 2}
THREE = {"total-pages": 3}
TWICE = "items came twice while it was read"


def page(*ids: int, **pagination: Any) -> Page:
    items = [{"id": str(number)} for number in ids]
    parsed = parse_page({"data": items, "meta": {"pagination": pagination}}, lambda item: int(item["id"]))
    assert parsed
    return parsed


class Server:
    """Pages by their number, from 1 on; it remembers which were asked for."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages
        self.asked: list[int] = []

    def read(self, number: int) -> Page:
        self.asked.append(number)
        return self.pages[number - 1]

    def read_all(self) -> tuple[list[int], str]:
        return _pages.read_on(self.read, self.pages[0], paged=True)


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([page(1, 2, **THREE), page(2, 3, **THREE), page(4, 5, **THREE)], TWICE),
        ([page(1, 1, **TWO), page(2, 2)], TWICE),
        ([page(1, 1, 2)], TWICE),
        ([page(1, 1, **{"total-count": 1})], TWICE),
        ([page(1, **{"total-count": 2, "total-pages": 1})], "the server counts 2 items and sent 1"),
        ([page(1, **TWO), page(2, **TWO, **{"total-count": 3})], "it kept changing while it was read"),
        ([page(1, **TWO), page(1)], "page 2 brought nothing new, and 1 items may not be all"),
    ],
)
def test_what_does_not_add_up_is_read_again_and_then_told(pages: list[Page], problem: str) -> None:
    server = Server(*pages)
    assert not pages[0].is_whole
    assert server.read_all()[1] == problem
    assert server.asked.count(1) == 1


def test_a_list_that_grows_beyond_the_pages_that_it_announced_is_read_to_its_end() -> None:
    four = {"total-pages": 4}
    server = Server(page(1, **THREE), page(2, **THREE), page(3, **four), page(4, **four))
    assert server.read_all() == ([1, 2, 3, 4], "")
    assert sorted(server.asked) == [2, 3, 4]


@pytest.mark.parametrize("count", [2, 9, 40])
def test_announced_pages_keep_their_order(count: int) -> None:
    server = Server(*(page(number, **{"total-pages": count}) for number in range(1, count + 1)))
    assert server.read_all() == (list(range(1, count + 1)), "")
    assert sorted(server.asked) == list(range(2, count + 1))


def test_the_word_of_a_next_page_counts() -> None:
    server = Server(page(1, 2, 3, **{"next-page": 2}), page(4, **{"next-page": None}))
    assert server.read_all() == ([1, 2, 3, 4], "")
    assert not server.pages[0].is_whole
    assert page(*range(100), **{"next-page": None}).is_whole
    assert not page(*range(100)).is_whole
