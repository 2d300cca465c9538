"""Where a service's things stand in its database, and where its steps lie in its package."""

from dataclasses import dataclass
from pathlib import Path

VERSION_TABLE = "schema_version"
LOCK = 0x746F70726F7065  # "toprope": one migration at a time on a database


@dataclass(frozen=True, slots=True)
class Place:
    """One service's."""

    schema: str
    folder: Path
    """The folder of its migrations, as Alembic wants it."""


def quoted(name: str) -> str:
    """The name as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'
