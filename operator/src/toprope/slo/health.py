"""Whether a resource's SLOs are met, as conditions and Events: what is wrong, how it is known, and what to do.

Facts are asked in the order of their weight; the first that is found for any SLO is the condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from toprope.core.conditions import Condition, Truth, moment, timestamp
from toprope.core.decision import Tell
from toprope.core.measured import Blindness, Measured, value
from toprope.core.model import ConditionModel
from toprope.slo.budget import State
from toprope.slo.promise import Promise
from toprope.slo.reasons import Reason
from toprope.slo.status import SloStatus, Standing, standings
from toprope.slo.windows import duration

SLOS_MET = "SlosMet"
DATA_PRESENT = "SloDataPresent"
"""Not `DataPresent`: a ShortenerApp says by that whether its database's data is there."""
RULES_ACCEPTED = "RulesAccepted"
HISTORY_TOO_SHORT = "HistoryTooShort"
SPOKEN = (SLOS_MET, DATA_PRESENT, RULES_ACCEPTED, HISTORY_TOO_SHORT)
"""What changes here rings a bell by itself, or is due."""

PATIENCE = timedelta(minutes=2)
"""How long new rules take at most until Prometheus has evaluated them."""
TOO_MANY = 1.01
"""Bad events over all events, from where on the two cannot count the same thing; rates are extrapolated by a little."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules should be."""

    rules: Mapping[Promise, str]
    """Each SLO that has rules, with their version (`rules.version_of`)."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Name of each SLO that has none, with what is wrong with it."""
    file: str | None = None
    """The ConfigMap that holds the rules where the cluster has no prometheus-operator."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What was said of the SLOs before: from the status as it was read."""

    slos: Sequence[SloStatus] = ()
    conditions: Sequence[ConditionModel] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What a pass says of the resource's SLOs."""

    statuses: Sequence[SloStatus]
    conditions: Sequence[Condition]
    tells: Sequence[Tell]
    due: datetime | None
    """When a truth changes though nobody rings."""


@dataclass(frozen=True, slots=True)
class _Look:
    """All SLOs of a resource at one moment."""

    standings: Sequence[Standing]
    wanted: Wanted
    rules: Mapping[str, str]
    blind: Blindness | None
    retention: timedelta | None
    before: Sequence[ConditionModel]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Fact:
    status: Truth
    reason: Reason
    message: str


_Check = Callable[[_Look], _Fact | None]


def health(wanted: Wanted, measured: Measured, before: Stated, now: datetime) -> Health:
    """What there is to say of the SLOs."""
    if not wanted.rules and not wanted.broken:
        return Health((), (), (), None)
    found = standings(wanted.rules, measured, before.slos, now)
    versions = {promise.name: version for promise, version in wanted.rules.items()}
    look = _Look(found, wanted, versions, measured.blind, measured.retention, before.conditions, now)
    conditions = [
        _condition(SLOS_MET, _MET, look),
        _condition(DATA_PRESENT, _DATA, look),
        accepted := _condition(RULES_ACCEPTED, _RULES, look),
        *_history_too_short(look),
    ]
    waits = accepted.status == "Unknown" and look.blind is None
    due = _waits_since(look) + PATIENCE if waits else None
    return Health([one.status for one in found], conditions, list(_tells(found, now)), due)


def _condition(type_: str, checks: Iterable[_Check], look: _Look) -> Condition:
    fact = next(fact for check in checks if (fact := check(look)))
    return Condition(type_, fact.status, fact.reason, fact.message)


def _named(look: _Look, holds: Callable[[Standing], bool]) -> str:
    """The SLOs that it holds for, as a text; empty when there are none."""
    return ", ".join(one.promise.name for one in look.standings if holds(one))


def blind(look: _Look) -> _Fact | None:
    """There is nobody to ask, or he does not answer."""
    if look.blind is None:
        return None
    if look.blind.since is None:
        told = "The operator knows of no Prometheus, and so nothing of any SLO: set its TOPROPE_PROMETHEUS_URL."
        return _Fact("Unknown", Reason.NO_PROMETHEUS, told)
    since = timestamp(look.blind.since)
    return _Fact(
        "Unknown",
        Reason.PROMETHEUS_UNAVAILABLE,
        f"Prometheus has told nothing since {since}, so no number is shown; its alerts may be silent as well. Look at "
        f"its pods and at TOPROPE_PROMETHEUS_URL. {look.blind.why}".strip(),
    )


def exhausted(look: _Look) -> _Fact | None:
    """A budget is spent."""
    if names := _named(look, lambda one: one.status.state is State.EXHAUSTED):
        told = (
            f"The error budget is spent: {names}. Stop the damage first (`toprope status` shows what burns, the alert "
            f"links its runbook), and change nothing else until some of it has come back."
        )
        return _Fact("False", Reason.SLO_EXHAUSTED, told)
    return None


def burning(look: _Look) -> _Fact | None:
    """A budget burns so fast that an alert's condition holds."""
    if names := _named(look, lambda one: one.status.state is State.BURNING):
        told = (
            f"The error budget burns too fast: {names}. Undo what changed last, if that explains it; the alert links "
            f"its runbook, status.slos says how fast and how long the budget lasts."
        )
        return _Fact("False", Reason.SLO_BURNING, told)
    return None


def without_data(look: _Look) -> _Fact | None:
    """Something cannot be judged."""
    if names := _named(look, lambda one: one.status.state is State.NO_DATA):
        told = f"There is no number for {names}; {DATA_PRESENT} and {RULES_ACCEPTED} say why. No data is not good."
        return _Fact("Unknown", Reason.SLO_WITHOUT_DATA, told)
    return None


def all_met(look: _Look) -> _Fact:
    """All is well."""
    return _Fact("True", Reason.ALL_MET, "No budget is spent and none burns too fast.")


def not_recorded(look: _Look) -> _Fact | None:
    """Whether anybody counts is known by rules that run."""
    if names := _named(look, lambda one: one.numbers.rules is None):
        return _Fact("Unknown", Reason.NOT_RECORDED, f"No rules record {names} yet; {RULES_ACCEPTED} says why.")
    return None


def no_series(look: _Look) -> _Fact | None:
    """What should be counted matches nothing."""
    if names := _named(look, lambda one: bool(one.numbers.rules) and value(one.numbers.counted, look.now) is None):
        told = (
            f"Prometheus has no series that count {names}. Look whether it scrapes the pods (its page /targets, the "
            f"PodMonitor's labels, the NetworkPolicy's namespace), and whether the selectors match anything."
        )
        return _Fact("False", Reason.NO_SERIES, told)
    return None


def nobody_counts(look: _Look) -> _Fact | None:
    """Every pod is gone: silence is counted as failure."""
    if names := _named(look, lambda one: value(one.numbers.lost, look.now) is not None):
        told = (
            f"No pod is up that could count {names}: requests count as bad at the rate of the last hour. Look at the "
            f"pods (kubectl get pods) and at the condition Ready."
        )
        return _Fact("False", Reason.NOBODY_COUNTS, told)
    return None


def bad_exceeds_total(look: _Look) -> _Fact | None:
    """The two counters cannot be of the same thing."""
    if names := _named(look, lambda one: (value(one.numbers.error, look.now) or 0.0) > TOO_MANY):
        told = (
            f"More bad events are counted than events: {names}. Selector `bad` must select some of the events that "
            f"`total` selects."
        )
        return _Fact("False", Reason.BAD_EXCEEDS_TOTAL, told)
    return None


def no_events(look: _Look) -> _Fact | None:
    """Somebody counts, and there was nothing to count."""
    if names := _named(look, lambda one: one.status.state is State.NO_DATA):
        return _Fact("True", Reason.NO_EVENTS, f"All are counted; nothing has happened yet for {names}.")
    return None


def counted(look: _Look) -> _Fact:
    """All is counted."""
    return _Fact("True", Reason.COUNTED, "All are counted.")


def rule_fails(look: _Look) -> _Fact | None:
    """Prometheus says no to a rule."""
    for one in look.standings:
        if one.numbers.failing:
            told = f"Prometheus cannot evaluate a rule of {one.promise.name}: {one.numbers.failing}"
            return _Fact("False", Reason.RULE_FAILS, told)
    return None


def rules_not_selected(look: _Look) -> _Fact | None:
    """The classic silent failure."""
    if names := _named(look, lambda one: one.numbers.loaded is False):
        told = (
            f"No Prometheus has loaded the rules of {names}: nothing is recorded, and no alert can fire. The labels of "
            f"the rule object and of its namespace must match ruleSelector and ruleNamespaceSelector "
            f"(kubectl get prometheuses -A -o yaml)."
        )
        return _Fact("False", Reason.RULES_NOT_SELECTED, told)
    return None


def not_evaluated(look: _Look) -> _Fact | None:
    """No sample proves that the rules run."""
    if names := _named(look, lambda one: one.numbers.rules is None):
        told = f"Prometheus has not evaluated the rules of {names}; new ones take it up to two minutes."
        return _Fact(_overdue(look), Reason.NOT_EVALUATED, told)
    return None


def earlier_rules(look: _Look) -> _Fact | None:
    """Samples prove that other rules run."""
    if names := _named(look, lambda one: one.numbers.rules != look.rules[one.promise.name]):
        told = (
            f"Prometheus still evaluates earlier rules of {names}; it takes new ones within two minutes, unless "
            f"prometheus-operator (its log says why) or the reload of the configuration refuses them."
        )
        return _Fact(_overdue(look), Reason.EARLIER_RULES, told)
    return None


def not_understood(look: _Look) -> _Fact | None:
    """An SLO has no rules, the others go on."""
    if broken := look.wanted.broken:
        told = "; ".join(f"{name}: {why}" for name, why in broken.items())
        return _Fact("False", Reason.SLO_NOT_UNDERSTOOD, f"Without rules, and so without alerts: {told}")
    return None


def not_installed(look: _Look) -> _Fact | None:
    """Somebody has to carry the rules to Prometheus."""
    if look.wanted.file and not all(one.numbers.rules == look.rules[one.promise.name] for one in look.standings):
        told = (
            f"The cluster has no prometheus-operator. ConfigMap {look.wanted.file} holds the rules as a file "
            f"(rules.yaml): load it into your Prometheus, anew after each change."
        )
        return _Fact("False", Reason.RULES_NOT_INSTALLED, told)
    return None


def evaluated(look: _Look) -> _Fact:
    """Samples prove it."""
    return _Fact("True", Reason.EVALUATED, "Prometheus evaluates these very rules.")


_MET: tuple[_Check, ...] = (blind, exhausted, burning, without_data, all_met)
_DATA: tuple[_Check, ...] = (blind, no_series, nobody_counts, bad_exceeds_total, not_recorded, no_events, counted)
_RULES: tuple[_Check, ...] = (
    not_understood, blind, rule_fails, not_installed, rules_not_selected, not_evaluated, earlier_rules, evaluated,
)  # fmt: skip


def _overdue(look: _Look) -> Truth:
    return "False" if look.now - _waits_since(look) >= PATIENCE else "Unknown"


def _waits_since(look: _Look) -> datetime:
    """Since when nothing has proved the rules; from now on, where they were proved a moment ago."""
    stated = next((one for one in look.before if one.type == RULES_ACCEPTED), None)
    return look.now if stated is None or stated.status == "True" else moment(stated.last_transition_time)


def _history_too_short(look: _Look) -> list[Condition]:
    names = _named(look, lambda one: one.budget.history_too_short)
    if not names or look.retention is None:
        return []
    kept = duration(int(look.retention.total_seconds()))
    told = (
        f"Prometheus keeps {kept}, the window of {names} is longer: the budget is reckoned from what is kept. Raise "
        f"Prometheus' retention, or shorten the window."
    )
    return [Condition(HISTORY_TOO_SHORT, "True", Reason.RETENTION_BELOW_WINDOW, told)]


def _tells(found: Iterable[Standing], now: datetime) -> Iterable[Tell]:
    """On transitions only. The time makes the words those of this very transition."""
    for one in found:
        name, before, after = one.promise.name, one.before.exhausted_since, one.status.exhausted_since
        if after and not before:
            told = f"The error budget of {name} ({one.promise.objective} %) is spent since {after}."
            yield Tell(Reason.BUDGET_EXHAUSTED, told, "Warning")
        if before and not after:
            told = f"{name} has error budget again at {timestamp(now)}; it was spent since {before}."
            yield Tell(Reason.BUDGET_RECOVERED, told)
