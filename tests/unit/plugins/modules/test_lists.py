# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists that come in other ways than documented: the right result or a clear error, and never "no consumers".

``present`` is what shows it: a list that is cut short would be written back cut short, and take access away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator

DELTA = "/api/v2/admin/organizations/delta"
E1 = f"{DELTA}/module-consumers"
E2 = f"{DELTA}/relationships/module-consumers"
E4 = f"{DELTA}/relationships/provider-consumers"
E7 = "/api/v2/admin/organizations"
PRESENT = {"organization": "delta", "consumers": ["eta"], "state": "present"}


class Way(NamedTuple):
    """To the lists of one kind."""

    module: str
    field: str
    path: str

    def run(self, run: RunModule, task: dict[str, Any], **settings: Any) -> dict[str, Any]:
        return run(task, module=self.module, **settings)


MODULES = Way("tfe_module_consumers", "module_consumers", E2)
PROVIDERS = Way("tfe_provider_consumers", "provider_consumers", E4)
both_kinds = pytest.mark.parametrize("way", [MODULES, PROVIDERS], ids=["modules", "providers"])


def teams(count: int) -> tuple[str, ...]:
    return tuple(f"team-{number:03}" for number in range(count))


def instance(count: int, way: Way = MODULES) -> list[Organization]:
    """Delta shares with ``count`` teams; eta and the others of the small instance are there as well."""
    consumers: dict[str, Any] = {way.field: teams(count)}
    delta = Organization("delta", **consumers)
    return [delta, *ORGANIZATIONS[1:], *map(Organization, teams(count))]


def reads(tfe: Simulator, path: str) -> list[str]:
    """The page numbers that were asked for, sorted: those after the first one are read side by side."""
    asked = [request for request in tfe.requests if (request.method, request.path) == ("GET", path)]
    return sorted((request.query["page[number]"] for request in asked), key=int)


def wrote(tfe: Simulator) -> bool:
    return any(request.method != "GET" for request in tfe.requests)


def is_whole(tfe: Simulator, answer: dict[str, Any], count: int, way: Way = MODULES) -> bool:
    """Whether eta was added, to exactly the teams."""
    expected = ("eta", *teams(count))
    return bool(tuple(answer["consumers"]) == expected == getattr(tfe.sharing("delta"), way.field))


# How the list comes, and which pages are asked for where there are 0, 1, 20, 100, 101 and 250 consumers. None: a whole
# list of 20 or 100 cannot be told from a first page that comes again, so it is refused.
COUNTS = (0, 1, 20, 100, 101, 250)
WHOLE = [
    (Behaviour(), (1, 1, 1, 1, 2, 3)),
    (Behaviour(empty_total_pages=0), (1, 1, 1, 1, 2, 3)),
    (Behaviour(meta="missing"), (1, 2, 2, 2, 3, 4)),
    (Behaviour(meta="nested"), (1, 2, 2, 2, 3, 4)),
    (Behaviour(page_size_honoured=False), (1, 1, 1, 5, 6, 13)),
    (Behaviour(page_size_honoured=False, meta="missing"), (1, 2, 2, 6, 7, 14)),
    (Behaviour(page_parameter="unpaged"), (1, 2, None, None, 2, 2)),
]


@pytest.mark.parametrize(("behaviour", "pages"), WHOLE)
@both_kinds
def test_a_list_is_read_whole_however_it_comes(
    start: StartSimulator, run: RunModule, behaviour: Behaviour, pages: tuple[int | None, ...], way: Way
) -> None:
    for count, expected in zip(COUNTS, pages):
        if expected is None:
            tfe = start(*instance(count, way), behaviour=behaviour)
            refused = way.run(run, PRESENT)
            assert "page 2 brought nothing new" in refused["msg"]
            assert not wrote(tfe)
            continue
        tfe = start(*instance(count, way), behaviour=behaviour)
        numbers = [str(number) for number in range(1, expected + 1)]
        assert way.run(run, PRESENT, check=True)["added"] == ["eta"]
        assert reads(tfe, way.path) == numbers
        if way is PROVIDERS and expected == pages[2] == 2 and behaviour.page_parameter == "unpaged":
            continue  # with eta there are 20 or 101 of them, and after the write they cannot be read
        tfe.forget()
        answer = way.run(run, PRESENT)
        assert is_whole(tfe, answer, count, way), answer.get("msg")
        if way is MODULES:  # the other write is surrounded by further reads
            assert reads(tfe, way.path) == numbers


@both_kinds
def test_a_list_that_repeats_its_first_page_is_read_twice_and_refused(
    start: StartSimulator, run: RunModule, way: Way
) -> None:
    for behaviour, count in [
        (Behaviour(page_parameter="ignored"), 101),
        (Behaviour(page_parameter="ignored", page_size_honoured=False), 21),
    ]:
        tfe = start(*instance(count, way), behaviour=behaviour)
        answer = way.run(run, PRESENT)
        assert answer["failed"]
        assert f"GET {tfe.address}{way.path} does not give a complete list" in answer["msg"]
        assert reads(tfe, way.path) == ["1", "1", "2", "2"]
        assert not wrote(tfe)


@pytest.mark.parametrize("page_size_honoured", [True, False])
@both_kinds
def test_an_ignored_page_parameter_does_not_matter_where_one_page_is_all(
    start: StartSimulator, run: RunModule, page_size_honoured: bool, way: Way
) -> None:
    behaviour = Behaviour(page_parameter="ignored", page_size_honoured=page_size_honoured)
    for count in (0, 19, 20, 100) if page_size_honoured else (0, 19, 20):
        tfe = start(*instance(count, way), behaviour=behaviour)
        answer = way.run(run, PRESENT)
        if way is MODULES:
            assert is_whole(tfe, answer, count)
            assert reads(tfe, E2) == ["1"]
        elif count < (100 if page_size_honoured else 20):
            assert is_whole(tfe, answer, count, way)
            assert reads(tfe, E4) == ["1"] * 2
        else:
            # With eta there is one more than the page holds.
            assert getattr(tfe.sharing("delta"), way.field) == ("eta", *teams(count))
            assert "does not give a complete list" in answer["msg"]
            assert (answer["failed"], answer["changed"], answer["consumers"]) == (True, True, None)


@pytest.mark.parametrize("page_parameter", ["ignored", "unpaged"])
def test_providers_are_not_written_where_the_modules_cannot_be_sent_back(
    start: StartSimulator, run: RunModule, page_parameter: Any
) -> None:
    behaviour = Behaviour(page_parameter=page_parameter, page_size_honoured=False)
    tfe = start(*instance(21 if page_parameter == "ignored" else 100), behaviour=behaviour)
    answer = PROVIDERS.run(run, PRESENT)
    assert f"GET {tfe.address}{E2} does not give a complete list" in answer["msg"]
    assert answer["msg"].endswith("Nothing of delta was changed.")
    assert not answer["changed"]
    assert not wrote(tfe)


def test_the_legacy_list_is_read_whole_with_and_without_pages(start: StartSimulator, run: RunModule) -> None:
    for behaviour, pages in [(Behaviour(), 2), (Behaviour(legacy_list="paged"), 3)]:
        tfe = start(*instance(250), profile="202012-1", behaviour=behaviour)
        assert is_whole(tfe, run(PRESENT), 250)
        assert len(reads(tfe, E1)) == pages


# A list that changes while it is read.


def between_pages(tfe: Simulator, change: Callable[[], object], *, times: int = 1, path: str = E2) -> None:
    """Orders a change for the moment just before a second page is answered."""
    pages = 0

    def call() -> None:
        nonlocal pages
        last = tfe.requests[-1]
        if last.query["page[number]"] == "2" and (not times or pages < times):
            pages += 1
            change()

    tfe.order(Fault(kind="between", path=path, times=0, call=call))


@pytest.mark.parametrize("what", ["removed", "added"])
@both_kinds
def test_a_list_that_changes_between_two_pages_is_read_again(
    start: StartSimulator, run: RunModule, what: str, way: Way
) -> None:
    tfe = start(*instance(150, way), Organization("late"))
    consumers: dict[str, Any] = {way.field: (*teams(150), "late")}
    with_late = Organization("delta", external_id=tfe.external_id("delta"), **consumers)

    def add() -> None:
        tfe.remove("delta")
        tfe.add(with_late)

    between_pages(tfe, (lambda: tfe.remove("team-007")) if what == "removed" else add, path=way.path)
    answer = way.run(run, PRESENT)
    expected = {"eta", *teams(150)} - {"team-007"} if what == "removed" else {"eta", "late", *teams(150)}
    assert set(answer["consumers"]) == expected == set(getattr(tfe.sharing("delta"), way.field))
    assert answer["added"] == ["eta"]
    # Providers are read once more after the write.
    assert reads(tfe, way.path) == sorted(["1", "2"] * (2 if way is MODULES else 3))


@both_kinds
def test_a_list_that_never_stops_changing_is_refused(start: StartSimulator, run: RunModule, way: Way) -> None:
    tfe = start(*instance(250, way))
    left = iter(teams(250))
    between_pages(tfe, lambda: tfe.remove(next(left)), times=0, path=way.path)
    answer = way.run(run, PRESENT)
    assert answer["failed"]
    assert "does not give a complete list: it kept changing while it was read" in answer["msg"]
    assert reads(tfe, way.path) == ["1", "1", "2", "2", "3", "3"]
    assert not wrote(tfe)


# Items and answers that are not what they should be.


@both_kinds
def test_a_consumer_without_external_id_is_kept_by_its_name(start: StartSimulator, run: RunModule, way: Way) -> None:
    tfe = start(*instance(3, way), behaviour=Behaviour(item_without_external_id="team-001"))
    answer = way.run(run, PRESENT)
    assert is_whole(tfe, answer, 3, way)
    ids = {entry["consuming_organization_name"]: entry["consuming_organization_id"] for entry in answer["partnerships"]}
    assert ids["team-001"] is None
    assert ids["eta"] == tfe.external_id("eta")
    # E1 takes ids alone.
    writer = E2 if way is MODULES else f"{DELTA}/registry-partnerships"
    assert [request.path for request in tfe.requests if request.method != "GET"] == [writer]


@pytest.mark.parametrize("item", [{"type": "organizations"}, {"id": ""}, {"id": None}, "team-000", None, ["team-000"]])
@both_kinds
def test_an_item_that_is_no_organization_is_refused(start: StartSimulator, run: RunModule, item: Any, way: Way) -> None:
    tfe = start(*instance(3, way))
    body = {"data": [{"id": "team-000", "type": "organizations"}, item]}
    tfe.order(Fault(kind="not_json_api", path=way.path, body=body))
    answer = way.run(run, PRESENT)
    assert f"GET {tfe.address}{way.path} answered with something that is not a list" in answer["msg"]
    assert len(tfe.requests) == 2


def test_a_404_in_the_middle_leads_to_the_other_list_and_else_to_an_error(
    start: StartSimulator, run: RunModule
) -> None:
    for legacy_list in ("alive", "404"):
        tfe = start(*instance(250), behaviour=Behaviour.parse([f"legacy_list={legacy_list}"]))
        tfe.order(Fault(kind="status", status=404, path=E2, nth=2))
        answer = run(PRESENT)
        assert reads(tfe, E2)[:2] == ["1", "2"]
        if legacy_list == "alive":
            assert is_whole(tfe, answer, 250)
        else:
            assert "cannot be read, although the organization itself was just read" in answer["msg"]
            assert not wrote(tfe)


@pytest.mark.parametrize("page", [1, 2])
def test_a_404_of_the_list_of_providers_is_an_error_and_never_an_old_release(
    start: StartSimulator, run: RunModule, page: int
) -> None:
    tfe = start(*instance(250, PROVIDERS))
    tfe.order(Fault(kind="status", status=404, path=E4, nth=page))
    answer = PROVIDERS.run(run, PRESENT)
    assert "provider consumers of delta cannot be read, although the organization itself was just read" in answer["msg"]
    assert "does not share providers" not in answer["msg"]
    assert not wrote(tfe)


def test_a_404_among_the_pages_of_all_organizations_is_an_error(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*instance(250))
    tfe.order(Fault(kind="status", status=404, path=f"{E7}$", nth=2))
    answer = run({"organization": "delta", "consumers": [tfe.external_id("eta")], "state": "present"})
    assert f"GET {tfe.address}{E7} answered 404" in answer["msg"]
    assert 2 <= len(reads(tfe, E7)) <= 3  # the last page may have been asked for already, side by side
    assert not wrote(tfe)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [f"{DELTA}$", E2, E1])
def test_a_redirect_is_named_and_not_followed(start: StartSimulator, run: RunModule, status: int, path: str) -> None:
    target = start()
    tfe = start(*instance(3))
    location = f"{target.address}{DELTA}?from=tfe"
    tfe.order(Fault(kind="redirect", status=status, path=path, location=location, times=0))
    answer = run({"organization": "delta", "consumers": [], "tfe_max_retries": 0})
    assert answer["failed"]
    assert f"answered {status}" in answer["msg"]
    assert f"a redirect to {location}. It was not followed" in answer["msg"]
    assert not target.requests
    assert tfe.sharing("delta").module_consumers == teams(3)


@pytest.mark.parametrize(("way", "path"), [(MODULES, f"{DELTA}$"), (MODULES, E2), (PROVIDERS, E4)])
def test_a_sign_in_page_is_not_an_empty_list(start: StartSimulator, run: RunModule, way: Way, path: str) -> None:
    tfe = start(*instance(3, way))
    tfe.order(Fault(kind="sign_in", path=path, times=0))
    answer = way.run(run, {"organization": "delta", "consumers": []})
    assert "not a JSON:API document (text/html" in answer["msg"]
    assert "a web page came instead of TFE's answer, with the title 'Sign in'." in answer["msg"]
    assert "sign-in page" in answer["msg"]
    assert not wrote(tfe)


@both_kinds
def test_a_sign_in_page_in_answer_to_a_write_is_settled_by_reading(
    start: StartSimulator, run: RunModule, way: Way
) -> None:
    method = "PATCH" if way is MODULES else "PUT"
    for after_effect in (True, False):
        tfe = start(*instance(3, way))
        tfe.order(Fault(kind="sign_in", method=method, after_effect=after_effect))
        answer = way.run(run, PRESENT)
        assert is_whole(tfe, answer, 3, way)
        if not after_effect:  # it is as it was before, so the write is sent again
            assert method in str(answer["warnings"])
