# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was approved is what is applied: the ``digest`` of a preview, and ``approved`` of the run that follows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES, PROVIDERS
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization, Simulator
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import PROFILES, RunModule, StartSimulator
from ansible_collections.tfe.admin.tests.unit.plugins.modules.consumers import SHARE_PROVIDERS, sent, writes

INSTANCE = (
    Organization("delta", module_consumers=("Gamma", "zeta")),
    Organization("Gamma"),
    Organization("epsilon", global_modules=True),
    Organization("zeta", module_consumers=("delta",)),
    Organization("eta"),
)
TASK = (
    {"organization": "delta", "module_consumers": ["eta", "Gamma"]},
    {"organization": "epsilon", "module_consumers": ["delta", "eta"]},
    {"organization": "zeta", "global_module_sharing": True},
)
STALE = "0" * 64

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(run: RunModule) -> Ask:
    """Runs a task for many producers, TASK unless told otherwise."""

    def ask(producers: Any = TASK, *, check: bool = False, **options: Any) -> dict[str, Any]:
        return run({"producers": [*producers], **options}, module="tfe_registry_sharing", check=check, diff=True)

    return ask


def digest(ask: Ask, producers: Any = TASK, **options: Any) -> str:
    preview = ask(producers, check=True, **options)
    assert preview["changed"]
    assert re.fullmatch("[0-9a-f]{64}", preview["digest"])
    return str(preview["digest"])


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_previewed_can_be_approved_and_is_what_is_done(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    approved = digest(ask)
    assert ask(check=True, approved=approved)["changed"]
    done = ask(approved=approved)
    assert (done["changed"], done["digest"]) == (True, approved)
    assert tfe.sharing("delta").module_consumers == ("Gamma", "eta")
    # Whatever was approved, there is nothing left to do.
    for stale in (approved, STALE, "", None):
        again = ask(approved=stale)
        assert "failed" not in again
        assert not again["changed"]


@pytest.mark.parametrize("profile", SHARE_PROVIDERS)
def test_both_kinds_and_pruning_are_approved_together(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(
        Organization("delta", module_consumers=("eta",), provider_consumers=("zeta", "eta")),
        Organization("gone", global_modules=True, provider_consumers=("eta",)),
        *map(Organization, ("eta", "zeta")),
        profile=profile,
    )
    task = [{"organization": "delta", "global_module_sharing": True, "provider_consumers": ["gone"]}]
    prune = ["modules", "providers"]
    approved = digest(ask, task, prune=prune)
    # To prune less is something else.
    assert "failed" in ask([{**task[0]}], prune=prune[:1], approved=approved)
    assert not writes(tfe)
    assert ask(task, prune=prune, approved=approved)["digest"] == approved


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("profile", PROFILES)
def test_anything_else_is_refused_before_any_write(start: StartSimulator, ask: Ask, profile: str, check: bool) -> None:
    tfe = start(*INSTANCE, profile=profile)
    preview = ask(check=True)
    answer = ask(approved=STALE, check=check)
    assert answer["failed"]
    assert answer["msg"] == (
        f"What would change is not what was approved: its digest is {preview['digest']}, approved is {STALE}. Nothing "
        "was changed. Look at what would change now, and have it approved anew."
    )
    returned = {key: value for key, value in answer.items() if key not in ("failed", "msg", "invocation")}
    assert returned == {key: preview[key] for key in preview if key not in ("changed", "invocation")}
    assert not writes(tfe)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_plan_has_the_same_digest_however_it_is_asked_for(
    start: StartSimulator, ask: Ask, profile: str
) -> None:
    tfe = start(*INSTANCE, profile=profile)
    approved = digest(ask)
    asked = [
        {"organization": "ZETA", "global_module_sharing": True, "external_id": tfe.external_id("zeta")},
        {"organization": "epsilon", "module_consumers": [tfe.external_id("eta"), "DELTA", "eta"]},
        {"organization": "delta", "module_consumers": ["gamma", "ETA"]},
        # Nothing of eta changes.
        {"organization": "eta", "module_consumers": [], "global_module_sharing": False},
    ]
    assert digest(ask, asked) == approved
    assert digest(ask, [*asked[:2], {"organization": "delta", "module_consumers": ["eta", "gamma"]}]) == approved


@pytest.mark.parametrize(("kind", "path"), [(MODULES, "module-consumers"), (PROVIDERS, "provider-consumers")])
def test_the_order_in_which_a_server_lists_them_does_not_count(
    start: StartSimulator, ask: Ask, kind: Any, path: str
) -> None:
    names = ("Gamma", "epsilon", "zeta")
    listed: dict[str, Any] = {kind.list_option: names}
    tfe = start(Organization("delta", **listed), *map(Organization, names))
    task = [{"organization": "delta", kind.list_option: ["Gamma"]}]
    digests = set()
    for order in (names, names[::-1]):
        items = [
            {"id": name, "type": "organizations", "attributes": {"name": name, "external-id": tfe.external_id(name)}}
            for name in order
        ]
        tfe.order(Fault("not_json_api", path=f"delta/relationships/{path}", body={"data": items}, times=2))
        digests.add(digest(ask, task))
        digests.add(ask(task, check=True)["digest"])
    assert not tfe.orders_left
    assert len(digests) == 1


@pytest.mark.parametrize(
    "other",
    [
        [{"organization": "delta", "module_consumers": ["eta"]}, *TASK[1:]],
        [{"organization": "delta", "module_consumers": ["eta", "Gamma", "zeta"]}, *TASK[1:]],
        [TASK[0], {"organization": "epsilon", "module_consumers": ["delta"]}, TASK[2]],
        [TASK[0], {"organization": "epsilon", "global_module_sharing": False}, TASK[2]],
        [*TASK[:2], {"organization": "zeta", "module_consumers": []}],
        TASK[:2],
        [*TASK, {"organization": "eta", "module_consumers": ["delta"]}],
        [{"organization": "delta", "provider_consumers": ["eta", "Gamma"]}, *TASK[1:]],
    ],
)
def test_another_plan_has_another_digest(start: StartSimulator, ask: Ask, other: Any) -> None:
    tfe = start(*INSTANCE)
    approved = digest(ask)
    assert digest(ask, other) != approved
    assert ask(other, approved=approved)["failed"]
    assert not writes(tfe)


def of_producer(tfe: Simulator) -> None:
    tfe.rename("delta", "delta-before")
    tfe.add(Organization("delta", external_id="org-SSSSSSSSSSSSSSSS", module_consumers=("Gamma", "zeta")))


def of_new_consumer(tfe: Simulator) -> None:
    tfe.rename("eta", "eta-before")
    tfe.add(Organization("eta", external_id="org-SSSSSSSSSSSSSSSS"))
    tfe.remove("eta-before")


def of_one_that_would_lose_access(tfe: Simulator) -> None:
    """Gamma is nothing to epsilon but one of everybody."""
    tfe.remove("Gamma")
    tfe.add(Organization("Gamma", external_id="org-SSSSSSSSSSSSSSSS"))


def of_one_that_leaves_a_list(tfe: Simulator) -> None:
    """Everybody may use zeta's modules then."""
    tfe.remove("delta")
    tfe.add(Organization("delta", external_id="org-SSSSSSSSSSSSSSSS"))
    tfe._state.share_with(tfe._record("zeta"), "modules", [tfe._record("delta")], keep_everyone=False)


@pytest.mark.parametrize(
    ("take_name", "entry"),
    [
        (of_producer, TASK[0]),
        (of_new_consumer, TASK[0]),
        (of_one_that_would_lose_access, TASK[1]),
        (of_one_that_leaves_a_list, TASK[2]),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_name_that_changed_hands_needs_a_new_approval(
    start: StartSimulator, ask: Ask, profile: str, take_name: Callable[[Simulator], None], entry: dict[str, Any]
) -> None:
    task = [entry]
    tfe = start(*INSTANCE, profile=profile)
    preview = ask(task, check=True)
    take_name(tfe)
    answer = ask(task, approved=preview["digest"])
    assert "What would change is not what was approved" in answer["msg"]
    assert answer["changes"] == preview["changes"], "it looks the same, and is not"
    assert not writes(tfe)


def test_another_instance_needs_an_approval_of_its_own(start: StartSimulator, ask: Ask) -> None:
    start(*INSTANCE)
    approved = digest(ask)
    other = start(*INSTANCE)
    preview = ask(check=True)
    assert preview["digest"] != approved
    assert ask(approved=approved)["failed"]
    assert not writes(other)
    # The same one under another spelling of its address is the same.
    spelled = other.address.replace("http://", "HTTP://") + "/api/v2/"
    options = {"tfe_address": spelled, "tfe_token": other.admin_token}
    assert digest(ask, TASK, **options) == preview["digest"]


def test_what_somebody_else_changed_meanwhile_counts_where_the_task_would_undo_it(
    start: StartSimulator, ask: Ask
) -> None:
    tfe = start(*INSTANCE)
    approved = digest(ask)
    # It has nothing to do with the task.
    tfe._state.share_with(tfe._record("eta"), "modules", [tfe._record("zeta")], keep_everyone=False)
    assert digest(ask) == approved
    # What one person opened, the approval of another one does not close.
    consumers = [tfe._record(name) for name in ("Gamma", "zeta", "epsilon")]
    tfe._state.share_with(tfe._record("delta"), "modules", consumers, keep_everyone=False)
    answer = ask(approved=approved)
    assert answer["failed"]
    assert answer["changes"][0]["revoked"] == ["epsilon", "zeta"]
    assert not writes(tfe)


def test_one_more_who_would_lose_access_needs_a_new_approval(start: StartSimulator, ask: Ask) -> None:
    tfe = start(*INSTANCE)
    approved = digest(ask)
    tfe.add(Organization("theta"))
    assert ask(approved=approved)["failed"]
    assert not writes(tfe)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_failed_run_left_needs_a_new_approval(start: StartSimulator, ask: Ask, profile: str) -> None:
    tfe = start(*INSTANCE, profile=profile)
    approved = digest(ask)
    tfe.order(Fault("status", "PATCH", "/epsilon/", status=422))
    failed = ask(approved=approved)
    assert failed["failed"]
    # It tells what was done, which is not what was approved.
    assert failed["digest"] != approved
    answer = ask(approved=approved)
    assert "What would change is not what was approved" in answer["msg"]
    assert [change["organization"] for change in answer["changes"]] == ["epsilon"]
    assert tfe.sharing("epsilon").global_modules
    assert ask(approved=answer["digest"])["changed"]
    assert not tfe.sharing("epsilon").global_modules


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    "approved",
    ["yes", "true", STALE[1:], f"{STALE}0", STALE[1:] + "g", "A" * 64, f"sha256:{STALE}", f"{STALE} {STALE}"],
)
def test_what_is_no_digest_costs_no_request(start: StartSimulator, ask: Ask, approved: str, check: bool) -> None:
    tfe = start(*INSTANCE)
    answer = ask(approved=approved, check=check)
    assert answer["msg"] == f"approved must be the digest that a run in check mode returned, not {approved!r}."
    assert not sent(tfe)


def test_blanks_around_a_digest_do_not_count_and_a_blank_is_none(start: StartSimulator, ask: Ask) -> None:
    start(*INSTANCE)
    approved = digest(ask)
    assert ask(check=True, approved=f" {approved}\n")["changed"]
    for blank in ("", "  ", None):
        assert ask(check=True, approved=blank)["changed"]


def test_an_approval_does_not_lift_the_limit(start: StartSimulator, ask: Ask) -> None:
    tfe = start(*INSTANCE)
    approved = digest(ask)
    answer = ask(approved=approved, max_revoked=1)
    assert "3 consumers of modules would lose access, and max_revoked is 1." in answer["msg"]
    assert answer["digest"] == approved
    assert not writes(tfe)
    assert ask(approved=approved, max_revoked=3)["changed"]


def test_the_digest_does_not_hang_on_what_a_write_answers_with(start: StartSimulator, ask: Ask) -> None:
    """The answer to a write may tell less than a list, or in another order."""
    for behaviour in (
        Behaviour(),
        Behaviour(legacy_write="404"),
        Behaviour(legacy_write="404", relationship_write="404"),
        Behaviour(legacy_answer="204"),
        Behaviour(without_external_ids=True),
    ):
        start(*INSTANCE, behaviour=behaviour)
        approved = digest(ask)
        assert ask(approved=approved)["digest"] == approved
