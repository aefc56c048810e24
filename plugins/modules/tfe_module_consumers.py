#!/usr/bin/python

# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tfe_module_consumers
short_description: Say which organizations may use another organization's private modules on Terraform Enterprise
version_added: 0.1.0
description:
  - Terraform Enterprise (TFE) lets a site administrator open the private module registry of one organization, the
    producer, to other organizations, its consumers, or to all of them at once (global sharing).
  - This module brings the consumers of one producer to what you ask for. It reads first, writes only when something
    differs, and then makes sure that the server shows what was asked for.
  - It works on every release of TFE that can share modules (202012-1 or newer). HCP Terraform has no such API.
author:
  - tfe.admin contributors (@tfe-admin)
extends_documentation_fragment:
  - tfe.admin.connection
  - tfe.admin.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  organization:
    description:
      - The name of the producer, the organization whose modules are shared. Upper and lower case do not matter. An
        external id is refused.
      - Quote a name that is all digits. A number is an error, since YAML reads V(0173) as another one.
    type: raw
    required: true
  consumers:
    description:
      - The organizations that O(state) is about, each by its name or its external id (C(org-...)), mixed as you like.
        Upper and lower case of a name do not matter, and a name and an id of the same organization count once.
      - With O(state=exact), an empty list takes the modules away from everybody. A blank element is always an error,
        so that an empty answer of a survey cannot do that.
      - With O(state=exact) and O(state=present), an organization that does not exist is an error before anything is
        written. With O(state=absent) it is absent already.
      - Quote a name that is all digits. A number is an error, since YAML reads V(0173) as another one.
      - At least one of O(consumers) and O(global_module_sharing) is needed.
    type: list
    elements: raw
  state:
    description:
      - V(exact) makes O(consumers) the whole list. If the producer shares globally, that is turned off, with a warning.
      - V(present) adds O(consumers) to the list and leaves the others alone.
      - V(absent) removes O(consumers) from the list and leaves the others alone.
      - With V(present) and V(absent), a producer that shares globally is an error, since turning that off would take
        the modules away from everybody else. If you mean that, add O(global_module_sharing=false) to V(present); or say
        with V(exact) who shall remain.
    type: str
    choices:
      - exact
      - present
      - absent
    default: exact
  global_module_sharing:
    description:
      - V(true) opens the modules to every organization. TFE forgets the list of consumers then. Not together with
        O(consumers).
      - V(false) turns that off. Alone it leaves a list of consumers as it is; together with O(consumers) it says that
        you know that everybody who is not in the list loses access.
      - If not set, only what O(state) says happens.
    type: bool
notes:
  - Every write replaces the whole list on the server. Tasks of one user on one host wait for each other, by a lock in
    files below C(~/.ansible) and C(/tmp). Two tasks with O(state=present) at the same time on different hosts, or in
    different containers, can lose one of the two changes. Do not let such jobs run at the same time, or keep the whole
    list in one place and use O(state=exact).
  - A write that failed is sent again, up to O(tfe_max_retries) times, only where reading shows that all is as it was
    before. So what somebody else changed meanwhile is not undone.
  - No list of more than 2,000 pages, which is 200,000 organizations, is read.
  - Access to modules ends at once for an organization that leaves the list. Run with C(--check --diff) first.
  - For many producers, one task of M(tfe.admin.tfe_module_sharing) takes a small part of the time of a loop.
seealso:
  - module: tfe.admin.tfe_module_sharing
  - module: tfe.admin.tfe_module_consumers_info
"""

EXAMPLES = r"""
- name: Exactly these organizations may use the modules of platform
  tfe.admin.tfe_module_consumers:
    tfe_address: https://tfe.example.com
    tfe_token: "{{ tfe_token }}"
    organization: platform
    consumers:
      - payments
      - web-shop
      - org-7kPzQw3RtYb2NmXa

- name: One more organization joins, the others stay
  tfe.admin.tfe_module_consumers:
    organization: platform
    consumers:
      - data-science
    state: present

- name: One organization leaves, the others stay
  tfe.admin.tfe_module_consumers:
    organization: platform
    consumers:
      - web-shop
    state: absent

- name: Nobody may use the modules any more
  tfe.admin.tfe_module_consumers:
    organization: platform
    consumers: []

- name: Everybody may use the modules
  tfe.admin.tfe_module_consumers:
    organization: platform
    global_module_sharing: true

- name: Stop sharing with everybody, and share with two organizations only
  tfe.admin.tfe_module_consumers:
    organization: platform
    global_module_sharing: false
    consumers:
      - payments
      - web-shop

- name: Only show what would change
  tfe.admin.tfe_module_consumers:
    organization: platform
    consumers:
      - payments
  check_mode: true
  diff: true
  register: preview

- name: Set the connection once for several tasks
  module_defaults:
    group/tfe.admin.tfe:
      tfe_address: https://tfe.example.com
      tfe_token: "{{ tfe_token }}"
  block:
    - name: Share the modules of platform
      tfe.admin.tfe_module_consumers:
        organization: platform
        consumers: "{{ platform_consumers }}"
      register: sharing

    - name: Show who uses them
      ansible.builtin.debug:
        msg: "{{ sharing.partnerships | map(attribute='consuming_organization_name') | join(', ') }}"
"""

RETURN = r"""
organization:
  description: The producer.
  returned: success, and where writing failed
  type: dict
  contains:
    name:
      description: Its name in the spelling of the server.
      type: str
    external_id:
      description: Its external id, V(null) where the server does not tell it.
      type: str
  sample:
    name: platform
    external_id: org-Hh3mVn8cYtR5wKzE
global_module_sharing:
  description:
    - Whether every organization may use the modules, after the task (in check mode, as it would be). This and the lists
      are V(null) where a write failed and it is not known what is there now.
  returned: success, and where writing failed
  type: bool
  sample: false
consumers:
  description: The names of the consumers after the task (in check mode, as they would be), sorted.
  returned: success, and where writing failed
  type: list
  elements: str
  sample:
    - payments
    - web-shop
partnerships:
  description: The partnerships after the task (in check mode, as they would be), sorted by the consumer's name.
  returned: success, and where writing failed
  type: list
  elements: dict
  contains:
    id:
      description:
        - The id of the partnership. Most requests to TFE do not tell it, then it is V(null); do not rely on it.
      type: str
    consuming_organization_id:
      description: The external id of the consumer, V(null) where the server does not tell it.
      type: str
    consuming_organization_name:
      description: The name of the consumer.
      type: str
    producing_organization_id:
      description: The external id of the producer, V(null) where the server does not tell it.
      type: str
    producing_organization_name:
      description: The name of the producer.
      type: str
  sample:
    - id: mp-4fJk9sT2vBnQx7Ld
      consuming_organization_id: org-7kPzQw3RtYb2NmXa
      consuming_organization_name: payments
      producing_organization_id: org-Hh3mVn8cYtR5wKzE
      producing_organization_name: platform
added:
  description: The names of the consumers that the task added (in check mode, would add), sorted.
  returned: success, and where writing failed
  type: list
  elements: str
  sample:
    - payments
removed:
  description:
    - The names of the consumers that the task removed (in check mode, would remove), sorted. Turning global sharing on
      removes all of them.
  returned: success, and where writing failed
  type: list
  elements: str
  sample: []
diff:
  description: The global flag and the consumers before and after the task.
  returned: in diff mode, on success and where writing failed
  type: dict
  contains:
    before:
      description: RV(global_module_sharing) and RV(consumers) as they were.
      type: dict
    after:
      description:
        - RV(global_module_sharing) and RV(consumers) as they are (in check mode, as they would be). V(null) where that
          is not known.
      type: dict
"""

from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import parse_request, request_options
from ansible_collections.tfe.admin.plugins.module_utils._sharing.converge import converge
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(
        request_options(MODULES),
        lambda module, client: converge(client, parse_request(module.params, MODULES), module.check_mode),
    )


if __name__ == "__main__":
    main()
