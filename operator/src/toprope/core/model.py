"""The base of all spec and status models, and the text types their fields share.

camelCase outside, snake_case inside; attribute docstrings become `kubectl explain`; an older operator reads a newer
object (`extra="ignore"`), while the API server refuses unknown fields by the structural schema.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict


def ruled(*rules: tuple[str, str]) -> JsonDict:
    """CEL rules (expression, sentence for people) as `json_schema_extra` of a model or a field."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


class SpecModel(BaseModel):
    """A part of a spec: immutable, read from camelCase."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True, extra="ignore"
    )


class StatusModel(SpecModel):
    """A part of a status: as a spec, and every field may be absent."""

    def dump(self) -> dict[str, Any]:
        """As it goes into the object: camelCase, nothing absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ConditionModel(StatusModel):
    """One observation of the resource's state, in the shape of metav1.Condition."""

    type: Annotated[str, Field(max_length=316)]
    """What the condition is about, in CamelCase."""
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    """True, False or Unknown."""
    reason: Annotated[str, Field(max_length=1024)]
    """Why, as one CamelCase word for machines."""
    message: Annotated[str, Field(max_length=32768)]
    """Why, as a sentence for people: what, where, and what to do."""
    observed_generation: int | None = None
    """The `metadata.generation` that this was said about."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When `status` last changed."""


class ResourceStatus(StatusModel):
    """What every kind's status has."""

    observed_generation: int | None = None
    """The `metadata.generation` that this status describes."""
    conditions: Annotated[
        list[ConditionModel],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = []
    """What is true of the resource, each with reason and sentence."""


DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
"""A name of most Kubernetes objects' parts."""

DnsName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253)
]
"""A DNS name, or the name of a Kubernetes object."""
