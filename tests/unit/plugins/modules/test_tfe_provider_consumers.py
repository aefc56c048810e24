# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``tfe_provider_consumers`` over real HTTP: the one way to write, which takes the list of modules along."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Literal

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import PROVIDERS
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules import consumers
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import (
    DELTA,
    E2,
    E4,
    E5,
    E7,
    SHARE_PROVIDERS,
    Ask,
    asking,
    sent,
    writes,
)

GLOBAL_MODULES: dict[str, Any] = {"global_modules": True}


def instance(*names: str, everyone: bool = False, **settings: Any) -> list[Organization]:
    """The small instance, with delta sharing its providers with these consumers or with everyone."""
    return consumers.instance(PROVIDERS, *names, everyone=everyone, **settings)


@pytest.fixture
def ask(run: RunModule) -> Ask:
    return asking(run, PROVIDERS)


# Releases that cannot.


@pytest.mark.parametrize("profile", ["202012-1", "202103-1"])
@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"consumers": ["eta"]},
        {"consumers": []},
        {"consumers": ["eta"], "state": "absent"},
        {"everyone": True},
        {"everyone": False},
        {"consumers": ["eta"], "state": "present", "everyone": False},
    ],
)
def test_a_release_that_does_not_share_providers_is_named_as_such(
    start: StartSimulator, ask: Ask, profile: str, check: bool, options: dict[str, Any]
) -> None:
    tfe = start(*instance(module_consumers=("zeta",)), profile=profile)
    answer = ask(options, check=check)
    assert answer["failed"]
    assert "This server does not share providers: Terraform Enterprise does since 202301-1." in answer["msg"]
    assert sent(tfe) == [f"GET {DELTA}", f"GET {E4}"]
    assert "changed" not in answer


# The requests, exactly.


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_both_lists_go_out_under_both_spellings_of_their_keys(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*instance("zeta", module_consumers=("epsilon",)), profile=profile)
    answer = ask({"consumers": ["eta"], "state": "present"})
    assert sent(tfe) == [
        *(f"GET {DELTA}", f"GET {E4}", f"GET {E7}/eta", f"GET {E2}"),
        *(f"PUT {E5}", f"GET {DELTA}", f"GET {E2}", f"GET {E4}"),
    ]
    [write] = writes(tfe)
    lists = {"module-consumers": ["epsilon"], "provider-consumers": ["zeta", "eta"]}
    attributes = {spelling: names for key, names in lists.items() for spelling in (key, key.replace("-", "_"))}
    assert write.body == {"data": {"type": "registry-partnerships", "attributes": attributes}}
    assert write.headers["content-type"] == "application/vnd.api+json"
    assert [partnership["id"] for partnership in answer["partnerships"]] == [None, None]


def test_modules_that_were_opened_during_the_look_ups_stay_open(start: StartSimulator, ask: Ask) -> None:
    """No list can tell it: it is as empty as before. The flag of the first look would have them closed, unseen."""
    tfe = start(*instance("zeta"))

    def open_modules() -> None:
        own_id = tfe.external_id("delta")
        tfe.remove("delta")
        tfe.add(Organization("delta", external_id=own_id, global_modules=True, provider_consumers=("zeta",)))

    tfe.order(Fault("between", "GET", path="/eta$", call=open_modules))
    answer = ask({"consumers": ["eta"]})
    assert answer["failed"]
    assert "delta shares its modules with every organization" in answer["msg"]
    assert (answer["changed"], tfe.sharing("delta").global_modules) == (False, True)
    assert not writes(tfe)


def test_more_module_consumers_than_a_page_holds_are_sent_back_all(start: StartSimulator, ask: Ask) -> None:
    names = [f"team-{i:03}" for i in range(230)]
    tfe = start(Organization("delta", module_consumers=names), *map(Organization, names))
    assert ask({"consumers": names[:1]})["added"] == names[:1]
    assert list(tfe.sharing("delta").module_consumers) == names
    assert sum(request.path == E2 for request in tfe.requests) == 3 + 3


KEYS = "both", "hyphens", "underscores"
OMITTED = "clears", "keeps", "422"
ENDS = "always", "filled", "never", "both"


@pytest.mark.parametrize(("keys", "omitted", "ends"), [*itertools.product(KEYS, OMITTED, ENDS)])
def test_whatever_put_does_with_its_body_the_list_is_reached_and_modules_stay(
    start: StartSimulator,
    ask: Ask,
    keys: Literal["both", "hyphens", "underscores"],
    omitted: Literal["clears", "keeps", "422"],
    ends: Literal["always", "filled", "never", "both"],
) -> None:
    behaviour = Behaviour(put_keys=keys, put_omitted=omitted, put_ends_global=ends)
    for before, modules in itertools.product([("zeta", "eta"), (), None], [("42", "epsilon"), ()]):
        delta = instance(*before or (), everyone=before is None, module_consumers=modules)
        tfe = start(*delta, behaviour=behaviour)
        answer = ask({"consumers": ["Gamma", "eta"]})
        sharing = tfe.sharing("delta")
        assert (sharing.global_modules, sharing.module_consumers) == (False, modules)
        if before is None and ends == "never":
            assert "global provider sharing is still on" in answer["msg"]
            continue
        assert "failed" not in answer, answer["msg"]
        assert (answer["changed"], answer["consumers"]) == (True, ["Gamma", "eta"])
        assert (sharing.global_providers, sharing.provider_consumers) == (False, ("Gamma", "eta"))
        assert not ask({"consumers": ["Gamma", "eta"]})["changed"]


def test_where_put_is_gone_nothing_is_changed(start: StartSimulator, ask: Ask) -> None:
    tfe = start(*instance("zeta"), behaviour=Behaviour(registry_partnerships="410"))
    answer = ask({"consumers": ["eta"]})
    assert answer["failed"]
    assert "410" in answer["msg"]
    assert "nothing was changed" in answer["msg"]
    assert (answer["changed"], answer["consumers"]) == (False, ["zeta"])
    assert [request.path for request in writes(tfe)] == [E5]


# Modules that are shared with everybody.


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("everyone", [True, False])
@pytest.mark.parametrize("options", [{"consumers": ["Gamma"]}, {"consumers": ["eta"], "state": "present"}])
def test_a_list_is_refused_while_modules_are_shared_with_everybody(
    start: StartSimulator, ask: Ask, profile: str, check: bool, everyone: bool, options: dict[str, Any]
) -> None:
    tfe = start(*instance(*([] if everyone else ["zeta"]), everyone=everyone, **GLOBAL_MODULES), profile=profile)
    answer = ask({**options, **({"everyone": False} if everyone else {})}, check=check)
    assert answer["failed"]
    assert "delta shares its modules with every organization" in answer["msg"]
    entry = "{organization: delta, global_module_sharing: true, provider_consumers: […]}"
    assert f"ask for both in one entry of tfe_registry_sharing: {entry}" in answer["msg"]
    assert not writes(tfe)
    assert "changed" not in answer


@pytest.mark.parametrize("ends", ENDS)
def test_the_entry_that_the_refusal_names_does_what_was_asked_for(
    start: StartSimulator, run: RunModule, ask: Ask, ends: Literal["always", "filled", "never", "both"]
) -> None:
    tfe = start(*instance("zeta", **GLOBAL_MODULES), behaviour=Behaviour(put_ends_global=ends))
    assert ask({"consumers": ["eta"]})["failed"]
    entry = {"organization": "delta", "global_module_sharing": True, "provider_consumers": ["eta"]}
    assert "failed" not in run({"producers": [entry]}, module="tfe_registry_sharing")
    sharing = tfe.sharing("delta")
    assert (sharing.global_modules, sharing.provider_consumers) == (True, ("eta",))
    assert not ask({"consumers": ["eta"]})["changed"]


def test_what_needs_no_list_is_done_while_modules_are_shared_with_everybody(start: StartSimulator, ask: Ask) -> None:
    tfe = start(*instance("zeta", **GLOBAL_MODULES))
    assert not ask({"consumers": ["zeta"]})["changed"]
    assert not ask({"consumers": ["eta"], "state": "absent"})["changed"]
    assert ask({"everyone": True})["removed"] == ["zeta"]
    assert not ask({"everyone": True})["changed"]
    assert ask({"everyone": False})["changed"]
    tfe = start(*instance(everyone=True, **GLOBAL_MODULES))
    assert ask({"consumers": []})["changed"]
    assert ask({"consumers": []})["changed"] is False
    assert tfe.sharing("delta").global_modules
    assert [request.path for request in writes(tfe)] == [DELTA]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("how", ["without_module_flag", "null_module_flag"])
def test_a_list_is_refused_while_the_module_flag_is_not_told(
    start: StartSimulator, ask: Ask, how: str, check: bool
) -> None:
    behaviour = replace(Behaviour(), **{how: True})  # type: ignore[arg-type]
    tfe = start(*instance("zeta", **GLOBAL_MODULES), behaviour=behaviour)
    answer = ask({"consumers": ["eta"]}, check=check)
    assert "The document of delta does not tell whether its modules are shared with every organization" in answer["msg"]
    assert not writes(tfe)
    assert not ask({"consumers": ["zeta"]}, check=check)["changed"]


# What the write did to modules is told.


def test_module_consumers_that_are_lost_are_told_with_their_names(start: StartSimulator, ask: Ask) -> None:
    behaviour = Behaviour(write_drops=("42", "epsilon"))
    tfe = start(*instance("zeta", module_consumers=("42", "epsilon", "Gamma")), behaviour=behaviour)
    answer = ask({"consumers": ["eta"]}, diff=True)
    assert answer["failed"]
    assert "changed who may use the modules of delta too: removed: 42, epsilon" in answer["msg"]
    assert "It was: 42, Gamma, epsilon" in answer["msg"]
    assert answer["changed"]
    assert (answer["consumers"], answer["added"], answer["removed"]) == (["eta"], ["eta"], ["zeta"])
    assert tfe.sharing("delta").module_consumers == ("Gamma",)
    # The list is as it was asked for now, and what was lost is not in it.
    assert not ask({"consumers": ["eta"]})["changed"]


def test_what_a_refused_put_did_to_modules_is_told(start: StartSimulator, ask: Ask) -> None:
    """It knows one consumer less than the list of modules has, stores the rest, and refuses the whole."""
    tfe = start(*instance(module_consumers=("42", "Gamma")), behaviour=Behaviour(unknown_consumer_atomic=False))
    tfe.order(Fault("between", "PUT", call=lambda: tfe.remove("42")))
    answer = ask({"consumers": ["eta"]})
    assert answer["failed"]
    assert answer["changed"]
    assert "changed who may use the modules of delta too: removed: 42" in answer["msg"]
    assert tfe.sharing("delta").module_consumers == ("Gamma",)


@pytest.mark.parametrize("path", ["delta$", "module-consumers$", "provider-consumers$"])
def test_what_cannot_be_read_back_is_unknown_of_both_kinds(start: StartSimulator, ask: Ask, path: str) -> None:
    tfe = start(*instance("zeta", module_consumers=("Gamma",)))
    lost = Fault("status", "GET", path, status=403, times=0)
    tfe.order(Fault("between", "PUT", call=lambda: tfe.order(lost)))
    answer = ask({"consumers": ["eta"]})
    assert "what delta shares now is not known" in answer["msg"]
    assert "It was: Gamma" in answer["msg"]  # the modules, which the task is not about
    assert (answer["changed"], answer["consumers"], answer["global_provider_sharing"]) == (True, None, None)


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_lost_answer_is_settled_by_reading_both_kinds(start: StartSimulator, ask: Ask, after_effect: bool) -> None:
    tfe = start(*instance("zeta", module_consumers=("Gamma",)))
    tfe.order(Fault("status", "PUT", status=502, after_effect=after_effect))
    answer = ask({"consumers": ["eta"]})
    assert ("failed" not in answer, answer["changed"], answer["consumers"]) == (True, True, ["eta"])
    assert len(writes(tfe)) == (1 if after_effect else 2)
    sharing = tfe.sharing("delta")
    assert (sharing.module_consumers, sharing.provider_consumers) == (("Gamma",), ("eta",))


def test_modules_that_somebody_changed_during_a_lost_put_are_not_undone(start: StartSimulator, run: RunModule) -> None:
    """Sent again, it would take away what a colleague has just added to the list of modules."""
    tfe = start(*instance("zeta", module_consumers=("Gamma",)))
    colleague = Organization("delta", module_consumers=("Gamma", "epsilon"), provider_consumers=("zeta",))

    def change() -> None:
        tfe.remove("delta")
        tfe.add(replace(colleague, external_id=own_id))

    own_id = tfe.external_id("delta")
    tfe.order(Fault("between", "PUT", call=change), Fault("status", "PUT", status=502))
    answer = run({"organization": "delta", "consumers": ["eta"]}, module="tfe_provider_consumers")
    assert answer["failed"]
    assert "modules" in answer["msg"]
    assert "added: epsilon" in answer["msg"]
    assert len(writes(tfe)) == 1
    assert tfe.sharing("delta").module_consumers == ("Gamma", "epsilon")


# Names that terraform cannot address.


def test_an_underscore_in_the_producers_name_is_warned_of_where_providers_are_shared(
    start: StartSimulator, run: RunModule
) -> None:
    tfe = start(Organization("team_one"), Organization("eta"), Organization("zeta"))
    name = {"organization": "Team_One"}
    tasks: list[tuple[dict[str, Any], bool]] = [
        ({"consumers": ["eta"]}, True),
        ({"consumers": ["eta"]}, True),
        ({"consumers": ["zeta"], "state": "absent"}, True),
        ({"consumers": []}, False),
        ({"consumers": []}, False),
        ({"global_provider_sharing": True}, True),
        ({"global_provider_sharing": False}, False),
    ]
    for options, warned in tasks:
        for check in (True, False):
            answer = run({**name, **options}, module="tfe_provider_consumers", check=check)
            warning = "Terraform cannot address the providers of team_one, since its name contains '_'"
            assert (warning in str(answer.get("warnings"))) == warned, options
    assert not tfe.sharing("team_one").global_providers
    assert "warnings" not in run({**name, "consumers": ["eta"]})  # modules are addressed all the same


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_the_ids_of_partnerships_are_null(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*instance("zeta"), profile=profile)
    for options in ({"consumers": ["zeta"]}, {"consumers": ["zeta", "eta"]}, {"consumers": ["zeta", "eta"]}):
        for partnership in ask(options)["partnerships"]:
            name = partnership["consuming_organization_name"]
            assert partnership == {
                "id": None,
                "consuming_organization_id": tfe.external_id(name),
                "consuming_organization_name": name,
                "producing_organization_id": tfe.external_id("delta"),
                "producing_organization_name": "delta",
            }
