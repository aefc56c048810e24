#!/usr/bin/python

# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tfe_registry_sharing_info
short_description: Tell which organizations may use whose private modules on Terraform Enterprise
version_added: 0.1.0
description:
  - Reads who may use whose private modules on Terraform Enterprise (TFE), in either direction, and changes nothing.
  - Without O(organization) and O(consumer), it returns every organization that shares its modules.
author:
  - tfe.admin contributors (@tfe-admin)
extends_documentation_fragment:
  - tfe.admin.connection
  - tfe.admin.attributes
attributes:
  check_mode:
    support: full
    details: It only reads, so check mode makes no difference.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
options:
  organization:
    description:
      - The name of a producer. Only this one is returned, even if it shares with nobody.
      - Blank counts as not given. Not together with O(consumer). Quote a name that is all digits.
    type: raw
  consumer:
    description:
      - The name or external id of an organization. Only the producers whose modules it may use are returned, those that
        share with every organization included, itself excluded.
      - Blank counts as not given. Not together with O(organization). Quote a name that is all digits.
    type: raw
notes:
  - Without O(organization), it reads the list of all organizations, the shorter list of those that the server calls
    producers, and the consumers of each of these. TFE 202012-1 to 202102-x has no such shorter list, so the consumers
    of every organization are read there, with one request or more for each.
seealso:
  - module: tfe.admin.tfe_module_consumers
  - module: tfe.admin.tfe_module_sharing
"""

EXAMPLES = r"""
- name: Who shares modules, and with whom
  tfe.admin.tfe_module_consumers_info:
    tfe_address: https://tfe.example.com
    tfe_token: "{{ tfe_token }}"
  register: sharing

- name: Show it, one line for each producer
  ansible.builtin.debug:
    msg: "{{ item.consumers | join(', ') if not item.global_module_sharing else 'everybody' }}"
  loop: "{{ sharing.producers }}"
  loop_control:
    label: "{{ item.organization.name }}"

- name: Who may use the modules of platform
  tfe.admin.tfe_module_consumers_info:
    organization: platform
  register: platform

- name: Stop if payments may not use them
  ansible.builtin.assert:
    that: >-
      platform.producers[0].global_module_sharing
      or 'payments' in platform.producers[0].consumers

- name: Whose modules may payments use
  tfe.admin.tfe_module_consumers_info:
    consumer: payments
  register: used

- name: Show their names
  ansible.builtin.debug:
    msg: "{{ used.producers | map(attribute='organization.name') | join(', ') }}"
"""

RETURN = r"""
producers:
  description: The producers, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    organization:
      description: The producer.
      type: dict
      contains:
        name:
          description: Its name in the spelling of the server.
          type: str
        external_id:
          description: Its external id, V(null) where the server does not tell it.
          type: str
    global_module_sharing:
      description: Whether every organization may use its modules.
      type: bool
    consumers:
      description: The names of its consumers, sorted. Empty where it shares with every organization.
      type: list
      elements: str
    partnerships:
      description: The partnerships with its consumers, sorted by the consumer's name.
      type: list
      elements: dict
      contains:
        id:
          description: The id of the partnership, V(null) where the server does not tell it. Do not rely on it.
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
    - organization:
        name: platform
        external_id: org-Hh3mVn8cYtR5wKzE
      global_module_sharing: false
      consumers:
        - payments
      partnerships:
        - id: null
          consuming_organization_id: org-7kPzQw3RtYb2NmXa
          consuming_organization_name: payments
          producing_organization_id: org-Hh3mVn8cYtR5wKzE
          producing_organization_name: platform
"""

from typing import Any

from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing.audit import audit

OPTIONS = {"organization": {"type": "raw"}, "consumer": {"type": "raw"}}


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(OPTIONS, lambda module, client: {"changed": False, **audit(client, **_given(module.params))})


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """A form in AWX sends a field that is left empty as blank text, so blank is the same as not given."""
    values = {name: options[name] for name in OPTIONS}
    return {name: None if isinstance(value, str) and not value.strip() else value for name, value in values.items()}


if __name__ == "__main__":
    main()
