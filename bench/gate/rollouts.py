"""Whole rollouts: how many healthy candidates are rolled back, how many bad ones promoted."""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.gate.traffic import Drawn, Errors, Kind, Mask, Values
from bench.report import Figure
from toprope.delivery.gate.advance import advance, is_good, is_ill_world
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, begin, even

STEPS = np.array([0.01, 0.1, 0.5, 0.9])
LEAST_LOOKS = 6
"""For which each step is held."""
FAIL_BURN_RATE = 4.0
_COHORTS = ((10.0, 0.4, True), (1.0, 0.25, True), (37.0, 0.2, True), (10.0, 0.15, False))
"""Seconds between looks, share of the runs, whether stable is counted."""


@dataclass(frozen=True, slots=True)
class Fates:
    """How runs ended."""

    kind: Values
    """Place in Kind."""
    ill: Mask
    counted: Mask
    failed: Mask
    promoted: Mask
    held: Mask
    """Undecided for the world is ill."""


def figures(runs: int, looks: int) -> Iterator[Figure]:
    """Both kinds of error, in all and by kind of traffic, and what became of candidates in an ill world."""
    healthy = _fates(runs, looks, is_bad=False)
    yield from _errors("healthy rolled back", healthy, healthy.failed)
    worldly = healthy.ill & healthy.counted
    yield Figure("… healthy, promoted within the time", 100 * healthy.promoted.mean(), "%")
    yield Figure("… in an ill world: held, WorldIll", 100 * healthy.held[worldly].mean(), "%")
    bad = _fates(runs, looks, is_bad=True)
    yield from _errors("bad promoted", bad, bad.promoted)
    yield Figure("… bad, failed within the time", 100 * bad.failed.mean(), "%")


def _errors(name: str, fates: Fates, wrong: Mask) -> Iterator[Figure]:
    most = 100 * upper(int(wrong.sum()), len(wrong))
    yield Figure(f"{name}, of {len(wrong):,} (95 % sure: at most)", most, "%", "<= 0.5", most <= 0.5)
    for place, kind in enumerate(Kind):
        yield Figure(f"… {kind.value}", 100 * wrong[fates.kind == place].mean(), "%")
    for words, some in (("stable ill", fates.ill & fates.counted), ("stable not counted", ~fates.counted)):
        yield Figure(f"… {words}", 100 * wrong[some].mean(), "%")


def upper(found: int, of: int) -> float:
    """The most that the share can be, 95 % sure (Wilson's interval, one side)."""
    z = 1.645
    share = found / of
    middle = share + z * z / (2 * of)
    return (middle + z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / (1 + z * z / of)


def _fates(runs: int, looks: int, *, is_bad: bool) -> Fates:
    parts = []
    for seconds, share, counted in _COHORTS:
        for place, kind in enumerate(Kind):
            if kind is Kind.SPREAD and seconds > 1:
                continue
            some = round(runs * share / (len(Kind) if seconds == 1 else len(Kind) - 1))
            rollouts = _Rollouts(some, kind, seconds, counted=counted, is_bad=is_bad, seed=place + int(seconds) * 7)
            parts.append((place, rollouts.ended(looks)))
            _say(is_bad, kind, seconds, counted, parts[-1][1])
    return Fates(
        np.concatenate([np.full(len(fates.failed), float(place)) for place, fates in parts]),
        *(
            np.concatenate([getattr(fates, name) for _, fates in parts])
            for name in ("ill", "counted", "failed", "promoted", "held")
        ),
    )


def _say(is_bad: bool, kind: Kind, seconds: float, counted: bool, fates: Fates) -> None:
    print(
        f"{'bad' if is_bad else 'healthy'}, {kind.value}, looks of {seconds:g} s{'' if counted else ', no stable'}: "
        f"{len(fates.failed):,} runs, {fates.failed.mean():.2%} failed, {fates.promoted.mean():.2%} promoted",
        file=sys.stderr,
        flush=True,
    )


class _Rollouts:
    """Runs of one kind of traffic through all steps; rates, objectives, waves and burn rates are drawn."""

    def __init__(self, runs: int, kind: Kind, seconds: float, *, counted: bool, is_bad: bool, seed: int) -> None:
        self.chance = chance = np.random.default_rng((seed, is_bad, counted))
        self.kind, self.seconds, self.counted, self.runs = kind, seconds, counted, runs
        self.rate = 10 ** chance.uniform(np.log10(0.2), np.log10(20_000), runs)
        self.budget = chance.choice([0.05, 0.01, 0.001, 0.0001], runs)
        self.wave = chance.random(runs) < 0.3
        self.ill = (chance.random(runs) < 0.2) & counted
        self.stable = np.where(self.ill, 10 ** chance.uniform(0, 1, runs), chance.uniform(0, 0.9, runs))
        self.burn = self._bad() if is_bad else self._healthy()

    def _healthy(self) -> Values:
        no_worse = self.stable * self.chance.uniform(0.3, 1, self.runs)
        return np.where(self.ill, no_worse, self.chance.uniform(0, 1, self.runs))

    def _bad(self) -> Values:
        self.stable = np.minimum(self.stable, 1 / (3 * self.budget))
        worst = 10 ** self.chance.choice([0, 0.2, 0.5, 1, 3], self.runs)
        burn: Values = np.maximum(FAIL_BURN_RATE, 3 * self.stable) * worst
        return burn

    def ended(self, looks: int) -> Fates:
        """Where they stand after so many looks."""
        rules = Rules(self.budget, FAIL_BURN_RATE)
        state = begin(0.0, is_known=self.counted, zero=np.zeros(self.runs))
        step, since = np.zeros(self.runs, dtype=int), np.zeros(self.runs)
        promoted = np.zeros(self.runs, dtype=bool)
        for look, one in enumerate(self._drawn(looks, step)):
            state = advance(rules, state, one.t, one.candidate, one.stable if self.counted else None)
            held = (look - since >= LEAST_LOOKS) & (state.since == one.t)
            on = is_good(rules, state) & ~state.failed & held & ~promoted & ~is_ill_world(rules, state.weights)
            promoted |= on & (step == len(STEPS) - 1)
            step[on & ~promoted] += 1
            since[on] = look
            state = _stepped(state, on)
        held = is_ill_world(rules, state.weights) & ~state.failed
        failed = state.failed & ~promoted
        return Fates(np.zeros(self.runs), self.ill, np.full(self.runs, self.counted), failed, promoted, held)

    def _drawn(self, looks: int, step: Values) -> Iterator[Drawn]:
        """The weights change with `step`, which moves while this goes on."""
        own, others = (Errors(self.kind, self.runs, self.chance) for _ in range(2))
        for look in range(1, looks + 1):
            t = look * self.seconds
            rate = self.rate * np.where(self.wave, 1 + 0.8 * np.sin(t / 3600), 1) * self.seconds
            share = STEPS[step]
            requests, beside = (self.chance.poisson(rate * part).astype(np.float64) for part in (share, 1 - share))
            bad = own.of(requests, np.minimum(1.0, self.burn * self.budget), t)
            yield Drawn(
                t,
                Counts(requests, bad),
                Counts(beside, others.of(beside, np.minimum(1.0, self.stable * self.budget), t)),
            )


def _stepped(state: State, on: Mask) -> State:
    """As `next_step` does, for some of the runs."""
    good = tuple(
        np.where(on, fresh, each) for fresh, each in zip(even(np.zeros(len(on))), state.proofs.good, strict=True)
    )
    return replace(state, proofs=replace(state.proofs, good=good), passed=state.passed & ~on)
