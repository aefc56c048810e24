# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator of Terraform Enterprise's admin API for registry sharing: a test double, not Terraform Enterprise.

It serves real HTTP on loopback. "API 1.3" and the like, here and everywhere in this package, name sections of the
project's API notes: what is publicly known of the real server. Where they say "not documented", ``Behaviour`` has a
field that plays each plausible answer.
"""

from __future__ import annotations

from .app import Exchange
from .behaviour import RELEASES, Behaviour
from .contract import ContractViolatedError
from .faults import Fault
from .server import Simulator
from .state import Organization, Sharing

__all__ = [
    "RELEASES",
    "Behaviour",
    "ContractViolatedError",
    "Exchange",
    "Fault",
    "Organization",
    "Sharing",
    "Simulator",
]
