# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: pages, filters, order, and how they may differ (API 3, 1.6)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Organization
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import Client, Start

TEAMS = [f"team-{number:03}" for number in range(45)]
CONSUMERS = "/delta/relationships/module-consumers"


def many(start: Start, **settings: Any) -> Client:
    return start(Organization("delta", module_consumers=TEAMS), *map(Organization, TEAMS), **settings)


def ids(document: Any) -> list[str]:
    return [item["id"] for item in document["data"]]


@pytest.mark.parametrize(("path", "count"), [("", 46), (CONSUMERS, 45)])
def test_pages_are_complete_and_in_an_order_that_means_nothing(start: Start, path: str, count: int) -> None:
    api = many(start)
    pages = [api.admin(path, **{"page[number]": number, "page[size]": 20}) for number in (1, 2, 3)]
    names = [name for document in pages for name in ids(document)]
    assert sorted(names) == sorted([*TEAMS, "delta"][:count])
    assert names != sorted(names)
    assert [len(ids(document)) for document in pages] == [20, 20, count - 40]
    assert pages[1]["meta"]["pagination"] == {
        "current-page": 2,
        "prev-page": 1,
        "next-page": 3,
        "total-pages": 3,
        "total-count": count,
        "page-size": 20,
    }
    assert pages[2]["meta"]["pagination"]["next-page"] is pages[2]["links"]["next"] is None
    following = pages[0]["links"]["next"]
    assert following.startswith(f"{api.tfe.address}/api/v2/admin/organizations")
    assert api.session.get(following, timeout=20).json() == pages[1]
    assert ids(api.admin(path)) == ids(pages[0])
    assert ids(api.admin(path, **{"page[number]": 9})) == []


def test_sizes_that_are_refused(start: Start) -> None:
    api = many(start)
    for path in ("/admin/organizations", f"/admin/organizations{CONSUMERS}"):
        for size in (0, 101, "many"):
            answer = api.get(path, **{"page[size]": size})
            assert (answer.status_code, answer.json()["errors"]) == (
                422,
                [
                    {
                        "status": "422",
                        "title": "invalid attribute",
                        "detail": "page[size] must be between 1 and 100",
                    }
                ],
            )
        assert api.get(path, **{"page[number]": 0}).status_code == 422
        assert api.get(path, **{"page[size]": 100}).status_code == 200
        api.forgive(*["page[size] must match"] * 3, "page[number] must match")


def test_the_list_of_partnerships_comes_whole(start: Start) -> None:
    api = many(start)
    document = api.admin("/delta/module-consumers", **{"page[size]": 2})
    assert (list(document), len(document["data"])) == (["data"], 45)
    api = many(start, behaviour=Behaviour(legacy_list="paged"))
    document = api.admin("/delta/module-consumers", **{"page[size]": 2})
    assert (document["meta"]["pagination"]["total-count"], len(document["data"])) == (45, 2)


def test_where_meta_may_be(start: Start) -> None:
    assert list(many(start, behaviour=Behaviour(meta="missing")).admin(CONSUMERS)) == ["data"]
    nested = many(start, behaviour=Behaviour(meta="nested")).admin(CONSUMERS)
    assert list(nested) == ["data"]
    assert nested["data"][0]["meta"]["pagination"]["total-count"] == 45


def test_page_parameters_may_not_count(start: Start) -> None:
    ignored = many(start, behaviour=Behaviour(page_parameter="ignored"))
    second = ignored.admin(CONSUMERS, **{"page[number]": 2, "page[size]": 30})
    assert second == ignored.admin(CONSUMERS, **{"page[number]": 1, "page[size]": 30})
    assert (second["meta"]["pagination"]["current-page"], len(second["data"])) == (1, 30)
    unpaged = many(start, behaviour=Behaviour(page_parameter="unpaged"))
    document = unpaged.admin(CONSUMERS, **{"page[number]": 2, "page[size]": 30})
    assert (list(document), len(document["data"])) == (["data"], 45)
    fixed = many(start, behaviour=Behaviour(page_size_honoured=False))
    document = fixed.admin(CONSUMERS, **{"page[number]": 2, "page[size]": 100})
    assert (document["meta"]["pagination"]["page-size"], len(document["data"])) == (20, 20)


@pytest.mark.parametrize("pages", [0, 1])
def test_an_empty_list(start: Start, pages: Any) -> None:
    document = start(behaviour=Behaviour(empty_total_pages=pages)).admin("/eta/relationships/module-consumers")
    pagination = document["meta"]["pagination"]
    assert (document["data"], pagination["total-pages"], pagination["total-count"]) == ([], pages, 0)
    assert (pagination["current-page"], pagination["next-page"]) == (1, None)


EVERYONE = ["Gamma", "delta", "eta", "off", "zeta"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ETA"}, ["eta", "zeta"]),
        ({"q": "ops@"}, ["zeta"]),
        ({"q": "delta", "q[name]": "zeta"}, ["delta"]),
        ({"q[name]": "eta"}, ["eta", "zeta"]),
        ({"q[name]": "eta", "q[email]": "ops"}, ["zeta"]),
        ({"filter[module_producer]": "true"}, ["delta", "eta"]),
        ({"filter[module_producer]": "false"}, ["Gamma", "off", "zeta"]),
        ({"filter[provider_producer]": "true"}, ["delta"]),
        ({"filter[module_producer]": "true", "q": "e"}, ["delta", "eta"]),
    ],
)
def test_filters(start: Start, query: dict[str, str], found: list[str]) -> None:
    assert start().names("", **query) == found
    assert start(behaviour=Behaviour(filters_honoured=False)).names("", **query) == EVERYONE


def test_filters_of_old_releases(start: Start) -> None:
    oldest = start(profile="202012-1")
    assert oldest.names("", q="eta") == ["eta", "zeta"]
    assert oldest.names("", **{"q[name]": "eta", "filter[module_producer]": "true"}) == EVERYONE
    older = start(profile="202103-1")
    assert older.names("", **{"filter[module_producer]": "true"}) == ["delta", "eta"]
    assert older.names("", **{"filter[provider_producer]": "true"}) == EVERYONE


def test_the_producer_filter_may_miss_those_who_share_with_everybody(start: Start) -> None:
    api = start(behaviour=Behaviour(producer_filter_misses_global=True))
    assert api.names("", **{"filter[module_producer]": "true"}) == ["delta"]


def test_status_counts(start: Start) -> None:
    assert start().admin()["meta"]["status-counts"] == {"total": 5, "active": 4, "disabled": 1}
