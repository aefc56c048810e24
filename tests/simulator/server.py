# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the simulator in a thread of its own."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from aiohttp import web

from .app import Exchange, Simulation, User
from .behaviour import RELEASES, Behaviour
from .contract import ContractViolatedError
from .faults import Fault
from .state import Organization, Record, Sharing, State

if TYPE_CHECKING:
    from typing_extensions import Self

ADMIN_TOKEN = "simulator-admin-token"
USER_TOKEN = "simulator-user-token"


class Simulator:
    """A simulated TFE on loopback while its ``with`` block lasts.

    ``profile`` is a key of ``RELEASES``; ``latency`` is in seconds for each answer; ``rate_limit`` is in requests per
    second and user, 0 for none; ``port`` 0 takes a free one. Raises ValueError for settings that cannot be.

    At the end of its ``with`` block it raises ContractViolatedError where a request or one of its own answers was not
    what the API notes say, unless ``contract`` is false, which saves the time to look.
    """

    def __init__(
        self,
        *,
        profile: str = "2.1",
        organizations: Iterable[Organization] = (),
        behaviour: Behaviour | None = None,
        tls: bool = False,
        latency: float = 0.0,
        rate_limit: int = 0,
        port: int = 0,
        admin_token: str = ADMIN_TOKEN,
        user_token: str = USER_TOKEN,
        contract: bool = True,
    ) -> None:
        if profile not in RELEASES:
            raise ValueError(f"There is no profile {profile!r}; there are: {', '.join(RELEASES)}")
        if latency < 0 or rate_limit < 0:
            raise ValueError("latency and rate_limit are not negative.")
        if not admin_token or not user_token or admin_token == user_token:
            raise ValueError("The two tokens are not empty and not the same.")
        self.admin_token = admin_token
        self.user_token = user_token
        """Valid; its user is not a site administrator, but a member of every organization."""
        self.address = ""
        self.ca_file: str | None = None
        """With TLS, the file with the certificate that clients have to trust; while the block lasts."""
        self._authority = _make_authority() if tls else None
        self._port = port
        behaviour = behaviour or Behaviour()
        self._state = State(
            organizations,
            names_like_ids=not RELEASES[profile].relationships,
            case_sensitive=behaviour.case_sensitive_names,
            keeps_lists=behaviour.global_keeps_list,
        )
        tokens: dict[str, User] = {admin_token: "admin", user_token: "member"}
        self._simulation = Simulation(
            profile=profile,
            state=self._state,
            behaviour=behaviour,
            rate_limit=rate_limit,
            latency=latency,
            tokens=tokens,
            contract=contract,
        )

    def __enter__(self) -> Self:
        """Raises OSError where the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self.address = f"{'https' if self._authority else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        if self._authority:
            self.ca_file = self._authority.write_file()
        self._is_running = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listener)), name="simulator", daemon=True
        )
        self._thread.start()
        self._is_running.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        if self.ca_file:
            Path(self.ca_file).unlink()
        violations = self.forgive()
        if violations and error is None:
            raise ContractViolatedError("\n".join(violations))

    async def _serve(self, listener: socket.socket) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._is_running.set()
        tls = self._authority.context if self._authority else None
        # Who still waits for an answer when the simulator stops does not get one. To aiohttp, 0 would mean for ever.
        runner = web.AppRunner(self._simulation.application(), access_log=None, shutdown_timeout=0.001)
        try:
            await runner.setup()
            await web.SockSite(runner, listener, ssl_context=tls).start()
            await self._end.wait()
        finally:
            # A client that refused the certificate leaves a transport that nobody closes.
            for connection in runner.server.connections if runner.server else ():
                if connection.transport:
                    connection.transport.abort()
            await runner.cleanup()
            listener.close()

    # The state.

    def external_id(self, name: str) -> str:
        """Raises KeyError where there is no such organization."""
        with self._state.lock:
            return self._record(name).external_id

    def sharing(self, name: str) -> Sharing:
        """With whom it shares now. Raises KeyError where there is no such organization."""
        with self._state.lock:
            return self._state.sharing(self._record(name))

    def add(self, organization: Organization) -> None:
        """Raises ValueError where the name is taken or a consumer does not exist."""
        with self._state.lock:
            self._state.add(organization)

    def remove(self, name: str) -> None:
        """Removes an organization and its partnerships. Raises KeyError where there is none."""
        with self._state.lock:
            self._state.remove(name)

    def rename(self, name: str, new: str) -> None:
        """Raises KeyError where there is no such organization, ValueError where the new name cannot be or is taken."""
        with self._state.lock:
            self._state.rename(name, new)

    def _record(self, name: str) -> Record:
        record = self._state.find(name)
        if record is None:
            raise KeyError(name)
        return record

    # The journal and the faults.

    @property
    def requests(self) -> list[Exchange]:
        """What was asked so far, in the order in which it came; the control API is not in it."""
        return list(self._simulation.journal)

    def forget(self) -> None:
        """Empties the journal."""
        self._simulation.journal.clear()

    def forgive(self) -> list[str]:
        """What violated the contract so far, one sentence each; from now on it counts no longer."""
        contract = self._simulation.contract
        if contract is None:
            return []
        violations, contract.violations = contract.violations, []
        return violations

    def order(self, *faults: Fault) -> None:
        """Adds faults after those that are there."""
        with self._state.lock:
            self._simulation.faults.order(*faults)

    @property
    def orders_left(self) -> list[Fault]:
        """The faults that have not fired as often as ordered."""
        with self._state.lock:
            return self._simulation.faults.left


class _Authority:
    """A certificate authority, and a server certificate of it for localhost and 127.0.0.1."""

    def __init__(self) -> None:
        # Its import takes longer than a simulator without TLS takes to start.
        import trustme  # noqa: PLC0415

        authority = trustme.CA()
        self._certificate = authority.cert_pem.bytes()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(self.context)

    def write_file(self) -> str:
        """Writes the authority's certificate to a new file and returns its path."""
        with tempfile.NamedTemporaryFile(prefix="tfe-simulator-", suffix=".pem", delete=False) as file:
            file.write(self._certificate)
        return file.name


@functools.cache
def _make_authority() -> _Authority:
    """One for the whole process: it takes longer to make than everything else."""
    return _Authority()
