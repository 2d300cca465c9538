"""What the environment says to a program that migrates."""

from typing import Annotated

from pydantic import Field

from toprope_kit.settings import EnvSettings


class MigrateSettings(EnvSettings):
    """The same variables for every workload."""

    app_role: Annotated[str, Field(min_length=1, max_length=63)] = "app"
    """The database role of the serving pods; it is granted what they need and owns nothing."""

    migrate_wait: Annotated[float, Field(ge=0)] = 60.0
    """Seconds to wait for the database, and for another migration to end."""

    revision: Annotated[str | None, Field(max_length=63)] = None
    """What the operator calls this release; the database remembers how far it is."""

    running_revisions: Annotated[str | None, Field(max_length=1000)] = None
    """The releases that run meanwhile, with blanks in between; `none` when nothing does. Left out, nobody knows."""
