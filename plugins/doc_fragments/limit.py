# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limit that every module has which writes."""

from __future__ import annotations


class ModuleDocFragment:
    """How many may lose access."""

    DOCUMENTATION = r"""
options:
  max_revoked:
    description:
      - How many consumers may lose access in this task at the most. V(0) means that nobody may.
      - If more would, the task fails before anything is written, in check mode too. The message says who would lose
        access, and the result is that of a preview, but without C(changed).
      - A consumer counts once for each producer and kind that it could use before and could not use after. Where global
        sharing ends, every organization that is not listed counts.
      - If not set, there is no limit. Set it for all tasks at once with C(module_defaults) and the action group
        C(tfe.admin.tfe_write).
    type: int
"""
