"""`/metrics`: the Prometheus text page of one pod, all its worker processes added up.

Preview requests stand under a name of their own: a rate over the main histogram is an SLI as it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from toprope_kit.memory import BOUNDS, BUCKETS, CLASSES, CUT, FINISHED, OLDEST, STARTED, RowKey, Slot
from toprope_kit.service import Counter, Gauge, Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATION = {"main": "http_server_request_duration_seconds", "preview": "http_server_preview_request_duration_seconds"}
LES = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")


@dataclass(frozen=True)
class Health:
    """What the supervisor knows beside the counters."""

    workers: int
    restarts: Mapping[str, int] = field(default_factory=dict)
    """By reason."""
    ready: bool = False
    """What `/readyz` says."""
    checks: Mapping[str, bool] = field(default_factory=dict)
    """Readiness checks that hold in every worker."""
    resident_bytes: int = 0
    cpu_seconds: float = 0.0
    started_at: float = 0.0
    """Unix time."""


def page(service: Service, slots: Sequence[Slot], health: Health, now: float) -> str:
    """The whole page; `now` is the monotonic clock that the workers stamp with."""
    lines = [*_durations(slots), *_requests(slots, now), *_numbers(service, slots), *_health(health)]
    return "\n".join(lines) + "\n"


def _durations(slots: Sequence[Slot]) -> Iterator[str]:
    sums: dict[RowKey, list[float]] = defaultdict(lambda: [0.0] * (BUCKETS + 1))
    for slot in slots:
        for row in slot.rows():
            sums[row.key] = [a + b for a, b in zip(sums[row.key], (*row.counts, row.seconds), strict=True)]
    for name in CLASSES:
        yield from _head(DURATION[name], "histogram", f"Seconds from arrival to last byte, {name} traffic.")
        for key in sorted(key for key in sums if key.route_class == name):
            yield from _histogram(DURATION[name], key, sums[key])


def _histogram(name: str, key: RowKey, values: Sequence[float]) -> Iterator[str]:
    labels = _labels({
        "http_request_method": key.method, "http_route": key.route, "http_response_status_code": str(key.status),
    })  # fmt: skip
    for le, count in zip(LES, accumulate(values[:BUCKETS]), strict=True):
        yield f'{name}_bucket{{{labels},le="{le}"}} {count:.0f}'
    yield f"{name}_sum{{{labels}}} {values[BUCKETS]:.9g}"
    yield f"{name}_count{{{labels}}} {sum(values[:BUCKETS]):.0f}"


def _requests(slots: Sequence[Slot], now: float) -> Iterator[str]:
    for name, words, text in (
        ("http_server_requests_started_total", STARTED, "Requests that came in."),
        ("http_server_requests_finished_total", FINISHED, "Requests answered, given up by their client, or cut."),
        ("http_server_requests_cut_total", CUT, "Requests that a worker had not answered when it died."),
    ):
        yield from _head(name, "counter", text)
        for index, label in enumerate(CLASSES):
            yield f'{name}{{route_class="{label}"}} {sum(slot.ints[words[index]] for slot in slots)}'
    name = "http_server_oldest_unfinished_seconds"
    yield from _head(name, "gauge", "Age of the oldest request without an answer.")
    for index, label in enumerate(CLASSES):
        ages = [now - at for slot in slots if (at := slot.reals[OLDEST[index]])]
        yield f'{name}{{route_class="{label}"}} {max(ages, default=0.0):.3f}'


def _numbers(service: Service, slots: Sequence[Slot]) -> Iterator[str]:
    seen: set[str] = set()
    # Lines of one name must stand together, whatever the order in which a service declared them.
    for number in sorted(service.numbers, key=lambda n: n.name):
        if number.name not in seen:
            seen.add(number.name)
            yield from _head(number.name, "counter" if isinstance(number, Counter) else "gauge", number.help)
        labels = _labels(number.labels)
        yield f"{number.name}{f'{{{labels}}}' if labels else ''} {_merged(number, slots):.15g}"


def _merged(number: Counter | Gauge, slots: Sequence[Slot]) -> float:
    values = [slot.cell(number).value for slot in slots]
    return max(values) if isinstance(number, Gauge) and number.merge == "max" else sum(values)


def _health(health: Health) -> Iterator[str]:
    yield from _single("workload_workers", "gauge", "Worker processes.", health.workers)
    yield from _single("workload_ready", "gauge", "1 while requests are sent here: /readyz.", health.ready)
    yield from _head(
        "workload_worker_restarts_total", "counter", "Workers that died, by reason; each is started again."
    )
    for reason, count in health.restarts.items():
        yield f'workload_worker_restarts_total{{reason="{reason}"}} {count}'
    yield from _head("workload_check_ok", "gauge", "1 when a readiness check holds in every worker.")
    for name, holds in health.checks.items():
        yield f"workload_check_ok{{{_labels({'check': name})}}} {holds:d}"
    yield from _single("process_resident_memory_bytes", "gauge", "Memory of all processes.", health.resident_bytes)
    yield from _single("process_cpu_seconds_total", "counter", "CPU time of all processes.", health.cpu_seconds)
    yield from _single("process_start_time_seconds", "gauge", "Unix time of the start.", health.started_at)


def _single(name: str, kind: str, text: str, value: float) -> Iterable[str]:
    return (*_head(name, kind, text), f"{name} {value:.15g}")


def _head(name: str, kind: str, text: str) -> Iterable[str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
