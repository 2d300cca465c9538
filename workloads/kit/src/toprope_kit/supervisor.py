"""The process that a pod sees: it holds the sockets and the counters, keeps the workers alive and answers for them.

    start ──► each worker: start ─► serve ─► ended? ─► settle its counts, count it, wait a little ─► start again
                                                └── SIGTERM: no more starts; the end of the last one is the end

It runs none of the service's code, so it answers on the ops port whatever the service does. Every worker listens on a
socket of its own on the same port (SO_REUSEPORT spreads connections evenly), which the supervisor keeps open: the
connections that wait for a worker that died are served by the next one.
"""

import asyncio
import logging
import signal
import socket
import time
from collections import Counter as Tally
from collections.abc import Sequence

from toprope_kit import logs, usage
from toprope_kit.channel import Birth
from toprope_kit.keeper import Keeper
from toprope_kit.memory import Memory
from toprope_kit.metrics import Health
from toprope_kit.ops import Ops, WorkerState, is_ready
from toprope_kit.server import ServerSettings
from toprope_kit.service import Service

logger = logging.getLogger(__name__)
WATCH = 0.5
# The workers serve what waits at the door before they close it; they take a second at most.
DOOR = 1.1
REASONS = ("exit", "signal", "stuck")


class Supervisor:
    """All processes of one pod."""

    def __init__(self, service: Service, settings: ServerSettings) -> None:
        self._service = service
        self._settings = settings
        self._memory = Memory(service, settings.workers)
        self._sockets = bound(settings.host, settings.port, settings.workers)
        self._ops_sockets = bound(settings.host, settings.ops_port, 1)
        self._keepers = [self._keeper(index) for index in range(settings.workers)]
        self._leaving = asyncio.Event()
        self._started_at = time.time()

    @property
    def draining(self) -> bool:
        """SIGTERM has come."""
        return self._leaving.is_set()

    def workers(self) -> Sequence[WorkerState]:
        """All workers as they are now."""
        return [keeper.state() for keeper in self._keepers]

    def health(self) -> Health:
        """What `/metrics` shows beside the counters."""
        states = self.workers()
        pids = [state.pid for state in states if state.pid]
        restarts = sum((keeper.restarts for keeper in self._keepers), Tally[str]())
        findings = [finding for state in states for finding in state.findings]
        return Health(
            workers=len(pids),
            ready=is_ready(self),
            restarts={reason: restarts[reason] for reason in REASONS},
            checks={f.name: not any(g.error for g in findings if g.name == f.name) for f in findings},
            resident_bytes=usage.resident_bytes([usage.OWN, *pids]),
            cpu_seconds=usage.cpu_seconds(pids),
            started_at=self._started_at,
        )

    async def run(self) -> int:
        """Serve until SIGTERM; 0 when every worker drained in time. CannotRun when a worker never served."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._leaving.set)
        keeping = [asyncio.create_task(keeper.keep()) for keeper in self._keepers]
        self._tell_ports()
        # Let the workers' processes begin before a fifth of a second goes into importing uvicorn.
        await asyncio.sleep(0)
        from toprope_kit.ops_server import OpsServer  # noqa: PLC0415

        ops = OpsServer(Ops(self._service, self._memory.slots, self))
        answering = asyncio.create_task(ops.serve(sockets=self._ops_sockets))
        watching = asyncio.create_task(self._watch())
        leaving = asyncio.create_task(self._leaving.wait())
        # A keeper ends by itself only when it gives up.
        await asyncio.wait({leaving, *keeping}, return_when=asyncio.FIRST_COMPLETED)
        await self._leave()
        codes = await asyncio.gather(*keeping, return_exceptions=True)
        watching.cancel()
        leaving.cancel()
        ops.should_exit = True
        await answering
        return _exit_code(codes)

    async def _leave(self) -> None:
        self._leaving.set()
        logs.say(logger, "leaving")
        for keeper in self._keepers:
            keeper.leave(self._settings.shutdown_grace)
        await asyncio.sleep(self._settings.shutdown_linger + DOOR)
        # The workers have closed theirs; with ours open, connections would go on waiting for nobody.
        for sock in self._sockets:
            sock.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            for keeper in self._keepers:
                keeper.watch()

    def _keeper(self, index: int) -> Keeper:
        birth = Birth(
            service=self._service,
            settings=self._settings.model_dump(),
            index=index,
            workers=self._settings.workers,
            memory_fd=self._memory.fd,
            socket_fd=self._sockets[index].fileno(),
        )
        return Keeper(birth, self._memory.slots[index], self._settings.stuck_after)

    def _tell_ports(self) -> None:
        port, ops_port = (socks[0].getsockname()[1] for socks in (self._sockets, self._ops_sockets))
        logs.say(logger, "listening", port=port, ops_port=ops_port, workers=self._settings.workers)


def bound(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` sockets on the same port, which do not listen yet; OSError when it is taken."""
    if host == "::" and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # noqa: S104 - a pod's own network
    sockets: list[socket.socket] = []
    for _ in range(count):
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Alone on its port it must stay alone: another process with the option would share the requests.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, count > 1)
        sock.bind((host, port))
        port = sock.getsockname()[1]
        sockets.append(sock)
    return sockets


def _exit_code(codes: Sequence[int | BaseException]) -> int:
    for code in codes:
        if isinstance(code, BaseException):
            raise code
    return 1 if any(codes) else 0
