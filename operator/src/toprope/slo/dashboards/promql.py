"""What the panels ask. Records where there is one; `whose` are matchers of the identity labels.

Each answer carries the identity labels and no others, or the columns of a table would not fall into one row.
"""

from toprope.core.names import REVISION
from toprope.slo.budget import ENOUGH
from toprope.slo.rules import BAD, BAD_RATE, BURN, ERRORS, LEFT, OBJECTIVE, TOTAL_RATE, Identity
from toprope.slo.sli import REQUESTS, Counted, of_routes
from toprope.slo.windows import Tier, duration

IDENTITY = ("namespace", "kind", "name", "slo")
OF_REVISION = REVISION.replace(".", "_").replace("/", "_")
"""The pods' label of their revision, as their series carry it."""
EXPERIMENT = "toprope_experiment_running"
"""Metric of the operator: 1 while a chaos experiment runs on the resource, with the identity's labels but `slo`."""

_BY = f"by ({', '.join(IDENTITY)})"
_RATED = "[$__rate_interval]"
_APPEARED = 300
"""Seconds that a new revision stays marked: no shorter than the steps in which Grafana asks about 30 days."""


def objective(whose: str) -> str:
    """What is promised, 0 to 1."""
    return f"max {_BY} ({OBJECTIVE}{{{whose}}})"


def left(whose: str) -> str:
    """What is left of the error budget, 1 and below."""
    return f"max {_BY} ({LEFT}{{{whose}}})"


def attained(whose: str) -> str:
    """The share of good events over the SLO's own window."""
    return f"1 - {_over_its_window(ERRORS, whose)}"


def exhausted(whose: str) -> str:
    """The SLOs that have no budget left, on as many bad events as the status asks for."""
    # Rates are extrapolated: ten events may be counted as 9.9.
    enough = f"{_over_its_window(BAD, whose)} >= {ENOUGH - 0.5}"
    return f"{left(whose)} <= 0 and on ({', '.join(IDENTITY)}) {enough}"


def _over_its_window(record: str, whose: str) -> str:
    """The objective tells each SLO's own window; tiers may have as long ones."""
    return f"max {_BY} ({record}{{{whose}}} and on ({', '.join(IDENTITY)}, window) {OBJECTIVE}{{{whose}}})"


def burn_of_last_hour(whose: str) -> str:
    """How many times as fast as it comes back the budget was spent. Not every SLO records a window of one hour."""
    bad, total = (f"sum {_BY} (sum_over_time({rate}{{{whose}}}[1h]))" for rate in (BAD_RATE, TOTAL_RATE))
    return f"{bad} / ({total} > 0) / (1 - {objective(whose)})"


def silent(whose: str) -> str:
    """The SLOs of which nothing is counted."""
    return f"{objective(whose)} unless max {_BY} ({TOTAL_RATE}{{{whose}}})"


def how_many(answer: str) -> str:
    """A number also where there is none."""
    return f"count({answer}) or vector(0)"


def burn(identity: Identity, window: int) -> str:
    """The burn rate over one recorded window."""
    return f'max without (window) ({BURN}{{{identity.matchers},window="{duration(window)}"}})'


def burn_of_tier(identity: Identity, tier: Tier) -> str:
    """The lesser burn of the tier's two windows: it is above the factor exactly when both are."""
    short, long = duration(tier.short), duration(tier.long)
    lesser = f'min without (window) ({BURN}{{{identity.matchers},window=~"{short}|{long}"}})'
    return f'{lesser} and ignoring (window) {BURN}{{{identity.matchers},window="{short}"}}'


def bad(whose: str) -> str:
    """Bad events a second."""
    return f"max {_BY} ({BAD_RATE}{{{whose}}})"


def requests(counted: Counted, route: str) -> str:
    """Requests a second of one published route."""
    return f"sum(rate({REQUESTS}_count{{{of_routes(counted, [route])}}}{_RATED}))"


def answers(counted: Counted) -> str:
    """Answers a second of all published routes, by their status code."""
    return (
        f"sum by (http_response_status_code) (rate({REQUESTS}_count{{{of_routes(counted, counted.routes)}}}{_RATED}))"
    )


def durations(counted: Counted) -> str:
    """Requests by how long they took, as a heat map reads it."""
    return f"sum by (le) (increase({REQUESTS}_bucket{{{of_routes(counted, counted.routes)}}}{_RATED}))"


def pods_up(pods: str) -> str:
    """How many pods of each revision answer Prometheus."""
    return f"sum by ({OF_REVISION}) (up{{{pods}}})"


def memory(pods: str) -> str:
    """Resident bytes of each pod."""
    return f"max by (pod) (process_resident_memory_bytes{{{pods}}})"


def cores(pods: str) -> str:
    """Cores that each pod uses."""
    return f"sum by (pod) (rate(process_cpu_seconds_total{{{pods}}}{_RATED}))"


def released(pods: str) -> str:
    """The revisions whose first pods have just appeared. What Prometheus missed for 15 minutes is no release."""
    before = f"last_over_time(up{{{pods}}}[15m] offset {duration(_APPEARED)})"
    return f"group by ({OF_REVISION}) (up{{{pods}}}) unless group by ({OF_REVISION}) ({before})"


def experimented(whose: str) -> str:
    """The experiments that run."""
    return f"max by (experiment) ({EXPERIMENT}{{{whose}}}) > 0"
