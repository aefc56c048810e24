# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the installed collection in a process of its own, as a module runs, and tells what that process needed.

Usage: measured.py module NAME, with the module's arguments as JSON on standard input, runs a whole module.
       measured.py read NAME reads with whom the organization NAME shares, as tfe_module_consumers does.
The address and the token come from the environment, the collection from PYTHONPATH. With MEASURED_CONNECTIONS set, the
client has that many connections. Standard output is the module's; the last line of standard error is JSON:
    seconds     of the clock, from before the client is made (read) or the module begins (module); no imports in it
    cpu         seconds, user and system, for the same
    peak        bytes, the most memory that the process ever had
The peak is the kernel's own count for this program (VmHWM). The one of getrusage() would not do: on Linux it includes
what the process had before it became this program, when it still was a copy of the one that started it.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ansible.module_utils import basic
from ansible_collections.tfe.admin.plugins.module_utils._sharing.kinds import MODULES
from ansible_collections.tfe.admin.plugins.module_utils._sharing.reading import Registry, read_document
from ansible_collections.tfe.admin.plugins.module_utils._tfe import transport
from ansible_collections.tfe.admin.plugins.module_utils._tfe.client import Client
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import OPTIONS, connect

PLUGINS = "ansible_collections.tfe.admin.plugins.modules"


def run_module(name: str) -> None:
    """Raises SystemExit, as a module ends."""
    module = importlib.import_module(f"{PLUGINS}.{name}")
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.load(sys.stdin)}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    measure(module.main)


def read(name: str) -> None:
    """Reads the organization and all of its consumers."""

    def read_all() -> None:
        connection = connect(dict.fromkeys(OPTIONS), os.environ)
        client = Client(connection, lambda warning: print(warning, file=sys.stderr))
        sharing = Registry(client).sharing(read_document(client, name), MODULES)
        print(json.dumps({"changed": False, "consumers": sharing.names}))

    measure(read_all)


def measure(work: Callable[[], None]) -> None:
    """Runs the work and prints what it needed."""
    started, cpu_before = time.perf_counter(), time.process_time()
    try:
        work()
    finally:
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_before
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
        needed = {"seconds": seconds, "cpu": cpu, "peak": int(peak[1]) * 1024 if peak else None}
        sys.stdout.flush()
        print(json.dumps(needed), file=sys.stderr)


if __name__ == "__main__":
    if "MEASURED_CONNECTIONS" in os.environ:
        transport.CONNECTIONS = int(os.environ["MEASURED_CONNECTIONS"])
    {"module": run_module, "read": read}[sys.argv[1]](sys.argv[2])
