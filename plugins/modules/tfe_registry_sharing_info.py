#!/usr/bin/python

# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tfe_registry_sharing_info
short_description: Tell which organizations may use whose private modules and providers on Terraform Enterprise
version_added: 0.1.0
description:
  - Reads who may use whose private modules and private providers on Terraform Enterprise (TFE), in either direction,
    and changes nothing.
  - Without O(organization) and O(consumer), it returns every organization that shares its modules or its providers.
  - RV(producers) has the form that M(tfe.admin.tfe_registry_sharing) takes. So what was read can be kept in a file, and
    be put back later.
  - Releases of TFE before 202301-1 cannot share providers. There, everything about providers is V(null).
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
      - The name or external id of an organization. Only the producers whose modules or providers it may use are
        returned, those that share with every organization included, itself excluded. Each of them is returned whole,
        with all its consumers of both kinds.
      - Blank counts as not given. Not together with O(organization). Quote a name that is all digits.
    type: raw
  as_member:
    description:
      - Asks as a member of O(consumer) whose modules this organization may use, and returns RV(module_producers) alone.
        The token may be that of any member; no site administrator is needed. O(consumer) must be a name then.
      - Producers that share with every organization may be missing, since it is not documented whether TFE tells them.
        Providers are not told. TFE answers this question since release 202103-1.
    type: bool
    default: false
notes:
  - Without O(organization), it reads the list of all organizations, the shorter lists of those that the server calls
    producers of modules and of providers, and the consumers of each of these. TFE 202012-1 to 202102-x has no such
    shorter list, so the consumers of every organization are read there, with one request or more for each.
seealso:
  - module: tfe.admin.tfe_registry_sharing
  - module: tfe.admin.tfe_module_consumers
  - module: tfe.admin.tfe_provider_consumers
"""

EXAMPLES = r"""
- name: Who shares modules or providers, and with whom
  tfe.admin.tfe_registry_sharing_info:
    tfe_address: https://tfe.example.com
    tfe_token: "{{ tfe_token }}"
  register: sharing

- name: Show who may use the modules, one line for each producer
  ansible.builtin.debug:
    msg: "{{ 'everybody' if item.global_module_sharing else item.module_consumers | join(', ') }}"
  loop: "{{ sharing.producers }}"
  loop_control:
    label: "{{ item.organization }}"

- name: Who may use the modules and the providers of platform
  tfe.admin.tfe_registry_sharing_info:
    organization: platform
  register: platform

- name: Stop if payments may not use the modules
  ansible.builtin.assert:
    that: >-
      platform.producers[0].global_module_sharing
      or 'payments' in platform.producers[0].module_consumers

- name: Whose modules or providers may payments use
  tfe.admin.tfe_registry_sharing_info:
    consumer: payments
  register: used

- name: Show whose modules they are
  ansible.builtin.debug:
    msg: "{{ (everybodys + listed) | map(attribute='organization') | join(', ') }}"
  vars:
    everybodys: "{{ used.producers | selectattr('global_module_sharing') | list }}"
    listed: >-
      {{ used.producers | rejectattr('global_module_sharing')
         | selectattr('module_consumers', 'contains', 'payments') | list }}

- name: Ask as a member of payments, without a site administrator's token, whose modules it may use
  tfe.admin.tfe_registry_sharing_info:
    tfe_token: "{{ member_token }}"
    consumer: payments
    as_member: true

- name: Go from sharing with everybody to a list, which begins with everybody who exists now
  tfe.admin.tfe_module_consumers:
    organization: security
    global_module_sharing: false
    consumers: "{{ sharing.organizations | map(attribute='name') | difference(['security']) }}"
"""

RETURN = r"""
producers:
  description: The producers, sorted by name.
  returned: success, unless O(as_member=true)
  type: list
  elements: dict
  contains:
    organization:
      description: The name of the producer, in the spelling of the server.
      type: str
    external_id:
      description: Its external id, V(null) where the server does not tell it.
      type: str
    module_consumers:
      description:
        - The names of the organizations that may use its modules, sorted. V(null) where it shares them with every
          organization.
      type: list
      elements: str
    provider_consumers:
      description:
        - The names of the organizations that may use its providers, sorted. V(null) where it shares them with every
          organization, and where the release of TFE cannot share providers.
      type: list
      elements: str
    global_module_sharing:
      description: Whether every organization may use its modules.
      type: bool
    global_provider_sharing:
      description:
        - Whether every organization may use its providers. V(null) where the release of TFE cannot share providers.
      type: bool
  sample:
    - organization: platform
      external_id: org-Hh3mVn8cYtR5wKzE
      module_consumers:
        - payments
        - web-shop
      provider_consumers: []
      global_module_sharing: false
      global_provider_sharing: false
    - organization: security
      external_id: org-Qd5sWx9bLmTf2KvC
      module_consumers: null
      provider_consumers:
        - payments
      global_module_sharing: true
      global_provider_sharing: false
organizations:
  description: All organizations that exist, whether they share or not, sorted by name.
  returned: success, without O(organization) and O(as_member)
  type: list
  elements: dict
  contains:
    name:
      description: The name, in the spelling of the server.
      type: str
    external_id:
      description: The external id, V(null) where the server does not tell it.
      type: str
  sample:
    - name: payments
      external_id: org-7kPzQw3RtYb2NmXa
    - name: platform
      external_id: org-Hh3mVn8cYtR5wKzE
module_producers:
  description: The names of the organizations whose modules O(consumer) may use, sorted.
  returned: success, with O(as_member=true)
  type: list
  elements: str
  sample:
    - platform
"""

from typing import Any

from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing.audit import audit

OPTIONS = {
    "organization": {"type": "raw"},
    "consumer": {"type": "raw"},
    "as_member": {"type": "bool", "default": False},
}


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(OPTIONS, lambda module, client: {"changed": False, **audit(client, **_given(module.params))})


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """A form in AWX sends a field that is left empty as blank text, so blank is the same as not given."""
    values = {name: options[name] for name in OPTIONS}
    return {name: None if isinstance(value, str) and not value.strip() else value for name, value in values.items()}


if __name__ == "__main__":
    main()
