"""The steps that this release brings, read as Alembic reads them."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

BEGINS = re.compile(r"^(?=-- Running upgrade )", re.MULTILINE)
"""Alembic's line before each step: one run for all of them, for a first start waits for it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and what it would run."""

    name: str
    ddl: str
    unused_since: str | None
    """Set for a contraction: from this step on no release uses what it takes away."""


def alembic_config(connection: Connection | None, out: io.StringIO) -> Config:
    """Alembic's settings without a file: the steps lie beside this package."""
    config = Config(output_buffer=out, stdout=out)
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(None, io.StringIO()))


@cache
def _names() -> Sequence[str]:
    """All steps of this release, oldest first."""
    return [script.revision for script in _scripts().walk_revisions()][::-1]


def newest() -> str:
    """The head of this release."""
    return _names()[-1]


def up_to(head: str | None) -> Sequence[str]:
    """The steps up to this head, oldest first; none when there is no head, or this release does not know it."""
    return _names()[: _names().index(head) + 1] if head in _names() else []


def knows(head: str) -> bool:
    """Whether this release has a step of that name; a later release's database is ahead of it."""
    return head in _names()


def steps_after(head: str | None) -> list[Step]:
    """What `migrate` would take from this head on; none when the database is at, or ahead of, this release."""
    pending = [name for name in _names() if name not in up_to(head)]
    if not pending or (head is not None and not knows(head)):
        return []
    out = io.StringIO()
    command.upgrade(alembic_config(None, out), f"{head}:head" if head else "head", sql=True)
    start, first, *others = BEGINS.split(out.getvalue())
    texts = [start + first, *others]
    return [Step(name, text, _unused_since(name)) for name, text in zip(pending, texts, strict=True)]


def contractions() -> dict[str, str]:
    """The steps of this release that take something away, and since when no release uses that."""
    since = {name: _unused_since(name) for name in _names()}
    return {name: unused for name, unused in since.items() if unused}


def _unused_since(name: str) -> str | None:
    script = _scripts().get_revision(name)
    said: str | None = getattr(script.module, "unused_since", None)
    return said
