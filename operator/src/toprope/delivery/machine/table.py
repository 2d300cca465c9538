"""The table: in each phase rows are tried from above; the first one whose facts all hold says what comes next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from toprope.delivery.machine.effects import drop, end, free, prepare, promote, stay, step, take_back, whole
from toprope.delivery.machine.facts import Fact, Look
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import Phase, Rollout

Effect = Callable[[Look], Rollout]


@dataclass(frozen=True, slots=True)
class Row:
    """If all of `when` hold: the phase, why, and what else changes. Reason and sentence may name words of `words`."""

    when: frozenset[Fact]
    to: Phase
    reason: str
    say: str
    does: Effect = stay


def _row(*when: Fact, to: Phase, reason: str, say: str, does: Effect = stay) -> Row:
    return Row(frozenset(when), to, reason, say, does)


def _as_before(*when: Fact, to: Phase, does: Effect = stay) -> Row:
    return _row(*when, to=to, reason="{reason}", say="{message}", does=does)


def _serves(*when: Fact, to: Phase = Phase.IDLE, does: Effect = drop) -> Row:
    return _row(*when, to=to, reason=Reason.RELEASED, say="Revision {stable} serves.", does=does)


def _freezes(*when: Fact, does: Effect = stay) -> Row:
    return _row(*when, to=Phase.FROZEN, reason=Reason.BUDGET_SPENT, say="{exhausted}", does=does)


def _prepares(*when: Fact, does: Effect = prepare) -> Row:
    return _row(*when, to=Phase.PREPARING, reason=Reason.CANDIDATE_NOT_READY, say="{obstacle}", does=does)


def _gives_up(*when: Fact) -> Row:
    return _row(*when, to=Phase.FAILED, reason=Reason.ABORTED, say="toprope.dev/abort names revision {candidate}.")


def _takes_back(*when: Fact, reason: str, say: str) -> Row:
    return _row(*when, to=Phase.ROLLING_BACK, reason=reason, say=say, does=take_back)


def _goes_whole(*when: Fact, reason: str, why: str = "") -> Sequence[Row]:
    """All requests go over; the revision that served until now stands by where there is a bake."""
    return (
        _row(
            *when, Fact.BAKES, to=Phase.BAKING, reason=reason, does=whole,
            say=f"{why}All requests are to go to revision {{candidate}}.",
        ),
        _moves(*when, reason=reason),
    )  # fmt: skip


def _moves(*when: Fact, reason: str) -> Row:
    return _row(*when, to=Phase.RETIRING, reason=reason, say="Revision {candidate} takes all traffic.", does=promote)


def _is_promoted(phase: Phase) -> Sequence[Row]:
    """Nobody lands on pods that are too few."""
    return (
        *_goes_whole(Fact.PROMOTED, Fact.FITS_ALL, reason=Reason.PROMOTED),
        _row(
            Fact.PROMOTED, to=phase, reason=Reason.CAPACITY_SHORT,
            say="toprope.dev/promote names revision {candidate}: it gets all requests once it has the pods. {pods}",
        ),
    )  # fmt: skip


def _waits_for_route(to: Phase) -> Row:
    return _row(Fact.NOT_ROUTED, to=to, reason=Reason.ROUTE_NOT_MOVED, say="{detour}")


def _pauses(to: Phase) -> Row:
    return _row(
        Fact.PAUSED, to=to, reason=Reason.PAUSED,
        say="Stays at {weight}: toprope.dev/pause names revision {candidate}. Without that annotation it goes on.",
    )  # fmt: skip


def _lacks_capacity(to: Phase) -> Row:
    return _row(Fact.NOT_READY, to=to, reason=Reason.CAPACITY_LOST, say="{obstacle}")


def _is_alone(*when: Fact) -> Sequence[Row]:
    """Steps and budgets hold requests back for who can answer them."""
    return _goes_whole(*when, Fact.ALONE, reason=Reason.STABLE_GONE, why="{bare} ")


def _spares(phase: Phase) -> Sequence[Row]:
    """Nobody who answers is taken back for a wish, to one who does not."""
    say = "Revision {wanted} is wanted now, but {candidate} keeps its requests until another one can take them. {bare}"
    wishes = (Fact.WANTS_STABLE, Fact.WANTS_ANOTHER)
    return tuple(_row(wish, Fact.BARE, to=phase, reason=Reason.STABLE_NOT_READY, say=say) for wish in wishes)


def _begins(*when: Fact) -> Sequence[Row]:
    """Nobody begins on a spent budget unasked."""
    return _freezes(*when, Fact.FROZEN, does=prepare), _prepares(*when)


_ANOTHER = _begins(Fact.WANTS_ANOTHER)

_ABORTED = _takes_back(Fact.ABORTED, reason=Reason.ABORTED, say="toprope.dev/abort names revision {candidate}.")
_TAKEN_BACK = (
    _takes_back(Fact.WANTS_STABLE, reason=Reason.WITHDRAWN, say="The spec wants the stable revision {stable} again."),
    _takes_back(
        Fact.WANTS_ANOTHER, reason=Reason.SUPERSEDED,
        say="The spec wants revision {wanted} now: back to stable first, then on to that one.",
    ),
    _takes_back(Fact.FAULTY, reason="{fault_reason}", say="{fault}"),
    _takes_back(Fact.FAILED, reason="{verdict_reason}", say="{verdict}"),
    _takes_back(
        Fact.LATE, reason=Reason.CAPACITY_MISSING,
        say="Revision {candidate} lacks pods for {ready_within}, as long as readyWithin allows. {obstacle}",
    ),
)  # fmt: skip

TABLE: Mapping[Phase, Sequence[Row]] = {
    Phase.IDLE: (
        _as_before(Fact.WANTS_STABLE, Fact.IS_FREE, to=Phase.IDLE, does=drop),
        # Only an operator of another version leaves revisions behind in this phase.
        _serves(Fact.WANTS_STABLE, to=Phase.RETIRING),
        *_ANOTHER,
        _prepares(),
    ),
    Phase.FROZEN: (
        _serves(Fact.WANTS_STABLE),
        *_ANOTHER,
        _gives_up(Fact.ABORTED),
        _freezes(Fact.FROZEN),
        _prepares(),
    ),
    Phase.PREPARING: (
        _serves(Fact.WANTS_STABLE, Fact.IS_FREE),
        _serves(Fact.WANTS_STABLE, to=Phase.RETIRING),
        *_ANOTHER,
        _gives_up(Fact.ABORTED),
        _row(Fact.REFUSED, to=Phase.FAILED, reason=Reason.REFUSED, say="{refused}"),
        *_goes_whole(Fact.READY, Fact.IS_FREE, Fact.PROMOTED, reason=Reason.PROMOTED),
        _row(
            Fact.READY, Fact.PAUSED, to=Phase.PREPARING, reason=Reason.PAUSED,
            say="Ready, and waits: toprope.dev/pause names revision {candidate}.",
        ),
        *_goes_whole(Fact.READY, Fact.IS_FREE, Fact.KNOWN, reason=Reason.SERVED_BEFORE),
        *_is_alone(Fact.READY, Fact.IS_FREE),
        _freezes(Fact.READY, Fact.FROZEN),
        _row(
            Fact.READY, Fact.IS_FREE, Fact.UNPAID, to=Phase.PREPARING, reason=Reason.BUDGET_BELOW_ONE_VERDICT,
            say="{most} toprope.dev/unfreeze: {candidate} lets it go on by its steps all the same.",
        ),
        _row(
            Fact.READY, Fact.IS_FREE, Fact.TOO_COARSE, to=Phase.PREPARING, reason=Reason.TOO_COARSE,
            say="{grain} {most} toprope.dev/promote: {candidate} releases it all the same.",
        ),
        _row(
            Fact.READY, Fact.IS_FREE, Fact.PROBED_BAD, to=Phase.FAILED, reason="{probes_reason}", say="{probes}"
        ),
        _row(
            Fact.READY, Fact.IS_FREE, Fact.UNPROBED, to=Phase.PREPARING, reason=Reason.PROBING, say="{probes}"
        ),
        *_goes_whole(
            Fact.READY, Fact.IS_FREE, Fact.PROBED, Fact.AT_ONCE, reason="{probes_reason}", why="{probes} "
        ),
        *_goes_whole(Fact.READY, Fact.IS_FREE, Fact.AT_ONCE, reason=Reason.CANDIDATE_READY),
        _row(
            Fact.READY, Fact.IS_FREE, to=Phase.SHIFTING, reason=Reason.CANDIDATE_READY, does=step,
            say="Revision {candidate} is ready and is to get {next} of the requests.",
        ),
        _row(
            Fact.READY, Fact.NOT_ROUTED, to=Phase.PREPARING, reason=Reason.ROUTE_NOT_MOVED,
            say="Revision {candidate} is ready. {detour}",
        ),
        _row(
            Fact.READY, to=Phase.PREPARING, reason=Reason.EARLIER_ENDS,
            say="Revision {candidate} is ready, and waits for revision {retiring} to end its last requests.",
        ),
        _row(Fact.LATE, to=Phase.FAILED, reason=Reason.NOT_READY_IN_TIME, say="{obstacle}"),
        _prepares(does=stay),
    ),
    Phase.SHIFTING: (
        _ABORTED,
        *_is_alone(),
        *_spares(Phase.SHIFTING),
        *_TAKEN_BACK,
        *_is_promoted(Phase.SHIFTING),
        _takes_back(
            Fact.NEVER_TRUE, reason=Reason.UNDECIDED_TOO_LONG,
            say="For {undecided} {weight} of the requests were not seen to go to revision {candidate}, and onUndecided "
            "is RollBack.",
        ),
        _waits_for_route(Phase.SHIFTING),
        _lacks_capacity(Phase.SHIFTING),
        _row(
            Fact.SHARE_SEEN, to=Phase.HOLDING, reason=Reason.STEP_TRUE,
            say="{share} requests go to revision {candidate}, as {weight} of all should.",
        ),
        _row(
            Fact.STEP_OVER, Fact.SHARE_FEW, to=Phase.HOLDING, reason=Reason.SHARE_UNMEASURED,
            say="The route is accepted; {share} requests are too few to see that {weight} of all go to revision "
            "{candidate}.",
        ),
        _row(
            Fact.STEP_OVER, Fact.SHARE_BLURRED, to=Phase.HOLDING, reason=Reason.SHARE_UNMEASURED,
            say="{share} requests went to revision {candidate}, {weight} of all should. {blur}",
        ),
        _row(
            Fact.STEP_OVER, to=Phase.SHIFTING, reason=Reason.SHARE_DIFFERS,
            say="The route is accepted, but {share} requests went to revision {candidate}, and {weight} of all should; "
            "toprope.dev/promote or toprope.dev/abort: {candidate} decides where it stays so.",
        ),
        _row(
            to=Phase.SHIFTING, reason=Reason.SHARE_NOT_SEEN,
            say="The route is accepted; that {weight} of the requests go to revision {candidate} is not seen yet.",
        ),
    ),
    Phase.HOLDING: (
        _ABORTED,
        *_is_alone(),
        *_spares(Phase.HOLDING),
        *_TAKEN_BACK,
        *_is_promoted(Phase.HOLDING),
        _waits_for_route(Phase.SHIFTING),
        _lacks_capacity(Phase.SHIFTING),
        _pauses(Phase.HOLDING),
        _row(
            Fact.PASSED, Fact.HELD, Fact.TOO_COARSE, to=Phase.HOLDING, reason=Reason.TOO_COARSE, say="{grain} {most}"
        ),
        _row(
            Fact.PASSED, Fact.HELD, Fact.NEXT_UNPAID, to=Phase.HOLDING, reason=Reason.BUDGET_BELOW_STEP,
            say="{most} toprope.dev/unfreeze: {candidate} lets it go on by its steps all the same.",
        ),
        _row(
            Fact.PASSED, Fact.HELD, Fact.NEXT_TOO_LARGE, to=Phase.HOLDING, reason=Reason.CAPACITY_SHORT,
            say="{passed} Revision {candidate} gets {next} of the requests once it has the pods. {pods}",
        ),
        *_goes_whole(Fact.PASSED, Fact.HELD, Fact.LAST, reason="{passed_reason}"),
        _row(
            Fact.PASSED, Fact.HELD, to=Phase.SHIFTING, reason="{passed_reason}", does=step,
            say="{passed} Revision {candidate} is to get {next} of the requests.",
        ),
        _row(
            Fact.PASSED, to=Phase.HOLDING, reason=Reason.HOLD_NOT_OVER, say="{passed} {weight} is held for {hold}.",
        ),
        _takes_back(
            Fact.ENDLESS_BACK, reason=Reason.UNDECIDED_TOO_LONG,
            say="Undecided for {undecided}, and onUndecided is RollBack. {verdict}",
        ),
        _row(
            Fact.ENDLESS, to=Phase.HOLDING, reason=Reason.UNDECIDED_TOO_LONG,
            say="Undecided for {undecided}; toprope.dev/promote or toprope.dev/abort: {candidate} decides. {verdict}",
        ),
        _row(to=Phase.HOLDING, reason="{verdict_reason}", say="{verdict}"),
    ),
    Phase.BAKING: (
        _ABORTED,
        _moves(Fact.BAKED, Fact.BARE, Fact.ROUTED, reason=Reason.BAKED),
        *_spares(Phase.BAKING),
        *_TAKEN_BACK,
        _waits_for_route(Phase.BAKING),
        _lacks_capacity(Phase.BAKING),
        _moves(Fact.PROMOTED, reason=Reason.PROMOTED),
        _pauses(Phase.BAKING),
        _row(
            Fact.BAKED, Fact.ASTRAY, to=Phase.BAKING, reason=Reason.SHARE_DIFFERS,
            say="The route is accepted, but {share} requests went to revision {candidate}, and all should; "
            "toprope.dev/promote or toprope.dev/abort: {candidate} decides where it stays so.",
        ),
        _moves(Fact.BAKED, reason=Reason.BAKED),
        _row(
            to=Phase.BAKING, reason=Reason.BAKING,
            say="All requests go to revision {candidate}; revision {stable} stands by until that was so for {bake}.",
        ),
    ),
    Phase.RETIRING: (
        *_ANOTHER,
        _serves(Fact.RESTED, does=free),
        _row(
            Fact.ROUTED, to=Phase.RETIRING, reason=Reason.TRAFFIC_MOVED,
            say="Revision {stable} serves; revision {retiring} ends its last requests.",
        ),
        _row(
            to=Phase.RETIRING, reason=Reason.ROUTE_NOT_MOVED,
            say="The gateway does not send all traffic to revision {stable} yet.",
        ),
    ),
    Phase.ROLLING_BACK: (
        _serves(Fact.RESTED, Fact.WANTS_STABLE),
        *_begins(Fact.RESTED, Fact.WANTS_ANOTHER),
        *_begins(Fact.RESTED, Fact.CAN_RETURN),
        _as_before(Fact.RESTED, to=Phase.FAILED, does=end),
        _row(
            Fact.NOT_ROUTED, Fact.BACK_IS_SLOW, Fact.NO_WAY_BACK, to=Phase.ROLLING_BACK,
            reason=Reason.STABLE_NOT_READY, say="{no_way_back} {message}",
        ),
        _row(
            Fact.NOT_ROUTED, Fact.BACK_IS_SLOW, to=Phase.ROLLING_BACK, reason=Reason.ROUTE_NOT_MOVED,
            say="{detour} {message}",
        ),
        _as_before(to=Phase.ROLLING_BACK),
    ),
    Phase.FAILED: (
        _serves(Fact.WANTS_STABLE),
        *_ANOTHER,
        _gives_up(Fact.ABORTED, Fact.GOES_ON_ALONE),
        *_begins(Fact.RETRIED),
        *_begins(Fact.FAILED_LATE, Fact.READY),
        *_begins(Fact.REFUSED_NO_MORE),
        _as_before(to=Phase.FAILED),
    ),
}  # fmt: skip
