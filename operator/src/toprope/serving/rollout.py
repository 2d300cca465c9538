"""From one release to the next: what the machine of `delivery` is told, and what is shown of its answer."""

from collections.abc import Sequence
from datetime import datetime

from toprope.core.conditions import Condition, timestamp
from toprope.core.names import TAKEN_BACK
from toprope.core.objects import annotations_of
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.facts import cause_of
from toprope.delivery.machine.moved import is_shared, lives, moves
from toprope.delivery.machine.reasons import Reason as Moved
from toprope.delivery.machine.rollout import READY_WITHIN, WHOLE, Phase, Rollout, Trouble
from toprope.delivery.machine.rollout import Seen as SeenByMachine
from toprope.delivery.machine.weights import percent
from toprope.delivery.orders import with_orders
from toprope.delivery.spec import CauseStatus, PaidStatus, RevisionStatus, RolloutStatus
from toprope.serving import places, probing, spending, trial
from toprope.serving.health import (
    Look,
    Shares,
    deployment_of,
    door,
    doors_have,
    has_requests,
    is_routed,
    waits_for,
    web_not_ready,
)
from toprope.serving.needs import Needs
from toprope.serving.preparation import Preparation, obstacle
from toprope.serving.reasons import Fact, Reason
from toprope.serving.revisions import REMEMBERED
from toprope.serving.sharing import Ways, strangers
from toprope.serving.trial import Evidence
from toprope.serving.troubles import ready_pods
from toprope.serving.workload import workload_of

PROGRESSING = "Progressing"


def serving(look: Look, before: Rollout) -> str | None:
    """The revision that the doors should lead to: stable, unless it lost its pods before they ever moved to it (an
    operator that was away in between must not believe an old verdict); then the one that has them serves on. That one
    may have become the candidate again meanwhile."""
    stable = before.stable
    if stable is None or ready_pods(deployment_of(look, stable)):
        return stable
    others = (name for name in (before.retiring, before.candidate) if name)
    serve_on = (name for name in others if doors_have(look, {name: WHOLE}) and ready_pods(deployment_of(look, name)))
    return next(serve_on, stable)


def _no_way_back(look: Look, before: Rollout) -> str:
    """Why stable gets no requests though it should, as a sentence."""
    serves, fact = serving(look, before), web_not_ready(look, before.stable or "", 1)
    if serves == before.stable or fact is None:
        return ""
    return f"Requests stay with revision {serves}: stable {before.stable} cannot take them. {fact.message}"


def _stable_down(look: Look, before: Rollout) -> str:
    """Why stable can answer nobody, as a sentence; empty: it can."""
    if before.stable is None or _is_ready(look, before.stable):
        return ""
    fact = web_not_ready(look, before.stable, 1)
    return f"Stable {before.stable} cannot answer. {fact.message}" if fact else ""


def shared(stable: str, before: Rollout, weight: int) -> Shares:
    """How requests are shared where the candidate has that weight, and `stable` has the rest."""
    return {stable: WHOLE - weight, before.candidate: weight} if before.candidate and weight else {stable: WHOLE}


def _is_routed(look: Look, before: Rollout) -> bool:
    """Whether requests come as the status has it. Beside a candidate that has all of them the plain Service is stable's
    only while stable has pods."""
    first = serving(look, before) if before.weight == WHOLE else before.stable
    return first is not None and is_routed(look, shared(first, before, before.weight), was=before.routed is not None)


def given(look: Look, before: Rollout, weight: int, waits: Fact | None) -> int:
    """The candidate's share of that weight in this pass. A fall needs no word in the status: one without a ready pod
    gets none, stable has its size, and it comes back once the candidate is ready again."""
    if not weight or not before.candidate or (look.resource.spec.traffic is None and weight != WHOLE):
        # The plain Service sends nobody to pods that are not ready.
        return weight
    if has_requests(look, before.candidate):
        return 0 if _is_gone(look, before, before.candidate) else weight
    return 0 if waits and not _is_alone(look, before) else weight


def _is_alone(look: Look, before: Rollout) -> bool:
    """Whether the candidate has somebody who answers, and stable nobody: then whatever it lacks is no reason to keep
    requests from it."""
    return _can_answer(look, before) and not _is_ready(look, before.stable)


def _can_answer(look: Look, before: Rollout) -> bool:
    return _is_ready(look, before.candidate) and _no_endpoints(look, before) is None


def _is_gone(look: Look, before: Rollout, candidate: str) -> bool:
    """Whether nobody of it answers, and somebody of stable does. EndpointSlices may be behind for a moment: where its
    Deployment still counts ready pods, the look before must have said the same."""
    told = {(one.type, one.reason) for one in look.resource.status.conditions}
    is_sure = not ready_pods(deployment_of(look, candidate)) or (PROGRESSING, Reason.NO_ENDPOINTS) in told
    return is_sure and _no_endpoints(look, before) is not None and _is_ready(look, before.stable)


def _is_ready(look: Look, revision: str | None) -> bool:
    return revision is not None and ready_pods(deployment_of(look, revision)) > 0


def kept_out(look: Look, before: Rollout, waits: Fact | None) -> str:
    """Why the candidate has no requests though the status gives it some; empty: it has, or nothing keeps it out."""
    if not waits or not before.weight or not before.candidate or has_requests(look, before.candidate):
        return ""
    if _is_alone(look, before):
        return ""
    return f"Revision {before.candidate} gets no requests until it is ready. {waits.message}"


def mark(after: Rollout) -> dict[str, str]:
    """What the door says that took requests back: whose, and why."""
    if after.phase not in (Phase.ROLLING_BACK, Phase.FAILED) or not after.step:
        return {}
    cause = cause_of(after)
    return {TAKEN_BACK: f"{_whose(after)}{cause.reason}: {cause.message}"}


def taken_back(look: Look, before: Rollout) -> Trouble | None:
    """Why the candidate was taken back, where the status does not say so yet: an operator died in between."""
    live = door(look)
    said = annotations_of(live).get(TAKEN_BACK, "") if live else ""
    if not is_shared(before) or not said.startswith(_whose(before)):
        return None
    reason, _, message = said.removeprefix(_whose(before)).partition(": ")
    return Trouble(reason, message)


def _whose(rollout: Rollout) -> str:
    return f"{rollout.candidate}/{_stamp(rollout.began) or ''} "


def waits(look: Look, before: Rollout, preparation: Preparation, needs: Needs, need: int) -> Fact | None:
    """What the wanted revision still waits for; it needs so many ready pods. Where it has requests that is all that it
    needs: a pod that cannot live without its Secret is not ready."""
    is_up = is_shared(before)
    lacks = (
        web_not_ready(look, preparation.after.revision, need) if is_up else waits_for(look, preparation, needs, need)
    )
    return lacks or _no_endpoints(look, before) or strangers(look, before)


def seen_by_machine(
    look: Look, before: Rollout, preparation: Preparation, waits: Fact | None, found: Evidence, ways: Ways
) -> SeenByMachine:
    """What the machine decides on."""
    wanted, looked = preparation.after.revision, look.seen.looked
    verdict, judged = trial.verdict(found, trial.rules(look.resource), looked)
    probed, probes = probing.verdict(look)
    seen = SeenByMachine(
        wanted=wanted,
        candidate_ready=before.candidate == wanted and waits is None,
        obstacle=waits.message if waits else "",
        prepares=preparation.is_running and workload_of(look.resource).preparing.is_long,
        room=ways.room,
        pods=ways.pods,
        route_moved=not ways.detour and _is_routed(look, before),
        detour=ways.detour or kept_out(look, before, waits),
        no_way_back=_no_way_back(look, before),
        stable_down=_stable_down(look, before),
        can_answer=_can_answer(look, before),
        refused=_refused(look, preparation),
        exhausted=spending.exhausted(look),
        share=trial.share(looked),
        blur=trial.blur(look.resource, looked),
        verdict=verdict,
        judged=judged,
        is_blind=bool(looked.blind),
        probed=probed,
        probes=probes,
        fault=taken_back(look, before)
        or (Trouble(looked.fault.reason, looked.fault.message) if looked.fault else None),
        is_noted=found.at == look.now,
    )
    return with_orders(seen, look.resource.annotations, before)


def _refused(look: Look, preparation: Preparation) -> str:
    fact = obstacle(look.resource, preparation, look.now) if preparation.refused else None
    return fact.message if fact else ""


def _no_endpoints(look: Look, before: Rollout) -> Fact | None:
    """A backend that enters a route too early fails its share of the requests."""
    if not before.candidate:
        return None
    service = places.name(look.resource, places.WEB, before.candidate)
    if service in look.seen.endpoints:
        return None
    return Fact(Reason.NO_ENDPOINTS, f"Service {service} has no ready endpoint yet.")


def progressing(look: Look, after: Rollout, waits: Fact | None, ready: Condition) -> Condition:
    """Whether something is under way, and what it `waits` for; None too where the candidate is not the wanted one."""
    if after.phase is Phase.IDLE and ready.status == "False":
        told = Fact(ready.reason, ready.message)
        return told.true(PROGRESSING) if _starts(look, after, ready) else told.false(PROGRESSING)
    told = Fact(after.reason, after.message)
    if lives(after) and waits and after.phase is not Phase.ROLLING_BACK:
        told = Fact(waits.reason, f"Revision {after.candidate} is not ready. {waits.message}")
    return told.true(PROGRESSING) if moves(after) else told.false(PROGRESSING)


def _starts(look: Look, after: Rollout, ready: Condition) -> bool:
    """A first release gets as long as any other to become ready."""
    first = after.since if after.reason == Moved.FIRST_RELEASE else None
    is_young = first is not None and look.now - first < READY_WITHIN
    return is_young or ready.reason in (Reason.STARTING, workload_of(look.resource).preparing.running)


def revision_status(after: Rollout) -> RevisionStatus:
    """The revisions, as the status shows them."""
    served = list(after.served[:REMEMBERED]) or None
    return RevisionStatus(stable=after.stable, candidate=after.candidate, retiring=after.retiring, served=served)


def rollout_status(
    after: Rollout, found: Evidence, note: str, budget: Sequence[PaidStatus], capacity: int | None
) -> RolloutStatus:
    """The rollout, as the status shows it. What judged it stays until the next one begins."""
    shown = found if after.candidate and after.phase not in (Phase.PREPARING, Phase.FROZEN) else Evidence()
    return RolloutStatus(
        phase=after.phase,
        since=_stamp(after.since),
        reason=after.reason,
        message=after.message,
        cause=CauseStatus(reason=after.cause.reason, message=after.cause.message) if after.cause else None,
        step=after.step or None,
        weight=percent(after.weight) if after.step else None,
        coarse=note or None,
        stepped=_stamp(after.stepped),
        routed=_stamp(after.routed),
        retried=after.retried,
        earlier_orders=list(after.earlier_orders) or None,
        capacity=capacity,
        unready_since=_stamp(after.unready_since),
        alone_since=_stamp(after.alone_since),
        undecided_since=_stamp(after.undecided_since),
        looked_at=_stamp(after.looked_at),
        began=_stamp(after.began),
        # Nobody proved it: the spec takes the place of a proof.
        verdict=Verdict.PASS if after.reason == Moved.UNDECIDED_PROMOTED else shown.verdict,
        lost=shown.lost,
        counted_by=shown.counted_by,
        judged_at=_stamp(shown.at),
        judged=list(shown.judged),
        budget=list(budget),
    )


def _stamp(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
