# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One organization's path and document, where they are not what every server has."""

from __future__ import annotations

from ansible_collections.tfe.admin.plugins.module_utils._sharing.documents import parse_organization, path_of
from ansible_collections.tfe.admin.plugins.module_utils._sharing.rules import Organization


def test_no_name_leads_out_of_the_organizations() -> None:
    assert path_of("a/../b c?d") == "/admin/organizations/a%2F..%2Fb%20c%3Fd"


def test_a_name_of_its_own_goes_before_the_id() -> None:
    assert parse_organization({"id": "1", "attributes": {"name": "delta", "external-id": 7}}) == Organization(
        "delta", "7"
    )
    assert parse_organization({"id": "delta", "attributes": {"name": "", "external-id": ""}}) == Organization("delta")
