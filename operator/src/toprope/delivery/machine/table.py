"""The table: in each phase rows are tried from above; the first one whose facts all hold says what comes next."""

from collections.abc import Mapping, Sequence

from toprope.delivery.machine.effects import drop, end, free, stay, step
from toprope.delivery.machine.facts import Fact
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import Phase
from toprope.delivery.machine.rows import (
    Row,
    as_before,
    begins,
    ends_outage,
    freezes,
    gives_up,
    goes_whole,
    is_promoted,
    lacks_capacity,
    makes_way,
    moves,
    outwaits,
    pauses,
    prepares,
    row,
    serves,
    spares,
    takes_back,
    waits_for_route,
)

_ANOTHER = begins(Fact.WANTS_ANOTHER)

_ABORTED = takes_back(Fact.ABORTED, reason=Reason.ABORTED, say="toprope.dev/abort names revision {candidate}.")
_TAKEN_BACK = (
    takes_back(Fact.WANTS_STABLE, reason=Reason.WITHDRAWN, say="The spec wants the stable revision {stable} again."),
    takes_back(
        Fact.WANTS_ANOTHER, reason=Reason.SUPERSEDED,
        say="The spec wants revision {wanted} now: back to stable first, then on to that one.",
    ),
    takes_back(Fact.FAULTY, reason="{fault_reason}", say="{fault}"),
    takes_back(Fact.FAILED, reason="{verdict_reason}", say="{verdict}"),
    takes_back(
        Fact.LATE, reason=Reason.CAPACITY_MISSING,
        say="Revision {candidate} lacks pods for {ready_within}, as long as readyWithin allows. {obstacle}",
    ),
)  # fmt: skip

TABLE: Mapping[Phase, Sequence[Row]] = {
    Phase.IDLE: (
        as_before(Fact.WANTS_STABLE, Fact.IS_FREE, to=Phase.IDLE, does=drop),
        # Only an operator of another version leaves revisions behind in this phase.
        serves(Fact.WANTS_STABLE, to=Phase.RETIRING),
        *_ANOTHER,
        prepares(),
    ),
    Phase.FROZEN: (
        serves(Fact.WANTS_STABLE),
        *_ANOTHER,
        gives_up(Fact.ABORTED),
        freezes(Fact.FROZEN),
        prepares(),
    ),
    Phase.PREPARING: (
        serves(Fact.WANTS_STABLE, Fact.IS_FREE),
        serves(Fact.WANTS_STABLE, to=Phase.RETIRING),
        *_ANOTHER,
        gives_up(Fact.ABORTED),
        row(Fact.REFUSED, to=Phase.FAILED, reason=Reason.REFUSED, say="{refused}"),
        *goes_whole(Fact.READY, Fact.IS_FREE, Fact.PROMOTED, reason=Reason.PROMOTED),
        row(
            Fact.READY, Fact.PAUSED, to=Phase.PREPARING, reason=Reason.PAUSED,
            say="Ready, and waits: toprope.dev/pause names revision {candidate}.",
        ),
        *goes_whole(Fact.READY, Fact.IS_FREE, Fact.KNOWN, reason=Reason.SERVED_BEFORE),
        outwaits(Phase.PREPARING),
        # Who is not whole yet is more than nobody.
        *ends_outage(Fact.IS_FREE),
        freezes(Fact.READY, Fact.FROZEN),
        row(
            Fact.READY, Fact.SPENT, to=Phase.PREPARING, reason=Reason.STABLE_NOT_READY,
            say="{stable_down} Once that was so for {gone} revision {candidate} gets all requests. {exhausted}",
        ),
        row(
            Fact.READY, Fact.IS_FREE, Fact.UNPAID, to=Phase.PREPARING, reason=Reason.BUDGET_BELOW_ONE_VERDICT,
            say="{most} toprope.dev/unfreeze: {candidate} lets it go on by its steps all the same.",
        ),
        row(
            Fact.READY, Fact.IS_FREE, Fact.TOO_COARSE, to=Phase.PREPARING, reason=Reason.TOO_COARSE,
            say="{grain} {most} toprope.dev/promote: {candidate} releases it all the same.",
        ),
        row(
            Fact.READY, Fact.IS_FREE, Fact.PROBED_BAD, to=Phase.FAILED, reason="{probes_reason}", say="{probes}"
        ),
        row(
            Fact.READY, Fact.IS_FREE, Fact.UNPROBED, to=Phase.PREPARING, reason=Reason.PROBING, say="{probes}"
        ),
        *goes_whole(
            Fact.READY, Fact.IS_FREE, Fact.PROBED, Fact.AT_ONCE, reason="{probes_reason}", why="{probes} "
        ),
        *goes_whole(Fact.READY, Fact.IS_FREE, Fact.AT_ONCE, reason=Reason.CANDIDATE_READY),
        row(
            Fact.READY, Fact.IS_FREE, to=Phase.SHIFTING, reason=Reason.CANDIDATE_READY, does=step,
            say="Revision {candidate} is ready and is to get {next} of the requests.",
        ),
        row(
            Fact.READY, Fact.NOT_ROUTED, to=Phase.PREPARING, reason=Reason.ROUTE_NOT_MOVED,
            say="Revision {candidate} is ready. {detour}",
        ),
        row(
            Fact.READY, to=Phase.PREPARING, reason=Reason.EARLIER_ENDS,
            say="Revision {candidate} is ready, and waits for revision {retiring} to end its last requests.",
        ),
        row(Fact.LATE, to=Phase.FAILED, reason=Reason.NOT_READY_IN_TIME, say="{obstacle}"),
        prepares(does=stay),
    ),
    Phase.SHIFTING: (
        _ABORTED,
        outwaits(Phase.SHIFTING),
        *ends_outage(),
        makes_way(Fact.ALONE_LONG),
        *goes_whole(Fact.PROMOTED, Fact.ALONE, reason=Reason.PROMOTED),
        *spares(Phase.SHIFTING),
        *_TAKEN_BACK,
        *is_promoted(Phase.SHIFTING),
        takes_back(
            Fact.NEVER_TRUE, reason=Reason.UNDECIDED_TOO_LONG,
            say="For {undecided} {weight} of the requests were not seen to go to revision {candidate}, and onUndecided "
            "is RollBack.",
        ),
        waits_for_route(Phase.SHIFTING),
        lacks_capacity(Phase.SHIFTING),
        row(
            Fact.SHARE_SEEN, to=Phase.HOLDING, reason=Reason.STEP_TRUE,
            say="{share} requests go to revision {candidate}, as {weight} of all should.",
        ),
        row(
            Fact.STEP_OVER, Fact.SHARE_FEW, to=Phase.HOLDING, reason=Reason.SHARE_UNMEASURED,
            say="The route is accepted; {share} requests are too few to see that {weight} of all go to revision "
            "{candidate}.",
        ),
        row(
            Fact.STEP_OVER, Fact.SHARE_BLURRED, to=Phase.HOLDING, reason=Reason.SHARE_UNMEASURED,
            say="{share} requests went to revision {candidate}, {weight} of all should. {blur}",
        ),
        row(
            Fact.STEP_OVER, to=Phase.SHIFTING, reason=Reason.SHARE_DIFFERS,
            say="The route is accepted, but {share} requests went to revision {candidate}, and {weight} of all should; "
            "toprope.dev/promote or toprope.dev/abort: {candidate} decides where it stays so.",
        ),
        row(
            to=Phase.SHIFTING, reason=Reason.SHARE_NOT_SEEN,
            say="The route is accepted; that {weight} of the requests go to revision {candidate} is not seen yet.",
        ),
    ),
    Phase.HOLDING: (
        _ABORTED,
        outwaits(Phase.HOLDING),
        *ends_outage(),
        makes_way(Fact.ALONE_LONG),
        *goes_whole(Fact.PROMOTED, Fact.ALONE, reason=Reason.PROMOTED),
        *spares(Phase.HOLDING),
        *_TAKEN_BACK,
        *is_promoted(Phase.HOLDING),
        waits_for_route(Phase.SHIFTING),
        lacks_capacity(Phase.SHIFTING),
        pauses(Phase.HOLDING),
        row(
            Fact.PASSED, Fact.HELD, Fact.TOO_COARSE, to=Phase.HOLDING, reason=Reason.TOO_COARSE, say="{grain} {most}"
        ),
        row(
            Fact.PASSED, Fact.HELD, Fact.NEXT_UNPAID, to=Phase.HOLDING, reason=Reason.BUDGET_BELOW_STEP,
            say="{most} toprope.dev/unfreeze: {candidate} lets it go on by its steps all the same.",
        ),
        row(
            Fact.PASSED, Fact.HELD, Fact.NEXT_TOO_LARGE, to=Phase.HOLDING, reason=Reason.CAPACITY_SHORT,
            say="{passed} Revision {candidate} gets {next} of the requests once it has the pods. {pods}",
        ),
        *goes_whole(Fact.PASSED, Fact.HELD, Fact.LAST, reason="{passed_reason}"),
        row(
            Fact.PASSED, Fact.HELD, to=Phase.SHIFTING, reason="{passed_reason}", does=step,
            say="{passed} Revision {candidate} is to get {next} of the requests.",
        ),
        row(
            Fact.PASSED, to=Phase.HOLDING, reason=Reason.HOLD_NOT_OVER, say="{passed} {weight} is held for {hold}.",
        ),
        takes_back(
            Fact.ENDLESS_BACK, reason=Reason.UNDECIDED_TOO_LONG,
            say="Undecided for {undecided}, and onUndecided is RollBack. {verdict}",
        ),
        row(
            Fact.ENDLESS, to=Phase.HOLDING, reason=Reason.UNDECIDED_TOO_LONG,
            say="Undecided for {undecided}; toprope.dev/promote or toprope.dev/abort: {candidate} decides. {verdict}",
        ),
        row(to=Phase.HOLDING, reason="{verdict_reason}", say="{verdict}"),
    ),
    Phase.BAKING: (
        _ABORTED,
        moves(Fact.BAKED, Fact.STABLE_DOWN, Fact.ROUTED, reason=Reason.BAKED),
        makes_way(Fact.ALONE_LONG),
        moves(Fact.PROMOTED, Fact.ALONE, reason=Reason.PROMOTED),
        *spares(Phase.BAKING),
        *_TAKEN_BACK,
        waits_for_route(Phase.BAKING),
        lacks_capacity(Phase.BAKING),
        moves(Fact.PROMOTED, reason=Reason.PROMOTED),
        pauses(Phase.BAKING),
        row(
            Fact.BAKED, Fact.ASTRAY, to=Phase.BAKING, reason=Reason.SHARE_DIFFERS,
            say="The route is accepted, but {share} requests went to revision {candidate}, and all should; "
            "toprope.dev/promote or toprope.dev/abort: {candidate} decides where it stays so.",
        ),
        moves(Fact.BAKED, reason=Reason.BAKED),
        row(
            to=Phase.BAKING, reason=Reason.BAKING,
            say="All requests go to revision {candidate}; revision {stable} stands by until that was so for {bake}.",
        ),
    ),
    Phase.RETIRING: (
        *_ANOTHER,
        serves(Fact.RESTED, does=free),
        row(
            Fact.ROUTED, to=Phase.RETIRING, reason=Reason.TRAFFIC_MOVED,
            say="Revision {stable} serves; revision {retiring} ends its last requests.",
        ),
        row(
            to=Phase.RETIRING, reason=Reason.ROUTE_NOT_MOVED,
            say="The gateway does not send all traffic to revision {stable} yet.",
        ),
    ),
    Phase.ROLLING_BACK: (
        serves(Fact.RESTED, Fact.WANTS_STABLE),
        *begins(Fact.RESTED, Fact.WANTS_ANOTHER),
        *begins(Fact.RESTED, Fact.CAN_RETURN),
        as_before(Fact.RESTED, to=Phase.FAILED, does=end),
        # Stable was lost on the way to it: the doors stay where somebody answers.
        makes_way(Fact.BACK_IS_SLOW, Fact.NO_WAY_BACK),
        moves(Fact.PROMOTED, Fact.NO_WAY_BACK, reason=Reason.PROMOTED),
        row(
            Fact.NOT_ROUTED, Fact.BACK_IS_SLOW, Fact.NO_WAY_BACK, to=Phase.ROLLING_BACK,
            reason=Reason.STABLE_NOT_READY, say="{no_way_back} {message}",
        ),
        row(
            Fact.NOT_ROUTED, Fact.BACK_IS_SLOW, to=Phase.ROLLING_BACK, reason=Reason.ROUTE_NOT_MOVED,
            say="{detour} {message}",
        ),
        as_before(to=Phase.ROLLING_BACK),
    ),
    Phase.FAILED: (
        serves(Fact.WANTS_STABLE),
        *_ANOTHER,
        gives_up(Fact.ABORTED, Fact.GOES_ON_ALONE),
        *begins(Fact.RETRIED),
        *begins(Fact.FAILED_LATE, Fact.READY),
        *begins(Fact.REFUSED_NO_MORE),
        as_before(to=Phase.FAILED),
    ),
}  # fmt: skip
