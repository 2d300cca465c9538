"""Why a rollout is where it is, and what it waits for, in sentences."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from toprope.cli.rollout.orders import Order, useful
from toprope.cli.rollout.reading import Reading, hold, left, place, since
from toprope.cli.rollout.words import bad, error_rate, is_gates, judged, percent, serves, span, verdict_in
from toprope.core.conditions import moment
from toprope.core.names import RECONCILE
from toprope.core.objects import annotations_of
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine import moved
from toprope.delivery.machine.facts import next_weight
from toprope.delivery.machine.reasons import UNPAID, Reason
from toprope.delivery.machine.rollout import WHOLE, OnUndecided, Phase, Rollout
from toprope.delivery.machine.times import is_away
from toprope.delivery.machine.weights import percent as weight_of
from toprope.delivery.spec import JudgedStatus
from toprope.slo.budget import State
from toprope.slo.status import SloStatus


def explanation(one: Reading, now: datetime) -> list[str]:
    """In reading order: what stands in the way of all, where it is and why, who judges it, what comes next."""
    return [*_hindrances(one), *_where(one, now), *_gates(one, now), *_next(one, now)]


def order_line(order: Order, one: Reading) -> str:
    """How to change it."""
    return f"toprope {order.name} {one.ref.name} -n {one.ref.namespace}: {order.does}"


def as_json(one: Reading, now: datetime) -> dict[str, Any]:
    """For machines."""
    rest = left(one, now)
    return {
        "phase": one.phase,
        "reason": one.rollout.reason,
        "stable": one.revision.stable,
        "candidate": one.candidate,
        "weight": one.rollout.weight,
        "secondsLeft": None if rest is None else int(rest.total_seconds()),
        "sentences": explanation(one, now),
        "orders": {order.name: order.does for order in useful(one)},
    }


def _hindrances(one: Reading) -> Iterator[str]:
    if annotations_of(one.live).get(RECONCILE) == "disabled":
        yield f"The annotation {RECONCILE}: disabled leaves everything as it is."
    if one.is_behind:
        yield (
            "The newest spec has not been looked at yet, so a release in it does not show here. That takes a second "
            "where the operator runs."
        )


def _where(one: Reading, now: datetime) -> Iterator[str]:
    if one.candidate is None:
        yield serves(one)
        yield from _last(one, now)
        return
    ago = since(one.rollout.since, now)
    yield f"{_standing(one)}, for {span(ago)}." if ago is not None else f"{_standing(one)}."
    if not is_gates(one):
        yield f"{one.rollout.message} ({one.rollout.reason})"
    if one.phase == Phase.FROZEN:
        yield from (_spent(slo, now) for slo in one.slos if slo.state == State.EXHAUSTED)
    if one.rollout.lost:
        yield f"This rollout has cost {bad(one.rollout.lost)} so far."


def _standing(one: Reading) -> str:
    candidate, stable, weight = one.candidate, one.revision.stable, one.rollout.weight
    said = {
        Phase.FROZEN: f"Revision {candidate} has not begun: new releases wait for an error budget",
        Phase.PREPARING: f"Revision {candidate} gets ready beside {stable}, and has no requests yet",
        Phase.SHIFTING: f"Revision {candidate} is to get {weight} of the requests ({place(one)})",
        Phase.HOLDING: f"Revision {candidate} gets {weight} of the requests ({place(one)})",
        Phase.BAKING: f"Revision {candidate} gets all requests, and {stable} stands by at full size",
        Phase.ROLLING_BACK: f"All requests go back from revision {candidate} to {stable}",
        Phase.FAILED: f"Revision {candidate} has failed and gets no requests; {stable} serves",
    }
    return {str(phase): sentence for phase, sentence in said.items()}.get(
        one.phase, f"Revision {candidate} is {one.phase}; {stable} serves"
    )


def _last(one: Reading, now: datetime) -> Iterator[str]:
    for record in one.records[:1]:
        ago = since(record.ended, now)
        if ago is not None:
            yield f"The last rollout, of revision {record.candidate}, ended {span(ago)} ago as {record.outcome}. " + (
                record.message or ""
            )


def _spent(slo: SloStatus, now: datetime) -> str:
    """The arithmetic of a freeze."""
    ago = since(slo.exhausted_since, now)
    when = f", spent for {span(ago)}" if ago is not None else ""
    more = float(slo.budget_remaining or 0)
    return (
        f"{slo.name} promises {slo.objective}% over {slo.window} and attained {slo.attained}%: its error budget was "
        f"used to {100 * (1 - more):.0f}%{when}. It comes back as bad requests leave the window of {slo.window}."
    )


def _gates(one: Reading, now: datetime) -> Iterator[str]:
    for slo in judged(one):
        yield _gate(slo)
        if takes := verdict_in(one, slo):
            yield f"As it goes on, {slo.slo} is decided in about {span(takes)}."
    if judged(one) and (old := _unseen(one, now)):
        yield f"These counts are {span(old)} old: the operator does not see the candidate, or does not run."


def _unseen(one: Reading, now: datetime) -> timedelta | None:
    """How old counts are that should be younger: they are written ever less often, as the phase grows old."""
    began, ago = one.rollout.since, since(one.rollout.judged_at, now)
    is_late = ago is not None and is_away(moment(began) if began else None, now - ago, now)
    return ago if is_late else None


def _gate(slo: JudgedStatus) -> str:
    return (
        f"{slo.slo}: {slo.verdict} ({slo.reason}). {slo.message}. Bad are {error_rate(slo.candidate)} of the "
        f"candidate's requests, {error_rate(slo.stable)} of stable's. Of the proof that it is good "
        f"{percent(slo.to_pass)} is there, of the proof that it is bad {percent(slo.to_fail)}."
    )


def _next(one: Reading, now: datetime) -> Iterator[str]:
    rest = left(one, now)
    if one.phase == Phase.FAILED:
        yield _way_out(one)
    if one.rollout.reason in UNPAID:
        yield "It stays so until the error budget pays for the next share, or a person decides."
    if rest is None:
        return
    if one.phase == Phase.PREPARING:
        yield f"It has {span(rest)} of {moved.span(one.policy.ready_within)} left to get ready; else it has failed."
    if one.phase == Phase.HOLDING:
        yield f"{_after_hold(one)} {_held(one, rest)}"
        yield from _patience(one, now)
    if one.phase == Phase.BAKING:
        yield f"It is stable in {span(rest)}, unless the gate fails it, or a fact does."


def _way_out(one: Reading) -> str:
    itself = {
        str(Reason.NOT_READY_IN_TIME): "Its pods stay: it goes on by itself once it is ready.",
        str(Reason.REFUSED): "It goes on by itself once it is not refused any more.",
    }
    stays = "It stays so until the spec wants another release, or somebody has it tried again."
    return itself.get(one.rollout.reason or "", stays)


def _held(one: Reading, rest: timedelta) -> str:
    whole = moved.span(hold(one))
    return f"It is held for {whole}, of which {span(rest)} are left." if rest else f"Its hold of {whole} is over."


def _after_hold(one: Reading) -> str:
    weight = next_weight(Rollout(weight=one.weight), one.policy)
    if weight <= one.weight:
        return "It gets no more as long as the error budget pays for no larger share."
    share = "all requests" if weight == WHOLE else weight_of(weight)
    judge = "once every SLO of the gate has passed it at this weight and its hold is over"
    return f"It gets {share} {judge if one.policy.is_judged else 'once its hold is over: no SLO judges it'}."


def _patience(one: Reading, now: datetime) -> Iterator[str]:
    ago = since(one.rollout.undecided_since or one.rollout.stepped, now)
    has_passed = bool(judged(one)) and all(slo.verdict == Verdict.PASS for slo in judged(one))
    if ago is None or not one.policy.is_judged or has_passed:
        return
    then = {
        OnUndecided.HOLD: "it waits for a person",
        OnUndecided.ROLL_BACK: "it is taken back",
        OnUndecided.PROMOTE: "it goes on all the same",
    }[one.policy.on_undecided]
    most = moved.span(one.policy.max_undecided)
    if ago > one.policy.max_undecided:
        yield f"It has been undecided at this weight for {span(ago)}, longer than maxUndecided ({most}): {then}."
    else:
        yield f"Undecided, it may stay at this weight for {most}, of which {span(ago)} are over; after that {then}."
