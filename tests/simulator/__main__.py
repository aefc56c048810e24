# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command: runs a simulator until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

import yaml

from .behaviour import RELEASES, Behaviour
from .control import parse_organizations
from .server import ADMIN_TOKEN, USER_TOKEN, Simulator
from .state import Organization

DESCRIPTION = """\
A simulator of the part of Terraform Enterprise's admin API that is about sharing private registries. It listens on
loopback only and forgets everything when it stops. It is not Terraform Enterprise: it plays what is publicly known.
"""

EPILOG = """\
example:
  printf '%s\\n' 'organizations:' '- {name: platform, module_consumers: [payments]}' '- {name: payments}' > seed.yml
  python -m tests.simulator --port 8080 --seed seed.yml
  curl -H "Authorization: Bearer simulator-admin-token" \\
    http://127.0.0.1:8080/api/v2/admin/organizations/platform/relationships/module-consumers
  curl http://127.0.0.1:8080/_simulator/requests     # what was asked so far

An organization in the seed has a name and any of: external_id, global_modules, global_providers, module_consumers,
provider_consumers, disabled, email. The behaviours, with what each of them means, are in behaviour.py.
"""


def main() -> int:
    """Returns 0 after SIGTERM or SIGINT, 1 where --strict found something, 2 for arguments that cannot be."""
    parser = _parser()
    options = parser.parse_args()
    try:
        organizations = _organizations(options.seed, options.organizations)
        simulator = Simulator(
            profile=options.profile,
            organizations=organizations,
            behaviour=Behaviour.parse(options.behaviour),
            tls=options.tls,
            latency=options.latency,
            rate_limit=options.rate_limit,
            port=options.port,
            admin_token=options.admin_token,
            user_token=options.user_token,
            contract=options.strict,
        )
    except (ValueError, OSError, yaml.YAMLError) as error:
        parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with simulator as tfe:
        if options.ready_file:
            _write_ready_file(options.ready_file, tfe)
        print(f"The simulator listens at {tfe.address} (release {options.profile}).", flush=True)
        stop.wait()
        violations = tfe.forgive()
    print(*violations, sep="\n", end="\n" * bool(violations), file=sys.stderr)
    return 1 if violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0, the default, takes a free one")
    add("--profile", default="2.1", choices=list(RELEASES), help="the release to play (default: %(default)s)")
    add(
        "--tls", action="store_true", help="with a certificate for localhost and 127.0.0.1; see --ready-file for its CA"
    )
    add("--latency", type=float, default=0.0, metavar="SECONDS", help="wait before each answer")
    add("--rate-limit", type=int, default=0, metavar="N", help="requests per second and user; 0, the default: no limit")
    add("--seed", type=Path, metavar="FILE", help="YAML or JSON with a list under the key organizations")
    add("--organizations", type=int, default=0, metavar="N", help="add N organizations: team-00001, team-00002, ...")
    add(
        "--behaviour",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an answer to an open question; repeatable",
    )
    add(
        "--strict",
        action="store_true",
        help="hold requests and answers against the API notes; exit with 1 and say why, if one was not as they say",
    )
    add("--admin-token", default=ADMIN_TOKEN, help="the site administrator's (default: %(default)s)")
    add("--user-token", default=USER_TOKEN, help="that of somebody who is none (default: %(default)s)")
    add(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="written once it listens: JSON with address, tokens, ca_file, pid",
    )
    return parser


def _organizations(seed: Path | None, generated: int) -> list[Organization]:
    organizations = parse_organizations(yaml.safe_load(seed.read_text(encoding="utf-8"))) if seed else []
    return organizations + [Organization(f"team-{number:05}") for number in range(1, generated + 1)]


def _write_ready_file(path: Path, tfe: Simulator) -> None:
    """Appears at once and whole, so that whoever waits for it can read it."""
    ready = {
        "address": tfe.address,
        "admin_token": tfe.admin_token,
        "user_token": tfe.user_token,
        "ca_file": tfe.ca_file,
        "pid": os.getpid(),
    }
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(json.dumps(ready), encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main())
