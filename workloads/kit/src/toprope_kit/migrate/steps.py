"""The steps that a release brings, read as Alembic reads them."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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


class Steps:
    """All steps of this release; `folder` is where they lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self, connection: Connection | None, out: io.StringIO) -> Config:
        """Alembic's settings without a file: the steps lie in a package."""
        config = Config(output_buffer=out, stdout=out)
        config.set_main_option("script_location", str(self._folder))
        config.attributes["connection"] = connection
        return config

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self.config(None, io.StringIO()))

    @cached_property
    def names(self) -> Sequence[str]:
        """Oldest first."""
        return [script.revision for script in self._scripts.walk_revisions()][::-1]

    def newest(self) -> str:
        """The head of this release."""
        return self.names[-1]

    def up_to(self, head: str | None) -> Sequence[str]:
        """The steps up to this head, oldest first; none when there is no head, or this release does not know it."""
        return self.names[: self.names.index(head) + 1] if head in self.names else []

    def knows(self, head: str) -> bool:
        """Whether this release has a step of that name; a later release's database is ahead of it."""
        return head in self.names

    def after(self, head: str | None) -> list[Step]:
        """What `migrate` would take from this head on; none when the database is at, or ahead of, this release."""
        pending = [name for name in self.names if name not in self.up_to(head)]
        if not pending or (head is not None and not self.knows(head)):
            return []
        out = io.StringIO()
        command.upgrade(self.config(None, out), f"{head}:head" if head else "head", sql=True)
        start, first, *others = BEGINS.split(out.getvalue())
        texts = [start + first, *others]
        return [Step(name, text, self._unused_since(name)) for name, text in zip(pending, texts, strict=True)]

    def contractions(self) -> dict[str, str]:
        """The steps of this release that take something away, and since when no release uses that."""
        since = {name: self._unused_since(name) for name in self.names}
        return {name: unused for name, unused in since.items() if unused}

    def _unused_since(self, name: str) -> str | None:
        script = self._scripts.get_revision(name)
        said: str | None = getattr(script.module, "unused_since", None)
        return said
