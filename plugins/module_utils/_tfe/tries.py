# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often one write may be sent."""

from __future__ import annotations

from contextlib import suppress

from .errors import ApiError
from .pace import PacedRetry

with suppress(ImportError):  # the transport says what is missing
    from urllib3.exceptions import MaxRetryError


class Tries:
    """How often one write may be sent, and the waits in between.

    A write replaces a whole list, and after a wait that may be somebody else's list. So urllib3 sends none twice: each
    further try is up to whoever has looked at what is there by then.
    """

    def __init__(self, policy: PacedRetry) -> None:
        self._policy = policy
        self.failed = 0
        """How many tries failed otherwise than by a refusal to look at them."""
        self.may_arrive = False
        """Whether one of them may have been carried out, or may still be."""

    def again(self, error: ApiError) -> bool:
        """Waits before another try after this error; false, at once, where there shall be none.

        A wait for the rate limit is left to the next request, which all of them have to wait for.
        """
        self.failed += not error.had_no_effect
        self.may_arrive = self.may_arrive or error.unsettled
        if error.failed_try is None:
            return False
        try:
            self._policy = self._policy.increment(*error.failed_try)
        except MaxRetryError:
            return False
        self._policy.sleep()
        return True
