"""Rollouts that move among many resources that do not: how soon a bad candidate has no requests any more, and what it
all costs. The API server, the controllers, Traefik and the operator are real; pods have counters and no program.

    a page of counters that makes the gate say Fail ──► verdict ──► route ──► Traefik has accepted it with weight 0

`python -m bench.moving [-n 500] [--moving 20] [--rounds 5] [-o json]`
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import moving_baseline
from bench.floor import NAMESPACE
from bench.load import Load
from bench.report import OUT, Figure, machine, percentile, tell
from bench.thousand import Counts, counts, is_quiet
from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from tests.support.rig.addresses import a_range
from tests.support.rig.place import SPEC, Place
from tests.support.rig.rig import Rig, a_rig
from tests.support.rig.traefik import a_traefik
from toprope.core.objects import Manifest
from toprope.io.api import Api
from toprope.io.credentials import from_kubeconfig
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

ROOT = Path(__file__).resolve().parent.parent
QUIET_SPEC = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["NAME.localhost"]},
    "replicas": {"min": 1, "max": 2},
    "slos": SPEC["slos"],
}
RATE = 200.0
"""Users' requests a second of each that moves."""
APART = 0.5
"""Seconds between two candidates that turn bad, but in the last round, where all do at once."""
SUDDEN = 1000
"""Bad requests on one page: no gate needs a second one."""
PATIENCE = 900.0
"""Seconds: with pods a resource is three times the work for the API server, and five a second queue up."""


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=500, help="how many are quiet")
    parser.add_argument("--moving", type=int, default=20, help="how many move")
    parser.add_argument("--rounds", type=int, default=6, help="how often each of these is taken back")
    parser.add_argument("--rate", type=float, default=5.0, help="quiet ones made a second")
    parser.add_argument("--look", type=float, default=60.0, help="seconds for which costs are counted")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, _floor(Path(directory)) as floor, a_rig(floor) as rig:
        figures = Bench(floor, rig, asked.n, asked.moving, asked.rounds, asked.rate, asked.look).figures()
    tell("moving", figures, machine("kopf", "aiohttp", "uvloop", "orjson", "pydantic"), as_json=asked.o == "json")


@contextmanager
def _floor(directory: Path) -> Iterator[Floor]:
    with ExitStack() as stack:
        network = stack.enter_context(a_range())
        floor = stack.enter_context(
            Floor.start(directory / "floor", pods=True, own_process=True, routes=False, network=network)
        )
        floor.install(ROOT / "crds")
        stack.enter_context(a_traefik(floor))
        floor.restart_controllers()
        floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        yield floor


@dataclass(frozen=True, slots=True)
class Spent:
    """Of the operator, up to a moment."""

    at: float
    counts: Counts
    cpu: float

    def requests_since(self, before: "Spent") -> float:
        """A second."""
        return (self.counts.requests - before.counts.requests) / (self.at - before.at)

    def cpu_since(self, before: "Spent") -> float:
        """Percent of one processor."""
        return 100 * (self.cpu - before.cpu) / (self.at - before.at)


@dataclass(slots=True)
class Bench:
    """One run."""

    floor: Floor
    rig: Rig
    count: int
    moving: int
    rounds: int
    rate: float
    look: float
    """Seconds for which costs are counted, with nothing moving and with all of them holding."""
    mebibytes: float = 0.0
    apart: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    """Seconds from a page to the accepted route."""

    def figures(self) -> list[Figure]:
        """Everything, in the order in which it is told."""
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "moving-operator.log", "toprope run")
        try:
            until(lambda: operator.answers("/readyz"))
            bare = _mebibytes(operator)
            gateway = moving_baseline.seconds(self.floor)
            _say("resources are being made")
            places = self._make(operator)
            _say("nothing moves")
            idle = self._costs(operator)
            busy = self._rounds(operator, places)
        finally:
            operator.stop()
        return [*self._verdicts(gateway), *self._spent(idle, busy, bare)]

    def _make(self, operator: OperatorProcess) -> list[Place]:
        asyncio.run(self._make_quiet())
        places = [Place(self.rig, f"moving-{number}") for number in range(self.moving)]
        for place in places:
            place.crowd.rate = RATE
            hostnames = [f"{place.namespace}.localhost"]
            place.make({**SPEC, "traffic": {**SPEC["traffic"], "hostnames": hostnames}})
        for place in places:
            until(place.is_made, PATIENCE)
        until(lambda: is_quiet(operator, self.count), PATIENCE)
        return places

    async def _make_quiet(self) -> None:
        async with Api(from_kubeconfig(self.floor.kubeconfig), lambda verb, code: None) as api:
            names = [f"r{number}" for number in range(self.count)]
            await Load(api, SHORTENER_APP.resource, self.rate).apply(names, QUIET_SPEC)

    def _rounds(self, operator: OperatorProcess, places: Sequence[Place]) -> tuple[Spent, Spent]:
        busy: tuple[Spent, Spent] | None = None
        for number in range(self.rounds):
            for place in places:
                place.release({"settings": {"slugLength": 8 + number}}, steps=[{"weight": "50%", "hold": "1h"}])
            began = time.monotonic()
            _say(f"round {number + 1} of {self.rounds}")
            for place in places:
                place.goes("Holding", PATIENCE, began)
            busy = busy or self._costs(operator)
            is_last = number == self.rounds - 1
            (self.at_once if is_last else self.apart).extend(_taken_back(places, 0.0 if is_last else APART))
            self.mebibytes = max(self.mebibytes, _mebibytes(operator))
            for place in places:
                place.goes("Failed", PATIENCE, began)
        if busy is None:
            raise ValueError("at least one round")
        return busy

    def _costs(self, operator: OperatorProcess) -> tuple[Spent, Spent]:
        before = _spent(operator)
        time.sleep(self.look)
        self.mebibytes = max(self.mebibytes, _mebibytes(operator))
        return before, _spent(operator)

    def _verdicts(self, gateway: Sequence[float]) -> list[Figure]:
        bare = f"{percentile(gateway, 0.5):.2f} / {percentile(gateway, 0.99):.2f} s (a bare write of a route)"
        shown = []
        for name, found in (("one by one", self.apart), ("all at once", self.at_once)):
            if found:
                p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
                shown.append(Figure(f"verdict to route with weight 0, {name}, p50", p50, "s"))
                shown.append(Figure(f"… p99 of {len(found)}", p99, "s", "<= 2", p99 <= 2, bare))
        return shown

    def _spent(self, idle: tuple[Spent, Spent], busy: tuple[Spent, Spent], bare: float) -> list[Figure]:
        every, moved = idle[1].requests_since(idle[0]), busy[1].requests_since(busy[0])
        quiet = every / (self.count + self.moving)
        of_moving = (moved - quiet * self.count) / self.moving
        memory = f"{bare:.0f} MiB (no resource)"
        return [
            Figure("operator's memory", self.mebibytes, "MiB", "<= 300", self.mebibytes <= 300, memory),
            Figure("API requests of a quiet resource", quiet, "1/s", "<= 0.05", quiet <= 0.05),
            Figure("API requests of a moving resource", of_moving, "1/s"),
            Figure("processor, nothing moving", idle[1].cpu_since(idle[0]), "%"),
            Figure(f"processor, {self.moving} moving", busy[1].cpu_since(busy[0]), "%"),
        ]


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _taken_back(places: Sequence[Place], apart: float) -> list[float]:
    """Each candidate turns bad; seconds from the page that shows it until the gateway has accepted the way back."""
    began = time.monotonic()
    broken = []
    for place in places:
        revision = place.now.candidate
        pod = place.rig.answers.pod(_address(place.rig.pods(place.namespace, revision)[0]))
        pod.sudden = SUDDEN
        broken.append((place, revision, pod))
        time.sleep(apart)
    taken = []
    for place, revision, pod in broken:
        back = place.becomes(lambda one: not one.share_of(revision) and one.accepted, PATIENCE, began)  # noqa: B023
        if pod.broke is None or back.at < pod.broke:
            raise RuntimeError(f"{place.namespace} was taken back before its counters showed anything: {place.message}")
        taken.append(back.at - pod.broke)
    return taken


def _address(pod: Manifest) -> str:
    return str(pod["status"]["podIP"])


def _spent(operator: OperatorProcess) -> Spent:
    times = psutil.Process(operator.process.pid).cpu_times()
    return Spent(time.monotonic(), counts(operator), times.user + times.system)


def _mebibytes(operator: OperatorProcess) -> float:
    return float(psutil.Process(operator.process.pid).memory_info().rss / 2**20)


if __name__ == "__main__":
    main()
