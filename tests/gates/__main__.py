# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the gates that it is given the names of, two at a time, and sums up; fails if one of them did.

A gate is a function that returns what is worth reading although it passed, or raises GateError. A gate that has to see
a collection at its proper path works on the stage or on the installed collection (see stage.py); tests/integration
finds the latter by the environment variable INSTALLED_COLLECTIONS, a value for Ansible's collections path.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from . import stage
from .environment import clean

_SECONDS_PER_COMMAND = 900
_FEWEST_SANITY_TESTS = 20


class GateError(Exception):
    """Why a gate fails; the text is everything that its reader gets."""


class Result(NamedTuple):
    gate: str
    verdict: str
    seconds: float


def sanity() -> str:
    """Ansible's own rules, on every Python that modules are for and that is installed here."""
    place_get_pip()
    return sanity_on({})


def place_get_pip() -> None:
    """Lets ansible-test do without a download: what it fetches from elsewhere only installs pip."""
    for pip in ("23_1_2", "24_2", "25_2"):
        script = Path.home() / f".ansible/test/cache/get_pip_{pip}.py"
        if not script.exists():
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_bytes(Path(__file__).with_name("get_pip.py").read_bytes())


def _take_dill_from_index(folder: Path) -> None:
    """The same for ansible-core 2.22, which wants dill from its repository; only Python 3.15 needs that."""
    for file in folder.glob("lib/python3.*/site-packages/ansible_test/_data/requirements/sanity.pylint.txt"):
        file.write_text(re.sub(r"^dill *@ .*", "dill", file.read_text(), flags=re.MULTILINE))


def sanity_on(environ: dict[str, str], *options: str) -> str:
    """Runs the ansible-test that the environment leads to. Returns which Pythons it missed. Raises GateError."""
    program = shutil.which("ansible-test", path=environ.get("PATH", clean()["PATH"]))
    assert program
    _take_dill_from_index(Path(program).parents[1])
    output = _call(
        "ansible-test", "sanity", "--color", "no", *options, folder=stage.STAGE, network=True, environ=environ
    )
    ran = set(re.findall(r'^Running sanity test "([^"]+)"', output, re.MULTILINE))
    if "All targets skipped" in output or len(ran) < _FEWEST_SANITY_TESTS:
        raise GateError(f"{output}\nHardly anything was tested: {sorted(ran)}")
    return "\n".join(sorted({line for line in output.splitlines() if "could not be found" in line}))


def units() -> str:
    """Unit tests, with the branch coverage of plugins/ (its lowest value is set in pyproject.toml)."""
    return _pytest("tests/unit", "tests/contract", "-mnot many_tries", "--cov", "--cov-report=term")


def tries() -> str:
    """The unit tests that try many examples; counting lines would take as long again, and bring no new ones."""
    return _pytest("tests/unit", "-mmany_tries")


def integration() -> str:
    """Playbooks run by Ansible with the collection that was built and installed."""
    return _pytest("tests/integration")


def awx() -> str:
    """What AWX users get, with the parts that AWX itself is made of; AWX alone is played by a stand-in."""
    return _pytest("tests/awx")


def bench_counts() -> str:
    """The part of the benchmark that does not depend on time: requests, connections and answers with 429."""
    with tempfile.TemporaryDirectory() as folder:
        return _call("python", "-m", "tests.bench", "--rows", "counts", "--output", Path(folder) / "bench.json")


def report() -> str:
    """The sharing report in a browser, which is installed here where there is none."""
    _call("python", "-m", "tests.gates.get_chromium", network=True)
    # The tests of a file share one run of the playbook.
    return _pytest("tests/report", "--dist=loadfile")


def ansible_lint() -> str:
    """Playbooks, examples and metadata by the rules of ansible-lint's production profile."""
    _call("ansible-lint", folder=stage.STAGE, environ={"ANSIBLE_COLLECTIONS_PATH": str(stage.CACHE), "NO_COLOR": "1"})
    return ""


def lint() -> str:
    """Python and YAML style, and spelling."""
    files = _call("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", ":!LICENSES").rstrip("\0")
    _call_each(
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["yamllint", "--strict", "."],
        ["codespell", *files.split("\0")],
    )
    return ""


def types() -> str:
    """Strict typing of everything that is Python."""
    collection = stage.STAGE.relative_to(stage.CACHE)
    options = [f"--config-file={collection}/pyproject.toml", f"--cache-dir={stage.CACHE}/mypy"]
    _call("mypy", *options, collection / "plugins", collection / "tests", folder=stage.CACHE)
    return ""


def docs_lint() -> str:
    """The documentation of plugins and the guides: schema, markup, references; and ansible-doc shows every module."""
    installed = {"ANSIBLE_COLLECTIONS_PATH": str(stage.INSTALLED)}
    modules = {f"tfe.admin.{module.stem}" for module in (stage.STAGE / "plugins/modules").glob("*.py")}
    listed = set(json.loads(_call("ansible-doc", "--list", "--json", "tfe.admin", environ=installed)))
    if not modules or listed != modules:
        raise GateError(f"plugins/modules has {sorted(modules)}, ansible-doc lists {sorted(listed)}.")
    options = ["--plugin-docs", "--validate-collection-refs=self", "--check-extra-docs-refs"]
    _call_each(
        ["ansible-doc", *modules],
        ["antsibull-docs", "lint-collection-docs", *options, "."],
        folder=stage.STAGE,
        environ=installed,
    )
    return ""


def docs() -> str:
    """The web pages, in docs/build; whatever Sphinx warns of fails."""
    installed = {"ANSIBLE_COLLECTIONS_PATH": str(stage.INSTALLED)}
    pages = stage.CHECKOUT / "docs/build"
    with tempfile.TemporaryDirectory() as folder:
        options = ["--use-current", "--squash-hierarchy", "--fail-on-error", f"--dest-dir={folder}"]
        _call("antsibull-docs", "collection", *options, "tfe.admin", environ=installed)
        # antsibull-docs copies the guides without their pictures.
        shutil.copytree(stage.STAGE / "docs/docsite/rst/images", Path(folder) / "docsite/images")
        shutil.rmtree(pages, ignore_errors=True)
        # No cache: a warning is given only when a page is read, and must be given each time.
        _call("sphinx-build", "-q", "-W", "--keep-going", "-E", "-d", f"{folder}/.cache", "-c", "docs", folder, pages)
    return f"Open {pages / 'index.html'}"


def changelog() -> str:
    """The changelog and the fragments of the next release."""
    _call_each(
        ["antsibull-changelog", "lint"],
        ["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"],
    )
    return ""


def licenses() -> str:
    """A licence and a copyright for every file."""
    _call("reuse", "lint")
    return ""


def workflows() -> str:
    """What the host of the repository is told to do: valid, and with no more rights than needed."""
    folder, templates = stage.CHECKOUT / ".github", sorted((stage.CHECKOUT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    forms = [path for path in templates if path.stem != "config"]
    schema = ["check-jsonschema", "--builtin-schema"]
    _call_each(
        ["zizmor", "--offline", "--no-progress", "--persona=pedantic", str(folder)],
        [*schema, "vendor.github-workflows", *map(str, sorted((folder / "workflows").glob("*.yml")))],
        [*schema, "vendor.github-issue-forms", *map(str, forms)],
        [*schema, "vendor.github-issue-config", str(folder / "ISSUE_TEMPLATE/config.yml")],
        [*schema, "vendor.dependabot", str(folder / "dependabot.yml")],
    )
    return ""


def galaxy() -> str:
    """What Galaxy and Automation Hub say when the tarball is imported."""
    with tempfile.TemporaryDirectory() as folder:
        # ansible-lint is a gate of its own.
        settings = {"GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false", "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
        output = _call("python", "-m", "galaxy_importer.main", stage.tarball(), folder=Path(folder), environ=settings)
    if re.search(r"^(ERROR|WARNING)", output, re.MULTILINE) or "completed successfully" not in output:
        raise GateError(output)
    return ""


def _pytest(folder: str, *options: str) -> str:
    command = ["pytest", "--color=no", "-p", "no:cacheprovider", "--numprocesses=2", folder, *options]
    environment = {
        "PYTHONPATH": str(stage.CACHE),
        "INSTALLED_COLLECTIONS": str(stage.INSTALLED),
        "AWX_VENV": str(stage.CHECKOUT / ".venv/awx"),
        # Another gate may be reading the stage, where files must not come and go.
        "COVERAGE_FILE": str(stage.CACHE / ".coverage"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(stage.CACHE / "hypothesis"),
    }
    return _call(*command, folder=stage.STAGE, environ=environment)


def _call_each(*commands: list[str], folder: Path = stage.CHECKOUT, environ: dict[str, str] | None = None) -> None:
    """Runs every command, even if one of them fails.

    Raises:
        GateError: one of them did.
    """
    faults = []
    for command in commands:
        try:
            _call(*command, folder=folder, environ=environ)
        except GateError as fault:
            faults.append(str(fault))
    if faults:
        raise GateError("\n".join(faults))


def _call(
    *command: str | Path, folder: Path = stage.CHECKOUT, network: bool = False, environ: dict[str, str] | None = None
) -> str:
    """Returns what a command printed.

    Raises:
        GateError: it took too long, or its exit code is not 0.
    """
    environment = clean(network=network, ANSIBLE_CONFIG=str(stage.ANSIBLE_CONFIG), **(environ or {}))
    # A file and no pipe: a process that outlives the command cannot keep us waiting.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code = process.wait(timeout=_SECONDS_PER_COMMAND)
        except subprocess.TimeoutExpired:
            process.kill()
            code = -1
        output.seek(0)
        text = output.read()
    if code:
        raise GateError(f"{text.rstrip()}\n{command[0]} ended with exit code {code}.")
    return text


GATES: dict[str, Callable[[], str]] = {
    gate.__name__.replace("_", "-"): gate
    for gate in (
        *(sanity, units, tries, integration, bench_counts, awx, report),
        *(ansible_lint, lint, types, docs_lint, docs, changelog, licenses, workflows, galaxy),
    )
}


def _run(name: str) -> Result:
    start = time.monotonic()
    try:
        output, verdict = GATES[name](), "passed"
    except GateError as fault:
        output, verdict = str(fault), "FAILED"
    result = Result(name, verdict, time.monotonic() - start)
    print(f"===== {name}: {verdict}\n{output.strip()}".rstrip(), flush=True)
    return result


def main(names: list[str]) -> int:
    """Returns the exit code."""
    start = time.monotonic()
    stage.update()
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(_run, names))
    verdict = "passed" if all(result.verdict == "passed" for result in results) else "FAILED"
    print()
    for result in [*results, Result("all", verdict, time.monotonic() - start)]:
        print(f"{result.gate:<14}{result.verdict}{result.seconds:8.1f} s")
    return 0 if verdict == "passed" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
