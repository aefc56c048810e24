# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes that the modules of the collection have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """How the modules behave as Ansible modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changed status prediction without modifying the target.
  diff_mode:
    description: Returns details on what has changed, or possibly needs changing in C(check_mode), when in diff mode.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
  platform:
    description: The platforms that the module can be used on.
    platforms: posix
    support: full
  action_group:
    description: Use C(group/tfe.admin.tfe) in C(module_defaults) to set the connection options of this module.
    support: full
    membership:
      - tfe.admin.tfe
"""
