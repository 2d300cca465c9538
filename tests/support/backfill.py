"""Days of history for a real Prometheus: series written as OpenMetrics, made into its blocks by promtool."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.support.promql.promtool import program
from tests.support.promql.series import NAME, Series

_PATIENCE = 120.0


def backfill(data: Path, stored: Iterable[Series], start: float) -> None:
    """Blocks of these series; their time 0 is `start` (seconds since 1970). OpenMetrics knows no staleness markers."""
    data.mkdir(parents=True, exist_ok=True)
    text = data.parent / "history.txt"
    with text.open("w", encoding="utf-8") as lines:
        for one in stored:
            lines.writelines(_lines(one, start))
        lines.write("# EOF\n")
    command = [program() or "promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h"]
    subprocess.run([*command, str(text), str(data)], capture_output=True, check=True, timeout=_PATIENCE)
    text.unlink()


def _lines(one: Series, start: float) -> Iterable[str]:
    labels = dict(one.labels)
    name = labels.pop(NAME)
    said = ",".join(f'{label}="{value}"' for label, value in labels.items())
    for time, value, stale in zip(one.times.tolist(), one.values.tolist(), one.stale.tolist(), strict=True):
        if not stale:
            yield f"{name}{{{said}}} {value:.17g} {start + time / 1000:.3f}\n"
