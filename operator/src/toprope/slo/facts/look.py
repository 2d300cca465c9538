"""All SLOs of a resource at one moment, and what every condition asks of it first: whether anything is known at all."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from toprope.core.conditions import Condition, Truth, timestamp
from toprope.core.measured import Blindness
from toprope.core.model import ConditionModel
from toprope.slo.promise import Promise
from toprope.slo.reasons import Reason
from toprope.slo.status import Standing

SLOS_MET = "SlosMet"
DATA_PRESENT = "SloDataPresent"
"""Not `DataPresent`: a ShortenerApp says by that whether its database's data is there."""
RULES_ACCEPTED = "RulesAccepted"
HISTORY_TOO_SHORT = "HistoryTooShort"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules should be."""

    rules: Mapping[Promise, str]
    """Each SLO that has rules, with their version (`rules.version_of`)."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Name of each SLO that has none, with what is wrong with it."""
    gateway: Mapping[str, str] = field(default_factory=dict)
    """Name of each SLO that a gateway counts, when it does, with the selector of its requests there."""
    file: str | None = None
    """The ConfigMap that holds the rules where the cluster has no prometheus-operator."""


@dataclass(frozen=True, slots=True)
class Look:
    """All SLOs of a resource at one moment."""

    standings: Sequence[Standing]
    wanted: Wanted
    blind: Blindness | None
    retention: timedelta | None
    before: Sequence[ConditionModel]
    now: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """Something found, with the sentence that a person reads."""

    status: Truth
    reason: Reason
    message: str


Check = Callable[[Look], Fact | None]


def first(checks: Iterable[Check], look: Look) -> Fact:
    """The first fact that is found; the last of them is always found."""
    return next(fact for check in checks if (fact := check(look)))


def condition(type_: str, checks: Iterable[Check], look: Look) -> Condition:
    """What the first fact that is found says."""
    fact = first(checks, look)
    return Condition(type_, fact.status, fact.reason, fact.message)


def named(look: Look, holds: Callable[[Standing], bool]) -> str:
    """The SLOs that it holds for, as a text; empty when there are none."""
    return ", ".join(one.promise.name for one in look.standings if holds(one))


def with_broken(look: Look, holds: Callable[[Standing], bool]) -> str:
    """The same, and the SLOs that have no rules: nothing is known of them."""
    return ", ".join(filter(None, (named(look, holds), *look.wanted.broken)))


def is_newest(look: Look, one: Standing) -> bool:
    """Whether samples prove that today's rules run."""
    return one.numbers.rules == look.wanted.rules[one.promise]


_SINCE = re.compile(r"nothing since ([0-9T:-]+Z),")


def _blind_since(look: Look, seen: str) -> str:
    """As it was said before: an operator that began anew knows only since when it asks itself."""
    told = (_SINCE.search(one.message) for one in look.before if one.reason == Reason.PROMETHEUS_UNAVAILABLE)
    return min([seen, *(found[1] for found in told if found)])


def blind(look: Look) -> Fact | None:
    """There is nobody to ask, or he does not answer."""
    if look.blind is None:
        return None
    if look.blind.since is None:
        told = "The operator knows of no Prometheus, and so nothing of any SLO: set its TOPROPE_PROMETHEUS_URL."
        return Fact("Unknown", Reason.NO_PROMETHEUS, told)
    since = _blind_since(look, timestamp(look.blind.since))
    return Fact(
        "Unknown",
        Reason.PROMETHEUS_UNAVAILABLE,
        f"Prometheus has told nothing since {since}, so no number is shown; its alerts may be silent as well. Look at "
        f"its pods and at TOPROPE_PROMETHEUS_URL. {look.blind.why}".strip(),
    )
