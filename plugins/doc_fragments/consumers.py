# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the same for the consumers of one producer's modules and for those of its providers."""

from __future__ import annotations


class ModuleDocFragment:
    """Everything but the global flag, whose name has the kind in it; so the text speaks of access, and of no kind."""

    DOCUMENTATION = r"""
options:
  organization:
    description:
      - The name of the producer, the organization that shares. Upper and lower case do not matter. An external id is
        refused.
      - Quote a name that is all digits. A number is an error, since YAML reads V(0173) as 123, which may be another
        organization.
    type: raw
    required: true
  consumers:
    description:
      - The organizations that O(state) is about, each by its name or its external id (C(org-...)), mixed as you like.
        Upper and lower case of a name do not matter, and a name and an id of the same organization count once.
      - With O(state=exact), an empty list takes access away from everybody. A blank element is always an error, so that
        an empty answer in a survey cannot do that.
      - With O(state=exact) and O(state=present), an organization that does not exist is an error before anything is
        written. With O(state=absent) it is absent already.
      - Quote a name that is all digits. A number is an error, since YAML reads V(0173) as 123, which may be another
        organization.
    type: list
    elements: raw
  state:
    description:
      - V(exact) makes O(consumers) the whole list. If the producer shares globally, that is turned off, with a warning.
      - V(present) adds O(consumers) to the list and leaves the others alone.
      - V(absent) removes O(consumers) from the list and leaves the others alone.
      - With V(present) and V(absent), a producer that shares globally is an error, since turning that off would take
        access away from everybody else. If you mean that, combine V(present) with V(false) in the option for global
        sharing, or say with V(exact) who shall remain.
    type: str
    choices:
      - exact
      - present
      - absent
    default: exact
notes:
  - Every write replaces the whole list on the server. Tasks of one user on one host wait for each other, by a lock in
    files below C(~/.ansible) and C(/tmp). Two tasks for the same producer that run at the same time on different hosts,
    or in different containers, can lose one of the two changes. Do not let such jobs run at the same time, or keep the
    whole list in one place and use O(state=exact).
  - A write that failed is sent again, up to O(tfe_max_retries) times, only where reading shows that all is as it was
    before. So what somebody else changed meanwhile is not undone.
  - A list of more than 2,000 pages, which is 200,000 organizations, is an error.
  - An organization that leaves the list loses access at once. Run with C(--check --diff) first.
  - For many producers, one task of M(tfe.admin.tfe_registry_sharing) takes a small part of the time of a loop.
"""
