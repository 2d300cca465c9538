"""Probes of a candidate before it has users: how many, of what, and what their answers prove.

Answered is what is answered with less than 500. Who is slow is left to the gate, which counts in the pods: the clock of
who sends probes also measures what he does besides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import comb

from toprope.delivery.gate.rules import FALSE_FAIL, FALSE_PASS, Rules
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.rollout import Trouble

PROBES = 200
UNPROMISED = Rules(0.01)
"""What probes are held against where no SLO judges."""


class ProbeReason(StrEnum):
    """What probes come to."""

    PASSED = "ProbesPassed"
    FAILED = "ProbesFailed"
    UNANSWERED = "ProbesUnanswered"
    PROBING = "Probing"


@dataclass(frozen=True, slots=True)
class Probing:
    """What is to be probed."""

    revision: str
    pods: Mapping[str, str]
    """Labels of the candidate's pods."""
    port: int
    path: str
    """Of one probe: `{probe}` stands for what makes each another one, so that none is answered from memory."""
    number: int
    rollout: str
    """What tells this try of the candidate from an earlier one of the same revision."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Labels of stable's pods, which get as many at the same time: what they cannot answer either proves nothing."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What has become of it so far."""

    began: datetime | None = None
    """When somebody asked first."""
    sent: int = 0
    """Counted probes; 0 until all of them are over."""
    bad: Mapping[str, int] = field(default_factory=dict)
    """How many of them failed, by how: `answered 500`."""
    blind: str = ""
    """Why nothing can be probed at the moment, as a sentence."""


def verdict(probed: Probed, rules: Mapping[str, Rules], patience: timedelta, now: datetime) -> tuple[Verdict, Trouble]:
    """What the probes say of the candidate. Silence is no answer, but it ends: `patience` after the first probe."""
    if probed.sent:
        return _judged(probed, rules or {"": UNPROMISED})
    if probed.blind and probed.began and now - probed.began >= patience:
        return Verdict.FAIL, Trouble(ProbeReason.UNANSWERED, probed.blind)
    return Verdict.UNDECIDED, Trouble(ProbeReason.PROBING, probed.blind or "Probes are on their way to the candidate.")


def _judged(probed: Probed, rules: Mapping[str, Rules]) -> tuple[Verdict, Trouble]:
    bad = sum(probed.bad.values())
    for name, rule in rules.items():
        if chance_of(bad, probed.sent, rule.budget) <= FALSE_FAIL / rule.slos:
            return Verdict.FAIL, Trouble(ProbeReason.FAILED, _failing(probed, name, rule))
    seen = 100 * most_hidden(bad, probed.sent)
    told = f"{_counted(probed)}: more than {seen:.1f}% bad would have shown, sure to 1 in {1 / FALSE_PASS:.0f}."
    return Verdict.PASS, Trouble(ProbeReason.PASSED, told)


def _failing(probed: Probed, name: str, rule: Rules) -> str:
    sure = f"so many come by chance less than once in {rule.slos / FALSE_FAIL:.0f} times"
    return f"{name}{': ' if name else ''}{_counted(probed)}; {probed.sent * rule.budget:.1f} are allowed, and {sure}."


def _counted(probed: Probed) -> str:
    how = ", ".join(f"{number} {what}" for what, number in sorted(probed.bad.items()))
    return f"{sum(probed.bad.values())} bad of {probed.sent} probes" + (f" ({how})" if how else "")


def chance_of(bad: int, sent: int, ratio: float) -> float:
    """How likely at least so many bad ones are where each is bad with the chance `ratio`: the exact binomial test."""
    return sum(comb(sent, one) * ratio**one * (1 - ratio) ** (sent - one) for one in range(bad, sent + 1))


def most_hidden(bad: int, sent: int) -> float:
    """The largest error ratio that does not show more bad ones than these in at least one of 1/beta cases: the upper
    bound of Clopper and Pearson (The use of confidence or fiducial limits, Biometrika 26, 1934)."""
    low, high = bad / sent, 1.0
    for _ in range(40):
        ratio = (low + high) / 2
        low, high = (ratio, high) if 1 - chance_of(bad + 1, sent, ratio) > FALSE_PASS else (low, ratio)
    return high
