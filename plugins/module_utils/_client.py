# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON:API with one Terraform Enterprise: documents, and collections in pages. It knows nothing of sharing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ._errors import ApiError
from ._transport import Transport

if TYPE_CHECKING:
    from ._connection import Connection

_PAGE_SIZE = 100
"""The server's maximum; one more is answered with 422 (API 3)."""

_NOT_TFE = "Is this the address of Terraform Enterprise itself, and not of a sign-in page or a proxy in front of it?"

Item = TypeVar("Item")


class Page(NamedTuple):
    """One page of a collection (API 3). What the server does not tell is None.

    ``items`` are what is kept of the resource objects, by their ids; ``length`` counts an id that came twice as two.
    """

    items: dict[str, Any]
    length: int
    total_pages: int | None
    total_count: int | None
    has_next: bool | None

    def goes_on_after(self, number: int, seen: int) -> bool:
        """Whether the server says that there is more than ``number`` pages with ``seen`` items."""
        if self.total_count is not None and seen >= self.total_count:
            return False
        if self.total_pages is not None:
            return number < self.total_pages
        return bool(self.has_next)

    @property
    def may_be_cut(self) -> bool:
        """No word of more pages, and still there may be: servers cut lists at round numbers (20 and 100 by API 3)."""
        silent = self.total_count is None and self.total_pages is None and self.has_next is None
        return silent and self.length > 0 and self.length % 10 == 0

    @property
    def is_whole(self) -> bool:
        """Whether this first page has every item of the collection, and nothing about it is odd."""
        more = self.goes_on_after(1, self.length) or self.may_be_cut
        return not more and self.length == len(self.items) and self.total_count in (None, self.length)


class Client:
    """What can be asked of one TFE. ``warn`` takes one sentence for the user."""

    def __init__(self, connection: Connection, warn: Callable[[str], None]) -> None:
        self.address = connection.address
        self.application = ""
        """What the server last called itself in TFP-AppName; "" where it did not (API 6.3)."""
        self._transport = Transport(connection, warn)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The JSON:API document at ``path`` (below /api/v2, with its leading slash). Raises ApiError."""
        document = self._exchange("GET", path, query=query)
        if document is None:
            raise ApiError(f"GET {self.url(path)} answered without a document. {_NOT_TFE}")
        return document

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Sends a JSON:API document; the answer's document, None where it has none (204). Raises ApiError."""
        return self._exchange(method, path, body=body)

    def page(self, path: str, keep: Callable[[dict[str, Any]], Item], number: int = 1) -> Page:
        """One page of a collection, of 100 items at the most; ``keep`` makes of each resource object what is needed."""
        document = self.get(path, {"page[number]": number, "page[size]": _PAGE_SIZE})
        items = document["data"]
        if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("id") for item in items):
            raise ApiError(f"GET {self.url(path)} answered with something that is not a list. {_NOT_TFE}")
        meta = document.get("meta")
        pagination = meta.get("pagination") if isinstance(meta, dict) else None
        if not isinstance(pagination, dict):
            pagination = {}
        return Page(
            {str(item["id"]): keep(item) for item in items},
            length=len(items),
            total_pages=_count(pagination.get("total-pages")),
            total_count=_count(pagination.get("total-count")),
            has_next=pagination["next-page"] is not None if "next-page" in pagination else None,
        )

    def collection(
        self,
        path: str,
        keep: Callable[[dict[str, Any]], Item],
        first: Page | None = None,
        *,
        paged: bool = True,
    ) -> list[Item]:
        """What ``keep`` makes of each item of a collection; ``first`` is its first page where that was read already.

        ``paged`` is false for a list that is known to come whole, without pages. Raises ApiError, also where the list
        cannot be shown to be complete.
        """
        page = first or self.page(path, keep)
        if page.is_whole:
            return list(page.items.values())
        from ._pages import read_on  # noqa: PLC0415  # most lists fit on one page

        return read_on(self, path, keep, page, paged=paged)

    def why_unreachable(self) -> str:
        """Why no request of this user has an answer now; "" where one has (API 4)."""
        try:
            self.get("/account/details")
        except ApiError as error:
            return str(error) if error.status in (0, 401) else ""
        return ""

    def url(self, path: str) -> str:
        """Where a path leads to."""
        return f"{self.address}/api/v2{path}"

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        started = time.monotonic()
        response = self._transport.send(method, self.url(path), query, body)
        self.application = response.headers.get("TFP-AppName", "")
        if not 200 <= response.status_code < 300:
            from ._words import refusal  # noqa: PLC0415  # only on the way to an error

            said = refusal(f"{method} {self.url(path)}", response, time.monotonic() - started)
            raise ApiError(said, response.status_code)
        if not response.raw.data.strip():
            return None
        document = parse_json(response.raw.data)
        if not isinstance(document, dict) or "data" not in document:
            kind = response.headers.get("Content-Type", "no content type")
            raise ApiError(
                f"{method} {self.url(path)} answered {response.status_code} with something that is not a JSON:API "
                f"document ({kind}). {_NOT_TFE}",
                response.status_code,
            )
        return document


def attributes_of(item: Any) -> dict[str, Any]:
    """The attributes of a JSON:API resource object; none where it is something else."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _count(value: Any) -> int | None:
    """A number of pages or items, which some servers write as text; None where it is something else."""
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None


def parse_json(data: bytes) -> Any:
    """The parsed text, None where it is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
