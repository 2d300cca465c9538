"""A gate's state as a short text, so that it outlives the operator.

What is kept is a look at what had been proven by then. Whoever reads it later has missed some seconds: they count
neither for nor against the candidate, as if nobody had looked, and the belief that evidence began in them is spent. The
open bin is given up and evidence is rounded down, so a restart makes no verdict easier; a Fail needs no keeping, for it
stands in the status itself.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from toprope.delivery.gate.advance import BIN
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.dispersion import Spread, dispersion
from toprope.delivery.gate.side import Side
from toprope.delivery.gate.stable import Stable
from toprope.delivery.gate.state import Proofs, Span, State

_VERSION = 1


def kept(state: State) -> str:
    """The state of one run: some 400 characters."""
    proofs, beside = state.proofs, state.beside
    return json.dumps(
        {
            "v": _VERSION,
            "at": state.since,
            "bins": state.bins,
            "proofs": [_down(each) for each in (proofs.absolute, *proofs.relative, proofs.ill, proofs.good)],
            "spread": [
                _short(each)
                for spread in (state.candidate.spread, state.stable.spread)
                for each in (spread.squares, spread.bad)
            ],
            "past": [_short(beside.past.total), _short(beside.past.bad)],
            "heard": [beside.was_heard, beside.silence, beside.rests],
            "spans": [_span(state.step), _span(state.recent)],
            "passed": state.passed,
        },
        separators=(",", ":"),
    )


def restored(text: str, now: float) -> State | None:
    """The state that was kept, at `now`; None where another version kept it, and the gate begins anew."""
    told = json.loads(text)
    if told["v"] != _VERSION:
        return None
    absolute, *relative, ill, good = (tuple(each) for each in told["proofs"])
    own, stable = (Spread(*told["spread"][place : place + 2]) for place in (0, 2))
    was_heard, silence, rests = told["heard"]
    step, recent = (Span(since, Counts(*own), Counts(*others)) for since, own, others in told["spans"])
    return State(
        at=now,
        since=now,
        proofs=Proofs(absolute, tuple(relative), ill, good),
        beside=Stable(Counts(*told["past"]), not rests, was_heard, silence, rests=rests),
        step=step,
        recent=recent,
        dispersion=dispersion(own, stable),
        bins=told["bins"] + math.ceil(max(0.0, now - told["at"]) / BIN),
        passed=told["passed"],
        failed=False,
        candidate=Side(spread=own),
        stable=Side(spread=stable),
    )


def _down(logs: Sequence[float]) -> list[float]:
    return [math.floor(each * 100) / 100 for each in logs]


def _short(number: float) -> float:
    return float(f"{number:.5g}")


def _span(span: Span) -> list[Any]:
    return [span.since, [span.candidate.total, span.candidate.bad], [span.stable.total, span.stable.bad]]
