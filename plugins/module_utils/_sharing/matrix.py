# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the sharing of many producers to one matrix, and stops that of everybody else where the task says so."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from .._tfe.client import Client, side_by_side
from .._tfe.errors import TfeError, UsageError
from .asking import Request, each, parse_elements, parse_limit
from .converge import converge_each, lock, refuse_too_many
from .directory import Directory, has_kind
from .entries import Entry, changes, diffs, entry, entry_result, parse_entry
from .identity import Organization
from .kinds import KINDS, Kind
from .newcomers import refuse_unknown
from .reading import NEVER, Document, Look, Registry, shares_none
from .rules import Result, Sharing
from .writing import needs_put

_MOST_TOLD = 10
_DIGEST = re.compile("^[0-9a-f]{64}$")


class Matrix(NamedTuple):
    """What a task asks for: ``prune`` are the kinds that nobody beside the entries shall share.

    ``prune_all`` are those of them that no entry mentions, so that nobody shall share them at all; ``ignore`` are
    names or external ids of whom the task never touches. ``max_revoked`` is how many may lose access, ``approved`` the
    digest of the changes that were approved, "" where any are fine.
    """

    entries: tuple[Entry, ...]
    prune: tuple[Kind, ...]
    prune_all: tuple[Kind, ...]
    ignore: tuple[str, ...]
    max_revoked: int | None
    approved: str

    def mentions(self, kind: Kind) -> bool:
        return any(request.kind == kind for it in self.entries for request in it.requests)

    def where(self, row: int) -> str:
        """What stands before a message about a producer: its entry, if it has one."""
        return self.entries[row].where if row < len(self.entries) else ""


def parse_matrix(options: Mapping[str, Any]) -> Matrix:
    """The options of a task. Raises one UsageError about everything that is wrong with its entries."""
    given = options["producers"]
    labels = [f"producers[{i}] ({it['organization']}): " for i, it in enumerate(given)]
    entries = [
        it._replace(where=label, requests=tuple(request._replace(where=label) for request in it.requests))
        for label, it in zip(labels, each(labels, parse_entry, given))
    ]
    prune, prune_all = (tuple(kind for kind in KINDS if kind.name in options[name]) for name in ("prune", "prune_all"))
    approved = str(options["approved"] or "").strip()
    if approved and not _DIGEST.match(approved):
        raise UsageError(f"approved must be the digest that a run in check mode returned, not {approved!r}.")
    ignore = parse_elements("ignore", options["ignore"])
    matrix = Matrix(tuple(entries), prune, prune_all, ignore, parse_limit(options), approved)
    for kind in prune_all:
        if kind not in prune:
            raise UsageError(f"prune_all names {kind.name}, and prune does not: nothing of that kind would be pruned.")
        if matrix.mentions(kind):
            raise UsageError(
                f"prune_all names {kind.name}, and producers has entries about them: it is for a kind that no entry "
                "mentions."
            )
    return matrix


def converge_all(client: Client, matrix: Matrix, check_mode: bool) -> dict[str, Any]:
    """Does what the matrix asks for. Returns the module's result.

    Raises TfeError before anything is written where anything is wrong with it; where writes failed, at the end and
    with that same result.
    """
    directory, registry = Directory(client), Registry(client)
    with lock(client, None, check_mode) as still_locked:
        if matrix.prune:
            directory.everybody()
        documents = _producers(directory, matrix.entries)
        kinds = [kind for kind in KINDS if kind in matrix.prune or matrix.mentions(kind)]
        for kind in kinds:
            if not has_kind(client, kind, documents or directory.everybody()):
                raise UsageError(f"{_askers(matrix, kind)}: {shares_none(kind)} Nothing was changed.")
        # What PUT could end has to be known as well.
        documents = directory.clear_up(documents, KINDS if needs_put(kinds) else kinds)
        ignored = _ignored(directory, matrix, documents)
        documents, asked = _with_pruned(directory, registry, matrix, documents, ignored)

        def look(document: Document, requests: Sequence[Request]) -> Look:
            # It may be minutes old when the turn of its producer comes: it is read again right before.
            return Look(document, {it.kind: registry.sharing(document, it.kind) for it in requests}, NEVER)

        looks = side_by_side(lambda row: look(*row), list(zip(documents, asked)))

        def refuse(foreseen: Sequence[Result]) -> None:
            refuse_too_many(foreseen, matrix.max_revoked, lambda: _answer(client, matrix, looks, foreseen))
            if matrix.approved and any(result.changed for result in foreseen):
                _refuse_unapproved(matrix.approved, _answer(client, matrix, looks, foreseen))

        results = converge_each(registry, asked, looks, check_mode, still_locked, refuse=refuse, directory=directory)
    answer = _answer(client, matrix, looks, results)
    failed = [result for result in results if result.failure]
    if failed:
        more = [result.producer.name for result in failed[_MOST_TOLD:]]
        concerned = len(matrix.entries) + sum(it.changed or bool(it.failure) for it in results[len(matrix.entries) :])
        raise TfeError(
            f"{len(failed)} of {concerned} producers did not come to what was asked for. Every other one did. Once "
            f"the cause is mended, the same task finishes the job. "
            + " ".join(result.failure for result in failed[:_MOST_TOLD])
            + (f" The same happened to: {', '.join(more)}." if more else ""),
            answer,
            next((result.fault for result in failed if result.fault), None),
        )
    return answer


def _refuse_unapproved(approved: str, answer: Mapping[str, Any]) -> None:
    if answer["digest"] != approved:
        raise TfeError(
            f"What would change is not what was approved: its digest is {answer['digest']}, approved is {approved}. "
            "Nothing was changed. Look at what would change now, and have it approved anew.",
            {key: value for key, value in answer.items() if key != "changed"},
        )


def _answer(client: Client, matrix: Matrix, looks: Sequence[Look], results: Sequence[Result]) -> dict[str, Any]:
    changed = [(look, result) for look, result in zip(looks, results) if result.changed]
    former = (entry(result.producer, _former(look, result)) for look, result in changed)
    of_entries = [{it.kind for it in asked.requests} for asked in matrix.entries]
    pruned = {
        result.producer.name
        for i, result in enumerate(results)
        for outcome in result.outcomes
        if outcome.changed and not result.failure and (i >= len(of_entries) or outcome.plan.kind in matrix.prune_all)
    }
    return {
        "changed": bool(changed),
        "producers": [entry_result(result, kinds) for result, kinds in zip(results, of_entries)],
        "pruned": sorted(pruned),
        "changes": changes(results),
        "digest": _digest(client, results),
        "before": sorted(former, key=lambda it: str(it["organization"])),
        "diff": diffs(results),
    }


def _digest(client: Client, results: Sequence[Result]) -> str:
    """Of what changes and where, with the external ids of all whom it is about: a name may change hands."""
    about = [
        [
            outcome.plan.kind.name,
            result.producer,
            *outcome.plan.before.consumers,
            *outcome.after.consumers,
            *outcome.revoked,
        ]
        for result in results
        for outcome in result.outcomes
        if outcome.changed and outcome.after
    ]
    text = json.dumps([client.address, sorted(about), changes(results)])
    return sha256(text.encode()).hexdigest()


def _former(look: Look, result: Result) -> dict[Kind, Sharing | None]:
    """What has to be asked for to have it back. Global sharing of the other kind has to be said for a list to go."""
    former: dict[Kind, Sharing | None] = {
        kind: Sharing(everyone=True) for kind in KINDS if look.document.shares_globally(kind)
    }
    former.update((it.plan.kind, it.plan.before) for it in result.outcomes if it.changed or it.plan.before.everyone)
    return former


def _askers(matrix: Matrix, kind: Kind) -> str:
    """Who asks for a kind: the first of them, and how many more."""
    where = [it.where.rstrip(": ") for it in matrix.entries for request in it.requests if request.kind == kind]
    more = f" and {len(where) - 1} more" if len(where) > 1 else ""
    return f"{where[0]}{more}" if where else f"prune: {kind.name}"


def _producers(directory: Directory, entries: Sequence[Entry]) -> list[Document]:
    """The producers of the entries. Raises TfeError where one does not exist, is another one, or is there twice."""
    found = directory.documents([it.organization for it in entries])
    unknown = [it for it in entries if it.organization not in found]
    refuse_unknown(directory, [(it.where.rstrip(": "), it.organization) for it in unknown])
    documents = [found[it.organization] for it in entries]
    first: dict[Organization, Entry] = {}

    def refuse(asked: Entry, document: Document) -> None:
        producer = document.organization
        earlier = first.setdefault(producer, asked)
        if earlier is not asked:
            raise UsageError(f"this producer is there twice, {earlier.where.rstrip(': ')} is the same one.")
        if asked.external_id and asked.external_id != producer.external_id:
            told = producer.external_id or "not told by this server"
            raise UsageError(f"external_id is {asked.external_id!r}, but that of {producer.name} is {told}.")

    each([it.where for it in entries], refuse, entries, documents)
    return documents


def _ignored(directory: Directory, matrix: Matrix, documents: Sequence[Document]) -> set[str]:
    """The names of whom to ignore: an unknown one may be a typo, and the one that was meant be pruned."""
    found = directory.find(matrix.ignore)
    unknown = [(f"ignore[{i}]", it) for i, it in enumerate(matrix.ignore) if it not in found]
    refuse_unknown(directory, unknown)
    where = {document.organization: it.where for document, it in zip(documents, matrix.entries)}
    for i, element in enumerate(matrix.ignore):
        if found[element] in where:
            raise TfeError(f"{where[found[element]]}it is also ignore[{i}] {element!r}. Nothing was changed.")
    return {organization.name for organization in found.values()}


def _with_pruned(
    directory: Directory, registry: Registry, matrix: Matrix, documents: Sequence[Document], ignored: Collection[str]
) -> tuple[list[Document], list[list[Request]]]:
    """All producers that the task is about, and the requests for each: those of its entry, and those that prune.

    Raises UsageError where somebody shares a pruned kind that nobody decided about: a blank must not close a registry.
    """
    all_documents, asked = list(documents), [list(it.requests) for it in matrix.entries]
    rows = {document.organization.name: i for i, document in enumerate(documents)}
    undecided: list[tuple[Document, Kind]] = []
    for kind in matrix.prune:
        is_confirmed, is_mentioned = kind in matrix.prune_all, matrix.mentions(kind)
        for document in directory.possible_sharers(kind):
            name = document.organization.name
            row = rows.get(name, len(all_documents))
            if name in ignored or any(it.kind == kind for requests in asked[row : row + 1] for it in requests):
                continue
            if not is_confirmed and (row < len(documents) or not is_mentioned):
                undecided.append((document, kind))
                continue
            if row == len(all_documents):
                rows[name] = row
                all_documents.append(document)
                asked.append([])
            asked[row].append(Request(name, kind, (), "exact", share_globally=False, where=matrix.where(row)))
    _refuse_undecided(registry, matrix, rows, undecided)
    return all_documents, asked


def _refuse_undecided(
    registry: Registry, matrix: Matrix, rows: Mapping[str, int], undecided: Sequence[tuple[Document, Kind]]
) -> None:
    read = side_by_side(lambda task: registry.sharing(*task), undecided)
    shared = [task for task, sharing in zip(undecided, read) if sharing.everyone or sharing.partnerships]
    problems = []
    for kind in matrix.prune:
        names = sorted(document.organization.name for document, shared_kind in shared if shared_kind == kind)
        if names and not matrix.mentions(kind):
            more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
            problems.append(
                f"prune names {kind.name}, and no entry mentions them, so nobody would share {kind.name} any more. "
                f"They are shared by: {', '.join(names[:_MOST_TOLD])}{more}. If you mean that, add "
                f"prune_all: [{kind.name}]."
            )
            continue
        problems.extend(
            f"{matrix.where(rows[name])}prune names {kind.name}, {name} shares some, and this entry leaves them out: "
            f"say {kind.list_option}: [] or give the list."
            for name in names
        )
    if problems:
        raise UsageError(" ".join([*problems, "Nothing was changed."]))
