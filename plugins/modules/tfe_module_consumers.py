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
  - Terraform Enterprise (TFE) lets a site administrator open the private modules of one organization, the producer, to
    other organizations, its consumers, or to all of them at once (global sharing).
  - This module brings the consumers of one producer's modules to what you ask for. It reads first, writes only when
    something differs, and then makes sure that the server shows what was asked for.
  - Modules and providers are shared separately. M(tfe.admin.tfe_provider_consumers) does the same for providers, and
    M(tfe.admin.tfe_registry_sharing) brings both to what you ask for in one task.
  - It works on every release of TFE that can share modules (202012-1 or newer). HCP Terraform has no such API.
author:
  - tfe.admin contributors (@tfe-admin)
extends_documentation_fragment:
  - tfe.admin.consumers
  - tfe.admin.limit
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
  global_module_sharing:
    description:
      - V(true) opens the modules to every organization. TFE forgets the list of consumers then. Not together with
        O(consumers).
      - V(false) turns that off. Alone it leaves a list of consumers as it is; together with O(consumers) it says that
        you know that everybody who is not in the list loses access.
      - If not set, only what O(state) says happens.
      - At least one of O(consumers) and this option is needed.
    type: bool
notes:
  - Should your TFE accept a list of module consumers only through C(PUT registry-partnerships), as no known release
    does, each write replaces the list of provider consumers as well, which the task sends back as it was. Such a write
    may turn off global sharing of the producer's providers. The task turns it on again at once, but if it is killed in
    between, global sharing of providers stays off.
seealso:
  - module: tfe.admin.tfe_provider_consumers
  - module: tfe.admin.tfe_registry_sharing
  - module: tfe.admin.tfe_registry_sharing_info
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
  returned: success, where writing failed, and where O(max_revoked) was exceeded
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
  returned: success, where writing failed, and where O(max_revoked) was exceeded
  type: bool
  sample: false
consumers:
  description: The names of the consumers after the task (in check mode, as they would be), sorted.
  returned: success, where writing failed, and where O(max_revoked) was exceeded
  type: list
  elements: str
  sample:
    - payments
    - web-shop
partnerships:
  description: The partnerships after the task (in check mode, as they would be), sorted by the consumer's name.
  returned: success, where writing failed, and where O(max_revoked) was exceeded
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
  returned: success, where writing failed, and where O(max_revoked) was exceeded
  type: list
  elements: str
  sample:
    - payments
removed:
  description:
    - The names of the consumers that the task removed (in check mode, would remove), sorted. Turning global sharing on
      removes all of them.
  returned: success, where writing failed, and where O(max_revoked) was exceeded
  type: list
  elements: str
  sample: []
revoked:
  description:
    - The names of the organizations that could use the modules before the task and cannot use them any more (in check
      mode, would not), sorted. Where global sharing ended, these are all that are not listed now. Turning it on takes
      access from nobody.
  returned: success, where writing failed, and where O(max_revoked) was exceeded
  type: list
  elements: str
  sample: []
diff:
  description: Who may use the modules before and after the task, as text.
  returned: in diff mode
  type: dict
  contains:
    before_header:
      description: What the lines of RV(diff.before) are about.
      type: str
    after_header:
      description: What the lines of RV(diff.after) are about.
      type: str
    before:
      description: >-
        As it was, one line for each consumer, such as V(platform: payments), sorted. Global sharing is the line
        V(platform: (everybody\)).
      type: str
    after:
      description: >-
        The same as it is now (in check mode, as it would be). Where a write failed and that is not known, the line
        V(platform: (not known\)).
      type: str
  sample:
    before_header: who may use whose modules
    after_header: who may use whose modules
    before: |
      platform: web-shop
    after: |
      platform: payments
      platform: web-shop
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import (
    parse_limit,
    parse_request,
    request_options,
)
from ansible_collections.tfe.admin.plugins.module_utils._sharing.converge import converge
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(request_options(MODULES), _work)


def _work(module: AnsibleModule, client: Client) -> dict[str, Any]:
    options = module.params
    return converge(client, parse_request(options, MODULES), parse_limit(options), module.check_mode)


if __name__ == "__main__":
    main()
