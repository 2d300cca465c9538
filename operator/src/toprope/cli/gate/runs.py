"""The runs that `toprope gate` judges side by side."""

from dataclasses import dataclass
from typing import Any

from toprope.cli.gate.lines import Broken, Line
from toprope.delivery.gate.advance import advance
from toprope.delivery.gate.counts import Counts, grown
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, begin
from toprope.delivery.gate.words import judgement


@dataclass(slots=True)
class Run:
    """One rollout, as far as its lines have come."""

    state: State
    candidate: Counts
    stable: Counts | None


def answer(rules: Rules, runs: dict[str, Run], line: Line) -> dict[str, Any]:
    """What there is to say after this line."""
    run = runs.get(line.run)
    if run is None:
        run = runs[line.run] = Run(begin(line.t, is_known=line.stable is not None), line.candidate, line.stable)
    elif line.t < run.state.at:
        raise Broken(f"t: {line.t:g} after {run.state.at:g}; the lines of run {line.run!r} go forward in time")
    else:
        _moved(rules, run, line)
    told = judgement(rules, run.state)
    return {
        "run": line.run,
        "t": line.t,
        "verdict": told.verdict,
        "reason": told.reason,
        "evidence": {"message": told.message, **told.evidence},
    }


def _moved(rules: Rules, run: Run, line: Line) -> None:
    # Stable's first count after a gap only says where counting begins: what it had meanwhile, the candidate had not.
    stable = None if line.stable is None else grown(run.stable, line.stable)
    run.state = advance(rules, run.state, line.t, grown(run.candidate, line.candidate), stable)
    run.candidate, run.stable = line.candidate, line.stable
