"""A thousand ShortenerApps on the integration floor, five applies a second: how soon their children stand, and what the
operator costs; then eleven quiet minutes, a restart with all of them, and a bare kopf daemon as the baseline.

`python -m bench.thousand [-n 1000] [--rate 5] [-o json]`
"""

import argparse
import asyncio
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.baseline import baseline
from bench.cost import Cost, cost_of
from bench.floor import a_floor
from bench.load import WARM, Latency, Load, is_made
from bench.onlooker import Onlooker
from bench.report import OUT, Figure, machine, tell
from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from toprope.core.names import MANAGED_BY, OWNER_NAME
from toprope.io.api import Api
from toprope.io.credentials import from_kubeconfig
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

QUIET_SECONDS = 660.0
"""More than the ten minutes in which everything is listed, and every resource looked at, once."""
SPEC = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["NAME.localhost"]},
    "replicas": {"min": 2, "max": 4},
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What the operator's /metrics said."""

    looked: float
    """Passes that ended well."""
    requests: float
    writes: float


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000, help="how many resources")
    parser.add_argument("--rate", type=float, default=5.0, help="applies a second")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, a_floor(Path(directory)) as floor:
        figures = asyncio.run(Bench(floor, Path(directory), asked.n, asked.rate).figures())
    tell("thousand", figures, machine("kopf", "aiohttp", "uvloop", "orjson", "pydantic"), as_json=asked.o == "json")


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    floor: Floor
    directory: Path
    count: int
    rate: float

    async def figures(self) -> list[Figure]:
        """Everything, in the order in which it is told."""
        async with Api(from_kubeconfig(self.floor.kubeconfig), lambda verb, code: None) as api:
            operator = self._operator()
            try:
                latency, cost, mebibytes = await self._load(api, operator)
                requests = self._quiet(operator)
            finally:
                operator.stop()
            restart, writes = self._restart()
            bare, bare_cost = await baseline(self.floor, api, self.directory, "r0", self.rate)
        return [
            *_against(latency, bare),
            *_costs(cost, bare_cost),
            _at_most(f"memory with {self.count} resources", mebibytes, "MiB", 250),
            _at_most("API requests of a quiet resource", requests[0], "1/s", 0.05),
            _at_most("writes while quiet", requests[1], "", 0),
            _at_most("restart until quiet", restart, "s", 10),
            _at_most("writes after the restart", writes, "", 0),
        ]

    def _operator(self) -> OperatorProcess:
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "thousand-operator.log", "toprope run")
        until(lambda: operator.answers("/readyz"))
        return operator

    async def _load(self, api: Api, operator: OperatorProcess) -> tuple[Latency, Cost, float]:
        onlooker = Onlooker(api, f"{MANAGED_BY}=toprope", OWNER_NAME)
        await onlooker.look([touch.resource for touch in SHORTENER_APP.touches if is_made(touch.resource)])
        load = Load(api, SHORTENER_APP.resource, self.rate)
        await load.apply(WARM, SPEC)
        await asyncio.to_thread(until, lambda: is_quiet(operator, len(WARM)), 60)
        load.sent.clear()
        before = cost_of(self.floor, operator.process.pid)
        await load.apply([f"r{number}" for number in range(self.count)], SPEC)
        await asyncio.to_thread(until, lambda: is_quiet(operator, self.count), 120)
        cost = cost_of(self.floor, operator.process.pid).since(before, self.count)
        await onlooker.close()
        memory = psutil.Process(operator.process.pid).memory_info().rss / 2**20
        return Latency.of(load.sent, onlooker.seen), cost, memory

    def _quiet(self, operator: OperatorProcess) -> tuple[float, float]:
        before = counts(operator)
        time.sleep(QUIET_SECONDS)
        after = counts(operator)
        return (after.requests - before.requests) / QUIET_SECONDS / self.count, after.writes - before.writes

    def _restart(self) -> tuple[float, float]:
        began = time.monotonic()
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "thousand-operator.log", "toprope run")
        try:
            until(lambda: operator.answers("/healthz"))
            until(lambda: counts(operator).looked >= self.count + len(WARM), 120)
            return time.monotonic() - began, counts(operator).writes
        finally:
            operator.stop()


def _against(ours: Latency, bare: Latency) -> list[Figure]:
    told = f"{bare.first:.0f} / {bare.every:.0f} ms (bare kopf daemon, {bare.children} children)"
    return [
        Figure("children of one resource", ours.children, ""),
        _at_most("apply to first child, p95", ours.first, "ms", 100, told),
        _at_most("apply to all children, p95", ours.every, "ms", 200, told),
        Figure("times the bare daemon's, all children", ours.every / bare.every, "", baseline="1.00"),
    ]


def _costs(ours: Cost, bare: Cost) -> list[Figure]:
    return [
        _at_most("operator CPU for each resource created", ours.operator, "ms", 50, f"{bare.operator:.0f} ms"),
        Figure("API server CPU for each", ours.apiserver, "ms", baseline=f"{bare.apiserver:.0f} ms"),
        Figure("CPU of everything for each", ours.everything, "ms", baseline=f"{bare.everything:.0f} ms"),
    ]


def counts(operator: OperatorProcess) -> Counts:
    """Up to now."""
    page = operator.ops("/metrics")
    passes = _sum(page, r'toprope_passes_total\{.*outcome="Done".*\} (\S+)')
    requests = _sum(page, r"toprope_api_requests_total\{.*\} (\S+)")
    writes = _sum(page, r'toprope_api_requests_total\{.*verb="(?:POST|PATCH|PUT|DELETE)".*\} (\S+)')
    return Counts(passes, requests, writes)


def _sum(page: str, pattern: str) -> float:
    return sum(float(value) for value in re.findall(pattern, page))


def is_quiet(operator: OperatorProcess, count: int) -> bool:
    """Whether it has looked at so many, and has done nothing for two seconds."""
    before = counts(operator)
    time.sleep(2)
    return before.looked >= count and before == counts(operator)


def _at_most(name: str, value: float, unit: str, goal: float, baseline: str = "") -> Figure:
    return Figure(name, value, unit, f"<= {goal:g}", value <= goal, baseline)


if __name__ == "__main__":
    main()
