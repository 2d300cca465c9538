"""The fields about delivery that all kinds share."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from toprope.core.model import DnsLabel, DnsName, SpecModel, StatusModel, ruled

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


Percent = Annotated[str, Field(pattern=r"^(100|[0-9]{1,2}(\.[0-9]{1,3})?)%$", max_length=7)]
Span = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smh]$|^0s$", max_length=7)]
Patience = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smh]$", max_length=7)]
_ABOVE_ONE = ("double(self) > 1.0", "failBurnRate is above 1: a candidate that burns its budget at 1 is healthy")
BurnRate = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,2}(\.[0-9]{1,2})?$", max_length=6, json_schema_extra=ruled(_ABOVE_ONE)),
]

_WEIGHTS = "self.map(step, double(step.weight.replace('%', '')))"
_STEPS_RISE = (
    # By number: 5%, 05% and 5.0% are one weight.
    f"{_WEIGHTS}.isSorted() && {_WEIGHTS}.all(one, {_WEIGHTS}.exists_one(other, one == other))",
    "the weights of steps rise, each above the one before",
)
_STEPS_ARE_SHARES = (
    f"{_WEIGHTS}.all(weight, weight > 0.0 && weight < 100.0)",
    "a step is a share of the requests, above 0% and below 100%: all of them come with the bake",
)


_NO_STEPS = (
    "!has(self.strategy) || self.strategy != 'BlueGreen' || !has(self.steps) || size(self.steps) == 0",
    "strategy BlueGreen has no steps: all requests go over at once; leave steps out, or write Canary",
)


class RolloutStep(SpecModel):
    """A share of the requests, and how long it is held."""

    weight: Percent
    """The candidate's share of all requests, as `10%`."""

    hold: Span = "60s"
    """How long the share is held at least, however soon the gate passes it."""


class Gate(SpecModel):
    """Who judges a candidate, and what becomes of a step that cannot be judged."""

    slos: Annotated[list[DnsLabel], Field(max_length=16)] = []
    """Names of the SLOs that judge. Default: all that are counted as requests come, which a `ratio` is not."""

    fail_burn_rate: BurnRate = "4"
    """A candidate that burns its error budget so many times too fast is bad; one that burns it at 1 or less is
    healthy."""

    budget_share: Percent = "10%"
    """What one rollout may cost of the bad requests that the error budgets still allow, were the candidate wholly
    broken. Without `steps` no weight is given that may cost more; with `steps` the status says what it may cost."""

    max_undecided: Patience = "6h"
    """How long a step may stay undecided. Time in which it was paused, or no operator looked, does not count."""

    on_undecided: Literal["Hold", "RollBack", "Promote"] = "Hold"
    """What becomes of it then."""


class RolloutSpec(SpecModel):
    """How a new release gets its requests. Takes effect at once, also on a rollout that is under way."""

    model_config = ConfigDict(json_schema_extra=ruled(_NO_STEPS))

    strategy: Literal["Canary", "BlueGreen", "Immediate"] | None = None
    """Canary: by steps, each held by the SLOs. BlueGreen: 200 probes while it has no users, then all at once, and a
    bake that is held by the SLOs. Immediate: all at once, as soon as it is ready. Default: Canary where an SLO can
    judge, else Immediate."""

    steps: Annotated[
        list[RolloutStep],
        Field(
            max_length=16,
            json_schema_extra={"x-kubernetes-list-type": "atomic", **ruled(_STEPS_RISE, _STEPS_ARE_SHARES)},
        ),
    ] = []
    """Shares of the requests, rising. Default: 1%, 10% and 50%, as far as the error budgets pay for them
    (`gate.budgetShare`). Without a gateway pods share the requests, and each share is the nearest one that whole pods
    can have, at most half; `status.rollout.coarse` says how near."""

    gate: Gate = Gate()
    """Who judges the candidate."""

    freeze: Literal["WhenExhausted", "Never"] = "WhenExhausted"
    """Whether new releases wait while the budget of an SLO is spent. One that served before does not."""

    ready_within: Patience = "10m"
    """How long a candidate may take to get ready; and for how long it may lack ready pods once it has requests, before
    it is taken back."""

    bake: Span = "10m"
    """How long the revision that served before stands by at full size, and the gate goes on, after all requests have
    gone over."""


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


class CountsStatus(StatusModel):
    """Requests of one side."""

    total: int
    """All that count."""
    bad: int
    """Those of them that were bad."""


class JudgedStatus(StatusModel):
    """What one SLO's gate says of the candidate, as of some seconds ago."""

    slo: str
    """Name of the SLO."""
    verdict: str | None = None
    """Pass, Fail or Undecided."""
    reason: str | None = None
    """Why, as one word."""
    message: str | None = None
    """Why, as a sentence with its numbers."""
    candidate: CountsStatus | None = None
    """The candidate's requests that this stands on."""
    stable: CountsStatus | None = None
    """Stable's in the same time, and in a bake those of its last hour; absent where nobody can count them."""
    counted_since: str | None = None
    """Since when these are counted."""
    to_pass: str | None = None
    """Share of the proof that the candidate is good which is there, 0 to 1."""
    to_fail: str | None = None
    """Share of the proof that it is bad; of its two halves, by the objective and beside stable, the lesser one."""
    lost: int | None = None
    """Bad requests of the candidate since the rollout began."""
    kept: str | None = None
    """The gate's memory, so that it outlives the operator. For programs."""


class PaidStatus(StatusModel):
    """What one SLO's error budget pays for in this rollout. Numbers are text, in two digits, rounded against the
    rollout; they move when that makes a difference."""

    slo: str
    """Name of the SLO."""
    left: str | None = None
    """Bad requests that the budget still allows: the least since the rollout began. Absent while nothing is known."""
    rate: str | None = None
    """Requests a second that the SLO counts."""
    given: str | None = None
    """Bad requests that the rollout may cost in all: `budgetShare` of what is left."""
    needed: int | None = None
    """Bad requests until the gate fails a wholly broken candidate that has `most` of the requests."""
    most: str | None = None
    """The largest weight that is paid for; 0%: not even one verdict."""
    message: str | None = None
    """The arithmetic, as a sentence."""


class CauseStatus(StatusModel):
    """Why something is as it is."""

    reason: str
    """As one word."""
    message: str
    """As a sentence."""


class RolloutStatus(StatusModel):
    """Where the newest release stands."""

    phase: str | None = None
    """Idle, Frozen, Preparing, Shifting, Holding, Baking, Retiring, RollingBack or Failed."""
    since: str | None = None
    """When this phase began, or this weight was decided; later by the time in which nobody looked."""
    reason: str | None = None
    """Why it stands there, as one word."""
    message: str | None = None
    """Why it stands there, as a sentence."""
    cause: CauseStatus | None = None
    """Why the candidate is taken back, until it is."""
    began: str | None = None
    """When this try of the candidate began."""
    step: int | None = None
    """How many weights were decided in this rollout."""
    weight: str | None = None
    """The candidate's share of all requests."""
    coarse: str | None = None
    """How that share differs from the wanted one, where pods share the requests."""
    stepped: str | None = None
    """When this weight was decided."""
    routed: str | None = None
    """Since when the gateway has accepted the route as it should be, while something waits for that."""
    retried: str | None = None
    """The last order to try again that was followed."""
    earlier_orders: list[str] | None = None
    """Orders that still stand and that no rollout follows any more, as `promote=7d8e2c1a9`: theirs is over, or nobody
    wanted their revision."""
    undecided_since: str | None = None
    """Since when this weight waits for a verdict: later by the time in which it was paused, or nobody looked."""
    looked_at: str | None = None
    """When somebody looked last, while the candidate has requests; to ten seconds, or a tenth of the phase's age."""
    capacity: int | None = None
    """How many ready pods the candidate needs for all requests: as many as stable has, or had since this try began."""
    unready_since: str | None = None
    """Since when the candidate lacks ready pods, while it should have them."""
    alone_since: str | None = None
    """Since when the candidate can answer, and stable cannot."""
    verdict: str | None = None
    """The gate's: Pass, Fail or Undecided."""
    counted_by: str | None = None
    """Who counts availability: Gateway or Pods."""
    lost: int | None = None
    """Bad requests of the candidate since the rollout began, of the SLO that has most of them."""
    judged_at: str | None = None
    """When that was seen; while no word of it changes it is written every five seconds, later on each time that a
    tenth of the phase's age has gone by, at least every five minutes."""
    judged: Annotated[
        list[JudgedStatus],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["slo"]}),
    ] = []
    """What each SLO's gate stands on."""
    budget: Annotated[
        list[PaidStatus],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["slo"]}),
    ] = []
    """What the error budget of each SLO that judges pays for."""
