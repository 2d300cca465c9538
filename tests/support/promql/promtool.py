"""The real thing: the same group over the same series, evaluated by promtool and read back sample by sample.

promtool only compares, exactly, and says what it got where that differs. So it is asked at each evaluation for all that
was recorded, and told to expect nothing.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.support.promql.groups import Outcome
from tests.support.promql.series import NAME, Labels, Series, Times, labels_of

Sample = dict[Labels, float]
"""Everything that is there at one evaluation."""

_PATIENCE = 300.0
_FAILED = re.compile(r"^ +expr: .*, time: (\w+),\s+exp: *\w+\s+got: *(.*)$", re.MULTILINE)
_ELEMENT = re.compile(r'{((?:[^"}]|"(?:[^"\\]|\\.)*")*)} ([^,\s]+)')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_MILLISECONDS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}


def program() -> str | None:
    """Where promtool is."""
    return os.environ.get("TOPROPE_PROMTOOL") or shutil.which("promtool")


def samples(group: Mapping[str, Any], stored: Sequence[Series], at: Times, folder: Path) -> list[Sample]:
    """What promtool has at each evaluation; they must be evenly spaced and begin at 0."""
    interval = int(at[1])
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [dict(group)]}))
    expected = [{"expr": _everything(group), "eval_time": f"{time}ms", "exp_samples": []} for time in at.tolist()]
    step = int(np.gcd.reduce(np.concatenate([one.times for one in stored])))
    test = {
        "interval": f"{step}ms",
        "input_series": [{"series": _selector(one.labels), "values": _values(one, step)} for one in stored],
        "promql_expr_test": expected,
    }
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{interval}ms", "tests": [test]}
    (folder / "test.yaml").write_text(yaml.safe_dump(whole, width=1_000_000))
    command = [program() or "promtool", "test", "rules", str(folder / "test.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    found = {_duration(time): _sample(text) for time, text in _FAILED.findall(done.stderr + done.stdout)}
    if done.returncode != (1 if found else 0):
        raise AssertionError(done.stderr + done.stdout)
    return [found.get(time, {}) for time in at.tolist()]


def ours(outcome: Outcome) -> list[Sample]:
    """The evaluator's outcome in the same form."""
    found: list[Sample] = [{} for _ in outcome.at]
    for row in outcome.records:
        for position in np.flatnonzero(row.there):
            found[position][row.labels] = float(row.values[position])
    for row in outcome.alerts:
        for position in np.flatnonzero(row.there):
            state = "firing" if row.values[position] else "pending"
            found[position][labels_of({NAME: "ALERTS", "alertstate": state, **dict(row.labels)})] = 1.0
    return found


def _everything(group: Mapping[str, Any]) -> str:
    names = sorted({rule["record"] for rule in group["rules"] if "record" in rule})
    return f'{{__name__=~"ALERTS|{"|".join(names)}"}}'


def _selector(labels: Iterable[tuple[str, str]]) -> str:
    pairs = dict(labels)
    name = pairs.pop(NAME)
    return f"{name}{{{','.join(f'{label}={_quoted(value)}' for label, value in pairs.items())}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _values(series: Series, step: int) -> str:
    words, position = [], 0
    for time, value, stale in zip(series.times.tolist(), series.values.tolist(), series.stale.tolist(), strict=True):
        gap = time // step - position
        words += [f"_x{gap}"] * (gap > 0) + ["stale" if stale else f"{value:.17g}"]
        position = time // step + 1
    return " ".join(words)


def _duration(text: str) -> int:
    return sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(text))


def _sample(text: str) -> Sample:
    return {
        labels_of({name: re.sub(r"\\(.)", r"\1", value) for name, value in _LABEL.findall(labels)}): float(value)
        for labels, value in _ELEMENT.findall(text)
    }
