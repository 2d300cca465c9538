"""The program of one worker process: `python -m toprope_kit.worker_process CHANNEL_FD`.

It serves the users' port with uvicorn, beats its heart from the event loop (so that a stuck loop shows), reports its
readiness, and drains when it gets SIGTERM or when its supervisor is gone.
"""

import asyncio
import contextlib
import faulthandler
import importlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import cast

import uvicorn
import uvloop

from toprope_kit import door, logs, trace
from toprope_kit.asgi import ASGIApp
from toprope_kit.channel import BIRTH, REPORT, Birth, Phase, Report
from toprope_kit.connection import Connection
from toprope_kit.memory import HEARTBEAT, PID, Memory, Slot
from toprope_kit.server import ServerSettings
from toprope_kit.settings import SettingsProblem
from toprope_kit.telemetry import Telemetry
from toprope_kit.worker import Worker

logger = logging.getLogger(__name__)
BEAT, REPORTS = 0.2, 1.0
# At most a second for the connections that wait to be fetched.
DOOR_LOOKS, DOOR_PAUSE = 100, 0.01
# Of the grace time; what is left is for the linger, the door and the way out.
SHARE_OF_REQUESTS, SHARE_OF_DRAINS = 0.5, 0.35


class CannotStart(Exception):
    """The service's own code failed before it served; the message is for a person."""


class Server(uvicorn.Server):
    """uvicorn, told when to stop by us instead of by signals."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, or say that the app's own start failed; uvicorn would exit the process."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise CannotStart("The app's start-up failed; the log says where.") from None

    def expects_requests(self) -> bool:
        """Somebody has connected and not said anything yet: most likely the first request is on its way."""
        connections = self.server_state.connections
        return any(isinstance(connection, Connection) and connection.cycle is None for connection in connections)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process around it."""
        yield


class Process:
    """One worker process from birth to exit."""

    def __init__(self, birth: Birth, channel: socket.socket) -> None:
        self.settings = ServerSettings.model_validate(birth.settings)
        self.slot: Slot = Memory(birth.service, birth.workers, birth.memory_fd).slots[birth.index]
        self.worker = Worker(birth.service, self.slot, birth.index, self.settings.access_log)
        self.phase: Phase = "starting"
        self._socket = socket.socket(fileno=birth.socket_fd)
        self._channel = channel
        self._leaving = asyncio.Event()
        self._telemetry: Telemetry | None = None

    async def run(self) -> None:
        """Serve until told to leave, then drain."""
        self.slot.ints[PID] = os.getpid()
        self._listen_for_the_end()
        beating = asyncio.create_task(self._beat())
        server = self._server()
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        reporting = asyncio.create_task(self._report(server))
        leaving = asyncio.create_task(self._leaving.wait())
        failing = asyncio.create_task(self.worker.failed.wait())
        await asyncio.wait({serving, leaving, failing}, return_when=asyncio.FIRST_COMPLETED)
        self._leaving.set()
        if not serving.done():
            await self._leave(server)
        await serving
        for task in (beating, reporting, leaving, failing):
            task.cancel()

    def _server(self) -> Server:
        self.worker.drain_seconds = self.settings.shutdown_grace * SHARE_OF_DRAINS
        self._telemetry = self.worker.wrap(_made(self.worker))
        return Server(_config(self._telemetry, self.settings))

    def _listen_for_the_end(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._leaving.set)
        # Nothing is ever sent to a running worker: readable means that the supervisor is gone.
        loop.add_reader(self._channel, self._supervisor_gone)

    def _supervisor_gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._channel)
        self._leaving.set()

    async def _leave(self, server: Server) -> None:
        self.phase = "draining"
        self.worker.draining = True
        if self._telemetry is not None:
            self._telemetry.closing = True
        self.send(Report("draining"))
        await asyncio.sleep(self.settings.shutdown_linger)
        door.shut(self._socket)
        quiet = 0
        for _ in range(DOOR_LOOKS):
            # Twice in a row: between being fetched and being a connection, one is nowhere to be seen.
            quiet = 0 if door.waiting(self._socket) or server.expects_requests() else quiet + 1
            if quiet == 2:
                break
            await asyncio.sleep(DOOR_PAUSE)
        server.should_exit = True

    async def _beat(self) -> None:
        while True:
            self.slot.reals[HEARTBEAT] = time.monotonic()
            await asyncio.sleep(BEAT)

    async def _report(self, server: Server) -> None:
        """Often until it is ready for the first time: a pod's start waits for this."""
        pause = 0.05
        while not self._leaving.is_set():
            if server.started:
                self.phase = "serving"
            report = Report(self.phase, await self.worker.readiness.look())
            self.send(report)
            pause = REPORTS if report.ready else min(pause * 1.5, REPORTS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), pause)

    def send(self, report: Report) -> None:
        """Tell the supervisor."""
        # The supervisor always reads; should it be gone, there is nobody to tell.
        with contextlib.suppress(OSError):
            self._channel.send(REPORT.dump_json(report) + b"\n")


def _made(worker: Worker) -> ASGIApp:
    module, _, name = worker.service.factory.partition(":")
    try:
        return cast(ASGIApp, getattr(importlib.import_module(module), name)(worker))
    except SettingsProblem as problem:
        raise CannotStart(str(problem)) from problem
    except Exception as error:
        logger.exception("the service could not be made")
        kind = type(error).__qualname__
        raise CannotStart(f"{worker.service.factory} failed with {kind}; the log says where.") from error


def _config(app: Telemetry, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxy_networks),
        forwarded_allow_ips=settings.proxy_networks,
        # Longer than a gateway keeps idle connections (60 to 90 s), or it meets closed ones.
        timeout_keep_alive=95,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_grace * SHARE_OF_REQUESTS)),
    )


def _birth(channel: socket.socket) -> Birth:
    with channel.makefile("rb") as lines:
        return BIRTH.validate_json(lines.readline())


async def _live(birth: Birth, channel: socket.socket) -> int:
    process = Process(birth, channel)
    try:
        await process.run()
    except CannotStart as cause:
        process.send(Report("failed", sentence=str(cause)))
        return 1
    return 0


def main() -> int:
    """Run the worker that the channel describes; 0 after a clean drain."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    birth = _birth(channel)
    channel.setblocking(False)
    logs.configure(birth.service.name, str(birth.settings["log_level"]), birth.index)
    # A stuck worker is ended with SIGABRT and then says where it stood.
    faulthandler.enable()
    trace.configure(birth.service.name)
    return uvloop.run(_live(birth, channel))


if __name__ == "__main__":
    sys.exit(main())
