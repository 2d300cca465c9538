"""The fields about delivery that all kinds share."""

from typing import Annotated

from pydantic import Field

from toprope.core.model import DnsLabel, DnsName, SpecModel, StatusModel

Hostname = Annotated[
    str,
    Field(
        pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        min_length=1,
        max_length=253,
    ),
]


class GatewayRef(SpecModel):
    """The Gateway that carries the resource's traffic."""

    name: DnsName
    """Name of the Gateway."""

    namespace: DnsLabel | None = None
    """Namespace of the Gateway. Default: the resource's own. Its listener must allow routes from the resource's
    namespace."""

    section_name: DnsName | None = None
    """Name of one listener of the Gateway. Default: all listeners that fit the hostnames."""


class Traffic(SpecModel):
    """How requests from outside reach the resource. Takes effect at once."""

    gateway: GatewayRef
    """The Gateway (Gateway API) whose listener carries the traffic."""

    hostnames: Annotated[list[Hostname], Field(max_length=16)] = []
    """Host names that are ours at this gateway; an empty list takes what the listener takes."""


class RevisionStatus(StatusModel):
    """Which revisions there are. A revision is named by a hash of the release."""

    stable: str | None = None
    """The revision that serves."""
    candidate: str | None = None
    """The revision that wants to serve."""
    retiring: str | None = None
    """The revision that served before; its pods go 10 seconds after the gateway has accepted the route without it."""
    served: list[str] | None = None
    """Revisions that served before, the last one first: to these there is a way back without a new rendering."""


class RolloutStatus(StatusModel):
    """Where the newest release stands."""

    phase: str | None = None
    """Idle, Frozen, Preparing, Shifting, Holding, Baking, Retiring, RollingBack or Failed."""
    since: str | None = None
    """When this phase began, or this weight was decided."""
    reason: str | None = None
    """Why it stands there, as one word."""
    message: str | None = None
    """Why it stands there, as a sentence."""
    step: int | None = None
    """How many weights were decided in this rollout."""
    weight: str | None = None
    """The candidate's share of all requests."""
    stepped: str | None = None
    """When this weight was decided."""
    routed: str | None = None
    """Since when the gateway has accepted the route as it should be, while something waits for that."""
    retried: str | None = None
    """The last order to try again that was followed."""
