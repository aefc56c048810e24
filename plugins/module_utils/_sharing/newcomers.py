# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds whom the consumers of requests mean where they are not consumers yet, and refuses those that mean nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._tfe.errors import TfeError
from .asking import Request, each, refuse_self
from .directory import Directory
from .identity import Organization, leftover, looks_like_external_id
from .rules import Sharing


def look_up(
    directory: Directory,
    requests: Sequence[Request],
    producers: Sequence[Organization],
    before: Sequence[Sharing],
    wanted: Sequence[dict[str, Organization]],
) -> None:
    """Completes ``wanted``, for each request the organizations that its elements mean. Raises TfeError."""
    new = list(map(_to_look_up, requests, wanted, before))
    meant = directory.find([element for elements in new for element in elements])
    for known, elements in zip(wanted, new):
        known.update({element: meant[element] for element in elements if element in meant})
    labels = [request.where for request in requests]
    each(labels, _refuse_self_by_another_name, requests, producers, wanted)
    unknown = [
        (f"{request.where}{request.option}[{i}]", element)
        for request, known in zip(requests, wanted)
        if request.state != "absent"
        for i, element in enumerate(request.consumers or ())
        if element not in known
    ]
    directory.refuse_unknown(unknown)
    for request, known, sharing in zip(requests, wanted, before):
        _refuse_unknowable(directory, request, known, sharing)


def _to_look_up(request: Request, found: Mapping[str, Organization], before: Sharing) -> list[str]:
    """The elements that mean nobody yet.

    Who is not among the consumers is absent already, unless it is one whose external id the server did not tell.
    """
    if request.state == "absent" and all(consumer.external_id for consumer in before.consumers):
        return []
    return [element for element in request.consumers or () if element not in found]


def _refuse_self_by_another_name(request: Request, producer: Organization, found: Mapping[str, Organization]) -> None:
    """An external id may turn out to be the producer's only when it was looked up."""
    for element, organization in found.items():
        if not leftover([organization], [producer]):
            refuse_self(request, producer._replace(external_id=element))


def _refuse_unknowable(
    directory: Directory, request: Request, found: Mapping[str, Organization], before: Sharing
) -> None:
    """Where the server keeps a consumer's external id to itself, an external id may be that consumer's."""
    ids = [it for it in request.consumers or () if it not in found and looks_like_external_id(it)]
    without_id = [consumer for consumer in before.consumers if not consumer.external_id]
    if ids and without_id:
        everybody = [document.organization for document in directory.everybody()]
        told = [organization for organization in everybody if organization.external_id]
        names = sorted(consumer.name for consumer in leftover(without_id, told))
        if names:
            raise TfeError(
                f"{request.where}Whether {', '.join(map(repr, ids))} is among the consumers cannot be told, since the "
                f"server does not give the external id of {', '.join(names)}. Nothing was changed. Use names instead "
                "of external ids."
            )
