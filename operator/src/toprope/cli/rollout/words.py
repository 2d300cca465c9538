"""A rollout in few words: where it stands, and what the gate has of each SLO."""

from datetime import datetime, timedelta

from toprope.cli.rollout.reading import Reading, left, place, since
from toprope.cli.say import age
from toprope.core.conditions import moment
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.machine.rollout import Phase
from toprope.delivery.spec import CountsStatus, JudgedStatus

BEHIND = "(the newest spec has not been looked at yet)"
_LITTLE = 0.02
"""Of a proof: from less nobody can say how long the rest takes."""


def stands(one: Reading) -> str:
    """`Holding at 10%, step 2 of 3`."""
    return f"{one.phase} at {one.rollout.weight}, {place(one)}" if one.is_shared and one.rollout.weight else one.phase


def about(one: Reading, now: datetime) -> str:
    """The line of a status; empty while no release is on its way."""
    ago = since(one.rollout.since, now)
    if one.candidate is None or ago is None:
        return ""
    more = f"toprope explain {one.ref.name} -n {one.ref.namespace} says more."
    return f"Rollout: {stands(one)}, for {span(ago)}. {one.rollout.message or ''} {more}"


def line(one: Reading, now: datetime) -> str:
    """All that a watcher reads of one look."""
    parts = [now.strftime("%H:%M:%S"), stands(one), one.rollout.reason or ""]
    rest = left(one, now)
    parts += [f"{span(rest)} left"] if rest else []
    parts += [BEHIND] if one.is_behind else []
    message = "" if is_gates(one) else one.rollout.message or ""
    return "  ".join(part for part in (*parts, *map(gate, judged(one)), message) if part)


def judged(one: Reading) -> list[JudgedStatus]:
    """By SLO, while it counts."""
    return list(one.rollout.judged) if one.is_shared else []


def is_gates(one: Reading) -> bool:
    """Whether the rollout's sentence is that of a gate, with its counts."""
    return any(slo.message and slo.message in (one.rollout.message or "") for slo in judged(one))


def gate(slo: JudgedStatus) -> str:
    """`availability Undecided (candidate 0.2%, stable 0.03%, pass 43%, fail 0%)`."""
    sides = f"candidate {error_rate(slo.candidate)}, stable {error_rate(slo.stable)}"
    return f"{slo.slo} {slo.verdict} ({sides}, pass {percent(slo.to_pass)}, fail {percent(slo.to_fail)})"


def error_rate(counts: CountsStatus | None) -> str:
    """Bad requests among all of them; a hyphen where there are none."""
    if counts is None or counts.total == 0:
        return "-"
    return f"{100 * counts.bad / counts.total:.3g}%"


def counted(counts: CountsStatus | None) -> str:
    """`0.2% (4 of 2,000)`."""
    if counts is None:
        return "not counted"
    return f"{error_rate(counts)} ({counts.bad:,} of {counts.total:,})" if counts.total else "no request"


def bad(requests: int) -> str:
    """`1 bad request`."""
    return f"{requests:,} bad request{'' if requests == 1 else 's'}"


def percent(share: str | None) -> str:
    """Of a share as the status has it."""
    return "-" if share is None else f"{100 * float(share):.0f}%"


def verdict_in(one: Reading, slo: JudgedStatus) -> timedelta | None:
    """How long Pass will take, if it goes on as so far; None where that cannot be told."""
    is_open = slo.verdict == Verdict.UNDECIDED and slo.reason in (Reason.GATHERING_EVIDENCE, Reason.NO_STABLE)
    share = float(slo.to_pass or 0)
    if not is_open or share < _LITTLE or slo.counted_since is None or one.rollout.judged_at is None:
        return None
    took = moment(one.rollout.judged_at) - moment(slo.counted_since)
    return took * ((1 - share) / share)


def span(time: timedelta) -> str:
    """As kubectl says it."""
    return age(time.total_seconds())


def serves(one: Reading) -> str:
    """Who serves, where no release is on its way."""
    if one.revision.stable is None:
        return "Nothing has been released yet."
    if one.phase == Phase.RETIRING:
        return f"Revision {one.revision.stable} serves; revision {one.revision.retiring} ends its last requests."
    return f"Revision {one.revision.stable} serves, and no release is on its way."
