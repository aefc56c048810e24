# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why an organization could not be read, in words: TFE answers 404 to "no such thing" and to "you may not" (API 4).

Needed on the way to an error only, so an error may cost the requests that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from .._tfe.client import Client
from .._tfe.errors import ApiError
from .._tfe.parsing import attributes_of
from .identity import Organization, fold, looks_like_external_id

_MOST_SUGGESTED = 20
"""So many elements get a look for what may have been meant: each is held against every name of the instance."""


_AMBIGUOUS = (
    "There is no such thing, or the token's user is not a site administrator: TFE answers 404 to both, and does not "
    "tell which it is."
)


def explain_closed(client: Client, error: ApiError) -> tuple[str, bool]:
    """(why the whole admin API may answer ``error``, a 404; whether it is sure that it does).

    "" where the token's user is a site administrator.
    """
    if client.application == "HCP Terraform" or client.address.endswith(".terraform.io"):
        return (
            f"{client.address} is HCP Terraform, which has no admin API. Sharing a registry between "
            "organizations is a feature of Terraform Enterprise: set tfe_address to yours."
        ), True
    try:
        is_site_admin = _is_site_admin(client)
    except ApiError as second:
        is_no_good = second.status == 401
        return f"{error} {second}" if is_no_good else f"{error} {_AMBIGUOUS} {second}", is_no_good
    if is_site_admin is False:
        return (
            f"{error} The token works, but its user is not a site administrator, and TFE hides the whole admin "
            "API from everybody else (team and organization tokens too). Use a site administrator's user token. What "
            "an organization can use, its members may ask as well: tfe_registry_sharing_info with consumer and "
            "as_member: true."
        ), True
    return f"{error} {_AMBIGUOUS}" if is_site_admin is None else "", False


def explain_unlisted(client: Client, error: ApiError) -> str:
    """Why the list of all organizations could not be read."""
    return explain_closed(client, error)[0] or (
        f"The token's user is a site administrator, yet the admin API is closed to it ({error}). "
        "Does the site require two-factor authentication that this user has not set up?"
    )


def hints(elements: Sequence[str], organizations: Sequence[Organization]) -> list[str]:
    """For each unknown name what may have been meant, as text to append; "" where nothing is like it."""
    names = {organization.key: organization.name for organization in organizations}
    by_id = {organization.external_id: organization.name for organization in organizations if organization.external_id}
    texts = []
    for i, element in enumerate(elements):
        near = get_close_matches(fold(element), names) if i < _MOST_SUGGESTED else []
        if element in by_id:
            texts.append(f" (this is the external id of {by_id[element]!r}, and here the name is needed)")
        elif not by_id and looks_like_external_id(element):
            texts.append(" (this server does not tell external ids: use the name)")
        elif near:
            texts.append(f" (did you mean {' or '.join(repr(names[key]) for key in near)}?)")
        else:
            texts.append("")
    return texts


def _is_site_admin(client: Client) -> bool | None:
    """What /account/details says of the token's user (API 4); None where it does not say. Raises ApiError."""
    value = attributes_of(client.get("/account/details")["data"]).get("is-site-admin")
    return value if isinstance(value, bool) else None
