"""Numbers as Prometheus records them, of services that are easy to reckon with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from toprope.core.measured import Numbers, Sample
from toprope.slo.promise import Promise
from toprope.slo.windows import DAY, all_windows, duration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = "version1"
AVAILABILITY = Promise("availability", "99.9", 30 * DAY)


def numbers(
    promise: Promise = AVAILABILITY,
    errors: Mapping[str, float] | None = None,
    *,
    rate: float = 10.0,
    age: timedelta = timedelta(days=365),
    at: datetime = NOW,
    **spoilt: Any,
) -> Numbers:
    """Of a service with `rate` requests a second since `age`; `errors` are error ratios by window, else 0."""
    own, allowed = duration(promise.window), float(promise.budget) * rate * promise.window
    ratios = {duration(window): (errors or {}).get(duration(window), 0.0) for window in all_windows(promise.window)}
    seen = {duration(window): min(window, age.total_seconds()) * rate for window in all_windows(promise.window)}

    def samples(values: Mapping[str, float]) -> dict[str, Sample]:
        return {window: Sample(value, at) for window, value in values.items()}

    recorded = Numbers(
        rules=RULES,
        evaluated=Sample(float(promise.objective) / 100, at),
        since=NOW - age,
        counted=Sample(rate, at),
        error=Sample(ratios[own], at),
        allowed=Sample(allowed, at),
        left=Sample(1 - ratios[own] * seen[own] / allowed, at),
        total=samples(seen),
        bad=samples({window: ratio * seen[window] for window, ratio in ratios.items()}),
        burn=samples({window: ratio / float(promise.budget) for window, ratio in ratios.items()}),
    )
    return replace(recorded, **spoilt)
