"""Rows of the table: if so many facts hold, the phase that is next, and why. What several phases say in the same words
is said here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from toprope.delivery.machine.effects import drop, prepare, promote, stay, take_back, whole
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


def row(*when: Fact, to: Phase, reason: str, say: str, does: Effect = stay) -> Row:
    """One, as it is written in the table."""
    return Row(frozenset(when), to, reason, say, does)


def as_before(*when: Fact, to: Phase, does: Effect = stay) -> Row:
    """With the words that it had."""
    return row(*when, to=to, reason="{reason}", say="{message}", does=does)


def serves(*when: Fact, to: Phase = Phase.IDLE, does: Effect = drop) -> Row:
    """Nothing is under way any more."""
    return row(*when, to=to, reason=Reason.RELEASED, say="Revision {stable} serves.", does=does)


def freezes(*when: Fact, does: Effect = stay) -> Row:
    """An error budget is spent."""
    return row(*when, to=Phase.FROZEN, reason=Reason.BUDGET_SPENT, say="{exhausted}", does=does)


def prepares(*when: Fact, does: Effect = prepare) -> Row:
    """The wanted revision gets ready."""
    return row(*when, to=Phase.PREPARING, reason=Reason.CANDIDATE_NOT_READY, say="{obstacle}", does=does)


def gives_up(*when: Fact) -> Row:
    """Called off before its first request."""
    return row(*when, to=Phase.FAILED, reason=Reason.ABORTED, say="toprope.dev/abort names revision {candidate}.")


def takes_back(*when: Fact, reason: str, say: str) -> Row:
    """All requests go back to stable."""
    return row(*when, to=Phase.ROLLING_BACK, reason=reason, say=say, does=take_back)


def goes_whole(*when: Fact, reason: str, why: str = "") -> Sequence[Row]:
    """All requests go over; the revision that served until now stands by where there is a bake."""
    return (
        row(
            *when, Fact.BAKES, to=Phase.BAKING, reason=reason, does=whole,
            say=f"{why}All requests are to go to revision {{candidate}}.",
        ),
        moves(*when, reason=reason),
    )  # fmt: skip


def moves(*when: Fact, reason: str) -> Row:
    """The candidate is stable from now on."""
    return row(*when, to=Phase.RETIRING, reason=reason, say="Revision {candidate} takes all traffic.", does=promote)


def is_promoted(phase: Phase) -> Sequence[Row]:
    """Nobody lands on pods that are too few."""
    return (
        *goes_whole(Fact.PROMOTED, Fact.FITS_ALL, reason=Reason.PROMOTED),
        row(
            Fact.PROMOTED, to=phase, reason=Reason.CAPACITY_SHORT,
            say="toprope.dev/promote names revision {candidate}: it gets all requests once it has the pods. {pods}",
        ),
    )  # fmt: skip


def waits_for_route(to: Phase) -> Row:
    """The route is not as the status has it."""
    return row(Fact.NOT_ROUTED, to=to, reason=Reason.ROUTE_NOT_MOVED, say="{detour}")


def pauses(to: Phase) -> Row:
    """A person holds it where it is."""
    return row(
        Fact.PAUSED, to=to, reason=Reason.PAUSED,
        say="Stays at {weight}: toprope.dev/pause names revision {candidate}. Without that annotation it goes on.",
    )  # fmt: skip


def lacks_capacity(to: Phase) -> Row:
    """It has requests, and too few pods for them."""
    return row(Fact.NOT_READY, to=to, reason=Reason.CAPACITY_LOST, say="{obstacle}")


def ends_outage(*when: Fact) -> Sequence[Row]:
    """Steps and budgets hold requests back for who can answer them."""
    return goes_whole(*when, Fact.STABLE_GONE, reason=Reason.STABLE_GONE, why="{stable_down} ")


def outwaits(to: Phase) -> Row:
    """A pause holds in an outage, too."""
    return row(
        Fact.STABLE_GONE, Fact.PAUSED, to=to, reason=Reason.PAUSED,
        say="{stable_down} Revision {candidate} could, and waits: toprope.dev/pause names it.",
    )  # fmt: skip


def spares(phase: Phase) -> Sequence[Row]:
    """Nobody who answers, however badly, is taken back to one who answers nobody; but for an abort."""
    keeps = "{candidate} keeps its requests until another one can take them"
    causes = (
        (Fact.WANTS_STABLE, f"Revision {{wanted}} is wanted now, but {keeps}."),
        (Fact.WANTS_ANOTHER, f"Revision {{wanted}} is wanted now, but {keeps}."),
        (Fact.FAULTY, f"{{fault}} But {keeps}."),
        (Fact.FAILED, f"{{verdict}} But {keeps}."),
        (Fact.LATE, f"{{obstacle}} But {keeps}."),
    )
    return [
        row(cause, Fact.ALONE, to=phase, reason=Reason.STABLE_NOT_READY, say=f"{say} {{stable_down}}")
        for cause, say in causes
    ]


def makes_way(*when: Fact) -> Row:
    """Who alone answers is stable from now on: the next release needs one to come from."""
    return row(
        Fact.WANTS_ANOTHER, *when, to=Phase.RETIRING, reason=Reason.STABLE_GONE, does=promote,
        say="{no_answer} Revision {candidate}, which alone answers, serves until revision {wanted} is ready.",
    )  # fmt: skip


def begins(*when: Fact) -> Sequence[Row]:
    """Nobody begins on a spent budget unasked."""
    return freezes(*when, Fact.FROZEN, does=prepare), prepares(*when)
