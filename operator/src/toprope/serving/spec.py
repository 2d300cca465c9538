"""Fields that every kind that serves has in its spec, and the rules between them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from toprope.core.model import SpecModel, ruled
from toprope.serving.connections import EMBEDDED_PODS

Image = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][-a-zA-Z0-9._/:@]*$", max_length=512)]
Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][-A-Za-z0-9_.]*$", max_length=128)]


class Replicas(SpecModel):
    """Bounds of the autoscaler of the web pods. Takes effect at once."""

    model_config = ConfigDict(
        json_schema_extra=ruled(("self.min <= self.max", "replicas.min must not be above replicas.max (default 3)"))
    )

    min: Annotated[int, Field(ge=1, le=1000)] = 1
    """Fewest web pods. From 2 on a PodDisruptionBudget keeps node drains from taking more than one at a time."""

    max: Annotated[int, Field(ge=1, le=1000)] = 3
    """Most web pods; with an embedded database at most 10. While a release is under way there are up to twice as many,
    and three times when another comes before its end, each with up to 4 connections to the database. A CloudNativePG
    cluster gets room for them when it is made; raise its `max_connections` before this is raised above 10 later."""


ONE_VERSION = (
    "!has(self.image) || !has(self.version)",
    "image and version exclude each other: image names the whole image, version a tag of Toprope's own",
)

CARRIED = (
    f"!has(self.database.embedded) || self.replicas.max <= {EMBEDDED_PODS}",
    f"an embedded database carries at most {EMBEDDED_PODS} web pods: lower replicas.max, or use another database",
)
