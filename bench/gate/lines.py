"""`toprope gate` as a person runs it: how long it takes for 100,000 lines."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from bench.report import Figure

LINES, RUNS = 100_000, 50


def figures() -> Iterator[Figure]:
    """Interleaved runs, healthy ones, so that none is decided early for good."""
    given = "\n".join(_lines())
    command = [sys.executable, "-m", "toprope", "gate", "--objective", "99.9"]
    began, spent = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    answered = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=600).stdout
    seconds = time.monotonic() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent
    whole = answered.count("\n") == LINES
    yield Figure(f"toprope gate, {LINES:,} lines of {RUNS} runs", seconds, "s", "<= 20", seconds <= 20 and whole)
    yield Figure("… of which its own processor time", spent, "s")


def _lines() -> Iterator[str]:
    chance = np.random.default_rng(1)
    requests = np.cumsum(chance.poisson((50, 450), (LINES // RUNS, RUNS, 2)), axis=0)
    bad = np.cumsum(chance.poisson((0.03, 0.3), (LINES // RUNS, RUNS, 2)), axis=0)
    for look in range(LINES // RUNS):
        for run in range(RUNS):
            (own, others), (own_bad, others_bad) = requests[look, run].tolist(), bad[look, run].tolist()
            candidate, stable = {"total": own, "bad": own_bad}, {"total": others, "bad": others_bad}
            yield json.dumps({"run": f"run-{run}", "t": look + 1.0, "candidate": candidate, "stable": stable})
