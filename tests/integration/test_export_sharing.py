# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook export_sharing: its file is the matrix of the instance, and stays the same as long as that does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tfe.admin.tests.integration.conftest import RunOurs, writes
from ansible_collections.tfe.admin.tests.simulator import RELEASES, Organization, Simulator


def organizations(providers: bool) -> list[Organization]:
    """Names that YAML would read as something else, and every way to share."""
    return [
        Organization("zeta", module_consumers=("no", "0173", "Alpha"), provider_consumers=("no",) if providers else ()),
        Organization("42", global_modules=True),
        Organization("true", global_modules=True, global_providers=providers),
        Organization("tools", provider_consumers=("42",) if providers else ()),
        *map(Organization, ("no", "0173", "Alpha")),
    ]


@pytest.mark.parametrize(("profile", "ids"), [*((profile, False) for profile in RELEASES), (list(RELEASES)[-1], True)])
def test_the_file_is_what_there_is(profile: str, ids: bool, run_ours: RunOurs, tmp_path: Path) -> None:
    providers = RELEASES[profile].providers
    with Simulator(organizations=organizations(providers), profile=profile) as tfe:
        options = {"sharing_export_file": "matrix/sharing.yml", "sharing_export_ids": ids}
        run = run_ours("export_sharing", tfe, **options)
        assert run.code == 0, run.output
        file = tmp_path / "matrix/sharing.yml"
        text = file.read_text(encoding="utf-8")
        assert run.summary.startswith(f"Written: {file}\n")
        assert "skipping:" not in run.output
        again = run_ours("export_sharing", tfe, **options)
        assert "changed=0 " in again.output
        assert file.read_text(encoding="utf-8") == text

        prune = ["modules", "providers"] if providers else ["modules"]
        run = run_ours("converge_sharing", tfe, sharing_file=str(file), sharing_prune=prune)
        assert run.code == 0, run.output
        assert "changed=0 " in run.output
        assert not writes(tfe)

        names = ["0173", "Alpha", "no"]
        by_id = {name: tfe.external_id(name) for name in (*names, "42", "true", "tools", "zeta")}

    def entry(name: str, **fields: Any) -> dict[str, Any]:
        about = {key: value for key, value in fields.items() if providers or "module" in key}
        return {"organization": name, **({"external_id": by_id[name]} if ids else {}), **about}

    def listed(*names: str) -> list[str]:
        return [by_id[name] if ids else name for name in names]

    expected = [
        entry("42", global_module_sharing=True, provider_consumers=[]),
        *([entry("tools", module_consumers=[], provider_consumers=listed("42"))] if providers else []),
        entry("true", global_module_sharing=True, global_provider_sharing=True),
        entry("zeta", module_consumers=listed(*names), provider_consumers=listed("no")),
    ]
    assert yaml.safe_load(text) == {"sharing_producers": expected}
    assert f'      - "{by_id["no"]}"  # no\n' in text if ids else f'      - "no"  # {by_id["no"]}\n' in text
    assert "false" not in text


def test_nobody_shares(run_ours: RunOurs, tmp_path: Path) -> None:
    with Simulator(organizations=[Organization("platform")]) as tfe:
        run = run_ours("export_sharing", tfe, sharing_export_file="sharing.yml")
        assert run.code == 0, run.output
        run = run_ours("check_sharing", tfe, sharing_file="sharing.yml", sharing_prune="modules,providers")
        assert run.code == 0, run.output
    assert yaml.safe_load((tmp_path / "sharing.yml").read_text(encoding="utf-8")) == {"sharing_producers": []}


class Unlikely(Organization):
    """An organization with a name that TFE does not allow (API 2), for what is to be safe even so."""

    def __post_init__(self) -> None:
        """Checks nothing."""


def test_a_name_is_no_template(run_ours: RunOurs, tmp_path: Path) -> None:
    template = "{{lookup('pipe','touch${IFS}hacked')}}"
    unlikely = [Unlikely(template), Unlikely("platform", module_consumers=(template,))]
    with Simulator(organizations=unlikely, contract=False) as tfe:
        assert run_ours("export_sharing", tfe, sharing_export_file="sharing.yml").code == 0
        run = run_ours("converge_sharing", tfe, sharing_file="sharing.yml", sharing_prune="modules")
    assert run.code == 0, run.output
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "sharing_export_file is empty. It is the file that is to be written."),
        ("folder", "is a folder. sharing_export_file must be a file."),
        ("file/sharing.yml", "already exists as a file"),
    ],
)
def test_a_target_that_cannot_be_written(target: str, message: str, run_ours: RunOurs, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with Simulator(organizations=organizations(providers=True)) as tfe:
        run = run_ours("export_sharing", tfe, sharing_export_file=target)
        assert run.code == 2
        assert message in run.output
        assert not tfe.requests


def test_check_mode_writes_nothing(run_ours: RunOurs, tmp_path: Path) -> None:
    with Simulator(organizations=organizations(providers=True)) as tfe:
        run = run_ours("export_sharing", tfe, "--check", "--diff", sharing_export_file="matrix/sharing.yml")
    assert run.code == 0, run.output
    assert not (tmp_path / "matrix").exists()
    assert run.summary.startswith(f"Nothing was written. This would be: {tmp_path / 'matrix/sharing.yml'}")
    assert '+      - "no"  # ' in run.output


def test_where_reading_fails_the_file_stays(run_ours: RunOurs, tmp_path: Path) -> None:
    (tmp_path / "sharing.yml").write_text("mine", encoding="utf-8")
    with Simulator(organizations=organizations(providers=True), admin_token="another") as tfe:
        tfe.admin_token = "wrong"
        run = run_ours("export_sharing", tfe, sharing_export_file="sharing.yml")
    assert run.code == 2
    assert run.summary.startswith(f"It failed, and {tmp_path / 'sharing.yml'} was not written.\n")
    assert (tmp_path / "sharing.yml").read_text(encoding="utf-8") == "mine"
