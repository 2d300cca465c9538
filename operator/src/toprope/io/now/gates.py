"""The gates of one trial, one for each SLO that judges it."""

import logging
from collections.abc import Mapping

from toprope.core.names import short_hash
from toprope.delivery.gate.advance import advance, bake, next_step
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.kept import kept, restored
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.side import NO_PAST, Past
from toprope.delivery.gate.state import State, begin
from toprope.delivery.gate.verdict import Verdict, decided
from toprope.delivery.gate.words import Judgement, judgement
from toprope.delivery.trial import Trial

log = logging.getLogger(__name__)


class Gates:
    """Times are seconds since 1970 that never leap. What is kept begins with whose it is and the step that it was kept
    in: a status may still have an earlier candidate's, and may have gone on to the next step in the same write."""

    def __init__(self, trial: Trial, t: float) -> None:
        self._trial = trial
        self._states = {slo: _asked(trial, slo, _begun(trial, slo, t)) for slo in trial.rules}

    def asked(self, trial: Trial, t: float) -> None:
        """Somebody asks about the trial as it stands now."""
        is_next, self._trial = trial.step > self._trial.step, trial
        before = self._states
        self._states = {
            slo: _asked(trial, slo, before[slo], is_next=is_next)
            if slo in before
            else _asked(trial, slo, _begun(trial, slo, t))
            for slo in trial.rules
        }

    def look(self, slo: str, t: float, candidate: Counts, stable: Counts | None) -> None:
        """What one look found."""
        state = self._states[slo]
        self._states[slo] = advance(self._rules(slo), state, max(t, state.at), candidate, stable)

    def verdicts(self) -> Mapping[str, Verdict]:
        """As of the last look."""
        return {slo: decided(self._rules(slo), state)[0] for slo, state in self._states.items()}

    def judged(self) -> Mapping[str, Judgement]:
        """With what they stand on."""
        return {slo: judgement(self._rules(slo), state) for slo, state in self._states.items()}

    def kept(self) -> Mapping[str, str]:
        """For the status."""
        return {slo: f"{_mark(self._trial)} {self._trial.step} {kept(state)}" for slo, state in self._states.items()}

    def _rules(self, slo: str) -> Rules:
        return self._trial.rules[slo]


def _begun(trial: Trial, slo: str, t: float) -> State:
    past = trial.past.get(slo)
    return _restored(trial, slo, t) or begin(t, Past(past) if past else NO_PAST)


def _restored(trial: Trial, slo: str, t: float) -> State | None:
    if not (text := trial.kept.get(slo)):
        return None
    mark, _, told = text.partition(" ")
    if mark != _mark(trial):
        return None
    try:
        step, _, told = told.partition(" ")
        state = restored(told, t)
        return next_step(trial.rules[slo], state) if state and trial.step > int(step) else state
    except (ValueError, LookupError, TypeError) as error:
        log.warning("what was kept of the gate of %s cannot be read, it begins anew: %s", slo, type(error).__name__)
        return None


def _mark(trial: Trial) -> str:
    return short_hash(f"{trial.candidate.revision}/{trial.rollout}", 6)


def _asked(trial: Trial, slo: str, state: State, *, is_next: bool = False) -> State:
    rules = trial.rules[slo]
    if trial.is_bake and not state.beside.rests:
        past = trial.past.get(slo)
        # What was counted here is of this very hour; what Prometheus knows takes its place where nothing was.
        return bake(rules, state, Past(past) if past and not state.beside.past.total else None)
    return next_step(rules, state) if is_next else state
