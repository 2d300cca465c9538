"""A rollout as the status has it, what its owner wants of it, and what one look at the world showed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt

from toprope.delivery.gate.verdict import Verdict

WHOLE = 100_000
"""All requests; weights are parts of it."""

REST = timedelta(seconds=10)
"""How long a revision stays after the route has left it: requests on their way are answered."""

GONE_AFTER = timedelta(seconds=30)
"""How long a candidate must have been able to answer while stable could not: after an outage of both, who is back a
moment earlier proves nothing, and a stable that only restarts is back by then."""

READY_WITHIN = timedelta(minutes=10)
HOLD = timedelta(seconds=60)
BAKE = timedelta(minutes=10)
MAX_UNDECIDED = timedelta(hours=6)

_SURE = 3.29
"""Standard deviations that hold 99.9 % of all shares."""
_CHANCE = 0.001
"""What they do not hold."""


class Phase(StrEnum):
    """Where a rollout stands."""

    IDLE = "Idle"
    FROZEN = "Frozen"
    PREPARING = "Preparing"
    SHIFTING = "Shifting"
    HOLDING = "Holding"
    BAKING = "Baking"
    RETIRING = "Retiring"
    ROLLING_BACK = "RollingBack"
    FAILED = "Failed"


class Command(StrEnum):
    """What a person does to one rollout, by an annotation that names the candidate."""

    ABORT = "abort"
    PROMOTE = "promote"
    PAUSE = "pause"
    RETRY = "retry"
    UNFREEZE = "unfreeze"


class OnUndecided(StrEnum):
    """What to do with a step that the gate cannot decide."""

    HOLD = "Hold"
    ROLL_BACK = "RollBack"
    PROMOTE = "Promote"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a candidate is taken back, as one word and as a sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """The part of the status that the machine reads and writes."""

    stable: str | None = None
    candidate: str | None = None
    retiring: str | None = None
    served: tuple[str, ...] = ()
    """Revisions that were stable before, the last one first."""
    phase: Phase = Phase.IDLE
    since: datetime | None = None
    """When this phase began, or the weight of this step was decided."""
    reason: str = "Released"
    message: str = ""
    cause: Trouble | None = None
    """Why the candidate is taken back, until it is."""
    began: datetime | None = None
    """When this try of the candidate began."""
    step: int = 0
    """Counts the weights that were decided in this rollout; 0 before the first."""
    weight: int = 0
    """The candidate's share of all requests, in parts of WHOLE."""
    stepped: datetime | None = None
    """When this weight was decided."""
    routed: datetime | None = None
    """Since when the gateway has accepted the route as this rollout has it, while somebody waits for that."""
    retried: str | None = None
    """The last order to try again that was followed."""
    earlier_orders: tuple[str, ...] = ()
    """Those that still stand and are for no try any more: theirs is over, or nobody wanted their revision."""
    undecided_since: datetime | None = None
    """Since when this weight waits for a verdict, less the time in which it was paused."""
    looked_at: datetime | None = None
    """When somebody looked last, while the candidate has requests, give or take some seconds."""
    unready_since: datetime | None = None
    """Since when the candidate lacks pods, while it should be ready."""
    alone_since: datetime | None = None
    """Since when it can answer, and stable cannot; while it is frozen, since when nobody can."""


@dataclass(frozen=True, slots=True)
class Step:
    """A weight, and how long it is held at least."""

    weight: int
    hold: timedelta = HOLD
    note: str = ""
    """How the weight differs from what was asked for, where it does."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the resource wants to be released, as of today's spec."""

    steps: tuple[Step, ...] = ()
    """Weights below WHOLE, rising; none: all requests at once."""
    is_judged: bool = False
    """Whether a gate has to pass each step. Without SLOs nobody can tell good from bad: time and faults decide."""
    bake: timedelta = timedelta(0)
    """How long the previous revision stands by at full size after all requests have gone over."""
    ready_within: timedelta = READY_WITHIN
    max_undecided: timedelta = MAX_UNDECIDED
    on_undecided: OnUndecided = OnUndecided.HOLD
    most: int = WHOLE
    """The largest weight that the error budget pays for; 0: not even one verdict."""
    most_message: str = ""
    """The arithmetic of it."""
    probes: int = 0
    """How many probes a candidate must stand before it gets its first request."""
    grid: tuple[int, ...] = ()
    """The only weights below WHOLE that can be had, rising; none: all can."""
    grain: str = ""
    """Why there are no others, as a sentence."""


@dataclass(frozen=True, slots=True)
class Share:
    """Users' requests since the gateway routes as the rollout has it."""

    candidate: float = 0
    stable: float = 0

    def believable(self, weight: int) -> bool:
        """Whether so many of them went to the candidate as 99.9 % of all such counts have, and any at all.

        The normal approximation of the binomial test, with continuity correction (Wilson, JASA 22, 1927).
        """
        total, wanted = self.candidate + self.stable, weight / WHOLE
        off = abs(self.candidate - total * wanted) - 0.5
        return self.candidate > 0 and off <= _SURE * sqrt(total * wanted * (1 - wanted))

    def is_few(self, weight: int) -> bool:
        """Whether none of them went to the candidate, and that may be chance."""
        none = (1 - weight / WHOLE) ** (self.candidate + self.stable)
        return self.candidate == 0 and none >= _CHANCE


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the world showed of the revisions."""

    wanted: str
    """The revision of today's spec."""
    candidate_ready: bool
    """Whether the candidate's pods are ready, as many as stable needs, and its Service has endpoints."""
    obstacle: str = ""
    """What the candidate still waits for, as a sentence."""
    prepares: bool = False
    """Whether what comes before its pods is under way, and may take as long as it takes."""
    room: int = WHOLE
    """The largest weight that its ready pods suffice for."""
    pods: str = ""
    """How many there are of how many, as a sentence."""
    route_moved: bool = True
    """Whether the route (or the plain Service) has the shares of the rollout as it was read, and its gateway has
    accepted that."""
    detour: str = ""
    """Why it has not, as a sentence, where that is not the gateway's."""
    no_way_back: str = ""
    """Why requests stay with the candidate that stable should get, as a sentence."""
    stable_down: str = ""
    """Why stable can answer nobody, as a sentence; empty: it can."""
    can_answer: bool = True
    """Whether the candidate has any ready pod that requests can come to."""
    refused: str = ""
    """Why the candidate can never serve beside stable, as a sentence."""
    exhausted: str = ""
    """Whose budget is spent, so that new releases wait, as a sentence."""
    commands: frozenset[Command] = field(default_factory=frozenset)
    """Those that are for this try of the candidate while it has requests; else of the wanted revision."""
    standing: tuple[str, ...] = ()
    """All orders that stand, as `promote=7d8e2c1a9`."""
    addressed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Those of them that name the candidate, or the wanted revision, whatever try they are for."""
    retry: str | None = None
    """The order to try the wanted revision again; each is followed once."""
    share: Share = Share()
    blur: str = ""
    """Why requests need not come by the weights, or are not all that is counted, as a sentence; empty: it is
    neither."""
    verdict: Verdict = Verdict.UNDECIDED
    """The gate's, over all SLOs that it judges."""
    judged: Trouble = Trouble("NotLooked", "Nobody has looked at the candidate yet.")
    """What the verdict stands on."""
    is_blind: bool = False
    """Whether that is nothing, as nobody sees the candidate or stable now."""
    probed: Verdict = Verdict.UNDECIDED
    """What the probes of the candidate say."""
    probes: Trouble = Trouble("Probing", "Probes are on their way to the candidate.")
    """What that stands on."""
    fault: Trouble | None = None
    """What needs no statistics."""
    is_noted: bool = False
    """Whether what was seen now is written down anyway."""
