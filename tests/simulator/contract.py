# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract: how requests and answers look (API 1 to 6), as JSON schemas, and what is held against them.

Requests are closed: what is not in the schema may not be sent. Answers are open: the server may add attributes at any
time (API 8). Faults that are played on order never get here, since they take the place of an answer that did. What a
``Behaviour`` leaves out of the answers is left out of their schemas as well.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import fastjsonschema

from .behaviour import Behaviour, Release
from .documents import ADMIN_ORGANIZATIONS

Schema = dict[str, Any]
Endpoint = tuple[str, str]
"""Method and path, with :name in place of an organization's."""

MEDIA_TYPE = "application/vnd.api+json"

_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
_EXTERNAL_ID = {"type": "string", "pattern": "^org-[1-9A-HJ-NP-Za-km-z]{16}$"}
_TEXT = {"type": "string", "minLength": 1}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": "integer", "minimum": 0}

_ORGANIZATIONS_OF_MEMBERS = "/api/v2/organizations"
_NAME_IN_PATH = re.compile(
    f"^({ADMIN_ORGANIZATIONS}|{_ORGANIZATIONS_OF_MEMBERS})/(?:[A-Za-z0-9._~-]|%[0-9A-F]{{2}})+(?=/|$)"
)
"""An organization's name, percent-encoded where it has to be (API 2)."""


class ContractViolatedError(AssertionError):
    """What was sent or answered is not what the contract says."""


class Check:
    """Holds values against a schema. It is compiled when it is needed first, once for the process: that takes long."""

    def __init__(self, schema: Schema) -> None:
        self._schema = json.dumps(schema)

    @functools.cached_property
    def hold(self) -> Callable[[Any], object]:
        """Raises JsonSchemaValueException where a value does not fit."""
        return _compile(self._schema)


@functools.cache
def _compile(schema: str) -> Callable[[Any], object]:
    hold: Callable[[Any], object] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return hold


@dataclass(frozen=True)
class Message:
    """A request, or an answer with its ``status``, as far as the contract goes. ``body`` is "" where there is none."""

    method: str
    path: str
    """As sent, without the query: percent-encoded."""
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] | None = None
    status: int = 0


class Contract:
    """Remembers what violates the contract of one release."""

    def __init__(self, release: Release, behaviour: Behaviour) -> None:
        self.violations: list[str] = []
        """What was wrong, one sentence each."""
        self._answers = _answers(release, behaviour)

    def check_request(self, request: Message) -> None:
        """Method, path, query, headers and body (API 1, 3)."""
        check = _REQUESTS.get(_endpoint(request))
        if check is None:
            self._note(request, "is no request of the API")
            return
        seen: dict[str, Any] = {"query": dict(request.query or {})}
        seen.update(_headers(request, "authorization", "accept"))
        if request.body:
            seen.update(_headers(request, "content-type"), body=_parsed(request.body))
        self._hold(request, check, seen)

    def check_answer(self, answer: Message) -> None:
        """Status, content type and body (API 1, 3, 6.1)."""
        endpoint = _endpoint(answer)
        if answer.status >= 400:
            check = _error(answer.status)
        elif endpoint in self._answers:
            check = self._answers[endpoint]
        else:
            self._note(answer, f"answered {answer.status}: there is no such endpoint on this release")
            return
        seen: dict[str, Any] = {"status": answer.status}
        if answer.body:
            seen.update(_headers(answer, "content-type"), body=_parsed(answer.body))
        self._hold(answer, check, seen)

    def crashed(self, request: Message, error: Exception) -> None:
        """A handler raised what no client shall take for an answer and try again."""
        self._note(request, f"made the simulator raise {error!r}")

    def _hold(self, message: Message, check: Check, seen: Any) -> None:
        try:
            check.hold(seen)
        except fastjsonschema.JsonSchemaValueException as error:
            self._note(message, f"answered {message.status}: {error}" if message.status else str(error))

    def _note(self, message: Message, fault: str) -> None:
        self.violations.append(f"{message.method} {message.path} {fault}")


def _endpoint(message: Message) -> Endpoint:
    return message.method, _NAME_IN_PATH.sub(r"\1/:name", message.path)


def _headers(message: Message, *names: str) -> dict[str, str]:
    return {name: message.headers[name] for name in names if name in message.headers}


def _parsed(body: bytes) -> Any:
    """Text that is not JSON stays text, which no schema of a body allows."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _object(properties: Schema, *, optional: Collection[str] = (), closed: bool = False) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in optional],
        "additionalProperties": not closed,
    }


def _closed(properties: Schema, *, optional: Collection[str] = ()) -> Schema:
    return _object(properties, optional=optional, closed=True)


def _list(items: Schema, *, unique: bool = False) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": unique}


def _null_or(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


# Requests.


def _request(body: Schema | None = None, query: Schema | None = None) -> Check:
    """Every parameter of a query may be left out; a body has to be there where there is one."""
    parts = {
        "query": _closed(query or {}, optional=list(query or {})),
        "authorization": {"type": "string", "pattern": "^Bearer [^ ]+$"},
    }
    if body is not None:
        parts.update({"content-type": {"const": MEDIA_TYPE}, "body": body})
    # Last, since the first fault of a request is the one that is told, and some clients always lack it.
    parts["accept"] = {"const": MEDIA_TYPE}
    return Check(_closed(parts))


def _resource(attributes: Schema, *types: str) -> Schema:
    """The body of a write with one resource object, of one of these types."""
    return _closed({"data": _closed({"type": {"enum": list(types)}, "attributes": attributes})})


_NAME_SENT = {"type": "string", "pattern": "^(?!org-[1-9A-HJ-NP-Za-km-z]{16}$)[A-Za-z0-9_-]+$"}
"""Where names are wanted, an external id is a mistake: since 202103-1 no name looks like one (API 2)."""
_NAMES_SENT = _list(_NAME_SENT, unique=True)
_PAGE = {
    "page[number]": {"type": "string", "pattern": "^[1-9][0-9]*$"},
    "page[size]": {"type": "string", "pattern": "^([1-9][0-9]?|100)$"},
}
_FILTERS: Schema = {
    **dict.fromkeys(("q", "q[name]", "q[email]"), _TEXT),
    **{key: {"enum": ["true", "false"]} for key in ("filter[module_producer]", "filter[provider_producer]")},
    "include": {"const": "owners"},
}
_E3_BODY = _closed({"data": _list(_closed({"type": {"const": "organizations"}, "id": _NAME_SENT}), unique=True)})
_TIMEOUTS = ("apply-timeout", "plan-timeout")
"""Such as "24h" (API 1.6)."""

_E6_ATTRIBUTES = {
    **dict.fromkeys(("global-module-sharing", "global-provider-sharing", "is-disabled", "access-beta-tools"), _FLAG),
    **{key: _null_or(_TEXT) for key in _TIMEOUTS},
    "workspace-limit": _null_or(_NUMBER),
}
_PUT_KEYS = ("module-consumers", "provider-consumers")
_PUT_KEYS_TOO = ("module_consumers", "provider_consumers")
"""The other spelling, which may count instead (API 1.4)."""

_ORGANIZATION = f"{ADMIN_ORGANIZATIONS}/:name"
_LEGACY = f"{_ORGANIZATION}/module-consumers"
_MODULE_CONSUMERS = f"{_ORGANIZATION}/relationships/module-consumers"
_PROVIDER_CONSUMERS = f"{_ORGANIZATION}/relationships/provider-consumers"
_PARTNERSHIPS = f"{_ORGANIZATION}/registry-partnerships"
_PRODUCERS = f"{_ORGANIZATIONS_OF_MEMBERS}/:name/relationships/module-producers"

_DISCOVERY = Check({"type": "object"})
_REQUESTS = {
    ("GET", "/.well-known/terraform.json"): _DISCOVERY,
    ("GET", "/api/v2/ping"): _request(),
    ("GET", "/api/v2/account/details"): _request(),
    ("GET", f"{_ORGANIZATIONS_OF_MEMBERS}/:name"): _request(),
    ("GET", _PRODUCERS): _request(query=_PAGE),
    ("GET", ADMIN_ORGANIZATIONS): _request(query={**_PAGE, **_FILTERS}),
    ("GET", _ORGANIZATION): _request(),
    ("GET", _LEGACY): _request(query=_PAGE),
    ("GET", _MODULE_CONSUMERS): _request(query=_PAGE),
    ("GET", _PROVIDER_CONSUMERS): _request(query=_PAGE),
    ("PATCH", _LEGACY): _request(
        _resource(
            _closed({"module-consuming-organization-ids": _list(_EXTERNAL_ID, unique=True)}), "module-partnerships"
        )
    ),
    ("PATCH", _MODULE_CONSUMERS): _request(_E3_BODY),
    ("PUT", _PARTNERSHIPS): _request(
        _resource(
            _closed(dict.fromkeys((*_PUT_KEYS, *_PUT_KEYS_TOO), _NAMES_SENT), optional=_PUT_KEYS_TOO),
            "registry-partnerships",
        )
    ),
    ("PATCH", _ORGANIZATION): _request(
        _resource(
            {**_closed(_E6_ATTRIBUTES, optional=list(_E6_ATTRIBUTES)), "minProperties": 1},
            "organizations",
            "",  # what go-tfe, and so the Terraform provider, sends (API 1.5)
        )
    ),
}


# Answers.


def _answer(status: int, body: Schema | None = None, *, may_be_empty: bool = False) -> Check:
    parts: Schema = {"status": {"const": status}}
    if body is None:
        return Check(_closed(parts))
    parts.update({"content-type": {"type": "string", "pattern": f"^{re.escape(MEDIA_TYPE)}(;|$)"}, "body": body})
    return Check(_closed(parts, optional=("content-type", "body") if may_be_empty else ()))


@functools.cache
def _error(status: int) -> Check:
    """An error document (API 6.1): the status is a text except for 429, and 404 has no detail."""
    parts = {"status": {"const": status if status == 429 else str(status)}, "title": _TEXT, "detail": _TEXT}
    error = (
        _closed({"status": parts["status"], "title": _TEXT}) if status == 404 else _object(parts, optional=["detail"])
    )
    return _answer(status, _object({"errors": {**_list(error), "minItems": 1}}))


@functools.lru_cache(maxsize=256)
def _answers(release: Release, behaviour: Behaviour) -> dict[Endpoint, Check]:
    """What succeeds on this release, and how (API 1.0)."""
    organization = _organization(release, behaviour, in_list=True)
    show = _answer(200, _object({"data": _organization(release, behaviour)}))
    partnerships = _answer(200, _object({"data": _list(_PARTNERSHIP)}), may_be_empty=behaviour.legacy_answer == "empty")
    legacy_list = _page(_PARTNERSHIP, release, behaviour, paged=behaviour.legacy_list == "paged")
    answers = {
        ("GET", "/.well-known/terraform.json"): _DISCOVERY,
        ("GET", "/api/v2/ping"): _answer(204),
        ("GET", "/api/v2/account/details"): _answer(200, _object({"data": _ACCOUNT})),
        ("GET", f"{_ORGANIZATIONS_OF_MEMBERS}/:name"): _answer(200, _object({"data": _members_view(release)})),
        ("GET", ADMIN_ORGANIZATIONS): _page(organization, release, behaviour, more={"status-counts": _COUNTS}),
        ("GET", _ORGANIZATION): show,
        ("PATCH", _ORGANIZATION): show,
        ("GET", _LEGACY): legacy_list,
        ("PATCH", _LEGACY): _answer(204) if behaviour.legacy_answer == "204" else partnerships,
    }
    if release.relationships:
        answers["GET", _MODULE_CONSUMERS] = _page(organization, release, behaviour)
        answers["PATCH", _MODULE_CONSUMERS] = _answer(204)
        answers["GET", _PRODUCERS] = _page(_PRODUCER, release, behaviour)
    if release.providers:
        answers["GET", _PROVIDER_CONSUMERS] = _page(organization, release, behaviour)
        answers["PUT", _PARTNERSHIPS] = _answer(204)
    return answers


def _item(type_: str, id_: Schema, attributes: Schema, **more: Schema) -> Schema:
    return _object({"id": id_, "type": {"const": type_}, "attributes": attributes, **more})


def _organization(release: Release, behaviour: Behaviour, *, in_list: bool = False) -> Schema:
    """The administrators' view (API 1.6)."""
    attributes: Schema = {
        "name": _NAME,
        "external-id": _EXTERNAL_ID,
        "is-disabled": _FLAG,
        "notification-email": _TEXT,
        **{key: _null_or(_TEXT) for key in _TIMEOUTS},
        "global-module-sharing": _null_or(_FLAG) if behaviour.null_module_flag else _FLAG,
    }
    if release.providers:
        attributes["global-provider-sharing"] = _null_or(_FLAG) if behaviour.null_provider_flag else _FLAG
    without_flags = in_list and behaviour.list_without_flags
    left_out = {
        "external-id": behaviour.without_external_ids or bool(behaviour.item_without_external_id),
        "global-module-sharing": behaviour.without_module_flag or without_flags,
        "global-provider-sharing": behaviour.without_provider_flag or without_flags,
    }
    parts = {"links": _object({"self": _TEXT})}
    if not behaviour.without_relationships:
        link = {"module-consumers": _object({"links": _object({"related": _TEXT})})}
        parts["relationships"] = _object(link if release.relationships else {})
    return _item(
        "organizations", _NAME, _object(attributes, optional=[key for key, out in left_out.items() if out]), **parts
    )


def _members_view(release: Release) -> Schema:
    """The organization as its members see it (API 1.6, last point)."""
    attributes: Schema = {"name": _NAME, "external-id": _EXTERNAL_ID}
    for kind in ("module", "provider") if release.providers else ("module",):
        attributes.update({f"global-{kind}-sharing": _FLAG, f"{kind}-consuming-organizations-count": _NUMBER})
    return _item("organizations", _NAME, _object(attributes))


_PARTNERSHIP = _item(
    "module-partnerships",
    {"type": "string", "pattern": "^mp-[1-9A-HJ-NP-Za-km-z]{16}$"},
    _object(
        {
            "consuming-organization-id": _EXTERNAL_ID,
            "consuming-organization-name": _NAME,
            "producing-organization-id": _EXTERNAL_ID,
            "producing-organization-name": _NAME,
        }
    ),
)
_PRODUCER = _item("organizations", _NAME, _object({"name": _NAME, "external-id": _EXTERNAL_ID}))
_ACCOUNT = _item("users", _TEXT, _object(dict.fromkeys(("is-service-account", "is-site-admin", "is-sso-login"), _FLAG)))
_COUNTS = _object(dict.fromkeys(("total", "active", "disabled"), _NUMBER))


def _page(
    item: Schema, release: Release, behaviour: Behaviour, *, more: Schema | None = None, paged: bool = True
) -> Check:
    """A list (API 3), whole and silent about pages where it is not ``paged`` (API 1.1)."""
    body: Schema = {"data": _list(item)}
    if paged and behaviour.meta == "top" and behaviour.page_parameter != "unpaged":
        numbers = {
            **dict.fromkeys(("current-page", "total-pages", "total-count"), _NUMBER),
            **dict.fromkeys(("prev-page", "next-page"), _null_or(_NUMBER)),
        }
        if release.page_size_shown:
            numbers["page-size"] = _NUMBER
        links = dict.fromkeys(
            ("self", "first", "prev", "next", "last"), _null_or({"type": "string", "pattern": "^http"})
        )
        body.update(links=_object(links), meta=_object({"pagination": _object(numbers), **(more or {})}))
    return _answer(200, _object(body))
