# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one producer's sharing to what a task asks for: read, plan, write, verify."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from ._client import ApiError, Client
from ._errors import TfeError
from ._lock import exclusive
from ._organizations import Directory, Producer, looks_like_external_id
from ._registry import Registry
from ._sharing import (
    Organization,
    Plan,
    Request,
    Sharing,
    make_plan,
    match,
    refuse_hidden_revocation,
    refuse_self,
)


def converge(client: Client, request: Request, check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
    """Does what the request asks for, in check mode only as far as reading goes. Returns the module's result.

    Raises TfeError; whatever is wrong with the request itself is raised before anything is written.
    """
    # Every write replaces the whole list, so nobody else may write between this read and the end of this write.
    with nullcontext() if check_mode else exclusive(client.address, request.organization):
        return _converge(client, request, check_mode, warn)


def _converge(client: Client, request: Request, check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
    directory = Directory(client)
    producer = directory.producer(request.organization)
    refuse_self(request, producer.organization)
    registry = Registry(client, producer)
    before = _read_sharing(registry, producer)
    refuse_hidden_revocation(request, producer.organization, before.everyone)
    wanted = _wanted(directory, request, producer.organization, before)
    plan = make_plan(request, producer.organization, before, wanted)
    for warning in plan.warnings:
        warn(warning)
    after = plan.after
    if plan.changed and not check_mode:
        after = _write(directory, registry, plan, producer.organization)
    return _result(producer.organization, plan, after)


def _read_sharing(registry: Registry, producer: Producer) -> Sharing:
    """Under global sharing there is no list to read: it was dropped when the flag was set (API 1.5, 1.7)."""
    if producer.shares_modules_globally:
        return Sharing(everyone=True)
    partnerships = registry.read()
    if producer.shares_modules_globally is None and not partnerships:
        raise ApiError(
            f"The server does not tell whether {producer.organization.name} shares its modules with every "
            "organization (global-module-sharing is neither true nor false in its document), and an empty list of "
            "consumers can mean either. Is this Terraform Enterprise 202012-1 or newer? If it is, set global sharing "
            "of this organization once in TFE's admin pages."
        )
    return Sharing(everyone=False, partnerships=partnerships)


def _wanted(directory: Directory, request: Request, producer: Organization, before: Sharing) -> list[Organization]:
    """The organizations that the request's consumers mean. Who is a consumer already needs no look-up."""
    elements = request.consumers or ()
    found = match(elements, before.consumers)
    new = [element for element in dict.fromkeys(elements) if element not in found]
    # Who is not among the consumers is absent already, unless it is one whose external id the server did not tell.
    if new and (request.state != "absent" or not all(consumer.external_id for consumer in before.consumers)):
        found.update(directory.find(new))
    for element, organization in found.items():
        if organization.key == producer.key:
            refuse_self(request, replace(producer, external_id=element))
    if request.state == "absent":
        _refuse_unknowable(directory, [element for element in new if element not in found], before)
    else:
        _refuse_unknown(directory, request, found)
    return list(found.values())


def _refuse_unknowable(directory: Directory, elements: list[str], before: Sharing) -> None:
    """Where the server keeps a consumer's external id to itself, an external id may be that consumer's."""
    ids = [element for element in elements if looks_like_external_id(element)]
    without_id = [consumer for consumer in before.consumers if not consumer.external_id]
    if ids and without_id:
        told = {organization.key for organization in directory.everybody() if organization.external_id}
        names = sorted(consumer.name for consumer in without_id if consumer.key not in told)
        if names:
            raise TfeError(
                f"Whether {', '.join(map(repr, ids))} is among the consumers cannot be told, since the server does not "
                f"give the external id of {', '.join(names)}. Nothing was changed. Use names instead of external ids."
            )


def _refuse_unknown(directory: Directory, request: Request, found: dict[str, Organization]) -> None:
    unknown = [
        f"consumers[{i}] {element!r}{directory.suggestions(element)}"
        for i, element in enumerate(request.consumers or ())
        if element not in found
    ]
    if unknown:
        raise TfeError(f"No organization has this name or external id: {', '.join(unknown)}. Nothing was changed.")


def _write(directory: Directory, registry: Registry, plan: Plan, producer: Organization) -> Sharing:
    """Writes the plan and returns the sharing that the server shows afterwards. Raises where that is not the plan's.

    A write that failed, or whose answer was lost, may have been applied all the same: reading settles it.
    """
    failure: ApiError | None = None
    try:
        shown = _send(directory, registry, plan, producer)
    except ApiError as error:
        failure = error
    if failure or not shown.is_same_as(plan.after):
        try:
            shown = _read_sharing(registry, directory.producer(producer.name))
        except ApiError as error:
            raise TfeError(
                f"{failure or ''} The write may have been applied: what {producer.name} shares now is not known, since "
                f"reading it back failed. {error}".strip()
            ) from error
    if not shown.is_same_as(plan.after):
        raise TfeError(_not_reached(plan, shown, producer, failure)) from failure
    return shown


def _send(directory: Directory, registry: Registry, plan: Plan, producer: Organization) -> Sharing:
    """One write. Returns the sharing that its answer shows, completed by reads where the answer does not show it."""
    if plan.after.everyone or (plan.before.everyone and not plan.after.partnerships):
        flag = registry.share_with_everyone(plan.after.everyone)
        return _read_sharing(registry, directory.producer(producer.name)) if flag is None else Sharing(flag)
    partnerships = registry.replace(plan.after.consumers)
    if plan.before.everyone and directory.producer(producer.name).shares_modules_globally:
        return Sharing(everyone=True)
    return Sharing(everyone=False, partnerships=registry.read() if partnerships is None else partnerships)


def _not_reached(plan: Plan, shown: Sharing, producer: Organization, failure: ApiError | None) -> str:
    """What to tell when the server does not show what was asked for."""
    if failure and shown.is_same_as(plan.before):
        return f"{failure} Read again, the sharing of {producer.name} is as it was before: nothing was changed."
    differences = []
    if shown.everyone != plan.after.everyone:
        differences.append(f"global module sharing is {'still on' if shown.everyone else 'off'}")
    missing, left_over = plan.after.without(shown), shown.without(plan.after)
    if missing:
        differences.append(f"missing: {', '.join(missing)}")
    if left_over:
        differences.append(f"left over: {', '.join(left_over)}")
    said = str(failure) if failure else "The server accepted the write."
    return f"{said} Read again, the sharing of {producer.name} is not what was asked for: {'; '.join(differences)}."


def _result(producer: Organization, plan: Plan, after: Sharing) -> dict[str, Any]:
    """The module's return values; ``diff`` is for diff mode."""
    return {
        "changed": plan.changed,
        "organization": {"name": producer.name, "external_id": producer.external_id},
        "global_module_sharing": after.everyone,
        "consumers": after.names,
        "partnerships": [
            {
                "id": partnership.id,
                "consuming_organization_id": partnership.consumer.external_id,
                "consuming_organization_name": partnership.consumer.name,
                "producing_organization_id": producer.external_id,
                "producing_organization_name": producer.name,
            }
            for partnership in sorted(after.partnerships, key=lambda partnership: partnership.consumer.name)
        ],
        "added": plan.added,
        "removed": plan.removed,
        "diff": {"before": _diff_side(plan.before), "after": _diff_side(plan.after)},
    }


def _diff_side(sharing: Sharing) -> dict[str, Any]:
    return {"global_module_sharing": sharing.everyone, "consumers": sharing.names}
