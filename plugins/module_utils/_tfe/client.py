# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON:API with one Terraform Enterprise: documents, and collections in pages. It knows nothing of sharing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from .bodies import BodyError, body_of
from .errors import ApiError, FailedTry
from .pace import is_passing
from .pages import PAGE_SIZE, Page, parse_page
from .parsing import parse_json
from .transport import CONNECTIONS, Transport

if TYPE_CHECKING:
    from .connection import Connection
    from .tries import Tries

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """What ``work`` returns for each item, in their order. Raises what it raises for the first item that fails.

    May be called from within ``work``: the client's connections are what is limited, not the threads.
    """
    if len(items) <= 1:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a small task does without

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(work, items))


class Client:
    """What can be asked of one TFE. ``warn`` takes one sentence for the user."""

    def __init__(self, connection: Connection, warn: Callable[[str], None]) -> None:
        self.address = connection.address
        self.warn = warn
        self.application: str | None = None
        """What the server last called itself in TFP-AppName; None where it did not (API 6.3)."""
        self._connection = connection
        self._transport = Transport(connection, warn)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The JSON:API document at ``path`` (below /api/v2, with its leading slash). Raises ApiError."""
        document = self._exchange("GET", path, query=query)
        if document is None:
            raise ApiError(f"GET {self._url(path)} answered without a document. {self._not_tfe()}")
        return document

    def write(
        self, method: str, path: str, body: Mapping[str, Any], ready: Callable[[], None] | None = None
    ) -> dict[str, Any] | None:
        """Sends a JSON:API document once, unless ``ready``, which is called right before, raises. Raises ApiError.

        Returns the document of a 200, which shows what is there now, None for another success, which shows nothing.
        """
        return self._exchange(method, path, body=body, ready=ready)

    def waited_since(self, moment: float) -> bool:
        """Whether requests had to wait since then (of the monotonic clock), so that what was read may be old."""
        return self._transport.waited_since(moment)

    def tries(self) -> Tries:
        """For one write: when it may be sent again."""
        return self._transport.tries()

    def page(self, path: str, keep: Callable[[dict[str, Any]], Item], number: int = 1) -> Page:
        """One page of a collection, of 100 items at the most; ``keep`` makes of each resource object what is needed."""
        page = parse_page(self.get(path, {"page[number]": number, "page[size]": PAGE_SIZE}), keep)
        if page is None:
            raise ApiError(f"GET {self._url(path)} answered with something that is not a list. {self._not_tfe()}")
        return page

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
        from .long_lists import read_on  # noqa: PLC0415  # most lists fit on one page

        items, problem = read_on(lambda number: self.page(path, keep, number), page, paged=paged)
        if problem:
            raise ApiError(f"GET {self._url(path)} does not give a complete list: {problem}.")
        return items

    def why_unreachable(self) -> str:
        """Why no request of this user has an answer now; "" where one has (API 4)."""
        try:
            self.get("/account/details")
        except ApiError as error:
            return str(error) if error.status in (0, 401, 429) else ""
        return ""

    def _url(self, path: str) -> str:
        return f"{self.address}/api/v2{path}"

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        ready: Callable[[], None] | None = None,
    ) -> dict[str, Any] | None:
        started = time.monotonic()
        response = self._transport.send(method, self._url(path), query, body, ready)
        self.application = response.headers.get("TFP-AppName")
        if not 200 <= response.status_code < 300:
            from .words import refusal  # noqa: PLC0415  # only on the way to an error

            seconds = time.monotonic() - started
            request = f"{method} {self._url(path)}"
            said = refusal(request, response, seconds, self._connection, self._transport.proxy)
            may_pass = is_passing(response.status_code)
            raise ApiError(said, response.status_code, self._failed_try(method, path, response) if may_pass else None)
        if response.status_code != 200:
            return None
        document = None
        failed_try: FailedTry | None = self._failed_try(method, path, response)
        try:
            data = body_of(response)
        except BodyError:  # no_document() tells of it
            failed_try = None
        else:
            if not data.strip():
                return None
            document = parse_json(data)
        if not isinstance(document, dict) or "data" not in document:
            from .words import no_document  # noqa: PLC0415  # only on the way to an error

            request = f"{method} {self._url(path)}"
            said = no_document(request, response, self._connection, self._transport.proxy)
            raise ApiError(said, response.status_code, failed_try)
        return document

    def _failed_try(self, method: str, path: str, response: Any) -> FailedTry:
        return FailedTry(method, urlsplit(self._url(path)).path, response.raw, None)

    def _not_tfe(self) -> str:
        from .words import not_tfe  # noqa: PLC0415  # only on the way to an error

        return not_tfe(self._connection, self._transport.proxy)
