"""What the operator says of itself: JSON logs and Prometheus metrics. Neither holds a secret: no bodies, no data."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from toprope.io.ledger import Reading
from toprope.slo.budget import State

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the error with its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_to_stdout(level: str) -> None:
    """All logs of the process, as JSON lines."""
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[lines], force=True)
    # kopf reports each daemon and each handler of each object; ours says what came of it.
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("kopf.objects").setLevel(logging.ERROR)


class Telemetry:
    """The operator's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._seconds = Histogram(
            "toprope_pass_duration_seconds", "How long a pass took.", ["kind"], buckets=_BUCKETS, registry=self.registry
        )
        self._passes = Counter(
            "toprope_passes_total", "Passes by how they ended.", ["kind", "outcome"], registry=self.registry
        )
        self._partings = Counter(
            "toprope_partings_total",
            "Tries to let a deleted resource go, by how they ended.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self._bells = Counter(
            "toprope_bells_total", "What called for a pass: the kind of object that changed.", ["kind", "why"],
            registry=self.registry,
        )  # fmt: skip
        self._requests = Counter(
            "toprope_api_requests_total",
            "Requests to the API server but kopf's own (one watch a kind, finalizers); code `none` is no answer.",
            ["verb", "code"],
            registry=self.registry,
        )

    def passed(self, kind: str, result: str, seconds: float) -> None:
        """A pass ended."""
        self._seconds.labels(kind).observe(seconds)
        self._passes.labels(kind, result).inc()

    def parted(self, kind: str, result: str) -> None:
        """A try to let a resource go ended."""
        self._partings.labels(kind, result).inc()

    def rang(self, kind: str, why: str) -> None:
        """A bell rang."""
        self._bells.labels(kind, why).inc()

    def requested(self, verb: str, code: str) -> None:
        """A request to the API server ended."""
        self._requests.labels(verb, code).inc()

    def watch(self, oldest: Callable[[], float], kept: Callable[[], float]) -> None:
        """Names the values that are read when somebody scrapes."""
        Gauge(
            "toprope_oldest_unfinished_pass_seconds",
            "Age of the pass, or parting, that runs longest.",
            registry=self.registry,
        ).set_function(oldest)
        Gauge("toprope_resources", "Resources that are kept.", registry=self.registry).set_function(kept)

    def watch_slos(self, readings: Callable[[], Iterable[Reading]]) -> None:
        """Tells of the SLOs whenever somebody scrapes."""
        self.registry.register(_Slos(readings))


class _Slos(Collector):
    """Where the SLOs stand, in full precision. What is not known has no sample."""

    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._readings = readings

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The names, before anything is measured."""
        return _families().values()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As of the last look at Prometheus."""
        families, now = _families(), datetime.now(UTC)
        for reading in self._readings():
            _add(families, reading, now)
        yield from families.values()


def _families() -> dict[str, GaugeMetricFamily]:
    whose = ["namespace", "kind", "name", "slo"]
    return {
        "attained": GaugeMetricFamily("toprope_slo_attained_ratio", "Good events over all events.", labels=whose),
        "remaining": GaugeMetricFamily("toprope_slo_budget_remaining_ratio", "Share of the budget left.", labels=whose),
        "burn": GaugeMetricFamily("toprope_slo_burn_ratio", "Burn rate by window.", labels=[*whose, "window"]),
        "state": GaugeMetricFamily("toprope_slo_state", "1 for the state it is in.", labels=[*whose, "state"]),
        "age": GaugeMetricFamily(
            "toprope_slo_sample_age_seconds", "Age of the newest sample, also while Prometheus is away.", labels=whose
        ),
    }


def _add(families: dict[str, GaugeMetricFamily], reading: Reading, now: datetime) -> None:
    whose, found = list(reading.identity.labels.values()), reading.standing.budget
    if found.attained is not None:
        families["attained"].add_metric(whose, found.attained / 100)
    if found.remaining is not None:
        families["remaining"].add_metric(whose, found.remaining)
    for window, sample in reading.standing.numbers.burn.items():
        families["burn"].add_metric([*whose, window], sample.value)
    for state in State:
        families["state"].add_metric([*whose, state], float(state is found.state))
    if reading.newest:
        families["age"].add_metric(whose, (now - reading.newest).total_seconds())
