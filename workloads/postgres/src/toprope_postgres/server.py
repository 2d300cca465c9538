"""Postgres in the foreground, with a look at its volume twice a second.

Its configuration is written at each start beside its socket and not on the volume: a newer image brings its own
settings, and a full volume cannot keep us from changing one.
"""

import os
import pwd
import signal
import subprocess
from types import FrameType

from toprope_postgres import space
from toprope_postgres.place import HBA, SUPERUSER, Place, say

LOOK = 0.5


def settings(place: Place, read_only: bool) -> dict[str, str]:
    """What this server runs with."""
    return {
        "listen_addresses": "*",
        "port": place.port,
        "unix_socket_directories": str(place.sockets),
        "hba_file": str(HBA),
        "ident_file": str(place.identities),
        "max_connections": place.max_connections,
        "shared_buffers": place.shared_buffers,
        "password_encryption": "scram-sha-256",
        "default_transaction_read_only": "on" if read_only else "off",
        # A container's /dev/shm has 64 MB, and a parallel index build asks for maintenance_work_mem of it.
        "max_parallel_maintenance_workers": "0",
        "maintenance_work_mem": "64MB",
        # Volumes are small: the write-ahead log stays within a quarter of the smallest one.
        "max_wal_size": "256MB",
        "min_wal_size": "64MB",
        "jit": "off",
        # Statements and rows hold other people's data; the log says what failed, not for whom.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
    }


def configuration(place: Place, read_only: bool) -> str:
    """The same as the text of a postgresql.conf."""
    return "".join(f"{name} = '{value}'\n" for name, value in settings(place, read_only).items())


def identities() -> str:
    """The text of a pg_ident.conf: whoever runs the server is the superuser on its socket."""
    return f"server {pwd.getpwuid(os.geteuid()).pw_name} {SUPERUSER}\n"


class Server:
    """One Postgres, from start to end."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving = False
        self._read_only = False

    def serve(self) -> int:
        """Run until SIGTERM, through a full volume; the exit code of the last server."""
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, self._leave)
        while True:
            code = self._run()
            full = space.free(self._place) < space.LOW
            if code == 0 or self._leaving or not full or not space.drop_ballast(self._place):
                return code

    def _run(self) -> int:
        # We hold the volume's lock, so this can only be a dead server's, with a process id of another container.
        (self._place.data / "postmaster.pid").unlink(missing_ok=True)
        space.fill_ballast(self._place)
        self._read_only = space.read_only(False, space.free(self._place))
        self._place.identities.write_text(identities())
        self._configure()
        program, data = str(self._place.bin / "postgres"), str(self._place.data)
        command = [program, "-D", data, f"--config_file={self._place.configuration}"]
        # The lock's descriptor goes along: the volume is free when the last of Postgres' processes has ended.
        self._process = subprocess.Popen(command, close_fds=False)
        if self._leaving:
            self._leave(signal.SIGTERM, None)
        return self._watch(self._process)

    def _watch(self, process: "subprocess.Popen[bytes]") -> int:
        while True:
            try:
                return process.wait(LOOK)
            except subprocess.TimeoutExpired:
                self._look(process)

    def _look(self, process: "subprocess.Popen[bytes]") -> None:
        now = space.read_only(self._read_only, space.free(self._place))
        if now == self._read_only:
            return
        self._read_only = now
        self._configure()
        process.send_signal(signal.SIGHUP)
        if not now:
            space.fill_ballast(self._place)

    def _configure(self) -> None:
        text = configuration(self._place, self._read_only)
        whole = self._place.configuration.with_suffix(".new")
        whole.write_text(text)
        whole.replace(self._place.configuration)
        if self._read_only:
            say("the volume is almost full: the database is read-only until there is more room; grow the claim")

    def _leave(self, number: int, frame: FrameType | None) -> None:
        # Postgres calls this one "fast": clients are sent away, everything is written, seconds at most.
        self._leaving = True
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
