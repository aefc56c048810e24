# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of the README, the guides and the modules runs, each against a simulator of its own.

What is written in YAML is found by its code block, whatever page it is on:
    plays and tasks       are run
    import_playbook       its syntax is checked, since its variables come from elsewhere
    variables in a file   need a caption, the name of the file, and something on the same page that reads that file
Lines of shell blocks that begin with ansible-playbook are run in a folder with all files of the page. Where their
playbook needs other collections, its comment at least has to tell of each variable that they set.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import certifi
import pytest
import yaml
from ansible_collections.tfe.admin.tests import playbooks
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("*.md", "docs/*.md", "docs/docsite/rst/*.rst", "plugins/modules/*.py")
PAGES = [page for pattern in PATTERNS for page in sorted(ROOT.glob(pattern))]

# The instance that the examples are about.
ORGANIZATIONS = [
    Organization("platform", module_consumers=["payments"], provider_consumers=["payments", "web-shop"]),
    Organization("sandbox", module_consumers=["web-shop"]),
    Organization("billing", external_id="org-7kPzQw3RtYb2NmXa"),
    *map(Organization, ("payments", "web-shop", "data-science", "security")),
]
TOKEN = "the-token-of-a-site-administrator"
# What an example takes for granted, since each reader has their own.
MEMBER_TOKEN = "the-token-of-a-member"
VARIABLES = {
    "tfe_token": TOKEN,
    "tfe_test_token": TOKEN,
    "member_token": MEMBER_TOKEN,
    "platform_consumers": ["payments"],
}
ADDRESS = re.compile(r"https://tfe(-\w+)?\.example\.com")
CA_BUNDLE = "/etc/pki/tls/certs/ca-bundle.crt"

RST_BLOCK = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\S+)\n(?P<options>( +:.*\n)*)\n(?P<text>((?P=indent) +.*\n|\n)+)",
    re.MULTILINE,
)
MD_BLOCK = re.compile(r"^```(?P<language>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r":caption: (\S+)")


class Block(NamedTuple):
    language: str
    text: str
    caption: str | None = None

    @property
    def content(self) -> Any:
        return yaml.safe_load(self.text)

    @property
    def is_import(self) -> bool:
        return isinstance(self.content, list) and any("import_playbook" in entry for entry in self.content)

    @property
    def commands(self) -> Iterator[list[str]]:
        for line in self.text.replace("\\\n", " ").splitlines():
            if line.startswith("ansible-playbook "):
                yield shlex.split(line)[1:]

    @property
    def ad_hoc_commands(self) -> Iterator[list[str]]:
        """Of ``ansible``, without what its output is piped to."""
        for line in self.text.splitlines():
            if line.startswith("ansible localhost "):
                yield shlex.split(line.partition(" | ")[0])[1:]


def blocks(page: Path) -> list[Block]:
    source = page.read_text(encoding="utf-8")
    if page.suffix == ".py":
        values = {ast.unparse(s.targets[0]): s.value for s in ast.parse(source).body if isinstance(s, ast.Assign)}
        return [Block("yaml", ast.literal_eval(values["EXAMPLES"]))]
    found = list((MD_BLOCK if page.suffix == ".md" else RST_BLOCK).finditer(source))
    captions = [CAPTION.search(block.groupdict().get("options") or "") for block in found]
    return [
        Block(block["language"].partition("+")[0], textwrap.dedent(block["text"]), caption and caption[1])
        for block, caption in zip(found, captions, strict=True)
    ]


def simulated(text: str, tfe: Simulator) -> str:
    return ADDRESS.sub(tfe.address, text).replace(CA_BUNDLE, certifi.where())


def plays(block: Block, tfe: Simulator, host: str) -> list[dict[str, Any]]:
    """The block as plays for a host of its own, so that no example finds what another one registered."""
    content = yaml.safe_load(simulated(block.text, tfe))
    if not all("hosts" in entry for entry in content):
        content = [{"gather_facts": False, "tasks": content}]
    return [{**play, "hosts": host, "environment": {"TFE_ADDRESS": tfe.address}} for play in content]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> list[Block]:
    """The blocks of a page; those with a caption are in the folder that playbooks run in."""
    found = blocks(request.param)
    for block in found:
        if block.caption:
            (tmp_path / block.caption).write_text(block.text, encoding="utf-8")
    (tmp_path / "inventory.json").write_text(
        json.dumps(
            {
                "all": {
                    "hosts": {"localhost": {}, **{f"example{i}": {} for i in range(len(found))}},
                    "vars": {
                        **VARIABLES,
                        "ansible_connection": "local",
                        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                    },
                }
            }
        ),
        encoding="utf-8",
    )
    return found


def test_plays_and_tasks_run(page: list[Block], run_playbook: RunPlaybook) -> None:
    with contextlib.ExitStack() as stack:
        playbook = []
        for i, block in enumerate(page):
            if block.language == "yaml" and isinstance(block.content, list) and not block.is_import:
                tfe = stack.enter_context(
                    Simulator(organizations=ORGANIZATIONS, admin_token=TOKEN, user_token=MEMBER_TOKEN)
                )
                playbook += plays(block, tfe, f"example{i}")
        if playbook:
            run = run_playbook(yaml.safe_dump(playbook, sort_keys=False), "-i", "inventory.json", TFE_TOKEN=TOKEN)
            assert run.returncode == 0, run.stdout
            assert "skipping: no hosts matched" not in run.stdout


def test_imports_have_the_right_syntax(page: list[Block], run_playbook: RunPlaybook) -> None:
    for block in page:
        if block.language == "yaml" and block.is_import:
            run = run_playbook(block.text, "-i", "inventory.json", "--syntax-check")
            assert run.returncode == 0, run.stdout


def test_variables_are_read_by_something_on_the_page(page: list[Block]) -> None:
    for block in page:
        if block.language == "yaml" and not isinstance(block.content, list):
            assert block.caption, f"Nobody reads this:\n{block.text}"
            assert any(block.caption in other.text for other in page if other is not block), block.caption


def test_commands_run(page: list[Block], run_playbook: RunPlaybook, tmp_path: Path) -> None:
    (tmp_path / "share.yml").write_bytes((ROOT / "tests/demo/share.yml").read_bytes())
    with Simulator(organizations=ORGANIZATIONS, admin_token=TOKEN) as tfe:
        for name, *arguments in (command for block in page if block.language == "shell" for command in block.commands):
            playbook = ROOT / "playbooks" / f"{name.removeprefix('tfe.admin.')}.yml"
            if name.startswith("tfe.admin.") and needs_other_collections(playbook):
                assert extra_variables(arguments) <= told_variables(playbook)
                continue
            run = run_playbook(
                json.dumps([{"import_playbook": name}]),
                *("-i", "inventory.json", *arguments),
                TFE_ADDRESS=tfe.address,
                TFE_TOKEN=TOKEN,
            )
            assert run.returncode == 0, run.stdout


def test_ad_hoc_commands_run(page: list[Block], tmp_path: Path) -> None:
    with Simulator(organizations=ORGANIZATIONS, admin_token=TOKEN) as tfe:
        for arguments in (command for block in page if block.language == "shell" for command in block.ad_hoc_commands):
            # Members ask with a token of their own.
            token = tfe.user_token if any("as_member" in argument for argument in arguments) else TOKEN
            environ = {"TFE_ADDRESS": tfe.address, "TFE_TOKEN": token}
            run = playbooks.run_tool(tmp_path, playbooks.TOOLS / "ansible", *arguments, environ=environ)
            assert run.returncode == 0, run.stdout


def needs_other_collections(playbook: Path) -> bool:
    modules = re.findall(r"^      (\w+\.\w+)\.\w+:", playbook.read_text(encoding="utf-8"), re.MULTILINE)
    return not {"ansible.builtin", "tfe.admin"}.issuperset(modules)


def extra_variables(arguments: list[str]) -> set[str]:
    """The names that ``--extra-vars name=value`` sets."""
    return {
        value.partition("=")[0] for option, value in zip(arguments, arguments[1:]) if option in ("-e", "--extra-vars")
    }


def told_variables(playbook: Path) -> set[str]:
    comment = playbook.read_text(encoding="utf-8").partition("---")[0]
    return set(re.findall(r"^# (\w+) {2,}", comment, re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=lambda page: page.name)
def test_no_example_hides_from_these_tests(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".rst":
        begun = re.findall(r"^ *\.\. (?:code|sourcecode|code-block|parsed-literal)::", source, re.MULTILINE)
        assert not re.findall(r"^(?! *\.\.).*::$", source, re.MULTILINE), "Say what the language of the block is."
        assert len(begun) == len(blocks(path))
    elif path.suffix == ".md":
        assert source.count("```") == 2 * len(blocks(path)), "Say what the language of the block is."
