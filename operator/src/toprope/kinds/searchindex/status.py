"""What the operator says of a SearchIndex."""

from typing import Annotated

from pydantic import Field

from toprope.serving.status import PreparationStatus, ServedStatus


class GenerationStatus(PreparationStatus):
    """How far the generation of one revision is."""


class SearchIndexStatus(ServedStatus):
    """What the operator says of a SearchIndex."""

    generations: Annotated[
        list[GenerationStatus],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["revision"]}),
    ] = []
    """The generations of the index, by revision."""
