"""The rules of one SLO, as Prometheus evaluates them: records first, then the alerts that read them, in one group.

bad, total as 5-minute rates ─┬─► events in each window ─┬─► error ratio ─► burn rate ─► alerts of the tiers
                              │   (≤ 1 h rated from the  └─► events that the budget allows ─► budget left
                              │   counters, longer ones
nobody counts any more ───────┘   summed from the rates)

Everything is weighted by events: bad events over all events, never a mean of ratios. The bad side is `… or 0 * total`,
so that it is 0 and not missing; the ratio has no sample where there is no traffic, and is never NaN. Alerts select by
our identity labels only.

What is summed over days, and what says how old that history is, carries what is counted (`MEANING`): of an SLO that
counts something else from now on, the events of before say nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from toprope.core.names import short_hash
from toprope.slo.counters import decider, rated, sees, serving, up
from toprope.slo.promise import Promise
from toprope.slo.sli import OWN, Sli
from toprope.slo.windows import DAY, FLOOR, HOUR, MINUTE, NEARLY, Severity, Tier, all_windows, duration, today

INTERVAL = 60
"""Seconds between two evaluations."""
BASE = 5 * MINUTE
"""Window of the rates that longer windows are summed from."""

REMEMBERED = DAY
"""For how long after Prometheus' last evaluation an outage that it saw is taken to have gone on."""

BAD_RATE, TOTAL_RATE, LOST_RATE = "slo:bad:rate5m", "slo:total:rate5m", "slo:lost:rate5m"
FIRST, LATELY, BUCKET = "slo:gateway:series", "slo:gateway:lately", "slo:gateway:bucket"
BAD_SERIES = "slo:bad:series"
BAD, TOTAL = "slo:bad:increase", "slo:total:increase"
ERRORS, BURN, OBJECTIVE = "slo:error:ratio", "slo:burn:ratio", "slo:objective:ratio"
ALLOWED, LEFT = "slo:budget:events", "slo:budget:remaining"

BURNING, MISSING = "ErrorBudgetBurn", "SloDataMissing"
MISSING_FOR = "15m"

MEANING = "sli"
"""Label of the two rates and of the objective (`Sli.meaning`). No alert carries it: it would be another alert."""

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose SLO it is: the labels of everything that is recorded."""

    namespace: str
    kind: str
    name: str
    slo: str

    @property
    def labels(self) -> dict[str, str]:
        """As labels of a rule."""
        return {"namespace": self.namespace, "kind": self.kind, "name": self.name, "slo": self.slo}

    @property
    def group(self) -> str:
        """The name of its rule group: no two SLOs share one, for no name holds a slash."""
        return "/".join(self.labels.values())

    @property
    def matchers(self) -> str:
        """As matchers of a selector."""
        return ",".join(f'{label}="{value}"' for label, value in self.labels.items())


@dataclass(frozen=True, slots=True)
class Ruled:
    """All that the rules of one SLO are made from."""

    identity: Identity
    sli: Sli
    promise: Promise
    labels: Mapping[str, str] = field(default_factory=dict)
    """Added to the alerts."""
    annotations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Alert → its annotations."""

    @property
    def recorded(self) -> str:
        """Matchers of what was recorded just now."""
        return f'{self.identity.matchers},{MEANING}="{self.sli.meaning}"'

    @property
    def remembered(self) -> str:
        """Matchers of what was ever recorded of what is counted. Operators before this label recorded without it, and
        an upgrade must not give a spent budget back."""
        return f'{self.identity.matchers},{MEANING}=~"{self.sli.meaning}|"'


def group(ruled: Ruled) -> dict[str, Any]:
    """The rule group of one SLO, in the format of Prometheus and of `PrometheusRule.spec.groups[]`."""
    rules = [*_records(ruled), *_alerts(ruled)]
    version = short_hash(repr((rules, INTERVAL)))
    labels = {"window": duration(ruled.promise.window), "rules": version, MEANING: ruled.sli.meaning}
    objective = _record(ruled, OBJECTIVE, f"vector({number(1 - ruled.promise.budget)})", **labels)
    return {
        "name": ruled.identity.group,
        "interval": duration(INTERVAL),
        "rules": [objective, *rules],
    }


def version_of(rules: Mapping[str, Any]) -> str:
    """The version of a group: it stands on its objective's record, so that a sample proves which rules run."""
    return str(rules["rules"][0]["labels"]["rules"])


def _records(ruled: Ruled) -> list[Rule]:
    matchers = ruled.identity.matchers
    return [
        *_deciders(ruled),
        _record(ruled, TOTAL_RATE, rate(ruled, BASE, "total"), **{MEANING: ruled.sli.meaning}),
        _record(ruled, BAD_RATE, rate(ruled, BASE, "bad"), **{MEANING: ruled.sli.meaning}),
        *(
            _record(ruled, name, increase(ruled, window, side), window=duration(window))
            for window in all_windows(ruled.promise.window)
            for name, side in ((TOTAL, "total"), (BAD, "bad"))
        ),
        _record(ruled, ERRORS, f"{BAD}{{{matchers}}} / ({TOTAL}{{{matchers}}} > 0)"),
        _record(ruled, BURN, f"{ERRORS}{{{matchers}}} / {number(ruled.promise.budget)}"),
        _record(ruled, ALLOWED, allowed(ruled)),
        _record(ruled, LEFT, f"1 - {_at(ruled, BAD, ruled.promise.window)} / ({ALLOWED}{{{matchers}}} > 0)"),
    ]


def _deciders(ruled: Ruled) -> list[Rule]:
    """Who counts at this evaluation, before anything is counted, and what only tells how well that is."""
    sli, matchers = ruled.sli, ruled.identity.matchers
    first, *others = sli.sources
    found = {}
    if others:
        found = {FIRST: decider(sli), LATELY: f"count_over_time({FIRST}{{{matchers}}}[1h])"}
    if first.bucket:
        found[BUCKET] = f"count({first.bucket})"
    if first.name == OWN:
        found[BAD_SERIES] = f"count({first.bad.added[0]})"
    if sli.alive:
        found[LOST_RATE] = lost_rate(ruled)
    return [_record(ruled, name, expression) for name, expression in found.items()]


def _record(ruled: Ruled, name: str, expression: str, **labels: str) -> Rule:
    return {"record": name, "expr": expression, "labels": ruled.identity.labels | labels}


def rate(ruled: Ruled, window: int, side: str) -> str:
    """Events a second of one side, `bad` or `total`, over a window that the counters are rated in.

    `total` has no sample where nobody could count, and is 0 where pods are up that nobody has asked yet; `bad` has a
    sample wherever `total` has.
    """
    counted, alive = _counted(ruled, window, side), ruled.sli.alive
    if side == "bad":
        counted = f"({counted}) and on() {_total(ruled, window)}"
    if not alive:
        return counted
    seen = f"{LOST_RATE}{{{ruled.identity.matchers}}}[{_evaluations(window)}]"
    lost = f"sum(sum_over_time({seen})) * {INTERVAL} / {window}"
    return f"(({counted}) or 0 * ({lost}) or 0 * {up(alive)}) + (({lost}) or vector(0))"


def _total(ruled: Ruled, window: int) -> str:
    if window == BASE:
        return f"{TOTAL_RATE}{{{ruled.recorded}}}"
    return f'{TOTAL}{{{ruled.identity.matchers},window="{duration(window)}"}}'


def _counted(ruled: Ruled, window: int, side: str) -> str:
    first, *others = (rated(source, getattr(source, side), window) for source in ruled.sli.sources)
    if not others:
        return first
    decides = f"{FIRST}{{{ruled.identity.matchers}}}"
    return f"({first} and on() {decides}) or ({others[0]} unless on() {decides})"


def lost_rate(ruled: Ruled) -> str:
    """Requests a second that nobody is left to count: the last hour's rate from the moment on when no pod takes any,
    with what was lost in that hour, or a crash loop would soon be worth nothing. 0 while somebody counts.

    It goes on from its own last value, however long ago Prometheus recorded that (`REMEMBERED`), and only while it
    evaluates without a gap and sees others (`sees`): a hole in Prometheus itself burns nothing, and ends no outage.
    While a gateway counts, nothing is lost.
    """
    matchers = ruled.identity.matchers
    counting = [serving(ruled.sli), *([f"count({FIRST}{{{matchers}}})"] if len(ruled.sli.sources) > 1 else [])]
    last = f"max(last_over_time({LOST_RATE}{{{matchers}}}[{duration(REMEMBERED)}]))"
    nobody = " ".join(f"unless on() {one}" for one in counting)
    evaluated = f"sum(count_over_time({OBJECTIVE}{{{matchers}}}[{duration(4 * INTERVAL)}])) >= 3"
    return (
        f"({last} > 0 or ({rate(ruled, HOUR, 'total')}) > 0) {nobody}"
        f" and on() ({sees(ruled.sli)}) and on() ({evaluated})"
        f" or {' or '.join(f'0 * {one}' for one in counting)}"
    )


def allowed(ruled: Ruled) -> str:
    """Bad events that the budget of the SLO's window allows: its share of what was seen. A history that is younger than
    the window has not seen enough to say so, and its budget is that of a whole window at today's rate, if that is more.
    """
    window = ruled.promise.window
    seen = _at(ruled, TOTAL, window)
    lately = f"avg_over_time({TOTAL_RATE}{{{ruled.remembered}}}[{_evaluations(today(window))}])"
    foreseen = f"max without({MEANING}) ({lately}) * {window}"
    whole = f"count_over_time({OBJECTIVE}{{{ruled.remembered}}}[{duration(DAY)}] offset {duration(window - NEARLY)})"
    return f"{number(ruled.promise.budget)} * ({foreseen} > {seen} unless on() {whole} or {seen})"


def increase(ruled: Ruled, window: int, side: str) -> str:
    """Events of one side in a window."""
    recorded = BAD_RATE if side == "bad" else TOTAL_RATE
    if window == BASE:
        return f"sum without({MEANING}) ({recorded}{{{ruled.recorded}}}) * {BASE}"
    if window <= HOUR:
        return f"({rate(ruled, window, side)}) * {window}"
    remembered = f"sum_over_time({recorded}{{{ruled.remembered}}}[{_evaluations(window)}])"
    return f"sum without({MEANING}) ({remembered}) * {INTERVAL}"


def _evaluations(window: int) -> str:
    """A range that holds as many evaluations as fit into the window.

    Half an evaluation less: both ends of a range count in Prometheus 2, and evaluations fall on them.
    """
    return duration(window - INTERVAL // 2)


def _alerts(ruled: Ruled) -> list[Rule]:
    by_severity: dict[Severity, list[Tier]] = {}
    for tier in ruled.promise.live:
        by_severity.setdefault(tier.severity, []).append(tier)
    burning = [_burning(ruled, severity, live) for severity, live in by_severity.items()]
    return [*burning, *([_missing(ruled)] if Severity.TICKET in ruled.promise.severities else [])]


def _burning(ruled: Ruled, severity: Severity, live: Iterable[Tier]) -> Rule:
    return {
        "alert": BURNING,
        "expr": "\nor\n".join(fires(ruled, tier) for tier in live),
        "labels": {**ruled.labels, **ruled.identity.labels, "severity": severity.value},
        "annotations": dict(ruled.annotations.get(BURNING, {})),
    }


def fires(ruled: Ruled, tier: Tier) -> str:
    """Holds while the error ratio is above the tier's threshold in both windows, on enough bad events."""
    threshold = number(tier.threshold(ruled.promise.budget))
    short, long = _at(ruled, ERRORS, tier.short), _at(ruled, ERRORS, tier.long)
    return f"({short} > {threshold} and {long} > {threshold} and {guard(ruled, tier)})"


def guard(ruled: Ruled, tier: Tier) -> str:
    """Holds while the bad events of the long window are more than chance (`Tier.chance`, as PromQL)."""
    allowed = number(ruled.promise.budget * (1 - ruled.promise.budget))
    bad, total = _at(ruled, BAD, tier.long), _at(ruled, TOTAL, tier.long)
    return f"{bad} > {number(FLOOR)} + {tier.sigmas} * sqrt({allowed} * {total})"


def _missing(ruled: Ruled) -> Rule:
    return {
        "alert": MISSING,
        "expr": f"absent({TOTAL_RATE}{{{ruled.identity.matchers}}})",
        "for": MISSING_FOR,
        "labels": {**ruled.labels, **ruled.identity.labels, "severity": Severity.TICKET.value},
        "annotations": dict(ruled.annotations.get(MISSING, {})),
    }


def _at(ruled: Ruled, name: str, window: int) -> str:
    return f'max without(window) ({name}{{{ruled.identity.matchers},window="{duration(window)}"}})'


def number(value: Decimal | Fraction) -> str:
    """As PromQL reads it: without exponent, exact up to 15 significant digits, no more than a float holds."""
    decimal = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else value
    return f"{Decimal(f'{decimal:.15g}').normalize():f}"
