"""One worker process as the supervisor sees it: started, heard, stopped."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from dataclasses import replace

from pydantic import ValidationError

from toprope_kit.channel import BIRTH, REPORT, Birth, Report

Process = asyncio.subprocess.Process


class Child:
    """A running worker process; a restarted worker is a new Child."""

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self.process = process
        self.born = time.monotonic()
        self.report = Report("starting")
        self.reported = self.born
        self.served = False
        """It got as far as serving."""
        self.stuck = False
        """It was killed because its loop stood still."""
        self._channel = channel
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def start(cls, birth: Birth) -> "Child":
        """Start a worker process and tell it what it is."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "toprope_kit.worker_process", str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), birth.memory_fd, birth.socket_fd),
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.sendall(BIRTH.dump_json(birth) + b"\n")
        return cls(process, ours)

    async def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal. Everything that it reported has been heard then."""
        code = await self.process.wait()
        await self._hearing
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def _hear(self) -> None:
        self._channel.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=self._channel)
        # A killed worker resets the pair; that is its end like any other.
        with contextlib.suppress(ConnectionError, ValidationError):
            while line := await reader.readline():
                self._heard(REPORT.validate_json(line))
        writer.close()

    def _heard(self, report: Report) -> None:
        # A worker that drains has no checks to tell any more; the last ones stay visible.
        self.report = report if report.findings else replace(report, findings=self.report.findings)
        self.reported = time.monotonic()
        self.served = self.served or report.phase == "serving"
