# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: pages, filters, order, and how they may differ (API 3, 1.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Behaviour, Organization
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import ORGANIZATIONS, Client, Start

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
# Beside delta, which has lists of both kinds, eta shares its modules with everybody and zeta its providers.
BOTH_KINDS = [replace(one, global_providers=True) if one.name == "zeta" else one for one in ORGANIZATIONS]


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
        ({"filter[provider_producer]": "true"}, ["delta", "zeta"]),
        ({"filter[provider_producer]": "false"}, ["Gamma", "eta", "off"]),
        ({"filter[module_producer]": "true", "q": "e"}, ["delta", "eta"]),
        ({"filter[provider_producer]": "true", "q": "zet"}, ["zeta"]),
        ({"filter[module_producer]": "true", "filter[provider_producer]": "true"}, ["delta"]),
        ({"filter[module_producer]": "true", "filter[provider_producer]": "false"}, ["eta"]),
    ],
)
def test_filters(start: Start, query: dict[str, str], found: list[str]) -> None:
    assert start(*BOTH_KINDS).names("", **query) == found
    ignoring = start(*BOTH_KINDS, behaviour=Behaviour(filters_honoured=False))
    assert ignoring.names("", **query) == EVERYONE


def test_filters_of_old_releases(start: Start) -> None:
    oldest = start(profile="202012-1")
    assert oldest.names("", q="eta") == ["eta", "zeta"]
    assert oldest.names("", **{"q[name]": "eta", "filter[module_producer]": "true"}) == EVERYONE
    older = start(profile="202103-1")
    assert older.names("", **{"filter[module_producer]": "true"}) == ["delta", "eta"]
    assert older.names("", **{"filter[provider_producer]": "true"}) == EVERYONE


def test_the_producer_filter_may_miss_those_who_share_with_everybody(start: Start) -> None:
    api = start(*BOTH_KINDS, behaviour=Behaviour(producer_filter_misses_global=True))
    for key in ("filter[module_producer]", "filter[provider_producer]"):
        assert api.names("", **{key: "true"}) == ["delta"]
        assert api.names("", **{key: "false"}) == ["Gamma", "eta", "off", "zeta"]


def test_status_counts(start: Start) -> None:
    assert start().admin()["meta"]["status-counts"] == {"total": 5, "active": 4, "disabled": 1}


# What a member sees (API 1.6a).


def producers(api: Client, consumer: str, **query: Any) -> Any:
    """The producers whose modules an organization can use, as one of its members sees them; else the status."""
    headers = {"Authorization": f"Bearer {api.tfe.user_token}"}
    answer = api.call("GET", f"/organizations/{consumer}/relationships/module-producers", headers=headers, params=query)
    return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize("profile", RELEASES)
def test_a_members_list_of_producers(start: Start, profile: str) -> None:
    api = start(profile=profile)
    if profile == "202012-1":
        assert producers(api, "zeta") == 404
        return
    found = producers(api, "ZETA")["data"]
    assert sorted(found, key=lambda item: str(item["id"])) == [
        {
            "id": name,
            "type": "organizations",
            "attributes": {"name": name, "external-id": api.tfe.external_id(name)},
        }
        for name in ("delta", "eta")
    ]
    # Its own registry is not among them, and providers do not count.
    assert ids(producers(api, "eta")) == []
    assert ids(producers(api, "delta")) == ["eta"]
    assert producers(api, "nobody") == 404
    # The administrator is not a member of anything.
    assert api.get("/organizations/zeta/relationships/module-producers").status_code == 404


def test_a_members_list_of_producers_has_pages(start: Start) -> None:
    api = start(Organization("zeta"), *[Organization(name, module_consumers=("zeta",)) for name in TEAMS])
    assert sorted(ids(producers(api, "zeta", **{"page[size]": 100}))) == TEAMS
    first, second = (producers(api, "zeta", **{"page[number]": number, "page[size]": 25}) for number in (1, 2))
    assert sorted(ids(first) + ids(second)) == TEAMS
    assert (len(ids(first)), first["meta"]["pagination"]["total-count"]) == (25, 45)
    assert ids(producers(api, "zeta")) == ids(first)[:20]


def test_a_members_list_may_miss_those_who_share_with_everybody(start: Start) -> None:
    api = start(behaviour=Behaviour(member_list_misses_global=True))
    assert ids(producers(api, "zeta")) == ["delta"]
    assert ids(producers(api, "off")) == []
