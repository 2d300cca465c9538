"""What may be true of a rollout at one look: each fact in one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.reasons import GOES_ON_ALONE, Reason
from toprope.delivery.machine.rollout import (
    GONE_AFTER,
    HOLD,
    REST,
    WHOLE,
    Command,
    OnUndecided,
    Phase,
    Policy,
    Rollout,
    Seen,
    Trouble,
)


@dataclass(frozen=True, slots=True)
class Look:
    """All that one step of the machine stands on."""

    before: Rollout
    seen: Seen
    policy: Policy
    now: datetime


class Fact(Enum):
    """Words of the table."""

    WANTS_STABLE = auto()
    WANTS_ANOTHER = auto()
    ABORTED = auto()
    PROMOTED = auto()
    PAUSED = auto()
    RETRIED = auto()
    FROZEN = auto()
    SPENT = auto()
    REFUSED = auto()
    READY = auto()
    NOT_READY = auto()
    FITS_ALL = auto()
    NEXT_TOO_LARGE = auto()
    LATE = auto()
    FAILED_LATE = auto()
    GOES_ON_ALONE = auto()
    REFUSED_NO_MORE = auto()
    IS_FREE = auto()
    RESTED = auto()
    ROUTED = auto()
    NO_WAY_BACK = auto()
    BACK_IS_SLOW = auto()
    NOT_ROUTED = auto()
    ALONE = auto()
    ALONE_LONG = auto()
    STABLE_DOWN = auto()
    STABLE_GONE = auto()
    KNOWN = auto()
    AT_ONCE = auto()
    UNPROBED = auto()
    PROBED = auto()
    PROBED_BAD = auto()
    BAKES = auto()
    BAKED = auto()
    ASTRAY = auto()
    UNPAID = auto()
    NEXT_UNPAID = auto()
    TOO_COARSE = auto()
    SHARE_SEEN = auto()
    SHARE_FEW = auto()
    SHARE_BLURRED = auto()
    STEP_OVER = auto()
    HELD = auto()
    PASSED = auto()
    FAILED = auto()
    FAULTY = auto()
    ENDLESS = auto()
    ENDLESS_BACK = auto()
    NEVER_TRUE = auto()
    LAST = auto()
    CAN_RETURN = auto()


def next_weight(rollout: Rollout, policy: Policy) -> int:
    """The weight after this one, as today's policy and budget have it; WHOLE where no step above it is left."""
    weight = min(_planned(rollout, policy), policy.most)
    if weight == WHOLE or not policy.grid:
        return weight
    return max((one for one in policy.grid if one <= weight), default=0)


def note_of(weight: int, policy: Policy) -> str:
    """How a weight differs from what was asked for; empty where it does not."""
    return next((step.note for step in policy.steps if step.weight == weight), "")


def hold_of(rollout: Rollout, policy: Policy) -> timedelta:
    """How long this weight is held: as the last step that is not above it."""
    reached = [step.hold for step in policy.steps if step.weight <= rollout.weight]
    return reached[-1] if reached else HOLD


def cause_of(rollout: Rollout) -> Trouble:
    """Why it is where it is; of one that is taken back: why that."""
    return rollout.cause or Trouble(rollout.reason, rollout.message)


def can_return(rollout: Rollout) -> bool:
    """Whether one that is taken back is as good as any other."""
    return cause_of(rollout).reason in (Reason.WITHDRAWN, Reason.SUPERSEDED)


def recounts(rollout: Rollout, policy: Policy, now: datetime) -> int:
    """How often shares were counted anew since the route is accepted: after two holds, after four, after eight. What
    went astray at first is not held against the route for ever."""
    holds = (now - rollout.routed) // max(hold_of(rollout, policy), HOLD) if rollout.routed else 0
    return max(0, holds.bit_length() - 1)


def is_endless(look: Look) -> bool:
    """Whether the gate has not decided this step for longer than it may."""
    return look.seen.verdict is Verdict.UNDECIDED and _waits_too_long(look)


def has_passed(look: Look) -> bool:
    """Whether this step's verdict allows the next one."""
    undecided = is_endless(look) and look.policy.on_undecided is OnUndecided.PROMOTE and not look.seen.is_blind
    return not look.policy.is_judged or look.seen.verdict is Verdict.PASS or undecided


def _waits_too_long(look: Look) -> bool:
    since = look.before.undecided_since or look.before.stepped
    return _over(since, look.policy.max_undecided, look.now)


def _planned(rollout: Rollout, policy: Policy) -> int:
    return next((step.weight for step in policy.steps if step.weight > rollout.weight), WHOLE)


def _over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    return since is not None and now - since >= span


def _told(look: Look, command: Command) -> bool:
    return command in look.seen.commands


def _is_spent(look: Look) -> bool:
    """Who was promoted once is a way back, also when the budget is spent."""
    is_known = look.seen.wanted in look.before.served
    return bool(look.seen.exhausted) and not is_known and not _told(look, Command.UNFREEZE)


def _is_frozen(look: Look) -> bool:
    """Who comes to an outage may end it. A stable that only restarts is none: a budget is spent by such, too."""
    if look.before.phase is Phase.PREPARING:
        # Once begun it waits to see whether the outage lasts, rather than to end its pods in the middle of one.
        return _is_spent(look) and not look.seen.stable_down
    return _is_spent(look) and not _lasts(look)


def _is_alone(look: Look) -> bool:
    """Whether the candidate has somebody who answers, and stable nobody."""
    return bool(look.seen.stable_down) and look.seen.can_answer


def _is_stable_down(look: Look) -> bool:
    """The same of a candidate that is well, as far as anybody knows."""
    return _is_alone(look) and look.seen.fault is None and look.seen.verdict is not Verdict.FAIL


def _lasts(look: Look) -> bool:
    """Whether that is no restart."""
    return bool(look.seen.stable_down) and _over(look.before.alone_since, GONE_AFTER, look.now)


def _is_step_over(look: Look) -> bool:
    """Whether a whole hold had its chance to show the share."""
    hold, again = hold_of(look.before, look.policy), recounts(look.before, look.policy, look.now)
    if again and look.before.routed:
        return _over(look.before.routed + max(hold, HOLD) * 2**again, hold, look.now)
    return _over(look.before.stepped, hold, look.now)


def _wants_another(look: Look) -> bool:
    return look.seen.wanted not in (look.before.stable, look.before.candidate)


_FACTS: Mapping[Fact, Callable[[Look], bool]] = {
    Fact.WANTS_STABLE: lambda look: look.seen.wanted == look.before.stable,
    Fact.WANTS_ANOTHER: _wants_another,
    Fact.ABORTED: lambda look: _told(look, Command.ABORT),
    Fact.PROMOTED: lambda look: _told(look, Command.PROMOTE),
    Fact.PAUSED: lambda look: _told(look, Command.PAUSE),
    Fact.RETRIED: lambda look: look.seen.retry not in (None, look.before.retried),
    Fact.FROZEN: _is_frozen,
    Fact.SPENT: _is_spent,
    Fact.REFUSED: lambda look: bool(look.seen.refused),
    Fact.READY: lambda look: look.seen.candidate_ready,
    Fact.NOT_READY: lambda look: not look.seen.candidate_ready,
    Fact.FITS_ALL: lambda look: look.seen.candidate_ready and look.seen.room >= WHOLE,
    Fact.NEXT_TOO_LARGE: lambda look: next_weight(look.before, look.policy) > look.seen.room,
    Fact.LATE: lambda look: _over(look.before.unready_since, look.policy.ready_within, look.now),
    Fact.REFUSED_NO_MORE: lambda look: look.before.reason == Reason.REFUSED and not look.seen.refused,
    Fact.FAILED_LATE: lambda look: look.before.reason == Reason.NOT_READY_IN_TIME,
    Fact.GOES_ON_ALONE: lambda look: look.before.reason in GOES_ON_ALONE,
    Fact.IS_FREE: lambda look: look.before.retiring is None,
    Fact.RESTED: lambda look: _over(look.before.routed, REST, look.now),
    Fact.NO_WAY_BACK: lambda look: bool(look.seen.no_way_back),
    Fact.BACK_IS_SLOW: lambda look: _over(look.before.since, REST, look.now),
    Fact.ROUTED: lambda look: look.seen.route_moved,
    Fact.NOT_ROUTED: lambda look: not look.seen.route_moved,
    Fact.ALONE: _is_alone,
    Fact.ALONE_LONG: lambda look: _is_alone(look) and _lasts(look),
    Fact.STABLE_DOWN: _is_stable_down,
    Fact.STABLE_GONE: lambda look: _is_stable_down(look) and _lasts(look),
    Fact.KNOWN: lambda look: look.seen.wanted in look.before.served,
    Fact.AT_ONCE: lambda look: not look.policy.steps,
    Fact.UNPROBED: lambda look: look.policy.probes > 0 and look.seen.probed is Verdict.UNDECIDED,
    Fact.PROBED: lambda look: look.policy.probes > 0 and look.seen.probed is Verdict.PASS,
    Fact.PROBED_BAD: lambda look: look.policy.probes > 0 and look.seen.probed is Verdict.FAIL,
    Fact.BAKES: lambda look: look.policy.bake > timedelta(0),
    Fact.BAKED: lambda look: _over(look.before.routed, look.policy.bake, look.now),
    Fact.ASTRAY: lambda look: not look.seen.blur and look.seen.share.stable > look.seen.share.candidate,
    Fact.UNPAID: lambda look: look.policy.most <= 0,
    Fact.NEXT_UNPAID: lambda look: next_weight(look.before, look.policy) <= look.before.weight,
    Fact.TOO_COARSE: lambda look: next_weight(look.before, look.policy) <= look.before.weight < look.policy.most,
    Fact.SHARE_SEEN: lambda look: look.seen.share.believable(look.before.weight),
    Fact.SHARE_FEW: lambda look: look.seen.share.is_few(look.before.weight),
    Fact.SHARE_BLURRED: lambda look: bool(look.seen.blur),
    Fact.STEP_OVER: _is_step_over,
    Fact.HELD: lambda look: _over(look.before.since, hold_of(look.before, look.policy), look.now),
    Fact.PASSED: has_passed,
    Fact.FAILED: lambda look: look.policy.is_judged and look.seen.verdict is Verdict.FAIL,
    Fact.FAULTY: lambda look: look.seen.fault is not None,
    Fact.ENDLESS: is_endless,
    Fact.ENDLESS_BACK: lambda look: is_endless(look) and look.policy.on_undecided is OnUndecided.ROLL_BACK,
    Fact.NEVER_TRUE: lambda look: _waits_too_long(look) and look.policy.on_undecided is OnUndecided.ROLL_BACK,
    Fact.LAST: lambda look: next_weight(look.before, look.policy) == WHOLE,
    Fact.CAN_RETURN: lambda look: can_return(look.before),
}


def facts(look: Look) -> frozenset[Fact]:
    """All that is true at this look."""
    return frozenset(fact for fact, holds in _FACTS.items() if holds(look))
