#!/usr/bin/python

# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tfe_registry_sharing
short_description: Bring the registry sharing of many organizations on Terraform Enterprise to one list
version_added: 0.1.0
description:
  - Brings who may use whose private modules and private providers on Terraform Enterprise (TFE) to what one list says,
    for any number of producers in one task.
  - Each entry of O(producers) is about the modules of one producer, about its providers, or about both. What it says of
    modules follows the rules of M(tfe.admin.tfe_module_consumers), what it says of providers those of
    M(tfe.admin.tfe_provider_consumers). A kind that an entry does not mention is left alone.
  - First everything is read and every entry is checked. Only if nothing is wrong with any of them, what differs is
    written, several producers at a time, and it is made sure that the server shows what was asked for.
  - Right before each write, that producer is read again. If it has changed since the plan was made, it is left alone,
    and fails with "changed meanwhile, run again".
  - If a write fails, the other producers are still written. The task fails at the end, and RV(producers) tells what
    each of them shares then. The same task again finishes the job.
  - Modules can be shared on TFE 202012-1 or newer, providers on 202301-1 or newer. Asking for providers on an older
    release, be it to share or to prune them, is an error before anything is written. HCP Terraform has no such API.
author:
  - tfe.admin contributors (@tfe-admin)
extends_documentation_fragment:
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
  producers:
    description:
      - What is asked for, one entry for each producer.
      - An entry needs at least one of O(producers[].module_consumers), O(producers[].provider_consumers),
        O(producers[].global_module_sharing) and O(producers[].global_provider_sharing). A V(null) means the same as
        leaving the option out.
      - RV(before), and the C(producers) that M(tfe.admin.tfe_registry_sharing_info) returns, have the form of this
        option. So an earlier state can be put back, and what is there now can be kept in a file and changed from there.
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
      external_id:
        description:
          - The external id (C(org-...)) that the organization of this name must have. If it has another one, or the
            server does not tell it, that is an error before anything is written, since the name may belong to somebody
            else by now.
          - If not set, the name alone decides.
        type: str
      module_consumers:
        description:
          - The organizations that may use the modules, as O(producers[].state) says, each by its name or its external
            id.
          - With O(producers[].state=exact), an empty list takes the modules away from everybody. A blank element is
            always an error, and so is a number. Quote a name that is all digits.
        type: list
        elements: raw
      provider_consumers:
        description:
          - The same for providers.
          - If the producer shares its modules with every organization, the entry has to say something about modules as
            well, such as O(producers[].global_module_sharing=true). The notes say why.
        type: list
        elements: raw
      state:
        description:
          - What the lists of this entry mean, O(producers[].module_consumers) and O(producers[].provider_consumers)
            alike.
          - V(exact) makes a list the whole one. If the producer shares that kind globally, this is turned off, with a
            warning.
          - V(present) adds the organizations of a list, V(absent) removes them; both leave the others alone. If the
            producer shares that kind globally, they are an error, except for V(present) together with V(false) for
            the global sharing of that kind, which says that turning it off is meant.
        type: str
        choices:
          - exact
          - present
          - absent
        default: exact
      global_module_sharing:
        description:
          - V(true) opens the modules to every organization. TFE forgets the list of consumers then. Not together with
            O(producers[].module_consumers).
          - V(false) turns that off. Alone it leaves a list of consumers as it is; together with a list it says that you
            know that everybody who is not in the list loses access.
        type: bool
      global_provider_sharing:
        description:
          - The same for providers. V(true) not together with O(producers[].provider_consumers).
        type: bool
  prune:
    description:
      - The kinds of which O(producers) is the whole truth. Every organization that shares such a kind, with a list or
        globally, and has no entry, stops sharing it.
      - An entry that does not mention such a kind is an error if its organization shares it, so that a key without a
        value does not close a registry. An empty list says that nobody shall use it.
      - A kind that no entry mentions at all is an error if anybody shares it, unless it is also in O(prune_all).
      - Run it with C(--check --diff) first.
    type: list
    elements: str
    choices:
      - modules
      - providers
    default: []
  ignore:
    description:
      - The organizations that the task never touches as producers, each by its name or its external id. They keep
        sharing whatever O(prune) says.
      - An organization that does not exist, or that is also among O(producers), is an error, since a typo here would
        have the wrong one pruned.
    type: list
    elements: raw
    default: []
  prune_all:
    description:
      - Confirms that these kinds, which no entry of O(producers) mentions, shall not be shared by anybody any more,
        except by the organizations in O(ignore). Without this confirmation that is an error, so that a variable that
        was never filled cannot do it.
      - A kind that an entry mentions, or that is not in O(prune), is an error here.
    type: list
    elements: str
    choices:
      - modules
      - providers
    default: []
  approved:
    description:
      - The RV(digest) that an earlier run in check mode returned, and that somebody approved. If what would change now
        has another digest, the task fails before anything is written. If nothing would change, it passes.
      - If not set, or blank, whatever is asked for is written.
    type: str
notes:
  - Every write replaces the whole list of a producer on the server. Tasks of one user on one host wait for each other,
    by a lock in files below C(~/.ansible) and C(/tmp); this one waits for all of them and holds all of them up until it
    is done. Do not let it run at the same time as a task for the same instance on another host or in another container.
  - The only way to write a list of provider consumers, C(PUT registry-partnerships), replaces the lists of both kinds.
    If only the providers of a producer change, the list of its module consumers is read right before the write, sent
    back as it is, and read again afterwards. If the modules are not shared as before then, that producer fails, and
    its C(msg) says what may be wrong now and what to do.
  - That write may also turn off global sharing of modules, and a task that is killed right after it would leave them
    closed. So while a producer shares its modules with every organization, or the server does not tell whether it does,
    its list of provider consumers is written only if its entry is about modules too. Then the same task, run again,
    puts right what the killed one left. Otherwise it is an error before anything is written, and the message names the
    entry to write. The same goes for a producer whose providers are to be pruned and whose modules are not.
  - For each producer, lists are written first, both kinds in one request, and global sharing after them, both kinds in
    one request. Global sharing is left alone if the lists could not be written.
  - Terraform cannot address the private providers of an organization whose name contains an underscore. If such a
    producer shares them, the task does what is asked, and warns.
  - At most eight requests are under way at once, and no more in a second than the server's limit allows.
  - If O(prune) has modules in it, TFE 202012-1 to 202102-x needs one request or more for each organization of the
    instance, since it cannot tell which of them share.
seealso:
  - module: tfe.admin.tfe_module_consumers
  - module: tfe.admin.tfe_provider_consumers
  - module: tfe.admin.tfe_registry_sharing_info
"""

EXAMPLES = r"""
- name: Show what a file in git would change, and who would be pruned
  tfe.admin.tfe_registry_sharing:
    tfe_address: https://tfe.example.com
    tfe_token: "{{ tfe_token }}"
    producers: "{{ sharing_producers }}"
    prune:
      - modules
    ignore:
      - sandbox
  check_mode: true
  diff: true
  register: preview
  vars:
    sharing_producers:
      - organization: platform
        module_consumers:
          - payments

- name: Make exactly the changes that the preview showed, but take access from nobody
  tfe.admin.tfe_registry_sharing:
    producers: "{{ sharing_producers }}"
    prune:
      - modules
    ignore:
      - sandbox
    approved: "{{ preview.digest }}"
    max_revoked: 0
  vars:
    sharing_producers:
      - organization: platform
        module_consumers:
          - payments

- name: Exactly these organizations may use the modules and the providers of platform
  tfe.admin.tfe_registry_sharing:
    producers:
      - organization: platform
        module_consumers:
          - payments
          - web-shop
        provider_consumers:
          - data-science
  register: earlier

- name: Put everything back as it was before that task
  tfe.admin.tfe_registry_sharing:
    producers: "{{ earlier.before }}"

- name: This list is the whole truth about modules and about providers
  tfe.admin.tfe_registry_sharing:
    producers:
      - organization: platform
        module_consumers:
          - payments
          - web-shop
        provider_consumers:
          - payments
      - organization: security
        global_module_sharing: true
        global_provider_sharing: true
      - organization: sandbox
        module_consumers: []
        provider_consumers: []
    prune:
      - modules
      - providers

- name: This list is the whole truth about modules, while providers are left alone
  tfe.admin.tfe_registry_sharing:
    producers:
      - organization: platform
        module_consumers:
          - payments
      - organization: security
        global_module_sharing: true
    prune:
      - modules

- name: Nobody shares providers any more, modules stay as they are
  tfe.admin.tfe_registry_sharing:
    producers: []
    prune:
      - providers
    prune_all:
      - providers

- name: Modules for everybody, providers for some, in an entry that has to say both
  tfe.admin.tfe_registry_sharing:
    producers:
      - organization: security
        global_module_sharing: true
        global_provider_sharing: false
        provider_consumers:
          - payments

- name: One more consumer joins several lists, all else stays as it is
  tfe.admin.tfe_registry_sharing:
    producers:
      - organization: platform
        module_consumers:
          - data-science
        provider_consumers:
          - data-science
        state: present
      - organization: sandbox
        module_consumers:
          - data-science
        state: present

- name: Read who may use whose registry
  tfe.admin.tfe_registry_sharing_info:
  register: sharing

- name: Ask for what is there, which changes nothing
  tfe.admin.tfe_registry_sharing:
    producers: "{{ sharing.producers }}"

- name: Stop all sharing on the instance
  tfe.admin.tfe_registry_sharing:
    producers: []
    prune:
      - modules
      - providers
    prune_all:
      - modules
      - providers
"""

RETURN = r"""
producers:
  description:
    - One for each entry of O(producers), in the same order, with what it shares after the task (in check mode, what it
      would share). Also where writing failed.
    - A kind that is not known, because a write failed, is V(null).
  returned: success, where writing failed, and where the task was refused for O(max_revoked) or O(approved)
  type: list
  elements: dict
  contains:
    organization:
      description: The name of the producer, in the spelling of the server.
      type: str
    external_id:
      description: Its external id, V(null) where the server does not tell it.
      type: str
    changed:
      description: Whether the sharing of this producer was changed (in check mode, would be).
      type: bool
    module_consumers:
      description:
        - The names of the organizations that may use its modules, sorted. V(null) where it shares them with every
          organization, and where the entry does not mention modules.
      type: list
      elements: str
    provider_consumers:
      description: The same for providers.
      type: list
      elements: str
    global_module_sharing:
      description: Whether every organization may use its modules. V(null) where the entry does not mention modules.
      type: bool
    global_provider_sharing:
      description: The same for providers.
      type: bool
    failed:
      description: Whether its write failed, or did not lead to what was asked for.
      returned: where it did
      type: bool
    msg:
      description: Why.
      returned: where it failed
      type: str
  sample:
    - organization: platform
      external_id: org-Hh3mVn8cYtR5wKzE
      changed: true
      module_consumers:
        - payments
        - web-shop
      provider_consumers: null
      global_module_sharing: false
      global_provider_sharing: null
changes:
  description:
    - What the task changed (in check mode, would change), one for each producer and kind that differ, sorted by
      organization and kind. Those that are pruned are among them, and so is a kind that nobody asked about if a write
      changed it all the same.
  returned: success, where writing failed, and where the task was refused for O(max_revoked) or O(approved)
  type: list
  elements: dict
  contains:
    organization:
      description: The name of the producer.
      type: str
    kind:
      description: V(modules) or V(providers).
      type: str
    added:
      description: The names of the consumers that were added, sorted.
      type: list
      elements: str
    removed:
      description:
        - The names of the consumers that were removed, sorted. Turning global sharing on removes all of them. Who lost
          access because global sharing ended is not among them.
      type: list
      elements: str
    revoked:
      description:
        - The names of the organizations that could use this kind before and cannot any more, sorted. Where global
          sharing ended, these are all that are not listed now. Turning global sharing on takes access from nobody.
      type: list
      elements: str
    everybody_before:
      description: Whether every organization could use this kind before the task.
      type: bool
    everybody_after:
      description:
        - Whether every organization can use it after the task. V(null) where a write failed and that is not known.
      type: bool
  sample:
    - organization: platform
      kind: modules
      added:
        - web-shop
      removed: []
      revoked: []
      everybody_before: false
      everybody_after: false
digest:
  description:
    - A fingerprint of RV(changes), of the address, and of the external ids of all that they are about. Give it to
      O(approved) to have exactly these changes made and no others.
  returned: success, where writing failed, and where the task was refused for O(max_revoked) or O(approved)
  type: str
  sample: 5f6c1d0b1f6f4b8e9f0a3c2d7e8b9a0c1d2e3f405162738495a6b7c8d9e0f1a2
pruned:
  description: The names of the organizations that stopped sharing because of O(prune), sorted.
  returned: success, where writing failed, and where the task was refused for O(max_revoked) or O(approved)
  type: list
  elements: str
  sample:
    - old-team
before:
  description:
    - What was shared before the task, as entries that O(producers) takes, one for each producer that was written or may
      have been (in check mode, would be). To undo the task, ask for them.
    - A kind that the task did not change is V(null), unless it was shared globally.
  returned: success, where writing failed, and where the task was refused for O(max_revoked) or O(approved)
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
      description: The names of its module consumers. V(null) where it shared its modules with every organization.
      type: list
      elements: str
    provider_consumers:
      description: The same for providers.
      type: list
      elements: str
    global_module_sharing:
      description: Whether every organization could use its modules.
      type: bool
    global_provider_sharing:
      description: The same for providers.
      type: bool
  sample:
    - organization: platform
      external_id: org-Hh3mVn8cYtR5wKzE
      module_consumers:
        - payments
      provider_consumers: null
      global_module_sharing: false
      global_provider_sharing: null
diff:
  description: Who may use what before and after the task, as text, one for each kind that differs.
  returned: in diff mode
  type: list
  elements: dict
  contains:
    before_header:
      description: What the lines of RV(diff[].before) are about, modules or providers.
      type: str
    after_header:
      description: What the lines of RV(diff[].after) are about, modules or providers.
      type: str
    before:
      description: >-
        The producers that differ as they were, one line for each consumer, such as V(platform: payments), sorted.
        Global sharing is the line V(platform: (everybody\)).
      type: str
    after:
      description: >-
        The same as it is now (in check mode, as it would be). Where a write failed and that is not known, the line
        V(platform: (not known\)).
      type: str
  sample:
    - before_header: who may use whose modules
      after_header: who may use whose modules
      before: |
        platform: payments
      after: |
        platform: payments
        platform: web-shop
"""

from ansible_collections.tfe.admin.plugins.module_utils._module import run
from ansible_collections.tfe.admin.plugins.module_utils._sharing import entries
from ansible_collections.tfe.admin.plugins.module_utils._sharing.asking import LIMIT_OPTIONS
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import KINDS
from ansible_collections.tfe.admin.plugins.module_utils._sharing.matrix import converge_all, parse_matrix

_KINDS = {"type": "list", "elements": "str", "choices": [kind.name for kind in KINDS], "default": []}

OPTIONS = {
    "producers": {"type": "list", "elements": "dict", "required": True, "options": entries.OPTIONS},
    "prune": _KINDS,
    "ignore": {"type": "list", "elements": "raw", "default": []},
    "prune_all": _KINDS,
    "approved": {"type": "str"},
    **LIMIT_OPTIONS,
}


def main() -> None:
    """Runs the module; the work is done by the engine in module_utils."""
    run(OPTIONS, lambda module, client: converge_all(client, parse_matrix(module.params), module.check_mode))


if __name__ == "__main__":
    main()
