#!/usr/bin/python

# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tfe_registry_sharing
short_description: Bring the module sharing of many organizations on Terraform Enterprise to one list
version_added: 0.1.0
description:
  - Brings who may use whose private modules on Terraform Enterprise (TFE) to what one list says, for any number of
    producers in one task.
  - Each entry of O(producers) follows the rules of M(tfe.admin.tfe_module_consumers).
  - First everything is read and every entry is checked. Only if nothing is wrong with any of them, what differs is
    written, several producers at a time, and it is made sure that the server shows what was asked for.
  - Right before each write, that producer is read again. If it has changed since the plan was made, it is left alone,
    and fails with "changed meanwhile, run again".
  - If a write fails, the other producers are still written. The task fails at the end, and RV(producers) tells what
    each of them shares then. The same task again finishes the job.
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
  producers:
    description:
      - What is asked for, one entry for each producer.
    type: list
    elements: dict
    required: true
    suboptions:
      organization:
        description:
          - The name of the producer. Upper and lower case do not matter. No producer may be there twice. An external id
            is refused, and so is a number. Quote a name that is all digits.
        type: raw
        required: true
      consumers:
        description:
          - The organizations that O(producers[].state) is about, each by its name or its external id (C(org-...)).
          - With O(producers[].state=exact), an empty list takes the modules away from everybody. A blank element is
            always an error, and so is a number. Quote a name that is all digits.
          - At least one of O(producers[].consumers) and O(producers[].global_module_sharing) is needed.
        type: list
        elements: raw
      state:
        description:
          - V(exact) makes O(producers[].consumers) the whole list. If the producer shares globally, that is turned off,
            with a warning.
          - V(present) adds O(producers[].consumers) to the list, V(absent) removes them; both leave the others alone.
            If the producer shares globally, they are an error, but for V(present) with
            O(producers[].global_module_sharing=false), which says that turning that off is meant.
        type: str
        choices:
          - exact
          - present
          - absent
        default: exact
      global_module_sharing:
        description:
          - V(true) opens the modules to every organization. TFE forgets the list of consumers then. Not together with
            O(producers[].consumers).
          - V(false) turns that off. Alone it leaves a list of consumers as it is.
        type: bool
  prune:
    description:
      - Whether every other organization that shares its modules, with a list or globally, stops sharing them.
      - Run it with C(--check --diff) first.
    type: bool
    default: false
  ignore:
    description:
      - The organizations that the task never touches as producers, each by its name or its external id. They keep
        sharing when O(prune=true).
      - An organization that does not exist, or that is also among O(producers), is an error, since a slip of the pen
        here would have the wrong one pruned.
    type: list
    elements: raw
    default: []
  prune_all:
    description:
      - Confirms that an empty list of O(producers) together with O(prune=true) is meant. It stops all sharing on the
        instance but that of O(ignore), and without this confirmation it is an error, so that a variable that was never
        filled cannot do that.
    type: bool
    default: false
notes:
  - Every write replaces the whole list of a producer on the server. Tasks of one user on one host wait for each other,
    by a lock in files below C(~/.ansible) and C(/tmp); this one waits for all of them and holds all of them up until it
    is done. Do not let it run at the same time as a task for the same instance on another host or in another container.
  - At most eight requests are under way at once, and no more in a second than the server's limit allows.
  - With O(prune=true), TFE 202012-1 to 202102-x needs one request or more for each organization of the instance, since
    it cannot tell which of them share.
seealso:
  - module: tfe.admin.tfe_module_consumers
  - module: tfe.admin.tfe_module_consumers_info
"""

EXAMPLES = r"""
- name: Show what a file in git would change, and who would be pruned
  tfe.admin.tfe_module_sharing:
    tfe_address: https://tfe.example.com
    tfe_token: "{{ tfe_token }}"
    producers: "{{ sharing_producers }}"
    prune: true
    ignore:
      - sandbox
  check_mode: true
  diff: true
  register: preview
  vars:
    sharing_producers:
      - organization: platform
        consumers:
          - payments

- name: Stop if anybody would lose access
  ansible.builtin.assert:
    that:
      - preview.removed == 0
      - preview.pruned == []

- name: The module sharing of the whole instance is what this file says
  tfe.admin.tfe_module_sharing:
    producers:
      - organization: platform
        consumers:
          - payments
          - web-shop
      - organization: security
        global_module_sharing: true
      - organization: sandbox
        consumers: []
    prune: true

- name: Some producers only, the others stay as they are
  tfe.admin.tfe_module_sharing:
    producers:
      - organization: platform
        consumers:
          - data-science
        state: present
      - organization: security
        global_module_sharing: false
        consumers:
          - payments

- name: Stop all sharing on the instance
  tfe.admin.tfe_module_sharing:
    producers: []
    prune: true
    prune_all: true
"""

RETURN = r"""
producers:
  description:
    - One for each entry of O(producers), in the same order. Also when writes failed; then it tells for each producer
      what it shares now.
  returned: always, unless nothing was tried because something is wrong with an entry
  type: list
  elements: dict
  contains:
    changed:
      description: Whether the sharing of this producer was changed (in check mode, would be).
      type: bool
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
      description: Whether every organization may use its modules now. V(null) where a write failed and that is unknown.
      type: bool
    consumers:
      description: The names of its consumers now, sorted. V(null) where a write failed and they are unknown.
      type: list
      elements: str
    partnerships:
      description:
        - Its partnerships now, sorted by the consumer's name, as M(tfe.admin.tfe_module_consumers) returns them.
          V(null) where a write failed and they are unknown.
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
    added:
      description: The names of the consumers that were added, sorted.
      type: list
      elements: str
    removed:
      description: The names of the consumers that were removed, sorted.
      type: list
      elements: str
    failed:
      description: Whether its write failed, or did not lead to what was asked for.
      returned: where it did
      type: bool
    msg:
      description: Why.
      returned: where it failed
      type: str
  sample:
    - changed: true
      organization:
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
      added:
        - payments
      removed: []
pruned:
  description: The names of the organizations that stopped sharing because of O(prune), sorted.
  returned: always, unless nothing was tried because something is wrong with an entry
  type: list
  elements: str
  sample:
    - old-team
added:
  description: How many consumers were added, over all producers.
  returned: always, unless nothing was tried because something is wrong with an entry
  type: int
  sample: 1
removed:
  description: How many consumers were removed, over all producers and all that were pruned.
  returned: always, unless nothing was tried because something is wrong with an entry
  type: int
  sample: 3
diff:
  description: The producers that change, those that are pruned included.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: By the name of each, its C(global_module_sharing) and C(consumers) before the task.
      type: dict
    after:
      description: The same after the task (in check mode, as it would be).
      type: dict
"""

from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import ENTRY_OPTIONS
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS
from ansible_collections.tfe.admin.plugins.module_utils._sharing.matrix import converge_all, parse_matrix

_KINDS = {"type": "list", "elements": "str", "choices": [kind.name for kind in KINDS], "default": []}

OPTIONS = {
    "producers": {"type": "list", "elements": "dict", "required": True, "options": ENTRY_OPTIONS},
    "prune": _KINDS,
    "ignore": {"type": "list", "elements": "raw", "default": []},
    "prune_all": _KINDS,
}


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(OPTIONS, lambda module, client: converge_all(client, parse_matrix(module.params), module.check_mode))


if __name__ == "__main__":
    main()
