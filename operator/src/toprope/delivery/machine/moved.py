"""One step of the machine, and what others need to know of where it stands."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from toprope.delivery.machine.facts import Look, can_return, cause_of, facts, hold_of, is_endless, next_weight, note_of
from toprope.delivery.machine.reasons import GOES_ON_ALONE, Reason
from toprope.delivery.machine.rollout import GONE_AFTER, REST, Phase, Policy, Rollout, Seen, Trouble
from toprope.delivery.machine.rows import Row
from toprope.delivery.machine.table import TABLE
from toprope.delivery.machine.times import alone, looked, not_ahead, trimmed, unready
from toprope.delivery.machine.weights import percent

_WAIT_FOR_ROUTE = (Phase.SHIFTING, Phase.HOLDING, Phase.BAKING, Phase.RETIRING, Phase.ROLLING_BACK)


def next_rollout(before: Rollout, seen: Seen, policy: Policy, now: datetime) -> Rollout:
    """The rollout after this look. Unchanged facts give an equal value, `since` included."""
    if before.stable is None:
        message = f"Revision {seen.wanted} is the first: there is nothing to roll over from."
        return Rollout(stable=seen.wanted, reason=Reason.FIRST_RELEASE, message=message, since=now)
    timed = unready(_rested(looked(not_ahead(before, now), seen, now), seen, now), seen, now)
    timed = alone(timed, seen, now)
    look = Look(timed, seen, policy, now)
    true = facts(look)
    row = next(row for row in TABLE[before.phase] if row.when <= true)
    return _said(row, row.does(look), look)


def rest_ends(rollout: Rollout) -> datetime | None:
    """When who gets no requests any more may go; None while none goes, or the gateway has not let go of him."""
    goes = rollout.retiring is not None or rollout.phase is Phase.ROLLING_BACK
    return rollout.routed + REST if goes and rollout.routed else None


def late_at(rollout: Rollout, policy: Policy) -> datetime | None:
    """When a candidate that is still not ready has failed, or is taken back; None while none lacks pods."""
    return rollout.unready_since + policy.ready_within if rollout.unready_since else None


def gone_at(rollout: Rollout) -> datetime | None:
    """When a stable that can answer nobody is given up; None while it can, or nobody else could."""
    return rollout.alone_since + GONE_AFTER if rollout.alone_since else None


def held_until(rollout: Rollout, policy: Policy) -> datetime | None:
    """When the hold of this step, or the bake, is over; None in other phases."""
    match rollout.phase:
        case Phase.HOLDING:
            return rollout.since + hold_of(rollout, policy) if rollout.since else None
        case Phase.BAKING:
            return rollout.routed + policy.bake if rollout.routed else None
        case _:
            return None


def routed_weight(before: Rollout, after: Rollout) -> int:
    """The candidate's weight that the route may have in this pass: a rise stands in the status before it is routed, a
    fall is routed at once. `before` is the status as it was read."""
    return before.weight if after.stable != before.stable else min(before.weight, after.weight)


def is_shared(rollout: Rollout) -> bool:
    """Whether a candidate gets requests, or is about to."""
    return rollout.phase in (Phase.SHIFTING, Phase.HOLDING, Phase.BAKING)


def moves(rollout: Rollout) -> bool:
    """Whether something is under way that ends by itself."""
    return rollout.phase not in (Phase.IDLE, Phase.FROZEN, Phase.FAILED)


def lives(rollout: Rollout) -> str | None:
    """The candidate, where it has pods: not while it is frozen, and after a failure only where it may still get
    ready."""
    failed = rollout.phase is Phase.FAILED and rollout.reason not in GOES_ON_ALONE
    return None if failed or rollout.phase is Phase.FROZEN else rollout.candidate


def _rested(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """With the time since when the route is as it should be, and without whom has had his rest."""
    waits = before.retiring is not None or before.phase in _WAIT_FOR_ROUTE
    timed = replace(before, routed=(before.routed or now) if waits and seen.route_moved else None)
    ends = rest_ends(timed)
    is_over = before.phase in (Phase.PREPARING, Phase.FROZEN, Phase.FAILED) and ends is not None and now >= ends
    return replace(timed, retiring=None, routed=None) if is_over else timed


def _said(row: Row, after: Rollout, look: Look) -> Rollout:
    words = _words(look, after)
    reason, message = row.reason.format_map(words), row.say.format_map(words)
    cause = after.cause or Trouble(reason, message) if row.to is Phase.ROLLING_BACK else None
    told = trimmed(replace(after, phase=row.to, reason=reason, message=message, cause=cause))
    told = replace(told, earlier_orders=_earlier(told, look))
    before = look.before
    is_same = (told.phase, told.candidate, told.step) == (before.phase, before.candidate, before.step)
    return replace(told, since=before.since if is_same and before.since else look.now)


def _earlier(after: Rollout, look: Look) -> tuple[str, ...]:
    """Orders that no try follows any more."""
    seen, past = look.seen, look.before.earlier_orders
    mine = {one for revision, told in seen.addressed.items() if _is_tried(after, revision, seen) for one in told}
    return tuple(one for one in seen.standing if one in past or one not in mine)


def _is_tried(after: Rollout, revision: str, seen: Seen) -> bool:
    """Whether a revision has a try under way, or to come."""
    if revision != seen.wanted:
        return revision == after.candidate and is_shared(after)
    if after.candidate != revision or after.phase not in (Phase.FAILED, Phase.ROLLING_BACK):
        return after.stable != revision
    return lives(after) is not None if after.phase is Phase.FAILED else can_return(after)


def _words(look: Look, after: Rollout) -> Mapping[str, str]:
    """What reasons and sentences of the table may name."""
    before, seen, policy = look.before, look.seen, look.policy
    fault = seen.fault or seen.judged
    endless = is_endless(look)
    return {
        "reason": cause_of(before).reason,
        "message": cause_of(before).message,
        "stable": str(after.stable if before.phase is Phase.RETIRING else before.stable),
        "candidate": str(before.candidate or seen.wanted),
        "wanted": seen.wanted,
        "retiring": str(before.retiring),
        "obstacle": seen.obstacle or f"Revision {seen.wanted} has yet to start.",
        "pods": seen.obstacle or seen.pods,
        "exhausted": seen.exhausted,
        "weight": percent(before.weight),
        "next": _noted(next_weight(before, policy), policy),
        "detour": seen.detour or _by_gateway(before),
        "no_way_back": seen.no_way_back,
        "no_answer": seen.stable_down or seen.no_way_back,
        "stable_down": seen.stable_down,
        "gone": span(GONE_AFTER),
        "grain": policy.grain,
        "share": _share(seen),
        "blur": seen.blur,
        "hold": span(hold_of(before, policy)),
        "bake": span(policy.bake),
        "ready_within": span(policy.ready_within),
        "undecided": span(policy.max_undecided),
        "most": policy.most_message,
        "verdict_reason": seen.judged.reason,
        "verdict": seen.judged.message,
        "passed_reason": Reason.UNDECIDED_PROMOTED if endless else Reason.STEP_PASSED,
        "passed": seen.judged.message if policy.is_judged else "No SLO judges it.",
        "fault_reason": fault.reason,
        "fault": fault.message,
        "refused": seen.refused,
        "probes_reason": seen.probes.reason,
        "probes": seen.probes.message,
    }


def _noted(weight: int, policy: Policy) -> str:
    note = note_of(weight, policy)
    return percent(weight) + (f" ({note})" if note else "")


def _by_gateway(before: Rollout) -> str:
    if not before.weight:
        return f"The gateway does not send all traffic to revision {before.stable} yet."
    return f"The gateway does not send {percent(before.weight)} of the requests to revision {before.candidate} yet."


def _share(seen: Seen) -> str:
    total = seen.share.candidate + seen.share.stable
    return f"{seen.share.candidate:,.0f} of {total:,.0f}"


def span(time: timedelta) -> str:
    """A span as a spec has it: `90s`, `10m`, `6h`."""
    seconds = int(time.total_seconds())
    for unit, name in ((3600, "h"), (60, "m")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"
