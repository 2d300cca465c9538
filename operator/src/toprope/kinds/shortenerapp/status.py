"""What the operator says of a ShortenerApp."""

from typing import Annotated

from pydantic import Field

from toprope.serving.status import PreparationStatus, ServedStatus


class MigrationStatus(PreparationStatus):
    """How far the database is for one revision."""


class ShortenerAppStatus(ServedStatus):
    """What the operator says of a ShortenerApp."""

    migrations: Annotated[
        list[MigrationStatus],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["revision"]}),
    ] = []
    """How far the database is, by revision."""
