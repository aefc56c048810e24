# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_registry_sharing_info`` over real HTTP: both kinds, both directions, every filter, requests, errors."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS, MODULES, PROVIDERS, Kind
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.simulator.server import USER_TOKEN
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import E1, E2, E4, E7, SHARE_PROVIDERS

INSTANCE = (
    Organization("delta", module_consumers=("Gamma",)),
    Organization("Gamma", global_providers=True),
    Organization("epsilon", global_modules=True, provider_consumers=("delta",)),
    Organization("Zeta", module_consumers=("delta", "Gamma"), provider_consumers=("eta",)),
    Organization("eta"),
)
SHARED: dict[str, tuple[Any, Any]] = {
    "Gamma": ([], True),
    "Zeta": (["Gamma", "delta"], ["eta"]),
    "delta": (["Gamma"], []),
    "epsilon": (True, ["delta"]),
}
"""By producer, whom it shares modules and providers with: True or the names."""

BEHAVIOURS = [
    Behaviour(),
    Behaviour(filters_honoured=False),
    Behaviour(producer_filter_misses_global=True),
    Behaviour(without_relationships=True),
    Behaviour(without_external_ids=True),
    Behaviour(list_without_flags=True),
]


def on(profile: str, *names: str) -> dict[str, tuple[Any, Any]]:
    """What these producers share on a release; None where it does not share providers, nobody who shares nothing."""
    shared = {name: SHARED[name] for name in names or SHARED}
    if profile in SHARE_PROVIDERS:
        return shared
    return {name: (modules, None) for name, (modules, _providers) in shared.items() if modules}


def told(answer: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The same from an answer, in its order."""
    assert not answer.get("failed"), answer["msg"]
    assert answer["changed"] is False
    found = {}
    for producer in answer["producers"]:
        found[producer["organization"]] = tuple(
            {True: True, False: producer[kind.list_option], None: None}[producer[kind.flag_option]] for kind in KINDS
        )
        for kind in KINDS:  # what is null, and what false, is what can be asked for
            assert (producer[kind.list_option] is None) == (producer[kind.flag_option] is not False)
    return found


def everybody(tfe: Simulator, *, with_ids: bool = True) -> list[dict[str, Any]]:
    names = sorted(organization.name for organization in INSTANCE)
    return [{"name": name, "external_id": tfe.external_id(name) if with_ids else None} for name in names]


class Ask(Protocol):
    def __call__(self, **options: Any) -> dict[str, Any]:
        """Runs the module."""


@pytest.fixture
def ask(run: RunModule) -> Ask:
    def ask(**options: Any) -> dict[str, Any]:
        return run(options, module="tfe_registry_sharing_info")

    return ask


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_everybody_who_shares(start: StartSimulator, ask: Ask, profile: str, behaviour: Behaviour) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = ask()
    assert told(answer) == on(profile)
    assert list(told(answer)) == sorted(on(profile))
    assert answer["organizations"] == everybody(tfe, with_ids=not behaviour.without_external_ids)
    ids = [producer["external_id"] for producer in answer["producers"]]
    assert ids == [None if behaviour.without_external_ids else tfe.external_id(name) for name in told(answer)]
    assert {request.method for request in tfe.requests} == {"GET"}
    lists_and_flags = {option for kind in KINDS for option in (kind.list_option, kind.flag_option)}
    assert all(producer.keys() == {"organization", "external_id", *lists_and_flags} for producer in answer["producers"])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize(
    ("consumer", "modules", "providers"),
    [
        ("GAMMA", {"Zeta", "delta", "epsilon"}, set()),
        ("delta", {"Zeta", "epsilon"}, {"Gamma", "epsilon"}),
        ("epsilon", set(), {"Gamma"}),
        (" eta ", {"epsilon"}, {"Gamma", "Zeta"}),
    ],
)
def test_whose_registry_a_consumer_can_use(
    start: StartSimulator,
    ask: Ask,
    profile: str,
    behaviour: Behaviour,
    consumer: str,
    modules: set[str],
    providers: set[str],
) -> None:
    """A producer is told whole, whichever kind is what the consumer can use."""
    tfe = start(*INSTANCE, profile=profile, behaviour=behaviour)
    answer = ask(consumer=consumer, organization="")
    expected = modules | (providers if profile in SHARE_PROVIDERS else set())
    assert told(answer) == {name: who for name, who in on(profile).items() if name in expected}
    assert answer["organizations"] == everybody(tfe, with_ids=not behaviour.without_external_ids)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_consumer_by_its_external_id(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    names = ["Gamma", "Zeta", "epsilon"] if profile in SHARE_PROVIDERS else ["Zeta", "epsilon"]
    assert list(told(ask(consumer=tfe.external_id("delta")))) == names


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("organization", "modules", "providers"),
    [("ZETA", ["Gamma", "delta"], ["eta"]), ("eta", [], []), ("epsilon", True, ["delta"]), ("gamma", [], True)],
)
def test_one_producer(
    start: StartSimulator, ask: Ask, profile: str, organization: str, modules: Any, providers: Any
) -> None:
    tfe = start(*INSTANCE, profile=profile)
    answer = ask(organization=organization, consumer=" ")
    (name,) = list(told(answer))
    assert name.casefold() == organization.casefold()
    assert told(answer)[name] == (modules, providers if profile in SHARE_PROVIDERS else None)
    assert answer["producers"][0]["external_id"] == tfe.external_id(name)
    assert "organizations" not in answer
    lists = []
    if profile not in SHARE_PROVIDERS:
        lists.append(E4)  # which says that there is none
    if modules is not True:
        # The oldest list has no count, so a further look shows that it is whole.
        lists += [E1] * (2 if modules else 1) if profile == "202012-1" else [E2]
    if profile in SHARE_PROVIDERS and providers is not True:
        lists.append(E4)
    asked = [request.path.replace(f"/{name}/", "/delta/") for request in tfe.requests]
    assert asked == [f"{E7}/{organization}", *lists]


@pytest.mark.parametrize("profile", ["202103-1", *SHARE_PROVIDERS])
@pytest.mark.parametrize("options", [{}, {"consumer": "team-001"}])
def test_requests_for_everybody(start: StartSimulator, ask: Ask, profile: str, options: dict[str, str]) -> None:
    quiet = [Organization(f"team-{i:03}") for i in range(230)]
    user = ("team-001",)
    tfe = start(
        *quiet,
        *(Organization(f"modules-{i}", module_consumers=user) for i in range(3)),
        *(Organization(f"providers-{i}", provider_consumers=user) for i in range(4)),
        *(Organization(f"both-{i}", module_consumers=user, provider_consumers=user) for i in range(2)),
        Organization("open-modules", global_modules=True, provider_consumers=user),
        Organization("open-providers", global_providers=True, module_consumers=user),
        Organization("open", global_modules=True, global_providers=True),
        profile=profile,
    )
    has_both = profile in SHARE_PROVIDERS
    answer = ask(**options)
    assert len(told(answer)) == 3 + 2 + 3 + has_both * 4
    assert len(answer["organizations"]) == 242
    asked = Counter(request.path.rpartition("/")[2] for request in tfe.requests)
    # The whole list; for each kind the producers among it, and how many the others are.
    assert asked["organizations"] == 3 + (1 + has_both) * 2
    # A list for each that shares a kind with somebody.
    assert asked["module-consumers"] == 3 + 2 + 1
    # An old release gives one answer that says that it has no such list.
    assert asked["provider-consumers"] == (4 + 2 + 1 if has_both else 1)
    assert len(tfe.requests) == sum(asked[what] for what in ("organizations", "module-consumers", "provider-consumers"))


def test_a_long_list_of_either_kind_is_read_whole(start: StartSimulator, ask: Ask) -> None:
    names = [f"team-{i:03}" for i in range(230)]
    delta = Organization("delta", module_consumers=names, provider_consumers=names[:101])
    tfe = start(delta, *map(Organization, names))
    for options in ({}, {"organization": "delta"}, {"consumer": "team-100"}):
        tfe.forget()
        assert told(ask(**options)) == {"delta": (names, names[:101])}
        asked = Counter(request.path for request in tfe.requests)
        assert (asked[E2], asked[E4]) == (3, 2)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_filter_that_leaves_producers_out_is_not_believed(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    nobody = {"data": [], "meta": {"pagination": {"current-page": 1, "total-pages": 1, "total-count": 0}}}
    tfe.order(Fault("not_json_api", path=f"{E7}$", nth=2, times=4, body=nobody))
    assert told(ask()) == on(profile)


def test_a_list_that_does_not_tell_the_flag_is_not_believed(start: StartSimulator, ask: Ask) -> None:
    tfe = start(*INSTANCE)
    items = [{"id": o.name, "type": "organizations", "attributes": {"name": o.name}} for o in INSTANCE]
    tfe.order(Fault("not_json_api", path=f"{E7}$", body={"data": items}))
    assert told(ask()) == SHARED


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize("nth", [2, 4])
def test_a_refused_filter_changes_nothing_of_the_answer(start: StartSimulator, ask: Ask, status: int, nth: int) -> None:
    tfe = start(*INSTANCE)
    # After the whole list comes the one of those who share modules and how many do not, then the same for providers.
    tfe.order(Fault("status", path=f"{E7}$", nth=nth, status=status))
    assert told(ask()) == SHARED
    assert not tfe.orders_left


@pytest.mark.parametrize(("name", "kind"), [("delta", MODULES), ("Zeta", PROVIDERS)])
@pytest.mark.parametrize("everybodys", [True, False])
def test_one_unreadable_producer_fails_the_whole_question(
    start: StartSimulator, ask: Ask, name: str, kind: Kind, everybodys: bool
) -> None:
    tfe = start(*INSTANCE)
    # Of module consumers, there are two lists.
    tfe.order(Fault("status", path=f"/{name}/.*{kind.list_key}", status=404, times=0))
    answer = ask(**({} if everybodys else {"organization": name}))
    assert answer["failed"]
    assert f"The {kind.one} consumers of {name} cannot be read" in answer["msg"]


def test_nobody_shares_anything(start: StartSimulator, ask: Ask) -> None:
    start(Organization("delta"))
    answer = ask()
    assert (answer["producers"], [it["name"] for it in answer["organizations"]]) == ([], ["delta"])
    assert told(ask(consumer="delta")) == {}
    assert told(ask(organization="delta")) == {"delta": ([], [])}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"organization": "delta", "consumer": "eta"}, "organization and consumer exclude each other"),
        ({"organization": "detla"}, "There is no organization 'detla' (did you mean 'delta'"),
        ({"consumer": "gama"}, "No organization has this name or external id: 'gama' (did you mean 'Gamma'"),
        ({"consumer": "a b"}, "'a b'"),
        ({"organization": "a/b"}, "'a/b'"),
    ],
)
def test_questions_that_have_no_answer(start: StartSimulator, ask: Ask, options: dict[str, str], message: str) -> None:
    start(*INSTANCE)
    answer = ask(**options)
    assert answer["failed"]
    assert message in answer["msg"]


@pytest.mark.parametrize("options", [{}, {"organization": "delta"}, {"consumer": "delta"}])
def test_a_token_without_the_right_is_named_as_such(start: StartSimulator, ask: Ask, options: dict[str, str]) -> None:
    tfe = start(*INSTANCE)
    answer = ask(**options, tfe_token=tfe.user_token)
    assert "its user is not a site administrator" in answer["msg"]
    hcp = start(*INSTANCE, behaviour=Behaviour(application="hcp"))
    assert "is HCP Terraform, which has no admin API" in ask(**options, tfe_token=hcp.admin_token)["msg"]


# As a member.

MEMBER_LIST = "/api/v2/organizations/{}/relationships/module-producers"


@pytest.fixture
def ask_as_member(run: RunModule) -> Ask:
    """With the token of somebody who is a member of every organization, and no site administrator."""

    def ask_as_member(**options: Any) -> dict[str, Any]:
        task = {"as_member": True, "tfe_token": USER_TOKEN, **options}
        return run(task, module="tfe_registry_sharing_info")

    return ask_as_member


@pytest.mark.parametrize("profile", PROFILES[1:])
@pytest.mark.parametrize("misses_global", [False, True])
@pytest.mark.parametrize(
    ("consumer", "listed", "everybodys"),
    [("delta", ["Zeta"], ["epsilon"]), ("GAMMA", ["Zeta", "delta"], ["epsilon"]), (" eta ", [], ["epsilon"])],
)
def test_a_member_asks_whose_modules_it_may_use(
    start: StartSimulator,
    ask_as_member: Ask,
    profile: str,
    misses_global: bool,
    consumer: str,
    listed: list[str],
    everybodys: list[str],
) -> None:
    tfe = start(*INSTANCE, profile=profile, behaviour=Behaviour(member_list_misses_global=misses_global))
    answer = ask_as_member(consumer=consumer, organization=" ")
    assert answer.keys() - {"invocation"} == {"changed", "module_producers"}
    assert answer["module_producers"] == sorted([*listed, *([] if misses_global else everybodys)])
    assert answer["changed"] is False
    # Nothing of the admin API, which is closed to it.
    assert [request.path for request in tfe.requests] == [MEMBER_LIST.format(consumer.strip())]


@pytest.mark.parametrize("profile", PROFILES[1:])
def test_a_member_with_many_producers_gets_them_all(start: StartSimulator, ask_as_member: Ask, profile: str) -> None:
    names = [f"team-{i:03}" for i in range(230)]
    tfe = start(
        *(Organization(name, module_consumers=("eta",)) for name in names), Organization("eta"), profile=profile
    )
    assert ask_as_member(consumer="eta")["module_producers"] == names
    assert len(tfe.requests) == 3


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(meta="missing"),
        Behaviour(page_parameter="unpaged"),
        Behaviour(page_size_honoured=False, fixed_page_size=25),
        Behaviour(without_external_ids=True),
    ],
)
def test_a_members_list_is_read_whole_however_it_comes(
    start: StartSimulator, ask_as_member: Ask, behaviour: Behaviour
) -> None:
    names = [f"team-{i:03}" for i in range(130)]
    start(*(Organization(name, module_consumers=("eta",)) for name in names), Organization("eta"), behaviour=behaviour)
    assert ask_as_member(consumer="eta")["module_producers"] == names


def test_a_members_list_that_is_cut_is_an_error(start: StartSimulator, ask_as_member: Ask) -> None:
    names = [f"team-{i:03}" for i in range(130)]
    start(
        *(Organization(name, module_consumers=("eta",)) for name in names),
        Organization("eta"),
        behaviour=Behaviour(page_parameter="ignored", meta="missing"),
    )
    assert "does not give a complete list" in ask_as_member(consumer="eta")["msg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "as_member: true needs consumer: the organization that asks what it can use."),
        ({"consumer": " "}, "as_member: true needs consumer: the organization that asks what it can use."),
        ({"organization": "delta"}, "as_member: true needs consumer: the organization that asks what it can use."),
        (
            {"organization": "delta", "consumer": "eta"},
            "organization and consumer exclude each other: ask for one producer, or for one consumer.",
        ),
        ({"consumer": "a/b"}, "consumer must be the name of an organization, not 'a/b'."),
        ({"consumer": ".."}, "consumer must be the name of an organization, not '..'."),
        (
            {"consumer": 42},
            (
                "consumer is the number 42. Put it in quotes, just as it is spelled in TFE: without quotes, YAML reads "
                "0173 as 123, which may be another organization."
            ),
        ),
    ],
)
def test_a_member_has_to_say_who_it_is(
    start: StartSimulator, ask_as_member: Ask, options: dict[str, Any], message: str
) -> None:
    tfe = start(*INSTANCE)
    assert ask_as_member(**options)["msg"] == message
    assert not tfe.requests


@pytest.mark.parametrize("profile", PROFILES)
def test_a_member_of_nothing_is_told_what_that_may_be(start: StartSimulator, ask_as_member: Ask, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    own_id = tfe.external_id("eta")
    tasks: list[dict[str, Any]] = [{"consumer": "nobody"}, {"consumer": own_id}]
    # An administrator is no member by that.
    tasks += [{"consumer": "eta", "tfe_token": tfe.admin_token}]
    if profile == PROFILES[0]:
        tasks += [{"consumer": "eta"}]
    for options in tasks:
        consumer = options["consumer"]
        assert ask_as_member(**options)["msg"] == (
            f"GET {tfe.address}{MEMBER_LIST.format(consumer)} answered 404 Not Found: not found. There is no "
            f"organization {consumer!r}, or the token's user is no member of it. Terraform Enterprise answers members "
            "since 202103-1; HCP Terraform does not."
        )


def test_a_member_whose_token_is_no_good(start: StartSimulator, ask_as_member: Ask) -> None:
    start(*INSTANCE)
    assert "The token is invalid, expired or revoked" in ask_as_member(consumer="eta", tfe_token="wrong")["msg"]


def test_who_may_not_read_everything_is_told_that_members_may_ask(start: StartSimulator, ask_as_member: Ask) -> None:
    start(*INSTANCE)
    answer = ask_as_member(consumer="eta", as_member=False)
    assert answer["msg"].endswith("tfe_registry_sharing_info with consumer and as_member: true.")
    assert ask_as_member(consumer="eta")["module_producers"] == ["epsilon"]
