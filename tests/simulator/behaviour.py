# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release has, and how the server behaves where the documentation leaves it open."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Union

Endpoint = Literal["alive", "404", "405", "410"]
Names = Union[str, tuple[str, ...]]


@dataclass(frozen=True)
class Release:
    """What came with a release (API 1.0, 1.6, 1.8). E1, E1r, E6, E7 and E8 are in all of them."""

    relationships: bool = False
    """Since 202103-1: E2, E3, E9, the link to the consumers, more filters in E7, and 422 for a flag that is null."""
    providers: bool = False
    """Since 202301-1: E4, E5, the provider flag and its filter."""
    page_size_shown: bool = False
    """Newer responses repeat the page size in ``meta.pagination`` (API 3)."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """How it identifies itself (API 6.3); the old ones say nothing. The numbers are examples."""


_SINCE_202301 = {"TFP-API-Version": "2.6", "X-TFE-Version": "v202301-1"}
_SINCE_2_1 = {
    "TFP-API-Version": "2.6",
    "TFP-AppName": "Terraform Enterprise",
    "X-TFE-Version": "v202507-1",
    "X-TFE-Current-Version": "2.1.0",
}
HCP_HEADERS = {"TFP-API-Version": "2.6", "TFP-AppName": "HCP Terraform"}

RELEASES = {
    "202012-1": Release(),
    "202103-1": Release(relationships=True),
    "202301-1": Release(relationships=True, providers=True, headers=_SINCE_202301),
    "2.1": Release(relationships=True, providers=True, page_size_shown=True, headers=_SINCE_2_1),
}


@dataclass(frozen=True)
class Behaviour:
    """One field for each open question. The defaults are what the API notes document, else what they infer.

    Raises ValueError for a value that a field cannot have.
    """

    application: Literal["tfe", "hcp"] = "tfe"
    """"hcp": names itself HCP Terraform and has no admin API (API 1.8)."""

    administrator: Literal["site_admin", "without_2fa", "site_auditor"] = "site_admin"
    """Whose the administrator's token is. "without_2fa": a site administrator's where the site requires two-factor
    authentication and the account has none. "site_auditor": that of somebody who only looks, since 2.0. To the admin
    API, both are assumed to be strangers (API 4, 9j)."""

    # Which endpoints are there, on the releases that have them (API 1.0).
    legacy_write: Endpoint = "alive"
    """E1, whose removal was announced but not seen (API 1.1, 9i)."""
    legacy_list: Literal["alive", "paged", "404", "405", "410"] = "alive"
    """E1r. "paged": like every other list; else it comes whole and without meta (API 1.1)."""
    relationship_list: Endpoint = "alive"
    """E2 (API 1.2)."""
    relationship_write: Endpoint = "alive"
    """E3, deprecated (API 1.3)."""
    registry_partnerships: Endpoint = "alive"
    """E5 (API 1.4)."""
    account_details: Literal["alive", "404"] = "alive"
    """The account of the token's user (API 4)."""

    # What documents carry (API 1.6).
    without_external_ids: bool = False
    item_without_external_id: Names = ()
    """The organizations whose documents lack the external id."""
    without_relationships: bool = False
    without_module_flag: bool = False
    null_module_flag: bool = False
    without_provider_flag: bool = False
    null_provider_flag: bool = False
    list_without_flags: bool = False
    """Whether organizations in lists lack both global flags, which a document of their own tells."""

    # Lists (API 3).
    meta: Literal["top", "missing", "nested"] = "top"
    """Where lists have links and meta. "nested": inside the first item, as a sample in the docs shows (API 1.2)."""
    page_parameter: Literal["honoured", "ignored", "unpaged"] = "honoured"
    """"ignored": always the first page, and its meta says so. "unpaged": everything at once, without meta."""
    page_size_honoured: bool = True
    """False: ``fixed_page_size``, whatever was asked for."""
    fixed_page_size: Literal[20, 25] = 20
    total_count: Literal["all", "page"] = "all"
    """What ``total-count`` counts (API 3). "page": the items of the page at hand."""
    total_pages: Literal["served", "asked"] = "served"
    """Of which size ``total-pages`` counts pages (API 3): of that which is served, or of that which was asked for."""
    empty_total_pages: Literal[0, 1] = 1
    """``total-pages`` of an empty list (API 9l)."""
    filters_honoured: bool = True
    """E7's query and filter parameters; False: they are ignored."""
    producer_filter_misses_global: bool = False
    """Whether E7's producer filters overlook organizations that share with everybody (API 1.6, 9q)."""
    member_list_misses_global: bool = False
    """The same for E9, the producers that a member sees (API 1.6a, 9q)."""

    # Writes (API 1.1, 1.3, 1.4, 1.5).
    legacy_answer: Literal["partnerships", "empty", "204"] = "partnerships"
    """What E1 answers with; "empty": 200 without a body."""
    legacy_empties_providers: bool = False
    """Whether E1 writes an empty list of provider consumers besides (API 9n)."""
    list_ends_global: Literal["always", "filled", "never"] = "always"
    """Which lists of E1 and E3 end global sharing (API 9d). "filled": those that name a consumer."""
    put_keys: Literal["both", "hyphens", "underscores"] = "both"
    """How the keys of E5 are spelled (API 9a)."""
    put_omitted: Literal["clears", "keeps", "422"] = "clears"
    """What E5 does about a list that is left out (API 9b)."""
    put_ends_global: Literal["always", "filled", "never", "both"] = "always"
    """Which lists of E5 end global sharing of their kind (API 9c, 9o). "both": it ends for both kinds, whatever the
    lists are and even where one is left out (API 10)."""
    flags_need_type: bool = True
    """Whether E6 refuses a wrong type. An empty one, as go-tfe sends it, is taken in any case (API 1.5)."""
    unknown_consumer: Literal["422", "404", "ignored"] = "422"
    """What a write does about a consumer that does not exist (API 9e)."""
    unknown_consumer_atomic: bool = True
    """False: the consumers that do exist are stored although the write is refused (API 9e)."""
    self_consumer: Literal["accepted", "422", "ignored"] = "accepted"
    """What a write does about the producer itself in its list (API 9g)."""
    disabled_consumer: Literal["accepted", "422", "ignored"] = "accepted"
    """The same for a disabled organization (API 9g)."""
    duplicate_consumer: Literal["accepted", "422"] = "accepted"
    """The same for one that is listed twice; accepted: stored once (API 9g)."""
    case_sensitive_bodies: bool = False
    """Whether the names in the bodies of E3 and E5 must be spelled as stored (API 9f)."""
    ids_in_bodies: bool = False
    """Whether E3 and E5 take external ids as well (API 9h)."""
    ids_in_path: bool = False
    """Whether the path takes an external id as well (API 9h)."""
    case_sensitive_names: bool = False
    """Whether names must be spelled as stored everywhere, and may differ in case alone (API 10)."""
    global_keeps_list: bool = False
    """Whether the consumers of either kind from before global sharing come back when it ends (API 9p)."""
    write_drops: Names = ()
    """Organizations that no write stores as consumers, although it succeeds. No real server is known to do that."""
    write_ignored: bool = False
    """Whether writes succeed and store nothing. No real server is known to do that."""

    # Rate limit (API 5).
    rate_limit_headers: bool = True
    retry_after: Literal[None, "seconds", "date"] = None
    """Retry-After in answers with 429."""

    def __post_init__(self) -> None:
        for name, hint in typing.get_type_hints(type(self)).items():
            value = getattr(self, name)
            if not _fits(value, hint):
                expected = _choices(hint)
                raise ValueError(f"Behaviour.{name} cannot be {value!r}; it is one of: {', '.join(map(str, expected))}")

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Behaviour:
        """Reads KEY=VALUE texts, names comma-separated. Raises ValueError for an unknown key or value."""
        hints = typing.get_type_hints(cls)
        values: dict[str, Any] = {}
        for setting in settings:
            key, _separator, text = setting.partition("=")
            if key not in hints:
                raise ValueError(f"There is no behaviour {key!r}; there are: {', '.join(hints)}")
            if hints[key] == Names:
                values[key] = tuple(filter(None, text.split(",")))
            else:
                values[key] = {str(choice).lower(): choice for choice in _choices(hints[key])}.get(text.lower(), text)
        return cls(**values)

    def lacks_external_id(self, name: str) -> bool:
        """Whether the documents of this organization come without their external id."""
        return self.without_external_ids or name in names(self.item_without_external_id)


def names(value: Names) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return (value,) if isinstance(value, str) else value


def _choices(hint: Any) -> tuple[Any, ...]:
    if hint is bool:
        return (True, False)
    return ("a name", "a tuple of names") if hint == Names else typing.get_args(hint)


def _fits(value: Any, hint: Any) -> bool:
    if hint == Names:
        return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(name, str) for name in value))
    return isinstance(value, bool) == (hint is bool) and value in _choices(hint)
