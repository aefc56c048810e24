# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds a module, runs its work, and turns every exception into one failure that a person can act on."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, _load_params, missing_required_lib

from ._tfe.client import Client
from ._tfe.connection import OPTIONS, connect, find_secrets
from ._tfe.errors import TfeError, describe_fault
from ._tfe.transport import REQUESTS_IMPORT_ERROR


def run(spec: Mapping[str, Any], work: Callable[[AnsibleModule, Client], dict[str, Any]]) -> None:
    """Runs one module from its arguments to its answer.

    ``spec`` is the argument spec without the connection options. ``work`` takes the module and a client, and returns
    the result; it must not write when ``module.check_mode`` is set.
    """
    module = AnsibleModule(argument_spec={**OPTIONS, **spec}, supports_check_mode=True)
    _restore_numbers(spec, module.params, _load_params())
    if REQUESTS_IMPORT_ERROR:
        reason = REQUESTS_IMPORT_ERROR.strip().rpartition("\n")[2]
        module.fail_json(msg=f"{missing_required_lib('requests')} {reason}", exception=REQUESTS_IMPORT_ERROR)
    secrets = find_secrets(module.params, os.environ)
    result: dict[str, Any] = {}
    failure: dict[str, Any] = {}
    fault: BaseException | None = None
    try:
        connection = connect(module.params, os.environ)
        secrets = connection.secrets
        secrets.tell(module)
        client = Client(connection, lambda text: module.warn(secrets.censor(text)))
        for warning in connection.warnings:
            client.warn(warning)
        result = work(module, client)
    except TfeError as error:
        result, failure, fault = error.result, {"msg": str(error)}, error.fault
    except Exception as error:  # noqa: BLE001  # the one place that lets no traceback through to the user
        failure, fault = {"msg": describe_fault(error)}, error
    if fault:
        failure["exception"] = "".join(traceback.format_exception(type(fault), fault, fault.__traceback__))
    if not module._diff:  # noqa: SLF001  # Ansible has no public name for it
        result.pop("diff", None)
    # Ansible adds the arguments where it is asked to; from 2.22 on as they are, token included.
    arguments = {key: value for key, value in module.params.items() if not OPTIONS.get(key, {}).get("no_log")}
    answer = {**result, **failure, "invocation": {"module_args": arguments}}
    censored = {key: secrets.censor_all(value) for key, value in answer.items()}
    if failure:
        # Outside of the except clauses: Ansible would add the traceback of what the user can act on without it.
        module.fail_json(**censored)
    module.exit_json(**censored)


def _restore_numbers(spec: Mapping[str, Any], options: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Puts a lone number back where Ansible made a list of its text: 0173 has become ['123'] then.

    In a list it can be refused, by its type.
    """
    for name, option in spec.items():
        value = given.get(name)
        if option["type"] == "list" and isinstance(value, (int, float)):
            options[name] = [value]
        elif "options" in option and isinstance(value, list):
            for entry, given_entry in zip(options[name], value):
                if isinstance(given_entry, dict):
                    _restore_numbers(option["options"], entry, given_entry)
