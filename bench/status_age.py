"""How late the status of 500 resources tells what Prometheus recorded of their SLOs, and whether the operator's metrics
are Prometheus' own numbers. Three SLOs each; every number moves with every evaluation.

    exporter ◄── scraped each 15 s ── Prometheus, rules each 60 s ◄── asked each 20 s ── operator ──► status
                                          ▲                                                             ▲
                                          └── asked each second ────────── onlooker ────── watches ─────┘

python -m bench.status_age [-n 500] [--minutes 6] [-o json]
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import status_figures, status_metrics
from bench.floor import NAMESPACE, a_floor
from bench.load import Load
from bench.report import OUT, Figure, machine, tell
from bench.status_metrics import WINDOW, Page
from bench.status_onlooker import Key, Onlooker
from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from tests.support.prometheus_process import PrometheusProcess, free_port
from tests.support.promql.promtool import program as promtool
from toprope.core.names import OWNER_KIND, OWNER_NAME
from toprope.core.objects import CONFIG_MAP, Ref
from toprope.io.api import Api, Request
from toprope.io.credentials import from_kubeconfig
from toprope.io.prometheus import Prometheus, reached
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.serving.counted import metric_label
from toprope.slo.rule_sets import RULES_KEY
from toprope.slo.rules import BURN, OBJECTIVE
from toprope.slo.windows import DAY

SLOS = ("availability", "fast", "jobs")
SPEC = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["NAME.localhost"]},
    "slos": [
        {"name": SLOS[0], "objective": "99", "availability": {}},
        {"name": SLOS[1], "objective": "99", "latency": {"threshold": "50ms", "route": "redirect"}},
        {"name": SLOS[2], "objective": "99", "ratio": {
            "bad": 'jobs_total{app="NAME",result="failed"}', "total": 'jobs_total{app="NAME"}',
        }},
    ],
}  # fmt: skip
RATE = 5.0
"""Resources applied a second."""
HISTORY = 30 * DAY + DAY // 2
"""Seconds for which the rules have been evaluated, as far as Prometheus can tell: a whole window, within the day in
which `rules.allowed` looks for its beginning."""
LOOK_AT_METRICS = 20.0
PATIENCE = 900.0


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=500, help="how many resources")
    parser.add_argument("--minutes", type=float, default=6.0, help="how long statuses are looked at")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, a_floor(Path(directory)) as floor:
        figures = asyncio.run(Bench(floor, Path(directory), asked.n, asked.minutes * 60).figures())
    tell("status_age", figures, machine("kopf", "aiohttp", "uvloop", "orjson", "pydantic"), as_json=asked.o == "json")


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    floor: Floor
    directory: Path
    count: int
    seconds: float

    async def figures(self) -> list[Figure]:
        """Everything, in the order in which it is told."""
        async with Api(from_kubeconfig(self.floor.kubeconfig), lambda verb, code: None) as api:
            await self._make(api)
            with ExitStack() as stack:
                prometheus = stack.enter_context(self._prometheus(await _rules(api)))
                operator = OperatorProcess(
                    self.floor.kubeconfig, OUT / "status_age-operator.log", "toprope run", prometheus_url=prometheus.url
                )
                stack.callback(operator.stop)
                return await self._look(api, prometheus, operator)

    async def _make(self, api: Api) -> None:
        """The resources, by an operator that knows of no Prometheus."""
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "status_age-operator.log", "toprope run")
        try:
            await asyncio.to_thread(until, lambda: operator.answers("/readyz"))
            await Load(api, SHORTENER_APP.resource, RATE).apply([f"r{number}" for number in range(self.count)], SPEC)
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(_is_busy, operator) or len(await _rules(api)) < self.count:
                    print("children are being made", file=sys.stderr, flush=True)
        finally:
            operator.stop()

    @contextmanager
    def _prometheus(self, rules: dict[str, str]) -> Iterator[PrometheusProcess]:
        port = free_port()
        with ExitStack() as stack:
            exporter = subprocess.Popen([sys.executable, "-m", "bench.slo_exporter", str(port)])
            stack.callback(exporter.wait, 30)
            stack.callback(exporter.kill)
            for name, text in rules.items():
                (self.directory / f"rules-{name}.yaml").write_text(text)
            self._remember(sorted(rules))
            targets = [{"targets": [f"127.0.0.1:{port}"], "labels": _labels(name)} for name in rules]
            prometheus = PrometheusProcess(self.directory, [], targets, scrape="15s", retention="40d")
            stack.callback(prometheus.kill)
            yield prometheus

    def _remember(self, names: list[str]) -> None:
        """One evaluation a window ago, so that no history is young: a young one's budget is reckoned otherwise."""
        # Whoever asks for the beginning looks at whole hours.
        at = (time.time() - HISTORY) // 3600 * 3600 - 30
        own = f'namespace="{NAMESPACE}",kind="ShortenerApp",window="{WINDOW}"'
        lines = [f'{OBJECTIVE}{{{own},name="{name}",slo="{slo}"}} 0.99 {at:.0f}' for name in names for slo in SLOS]
        (self.directory / "past").write_text("\n".join([f"# TYPE {OBJECTIVE} gauge", *lines, "# EOF", ""]))
        command = [promtool() or "promtool", "tsdb", "create-blocks-from", "openmetrics", "past", "data"]
        subprocess.run(command, cwd=self.directory, check=True, timeout=120, stdout=subprocess.DEVNULL)

    async def _look(self, api: Api, prometheus: PrometheusProcess, operator: OperatorProcess) -> list[Figure]:
        seen, wanted = Onlooker(), self.count * len(SLOS)
        async with Prometheus(reached(prometheus.url)) as client:
            looking = asyncio.create_task(seen.look(api, client))
            try:
                await _until(lambda: len(seen.statuses) == wanted, looking)
                begin, before = time.time(), _spent(operator, prometheus)
                pages = await self._pages(operator, begin + self.seconds, looking)
                end, after = time.time(), _spent(operator, prometheus)
            finally:
                looking.cancel()
        cores = [100 * (one - other) / (end - begin) for one, other in zip(after, before, strict=True)]
        return [
            *status_figures.figures(seen, _burns(prometheus), begin, end),
            *status_metrics.figures(pages, prometheus),
            Figure("processor that the operator takes", cores[0], "%"),
            Figure("processor that Prometheus takes", cores[1], "%"),
        ]

    async def _pages(self, operator: OperatorProcess, end: float, looking: "asyncio.Task[None]") -> list[Page]:
        pages = []
        while time.time() < end:
            pages.append(Page(await asyncio.to_thread(operator.ops, "/metrics")))
            await _meanwhile(looking, LOOK_AT_METRICS)
        return pages


async def _until(holds: Callable[[], bool], looking: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await _meanwhile(looking, 1)


async def _meanwhile(looking: "asyncio.Task[None]", seconds: float) -> None:
    """Waits; what goes wrong while looking is raised."""
    await asyncio.wait([looking], timeout=seconds)
    if looking.done():
        looking.result()


async def _rules(api: Api) -> dict[str, str]:
    """The rules that the operator made for each resource, as files."""
    page = await api.call(Request("GET", Ref(CONFIG_MAP, NAMESPACE, "*"), CONFIG_MAP.path(NAMESPACE), {}))
    return {
        one["metadata"]["labels"][OWNER_NAME]: one["data"][RULES_KEY]
        for one in page["items"]
        if RULES_KEY in one.get("data", {})
    }


def _labels(name: str) -> dict[str, str]:
    """Of the series of a resource's pods, and which of them the exporter is asked for."""
    marks = {metric_label(OWNER_KIND): "ShortenerApp", metric_label(OWNER_NAME): name}
    return {"namespace": NAMESPACE, "__metrics_path__": "/", "__param_name": name, **marks}


def _burns(prometheus: PrometheusProcess) -> dict[Key, dict[float, float]]:
    """What `pageQuick` came to at each evaluation: the smaller one of its windows."""
    burns: dict[Key, dict[float, float]] = {}
    for one in prometheus.query(f'{BURN}{{window=~"5m|1h"}}[15m]'):
        found = burns.setdefault((one["metric"]["name"], one["metric"]["slo"]), {})
        for at, text in one["values"]:
            found[at] = min(float(text), found.get(at, float(text)))
    return burns


def _is_busy(operator: OperatorProcess) -> bool:
    """Whether it has written within the last three seconds."""
    before = _writes(operator)
    time.sleep(3)
    return _writes(operator) != before


def _writes(operator: OperatorProcess) -> float:
    written = r'toprope_api_requests_total\{.*verb="(?:POST|PATCH|PUT|DELETE)".*\} (\S+)'
    return sum(float(value) for value in re.findall(written, operator.ops("/metrics")))


def _spent(*processes: OperatorProcess | PrometheusProcess) -> list[float]:
    """Seconds of processor."""
    times = [psutil.Process(one.process.pid).cpu_times() for one in processes]
    return [one.user + one.system for one in times]


if __name__ == "__main__":
    main()
