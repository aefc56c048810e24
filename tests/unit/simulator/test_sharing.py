# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes: the transitions of API 1.7, and each answer to what API 9 leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Organization, Sharing
from ansible_collections.tfe.admin.tests.unit.simulator.conftest import ORGANIZATIONS, Client, Start

START = Sharing(
    global_modules=False, module_consumers=("Gamma", "zeta"), global_providers=False, provider_consumers=("eta",)
)
EVERYBODY = Organization("delta", global_modules=True, global_providers=True)


def modules(api: Client) -> tuple[bool, tuple[str, ...]]:
    sharing = api.tfe.sharing("delta")
    return sharing.global_modules, sharing.module_consumers


def providers(api: Client) -> tuple[bool, tuple[str, ...]]:
    sharing = api.tfe.sharing("delta")
    return sharing.global_providers, sharing.provider_consumers


def from_everybody(start: Start, **behaviour: Any) -> Client:
    return start(EVERYBODY, *ORGANIZATIONS[1:], behaviour=Behaviour(**behaviour))


# The transitions.


def test_e1_replaces_the_list_by_ids_and_answers_with_partnerships(start: Start) -> None:
    api = start()
    before = {item["attributes"]["consuming-organization-name"]: item["id"] for item in partnerships(api)}
    answer = api.e1(api.tfe.external_id("zeta"), api.tfe.external_id("eta"), api.tfe.external_id("zeta"))
    data = answer.json()
    api.forgive("unique items")
    assert list(data) == ["data"]
    after = {item["attributes"]["consuming-organization-name"]: item for item in data["data"]}
    assert sorted(after) == ["eta", "zeta"]
    assert after["eta"]["type"] == "module-partnerships"
    assert after["eta"]["attributes"] == {
        "consuming-organization-id": api.tfe.external_id("eta"),
        "consuming-organization-name": "eta",
        "producing-organization-id": api.tfe.external_id("delta"),
        "producing-organization-name": "delta",
    }
    assert after["zeta"]["id"] == before["zeta"]
    assert data["data"] == partnerships(api)
    api.e1(api.tfe.external_id("Gamma"))
    assert partnerships(api)[0]["id"] not in before.values()
    assert providers(api) == (False, ("eta",))
    assert api.e1().json() == {"data": []}


def partnerships(api: Client) -> Any:
    return api.admin("/delta/module-consumers")["data"]


def test_e3_replaces_the_list_by_names_and_answers_with_nothing(start: Start) -> None:
    api = start()
    answer = api.e3("ETA", "zeta", "zeta")
    api.forgive("unique items")
    assert (answer.status_code, answer.content) == (204, b"")
    assert modules(api) == (False, ("eta", "zeta"))
    assert api.names("/delta/relationships/module-consumers") == ["eta", "zeta"]
    assert providers(api) == (False, ("eta",))
    api.e3()
    assert modules(api) == (False, ())


def test_e5_replaces_both_lists(start: Start) -> None:
    api = start()
    answer = api.e5(module_consumers=["eta"], provider_consumers=["zeta", "Gamma"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert (modules(api), providers(api)) == ((False, ("eta",)), (False, ("Gamma", "zeta")))
    assert api.names("/delta/relationships/provider-consumers") == ["Gamma", "zeta"]


def test_e6_drops_the_list_for_good_and_leaves_the_other_kind_alone(start: Start) -> None:
    api = start()
    answer = api.e6(global_module_sharing=True)
    assert answer.json()["data"]["attributes"]["global-module-sharing"] is True
    assert (modules(api), providers(api)) == ((True, ()), (False, ("eta",)))
    assert api.names("/delta/relationships/module-consumers") == []
    assert partnerships(api) == []
    api.e6(global_module_sharing=False)
    assert modules(api) == (False, ())
    api.e6(global_provider_sharing=True, global_module_sharing=False)
    assert providers(api) == (True, ())


@pytest.mark.parametrize("module_flag", [False, True])
@pytest.mark.parametrize("provider_flag", [False, True])
@pytest.mark.parametrize("organization", [ORGANIZATIONS[0], EVERYBODY])
def test_e6_takes_both_flags_at_once(
    start: Start, organization: Organization, provider_flag: bool, module_flag: bool
) -> None:
    api = start(organization, *ORGANIZATIONS[1:])
    answer = api.e6(global_module_sharing=module_flag, global_provider_sharing=provider_flag)
    attributes = answer.json()["data"]["attributes"]
    flags = (attributes["global-module-sharing"], attributes["global-provider-sharing"])
    assert (answer.status_code, flags) == (200, (module_flag, provider_flag))
    had_lists = organization is not EVERYBODY
    assert modules(api) == (module_flag, ("Gamma", "zeta") if had_lists and not module_flag else ())
    assert providers(api) == (provider_flag, ("eta",) if had_lists and not provider_flag else ())


def test_e6_changes_nothing_where_one_of_the_flags_is_wrong(start: Start) -> None:
    api = start()
    for module_flag, provider_flag in ((True, "yes"), ("yes", True)):
        answer = api.e6(global_module_sharing=module_flag, global_provider_sharing=provider_flag)
        assert answer.status_code == 422
        api.forgive("must be boolean")
    assert api.tfe.sharing("delta") == START


def test_e6_false_leaves_a_list_as_it_is(start: Start) -> None:
    api = start()
    api.e6(global_module_sharing=False, is_disabled=True)
    assert api.tfe.sharing("delta") == START
    assert api.admin("/delta")["data"]["attributes"]["is-disabled"] is True


@pytest.mark.parametrize("consumers", [(), ("zeta",)])
@pytest.mark.parametrize("writer", ["e1", "e3", "e5"])
def test_a_list_turns_global_sharing_off(start: Start, writer: str, consumers: tuple[str, ...]) -> None:
    api = from_everybody(start)
    write(api, writer, consumers)
    assert modules(api) == (False, consumers)
    assert api.admin("/delta")["data"]["attributes"]["global-module-sharing"] is False
    assert providers(api) == ((False, consumers) if writer == "e5" else (True, ()))


def write(api: Client, writer: str, consumers: tuple[str, ...]) -> Any:
    if writer == "e1":
        return api.e1(*map(api.tfe.external_id, consumers))
    if writer == "e3":
        return api.e3(*consumers)
    return api.e5(module_consumers=list(consumers), provider_consumers=list(consumers))


def test_add_and_remove(start: Start) -> None:
    api = start()
    api.tfe.add(Organization("theta", module_consumers=("DELTA",)))
    assert api.names("/theta/relationships/module-consumers") == ["delta"]
    kept = [item["id"] for item in partnerships(api) if item["attributes"]["consuming-organization-name"] == "Gamma"]
    api.tfe.remove("ZETA")
    assert modules(api) == (False, ("Gamma",))
    assert [item["id"] for item in partnerships(api)] == kept
    assert api.get("/admin/organizations/zeta").status_code == 404
    with pytest.raises(ValueError, match="two organizations"):
        api.tfe.add(Organization("Delta"))
    with pytest.raises(ValueError, match="do not exist: zeta"):
        api.tfe.add(Organization("iota", module_consumers=("zeta",)))
    with pytest.raises(KeyError):
        api.tfe.sharing("iota")
    with pytest.raises(KeyError):
        api.tfe.remove("zeta")


def test_rename(start: Start) -> None:
    api = start()
    identifier = api.tfe.external_id("zeta")
    kept = partnerships(api)
    api.tfe.rename("ZETA", "theta")
    assert modules(api) == (False, ("Gamma", "theta"))
    assert [item["id"] for item in partnerships(api)] == [item["id"] for item in kept]
    renamed = api.admin("/theta")["data"]
    assert (renamed["id"], renamed["attributes"]["external-id"]) == ("theta", identifier)
    assert renamed["links"]["self"] == "/api/v2/admin/organizations/theta"
    assert api.get("/admin/organizations/zeta").status_code == 404
    api.tfe.rename("theta", "Theta")
    assert api.names("/delta/relationships/module-consumers") == ["Gamma", "Theta"]
    for taken in ("ETA", "a b", "org-2222222222222222", None):
        with pytest.raises(ValueError, match=r"already|letters|external id"):
            api.tfe.rename("theta", taken)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        api.tfe.rename("zeta", "iota")
    assert modules(api) == (False, ("Gamma", "Theta"))


# What is open.


@pytest.mark.parametrize("status", ["404", "405", "410"])
def test_endpoints_that_are_gone(start: Start, status: str) -> None:
    gone: Any = status
    api = start(
        behaviour=Behaviour(
            legacy_write=gone,
            legacy_list=gone,
            relationship_list=gone,
            relationship_write=gone,
            registry_partnerships=gone,
            account_details="404",
        )
    )
    assert str(api.e1().status_code) == status
    assert api.e3().json()["errors"][0]["status"] == status
    assert str(api.e5(module_consumers=[], provider_consumers=[]).status_code) == status
    for path in ("module-consumers", "relationships/module-consumers"):
        assert str(api.get(f"/admin/organizations/delta/{path}").status_code) == status
    assert api.get("/account/details").status_code == 404
    assert api.get("/admin/organizations/delta/relationships/provider-consumers").status_code == 200
    assert api.tfe.sharing("delta") == START


@pytest.mark.parametrize("writer", ["e1", "e3", "e5"])
def test_lists_that_keep_global_sharing(start: Start, writer: str) -> None:
    field = "put_ends_global" if writer == "e5" else "list_ends_global"
    api = from_everybody(start, **{field: "filled"})
    write(api, writer, ())
    assert (modules(api), providers(api)) == ((True, ()), (True, ()))
    write(api, writer, ("zeta",))
    assert modules(api) == (False, ("zeta",))
    api = from_everybody(start, **{field: "never"})
    assert write(api, writer, ("zeta",)).ok
    assert modules(api) == (True, ("zeta",))
    assert api.names("/delta/relationships/module-consumers") == []
    assert api.get("//_simulator/organizations").json()["organizations"]


@pytest.mark.parametrize("filled", ["modules", "providers"])
@pytest.mark.parametrize(
    ("ends", "keeps_filled", "keeps_other"),
    [("always", False, False), ("both", False, False), ("filled", False, True), ("never", True, True)],
)
def test_put_and_the_flag_of_the_other_kind(
    start: Start, filled: str, ends: Any, keeps_filled: bool, keeps_other: bool
) -> None:
    api = from_everybody(start, put_ends_global=ends)
    lists = {kind: ["zeta"] if kind == filled else [] for kind in ("modules", "providers")}
    api.e5(module_consumers=lists["modules"], provider_consumers=lists["providers"])
    found = {"modules": modules(api), "providers": providers(api)}
    assert found.pop(filled) == (keeps_filled, ("zeta",))
    assert list(found.values()) == [(keeps_other, ())]
    attributes = api.admin("/delta")["data"]["attributes"]
    assert attributes["global-module-sharing"] is api.tfe.sharing("delta").global_modules
    assert attributes["global-provider-sharing"] is api.tfe.sharing("delta").global_providers


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize(("ends", "keeps"), [("always", True), ("both", False)])
def test_put_may_end_global_sharing_of_the_kind_that_it_leaves_out(
    start: Start, ends: Any, keeps: bool, ignored: bool
) -> None:
    api = from_everybody(start, put_ends_global=ends, put_omitted="keeps", write_ignored=ignored)
    api.e5(module_consumers=["zeta"])
    api.forgive("must contain ['provider-consumers']")
    assert providers(api) == (keeps or ignored, ())
    assert modules(api) == ((True, ()) if ignored else (False, ("zeta",)))


@pytest.mark.parametrize("organization", [ORGANIZATIONS[0], EVERYBODY])
def test_e1_may_empty_the_list_of_providers(start: Start, organization: Organization) -> None:
    for empties, kept in ((False, organization), (True, Organization("delta"))):
        api = start(organization, *ORGANIZATIONS[1:], behaviour=Behaviour(legacy_empties_providers=empties))
        assert api.e1(api.tfe.external_id("zeta")).status_code == 200
        assert modules(api) == (False, ("zeta",))
        assert providers(api) == (kept.global_providers, kept.provider_consumers)


def test_lists_from_before_global_sharing_may_come_back(start: Start) -> None:
    for keeps in (False, True):
        api = start(behaviour=Behaviour(global_keeps_list=keeps))
        for everyone in (True, False):
            api.e6(global_module_sharing=everyone, global_provider_sharing=everyone)
            shown = keeps and not everyone
            assert modules(api) == (everyone, ("Gamma", "zeta") if shown else ())
            assert providers(api) == (everyone, ("eta",) if shown else ())
            assert api.names("/delta/relationships/module-consumers") == list(modules(api)[1])
            assert api.names("/delta/relationships/provider-consumers") == list(providers(api)[1])


@pytest.mark.parametrize(
    ("keys", "hyphens", "underscores"), [("both", True, True), ("hyphens", True, False), ("underscores", False, True)]
)
def test_spelling_of_the_keys_of_e5(start: Start, keys: Any, hyphens: bool, underscores: bool) -> None:
    for key, counts in (("module-consumers", hyphens), ("module_consumers", underscores)):
        api = start(behaviour=Behaviour(put_keys=keys, put_omitted="keeps"))
        assert api.e5(attributes={key: ["eta"]}).status_code == 204
        api.forgive("attributes must contain")
        assert modules(api) == (False, ("eta",) if counts else ("Gamma", "zeta"))
        assert providers(api) == (False, ("eta",))


def test_lists_that_e5_leaves_out(start: Start) -> None:
    api = start()
    assert api.e5(module_consumers=["eta"]).status_code == 204
    api.forgive("must contain ['provider-consumers']")
    assert (modules(api), providers(api)) == ((False, ("eta",)), (False, ()))
    api = start(behaviour=Behaviour(put_omitted="422"))
    assert api.e5(module_consumers=["eta"]).status_code == 422
    api.forgive("must contain ['provider-consumers']")
    assert api.tfe.sharing("delta") == START


@pytest.mark.parametrize("writer", ["e1", "e3", "e5"])
@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("answer", ["422", "404", "ignored"])
def test_consumers_that_do_not_exist(start: Start, writer: str, answer: Any, atomic: bool) -> None:
    api = start(behaviour=Behaviour(unknown_consumer=answer, unknown_consumer_atomic=atomic))
    if writer == "e1":
        status = api.e1("org-2222222222222222", api.tfe.external_id("eta")).status_code
    elif writer == "e3":
        status = api.e3("nobody", "eta").status_code
    else:
        status = api.e5(module_consumers=["nobody", "eta"], provider_consumers=["nobody", "eta"]).status_code
    assert status == {"422": 422, "404": 404, "ignored": 200 if writer == "e1" else 204}[answer]
    assert modules(api) == (False, ("Gamma", "zeta") if answer != "ignored" and atomic else ("eta",))


def test_consumers_that_are_odd(start: Start) -> None:
    api = start()
    assert api.e3("delta", "off").status_code == 204
    assert modules(api) == (False, ("delta", "off"))
    for behaviour in (
        Behaviour(self_consumer="422"),
        Behaviour(disabled_consumer="422"),
        Behaviour(duplicate_consumer="422"),
    ):
        api = start(behaviour=behaviour)
        assert api.e3("delta", "off", "off").status_code == 422
        api.forgive("unique items")
        assert api.tfe.sharing("delta") == START
    api = start(behaviour=Behaviour(self_consumer="ignored", disabled_consumer="ignored"))
    assert api.e3("delta", "off", "eta").status_code == 204
    assert modules(api) == (False, ("eta",))


def test_names_and_ids_in_bodies_and_paths(start: Start) -> None:
    api = start(behaviour=Behaviour(case_sensitive_bodies=True))
    assert api.e3("gamma").status_code == 422
    assert api.e3("Gamma").status_code == 204
    api = start()
    identifier = api.tfe.external_id("delta")
    assert api.e3(api.tfe.external_id("eta")).json()["errors"][0]["detail"].endswith("not found")
    assert api.e1("eta").status_code == 422
    api.forgive("data[0].id must match", "ids[0] must match")
    api = start(behaviour=Behaviour(ids_in_bodies=True, ids_in_path=True))
    assert api.e3(api.tfe.external_id("eta"), producer=identifier).status_code == 204
    api.forgive("data[0].id must match")
    assert modules(api) == (False, ("eta",))


def test_writes_that_do_not_arrive(start: Start) -> None:
    api = start(behaviour=Behaviour(write_drops="eta"))
    answer = api.e1(api.tfe.external_id("eta"), api.tfe.external_id("off"))
    assert [item["attributes"]["consuming-organization-name"] for item in answer.json()["data"]] == ["off"]
    assert modules(api) == (False, ("off",))
    api = start(behaviour=Behaviour(write_ignored=True))
    assert len(api.e1(api.tfe.external_id("eta")).json()["data"]) == 2
    assert api.e3("eta").status_code == 204
    assert api.e6(global_module_sharing=True).json()["data"]["attributes"]["global-module-sharing"] is False
    assert api.tfe.sharing("delta") == START


@pytest.mark.parametrize(("variant", "status"), [("empty", 200), ("204", 204)])
def test_e1_may_answer_with_nothing(start: Start, variant: Any, status: int) -> None:
    api = start(behaviour=Behaviour(legacy_answer=variant))
    answer = api.e1(api.tfe.external_id("eta"))
    assert (answer.status_code, answer.content) == (status, b"")
    assert modules(api) == (False, ("eta",))


def test_what_documents_may_lack(start: Start) -> None:
    def attributes(name: str, **behaviour: Any) -> Any:
        return start(behaviour=Behaviour(**behaviour)).admin(f"/{name}")["data"]["attributes"]

    assert "external-id" not in attributes("delta", without_external_ids=True)
    assert "external-id" not in attributes("delta", item_without_external_id="delta")
    assert "external-id" in attributes("zeta", item_without_external_id=("delta", "eta"))
    assert "global-module-sharing" not in attributes("delta", without_module_flag=True)
    assert attributes("eta", null_module_flag=True)["global-module-sharing"] is None
    assert "global-provider-sharing" not in attributes("delta", without_provider_flag=True)
    assert attributes("eta", null_provider_flag=True)["global-provider-sharing"] is None
    assert "relationships" not in start(behaviour=Behaviour(without_relationships=True)).admin("/delta")["data"]


def test_lists_may_tell_less_than_documents(start: Start) -> None:
    flags = {"global-module-sharing", "global-provider-sharing"}
    for behaviour in (Behaviour(), Behaviour(list_without_flags=True)):
        api = start(behaviour=behaviour)
        for path in ("", "/delta/relationships/module-consumers", "/delta/relationships/provider-consumers"):
            items = api.admin(path)["data"]
            assert items
            for item in items:
                document = api.admin(f"/{item['id']}")["data"]
                assert flags <= document["attributes"].keys()
                if behaviour.list_without_flags:
                    assert not flags & item["attributes"].keys()
                    document["attributes"] = {k: v for k, v in document["attributes"].items() if k not in flags}
                assert item == document
        assert flags <= api.e6(global_module_sharing=False).json()["data"]["attributes"].keys()


def test_behaviour_is_checked_and_read_from_text() -> None:
    assert Behaviour.parse([]) == Behaviour()
    parsed = Behaviour.parse(
        [
            *("legacy_write=410", "write_ignored=true", "write_drops=a,b", "empty_total_pages=0", "retry_after=date"),
            *("list_ends_global=filled", "put_ends_global=both"),
        ]
    )
    assert parsed == Behaviour(
        legacy_write="410",
        write_ignored=True,
        write_drops=("a", "b"),
        empty_total_pages=0,
        retry_after="date",
        list_ends_global="filled",
        put_ends_global="both",
    )
    for wrong in (
        *("legacy_write=gone", "write_ignored=maybe", "empty_total_pages=2", "unheard_of=1"),
        *("list_ends_global=both", "put_ends_global=filed"),
    ):
        with pytest.raises(ValueError, match=wrong.partition("=")[0]):
            Behaviour.parse([wrong])
    values: dict[str, Any] = {"write_drops": ["a"]}
    with pytest.raises(ValueError, match="write_drops"):
        Behaviour(**values)


def test_flags_are_taken_with_an_empty_type_as_go_tfe_sends_it(start: Start) -> None:
    api = start()
    body = {"data": {"type": "", "attributes": {"global-module-sharing": True}}}
    assert api.call("PATCH", "/admin/organizations/delta", body).status_code == 200
    assert api.tfe.sharing("delta").global_modules


@pytest.mark.parametrize(("need_type", "status"), [(True, 422), (False, 200)])
def test_flags_may_be_taken_with_a_wrong_type(start: Start, need_type: bool, status: int) -> None:
    api = start(behaviour=Behaviour(flags_need_type=need_type))
    body = {"data": {"type": "users", "attributes": {"global-provider-sharing": True}}}
    assert api.call("PATCH", "/admin/organizations/delta", body).status_code == status
    assert api.call("PATCH", "/admin/organizations/delta", {"data": []}).status_code == 422
    api.forgive("data.type must be one of", "data.body.data must be object")
    assert api.tfe.sharing("delta").global_providers is not need_type
