# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installed collection as a user meets it: the action group, TLS, and a host that lacks requests."""

from __future__ import annotations

import contextlib
import datetime
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.tfe.admin.tests.company import Certificate, CompanyCA
from ansible_collections.tfe.admin.tests.integration.conftest import RunPlaybook
from ansible_collections.tfe.admin.tests.simulator import Organization, Simulator

PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/tfe.admin.tfe:
      tfe_address: "{{ address }}"
      tfe_token: "{{ token }}"
  tasks:
    - tfe.admin.tfe_module_consumers:
        organization: delta
        consumers: [gamma]
"""


def test_module_defaults_reach_the_module_over_tls_and_the_token_is_in_no_output(
    run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    with Simulator(organizations=[Organization("delta"), Organization("gamma")], tls=True) as tfe:
        assert tfe.ca_file
        variables = ["-e", f"address={tfe.address}", "-e", "token={{ lookup('file', 'token') }}"]
        (tmp_path / "token").write_text(tfe.admin_token, encoding="utf-8")
        run = run_playbook(PLAY, *variables, "--diff", "-vvvvv", TFE_CA_BUNDLE=tfe.ca_file)
        assert run.returncode == 0, run.stdout
        assert "changed=1" in run.stdout
        assert tfe.sharing("delta").module_consumers == ("gamma",)
        assert tfe.admin_token not in run.stdout
        unverified = run_playbook(PLAY, *variables)
        assert "CERTIFICATE_VERIFY_FAILED" in unverified.stdout
        assert "tfe_ca_bundle" in unverified.stdout


PLAY_OF_ALL = """
- hosts: localhost
  gather_facts: false
  tasks:
    - tfe.admin.tfe_registry_sharing_info:
        tfe_address: "https://127.0.0.1:{{ item }}"
        tfe_token: token
        tfe_ca_bundle: "{{ playbook_dir }}/ca.pem"
      loop: "{{ ports }}"
      ignore_errors: true
"""
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


@contextmanager
def serving(certificate: Certificate, received: list[bytes]) -> Iterator[int]:
    """The port of a server that shows this certificate and answers 403; it adds what it is sent over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _address = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    received.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_companys_own_ca_is_taken_on_this_python_and_no_other_certificate_is(
    run_playbook: RunPlaybook, tmp_path: Path
) -> None:
    """The matrix runs the modules on Python 3.9, the integration gate on the newest one that is here."""
    company = CompanyCA()
    company.write(tmp_path / "ca.pem")
    certificates = {
        "good": company.issue_cert("127.0.0.1"),
        "other_name": company.issue_cert("tfe.example.com"),
        "expired": company.issue_cert("127.0.0.1", not_after=LONG_AGO),
        "other_ca": CompanyCA().issue_cert("127.0.0.1"),
    }
    received: dict[str, list[bytes]] = {name: [] for name in certificates}
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(serving(it, received[name])) for name, it in certificates.items()]
        run = run_playbook(PLAY_OF_ALL, "-e", json.dumps({"ports": ports}))
    assert [name for name, requests in received.items() if any(requests)] == ["good"], run.stdout
    for told in (
        "answered 403 Forbidden",
        "Set tfe_address to a name that the certificate is for.",
        "The certificate of the server has to be renewed.",
        "does not hold the CA that signed the certificate of the server",
    ):
        assert told in " ".join(run.stdout.split())


def test_a_host_without_requests_is_told_so(run_playbook: RunPlaybook, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    interpreter = f"ansible_python_interpreter={tmp_path}/bare/bin/python"
    run = run_playbook(PLAY, "-e", interpreter, "-e", "address=tfe.example.com token=x")
    assert run.returncode == 2
    assert "Failed to import the required Python library (requests)" in run.stdout
