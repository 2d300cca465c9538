"""The trial of a candidate: what is to be looked at each second, and what that says to the machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from toprope.core.conditions import moment, timestamp
from toprope.core.measured import Measured
from toprope.core.resource import Resource
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.judged import judged_status
from toprope.delivery.machine.facts import recounts
from toprope.delivery.machine.moved import is_shared
from toprope.delivery.machine.rollout import Phase, Policy, Rollout, Share, Trouble
from toprope.delivery.policy import policy_of, rules_of
from toprope.delivery.spec import JudgedStatus, RolloutStatus
from toprope.delivery.trial import Looked, Side, Trial
from toprope.serving import places
from toprope.slo.left import last_hour
from toprope.slo.promise import promise_of
from toprope.slo.sli import GATEWAY

NOT_MEASURED = Measured()
NOT_LOOKED = "NotLooked"
TOLD_EVERY = timedelta(seconds=4)
"""At least; a held step is looked at every five seconds, give or take a tenth."""
LITTLE = 0.05
"""More than so many are lost than the status says: that is worth a word."""
TOLD_AT_LEAST = timedelta(minutes=5)
"""How old the status's evidence may be where no word of it changes: a step may wait for a person for days."""
SPREADS = timedelta(seconds=3)
"""How long after the gateway accepted a route its last process still has the one before."""

_ASKS = 64
"""More than the counts of one weight can be begun anew: the place of its number in `Trial.asked`."""
_Named = tuple[str, JudgedStatus | None]


def rules(resource: Resource) -> dict[str, Rules]:
    """The gates of the SLOs that judge a candidate: those that are counted as requests come."""
    objectives = {slo.name: slo.objective for slo in resource.spec.slos if slo.has_now}
    return rules_of(resource.spec.rollout, objectives)


def policy(resource: Resource) -> Policy:
    """How this resource wants to be released."""
    return policy_of(resource.spec.rollout, is_judged=bool(rules(resource)))


def trial(resource: Resource, before: Rollout, now: datetime, measured: Measured = NOT_MEASURED) -> Trial | None:
    """What is to be looked at; None while no candidate has requests."""
    if before.stable is None or before.candidate is None or not is_shared(before):
        return None
    status = resource.status.rollout or RolloutStatus()
    is_true = before.phase is not Phase.SHIFTING
    return Trial(
        candidate=_side(resource, before.candidate),
        stable=_side(resource, before.stable),
        ops_port=places.OPS_PORT,
        step=before.step if is_true else before.step - 1,
        is_bake=before.phase is Phase.BAKING and before.routed is not None,
        rules=rules(resource),
        past=_past(resource, before, measured, now),
        kept={one.slo: one.kept for one in status.judged if one.kept},
        lost={one.slo: one.lost for one in status.judged if one.lost},
        route=places.route_name(resource) if resource.spec.traffic else "",
        rollout=timestamp(before.began) if before.began else "",
        since=before.stepped,
        asked=_ASKS * before.step + _spread(before, now) + recounts(before, policy(resource), now),
    )


def _past(resource: Resource, before: Rollout, measured: Measured, now: datetime) -> dict[str, Counts]:
    """Stable's last hour, as it was before the candidate had its first request: nobody records them apart."""
    if before.step != 1 or before.stepped is None:
        return {}
    promises = [promise_of(one) for one in resource.spec.slos if one.name in rules(resource)]
    hours = {one.name: last_hour(one, measured.of(one.name), before.stepped, now) for one in promises}
    return {name: Counts(hour.total, hour.bad) for name, hour in hours.items() if hour}


def _side(resource: Resource, revision: str) -> Side:
    return Side(revision, places.selector(resource, places.WEB, revision), places.name(resource, places.WEB, revision))


def _spread(before: Rollout, now: datetime) -> int:
    """Shares are counted anew when the route is accepted, and again when every process of the gateway has it."""
    if before.routed is None:
        return 0
    return 2 if now - before.routed >= SPREADS else 1


def share(looked: Looked) -> Share:
    """Users' requests on both sides."""
    return Share(looked.candidate.total, looked.stable.total)


def blur(resource: Resource, looked: Looked) -> str:
    """Why these counts need not be as the weights are, as a sentence; empty where they must."""
    if resource.spec.traffic is None:
        return "Pods share connections, not requests."
    return "" if looked.source == GATEWAY else "Pods counted them, and requests beside the route come to stable alone."


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gates stand on, as it goes into the status."""

    at: datetime | None = None
    judged: tuple[JudgedStatus, ...] = ()
    lost: int | None = None
    counted_by: str | None = None

    @property
    def verdict(self) -> Verdict | None:
        """Over all SLOs: one Fail fails, and all must pass. None while nobody judges."""
        told = {one.verdict for one in self.judged}
        return next((one for one in (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS) if one in told), None)


def evidence(resource: Resource, looked: Looked, now: datetime) -> Evidence:
    """Of this moment; as the status has it where that is young and no word would change, so that nobody has to write it
    each second: a tenth of the phase's age is young, and five seconds where requests are lost meanwhile. It outlives
    the trial, until the next one."""
    before = resource.status.rollout or RolloutStatus()
    told, found = _told(before), fresh(resource, looked, now)
    is_still = (found.lost or 0) <= (told.lost or 0) * (1 + LITTLE)
    young = min(max(TOLD_EVERY, _age(before, now) / 10), TOLD_AT_LEAST) if is_still else TOLD_EVERY
    is_told = told.at and abs(now - told.at) < young and _words(found.judged) == _words(told.judged)
    return told if is_told else found


def fresh(resource: Resource, looked: Looked, now: datetime) -> Evidence:
    """Of this moment, where anybody has looked: what a step, a verdict or the end of a rollout is written down with."""
    judged = tuple(
        judged_status(name, one, looked.kept.get(name), looked.lost.get(name))
        for name, one in sorted(looked.judged.items())
    )
    if not judged:
        return _told(resource.status.rollout or RolloutStatus())
    return Evidence(now, judged, max(one.lost or 0 for one in judged), looked.source or None)


def _age(rollout: RolloutStatus, now: datetime) -> timedelta:
    return now - moment(rollout.since) if rollout.since else timedelta(0)


def _told(rollout: RolloutStatus) -> Evidence:
    at = moment(rollout.judged_at) if rollout.judged_at else None
    return Evidence(at, tuple(rollout.judged), rollout.lost, rollout.counted_by)


def _words(judged: Sequence[JudgedStatus]) -> list[tuple[str, str | None, str | None]]:
    return [(one.slo, one.verdict, one.reason) for one in judged]


def verdict(found: Evidence, wanted: Iterable[str], looked: Looked) -> tuple[Verdict, Trouble]:
    """Over all SLOs: one Fail fails, and all must pass. The first that does not is told of. What passed while it was
    seen has not passed the time in which nobody sees it."""
    judged = {one.slo: one for one in found.judged} if looked.judged else {}
    every = [(name, judged.get(name)) for name in wanted]
    if not every:
        return Verdict.PASS, Trouble("NoObjectives", "No SLO judges it.")
    if failed := _first(every, Verdict.FAIL):
        return Verdict.FAIL, _trouble(*failed, looked)
    if looked.blind:
        return Verdict.UNDECIDED, Trouble(NOT_LOOKED, looked.blind)
    if undecided := _first(every, Verdict.UNDECIDED):
        return Verdict.UNDECIDED, _trouble(*undecided, looked)
    return Verdict.PASS, _trouble(*every[-1], looked)


def _first(every: Iterable[_Named], wanted: Verdict) -> _Named | None:
    return next((one for one in every if _said(one[1]) is wanted), None)


def _said(one: JudgedStatus | None) -> Verdict:
    return Verdict(one.verdict) if one and one.verdict else Verdict.UNDECIDED


def _trouble(name: str, one: JudgedStatus | None, looked: Looked) -> Trouble:
    if one is None:
        return Trouble(NOT_LOOKED, looked.blind or "The candidate is about to be looked at.")
    return Trouble(str(one.reason), f"{name}: {one.message}.")
