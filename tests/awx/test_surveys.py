# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of surveys, in each shape that AWX hands on, with an ansible-core that retypes them and one that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.tests.awx.conftest import AWX_VENV, EXTENSIONS, RunPlaybook, read
from ansible_collections.tfe.admin.tests.playbooks import TOOLS
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

TYPED, RETYPED = AWX_VENV / "bin", TOOLS
"""ansible-core 2.18, and the newest, which reads an unsafe 0173 as a number, no as false, and nothing as null."""

each_core = pytest.mark.parametrize("core", [TYPED, RETYPED], ids=["2.18", "newest"])

Answers = dict[str, Any]


def share(run_playbook: RunPlaybook, tfe: Simulator, core: Path, answers: Answers) -> tuple[int, str]:
    """Says that more organizations join the module consumers of platform, unless the answers say something else."""
    form = {"sharing_organization": "platform", "sharing_kind": "modules"}
    form |= {"sharing_state": "present", "sharing_clear": "no", "sharing_global": "keep"}
    environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token}
    run = run_playbook("share_registry", {**form, **answers}, environ, ansible=core)
    return run.returncode, run.stdout


def converge(run_playbook: RunPlaybook, tfe: Simulator, core: Path, answers: Answers) -> tuple[int, str]:
    environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": tfe.admin_token}
    run = run_playbook("converge_sharing", answers, environ, ansible=core)
    return run.returncode, run.stdout


def assert_refused(message: str, answer: tuple[int, str], tfe: Simulator) -> None:
    code, output = answer
    assert code == 2, output
    assert f"Nothing was changed. {message}" in output
    assert not tfe.requests


@each_core
@pytest.mark.parametrize(
    ("consumers", "joined"),
    [
        ('web-shop\r\n\r\n  payments  \r\n"0173"\r\n', {"web-shop", "0173"}),
        (["web-shop", " payments ", '"no"'], {"web-shop", "no"}),
    ],
    ids=["text", "list"],
)
def test_consumers_join(
    consumers: Any, joined: set[str], core: Path, tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    answers = {"sharing_organization": " platform ", "sharing_consumers": consumers}
    code, output = share(run_playbook, tfe, core, answers)
    assert code == 0, output
    assert set(tfe.sharing("platform").module_consumers) == {"payments", *joined}


MODULES, PROVIDERS = ("payments",), ("web-shop",)
"""Whom the producer of each of these tests shares with at first."""


def add_producer(tfe: Simulator, name: str) -> None:
    tfe.add(Organization(name, module_consumers=MODULES, provider_consumers=PROVIDERS))


@each_core
@pytest.mark.parametrize(
    ("kind", "modules", "providers"),
    [
        ("modules", (*MODULES, "platform"), PROVIDERS),
        ("providers", MODULES, ("platform", *PROVIDERS)),
        ("both", (*MODULES, "platform"), ("platform", *PROVIDERS)),
        ("", (*MODULES, "platform"), PROVIDERS),
    ],
)
def test_the_kind_says_what_is_shared(
    kind: str,
    modules: tuple[str, ...],
    providers: tuple[str, ...],
    core: Path,
    tfe: Simulator,
    run_playbook: RunPlaybook,
) -> None:
    add_producer(tfe, "core")
    answers = {"sharing_organization": "core", "sharing_kind": kind, "sharing_consumers": "platform"}
    code, output = share(run_playbook, tfe, core, answers)
    assert code == 0, output
    sharing = tfe.sharing("core")
    assert (sharing.module_consumers, sharing.provider_consumers) == (modules, providers)


@pytest.mark.parametrize("kind", ["modules", "providers", "both"])
def test_clearing_and_sharing_with_everybody_are_for_the_kind(
    kind: str, tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    add_producer(tfe, "core")
    about = {"sharing_organization": "core", "sharing_kind": kind, "sharing_consumers": ""}
    code, output = share(run_playbook, tfe, RETYPED, {**about, **EXACT, "sharing_clear": "yes"})
    assert code == 0, output
    sharing = tfe.sharing("core")
    assert sharing.module_consumers == (MODULES if kind == "providers" else ())
    assert sharing.provider_consumers == (PROVIDERS if kind == "modules" else ())
    for word in ("true", "false"):
        code, output = share(run_playbook, tfe, RETYPED, {**about, "sharing_global": word})
        assert code == 0, output
        sharing = tfe.sharing("core")
        assert sharing.global_modules is (word == "true" and kind != "providers")
        assert sharing.global_providers is (word == "true" and kind != "modules")


EXACT = {"sharing_state": "exact"}
NO_CONSUMERS = "sharing_consumers is empty"


@pytest.mark.parametrize(
    ("core", "answers", "message"),
    [
        (TYPED, EXACT, NO_CONSUMERS),
        (TYPED, {**EXACT, "sharing_consumers": ""}, NO_CONSUMERS),
        (RETYPED, {**EXACT, "sharing_consumers": ""}, NO_CONSUMERS),
        (RETYPED, {**EXACT, "sharing_consumers": " \r\n\n"}, NO_CONSUMERS),
        (RETYPED, {**EXACT, "sharing_consumers": []}, NO_CONSUMERS),
        (TYPED, {**EXACT, "sharing_consumers": [""]}, NO_CONSUMERS),
        # Nothing in a list may have been an organization called null.
        (RETYPED, {**EXACT, "sharing_consumers": [""]}, "These names did not arrive as text: None."),
    ],
    ids=["unanswered", "typed", "retyped", "blank lines", "empty list", "typed in a list", "retyped in a list"],
)
def test_an_empty_answer_never_clears_the_list(
    core: Path, answers: Answers, message: str, tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    assert_refused(message, share(run_playbook, tfe, core, answers), tfe)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"sharing_consumers": "0173\n"}, "These names did not arrive as text: 123."),
        ({"sharing_consumers": ["0173", "web-shop", "no"]}, "These names did not arrive as text: 123, False."),
        ({"sharing_organization": "no", "sharing_consumers": "web-shop"}, "These names did not arrive as text: False."),
        ({"sharing_organization": "", "sharing_consumers": "web-shop"}, "sharing_organization is empty."),
        # An organization that does not exist is absent already: nobody would notice.
        ({"sharing_state": "absent", "sharing_consumers": "payments,no"}, "These are not names of organizations"),
        ({**EXACT, "sharing_clear": "yes", "sharing_consumers": "web-shop"}, "sharing_clear takes the registry away"),
        ({"sharing_clear": "yes"}, "sharing_clear takes the registry away"),
        ({"sharing_consumers": "web-shop", "sharing_kind": "module"}, "sharing_kind is module. It must be"),
        ({"sharing_global": "everybody"}, "sharing_global is everybody. It must be keep, true or false."),
    ],
    ids=[
        *("number", "list", "producer", "no producer", "commas", "clear and names", "clear and present"),
        *("kind", "global"),
    ],
)
def test_answers_that_cannot_be_meant_are_refused(
    answers: Answers, message: str, tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    assert_refused(message, share(run_playbook, tfe, RETYPED, answers), tfe)


@pytest.mark.parametrize(
    ("core", "organization", "consumers"),
    [(TYPED, "0173", ["no", "null"]), (RETYPED, '"0173"', ['"no"', '"null"'])],
    ids=["2.18", "newest"],
)
def test_odd_names_are_taken_as_typed(
    core: Path, organization: str, consumers: list[str], tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    answers = {"sharing_organization": organization, "sharing_consumers": consumers}
    code, output = share(run_playbook, tfe, core, answers)
    assert code == 0, output
    assert set(tfe.sharing("0173").module_consumers) == {"no", "null"}


@each_core
def test_clearing_takes_its_own_answer(core: Path, tfe: Simulator, run_playbook: RunPlaybook) -> None:
    answers = {**EXACT, "sharing_consumers": "", "sharing_clear": "yes"}
    code, output = share(run_playbook, tfe, core, answers)
    assert code == 0, output
    assert tfe.sharing("platform").module_consumers == ()


def test_sharing_with_everybody_and_the_end_of_it(tfe: Simulator, run_playbook: RunPlaybook) -> None:
    code, output = share(run_playbook, tfe, RETYPED, {"sharing_consumers": "", "sharing_global": "true"})
    assert code == 0, output
    assert tfe.sharing("platform").global_modules
    # Who answers nothing to that question is not taken to know of it.
    code, output = share(run_playbook, tfe, RETYPED, {"sharing_consumers": "web-shop", "sharing_global": ""})
    assert code == 2, output
    assert "add global_module_sharing: false" in " ".join(output.split())
    assert tfe.sharing("platform").global_modules
    code, output = share(run_playbook, tfe, TYPED, {"sharing_consumers": "", "sharing_global": "false"})
    assert code == 0, output
    assert not tfe.sharing("platform").global_modules


def test_a_form_that_cannot_say_enough_leads_to_the_matrix(tfe: Simulator, run_playbook: RunPlaybook) -> None:
    tfe.add(Organization("core", global_modules=True, provider_consumers=PROVIDERS))
    answers = {"sharing_organization": "core", "sharing_kind": "providers", "sharing_consumers": "payments"}
    code, output = share(run_playbook, tfe, RETYPED, answers)
    assert code == 2, output
    assert "{organization: core, global_module_sharing: true, provider_consumers: […]}" in " ".join(output.split())
    assert tfe.sharing("core").provider_consumers == PROVIDERS


MATRIX = [{"organization": "platform", "module_consumers": ["web-shop"], "provider_consumers": ["payments"]}]


@pytest.mark.parametrize(
    ("core", "prune", "ends"),
    [
        (TYPED, "modules,providers", ["modules", "providers"]),
        (RETYPED, "", []),
        (RETYPED, "modules", ["modules"]),
        (RETYPED, "modules,providers", ["modules", "providers"]),
        (RETYPED, ["providers"], ["providers"]),
    ],
)
def test_a_matrix_in_a_file(
    core: Path, prune: str | list[str], ends: list[str], tfe: Simulator, run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    for name in ("stranger", "exempt"):
        add_producer(tfe, name)
    content = {"sharing_producers": MATRIX, "sharing_ignore": ["exempt"]}
    (tmp_path / "sharing.yml").write_text(yaml.dump(content), encoding="utf-8")
    code, output = converge(run_playbook, tfe, core, {"sharing_file": "sharing.yml", "sharing_prune": prune})
    assert code == 0, output
    assert tfe.sharing("platform").module_consumers == ("web-shop",)
    assert tfe.sharing("platform").provider_consumers == ("payments",)
    assert tfe.sharing("stranger").module_consumers == (() if "modules" in ends else MODULES)
    assert tfe.sharing("stranger").provider_consumers == (() if "providers" in ends else PROVIDERS)
    assert tfe.sharing("exempt").module_consumers == MODULES
    assert tfe.sharing("exempt").provider_consumers == PROVIDERS


def test_an_empty_matrix_ends_all_sharing_where_that_is_confirmed(tfe: Simulator, run_playbook: RunPlaybook) -> None:
    answers = {"sharing_producers": [], "sharing_prune": "modules"}
    code, output = converge(run_playbook, tfe, RETYPED, answers)
    assert code == 2, output
    assert tfe.sharing("platform").module_consumers == ("payments",)
    code, output = converge(run_playbook, tfe, RETYPED, {**answers, "sharing_prune_all": "modules"})
    assert code == 0, output
    assert tfe.sharing("platform").module_consumers == ()


def test_what_is_no_kind_is_not_pruned(tfe: Simulator, run_playbook: RunPlaybook) -> None:
    answers = {"sharing_producers": MATRIX, "sharing_prune": "yes"}
    code, output = converge(run_playbook, tfe, RETYPED, answers)
    assert code == 2, output
    assert "value of prune must be one or more of: modules, providers" in output
    assert not tfe.requests


NO_MATRIX = "sharing_producers must be a list."
ODD_PRODUCER = {"organization": "0173", "module_consumers": ["no"], "provider_consumers": ["null"]}


@pytest.mark.parametrize(
    ("core", "answers", "message"),
    [
        (RETYPED, {}, NO_MATRIX),
        (TYPED, {"sharing_file": "", "sharing_producers": ""}, NO_MATRIX),
        (RETYPED, {"sharing_file": "", "sharing_producers": ""}, NO_MATRIX),
        (RETYPED, {"sharing_producers": {"organization": "platform"}}, NO_MATRIX),
        (
            RETYPED,
            {"sharing_producers": [ODD_PRODUCER], "sharing_ignore": "no"},
            "These names are not text: 123, False, None, False",
        ),
    ],
    ids=["missing", "typed", "retyped", "mapping", "odd names"],
)
def test_a_matrix_that_cannot_be_meant_is_refused(
    core: Path, answers: Answers, message: str, tfe: Simulator, run_playbook: RunPlaybook
) -> None:
    everything = {"sharing_prune": "modules,providers", "sharing_prune_all": "modules,providers"}
    assert_refused(message, converge(run_playbook, tfe, core, {**answers, **everything}), tfe)


@pytest.mark.parametrize("survey", sorted(path.stem for path in (EXTENSIONS / "surveys").iterdir()))
def test_awx_accepts_the_survey_and_the_playbook_knows_its_questions(survey: str) -> None:
    questions = read(f"surveys/{survey}.yml")["spec"]
    playbook = (EXTENSIONS / f"../../playbooks/{survey}.yml").read_text(encoding="utf-8")
    for question in questions:
        assert {"variable", "question_name", "type", "required", "default"} <= question.keys()
        assert question["type"] in {"text", "textarea", "multiplechoice"}
        assert all(isinstance(choice, str) for choice in question.get("choices", []))
        assert question["default"] in ["", *question.get("choices", [question["default"]])]
        assert f"# {question['variable']} " in playbook
    assert len({question["variable"] for question in questions}) == len(questions)
