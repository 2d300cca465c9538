"""A search pod as a browser or a client sees it: `search serve` as processes of its own, on free ports."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from workloads.kit.tests.programs import get
from workloads.search.tests.worlds import World
from workloads.shortener.tests.servers import free_port, until


@dataclass
class Pod:
    """One running service."""

    process: "subprocess.Popen[bytes]"
    url: str
    ops: str
    log: Path

    def ready(self) -> bool:
        """Whether it would get requests."""
        with suppress(httpx.HTTPError):
            return get(self.ops + "/readyz").status_code == 200
        return False

    def number(self, name: str) -> float:
        """One line of /metrics."""
        lines = get(self.ops + "/metrics").text.splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " "))


@contextmanager
def a_pod(world: World, model: Path, generation: str = "g1", **more: str) -> Iterator[Pod]:
    """Serving and ready; ended when the block is."""
    with starting(world, model, generation, **more) as pod:
        until(lambda: pod.ready() or pod.process.poll() is not None, "the pod is ready", 60)
        assert pod.ready(), pod.log.read_text()
        yield pod


@contextmanager
def starting(world: World, model: Path, generation: str = "g1", **more: str) -> Iterator[Pod]:
    """Not awaited."""
    port, ops = free_port(), free_port()
    ports = {"PORT": str(port), "OPS_PORT": str(ops), "SHUTDOWN_LINGER": "0"}
    environ = world.environ(GENERATION=generation, MODEL_DIR=str(model), **ports, **more)
    log = world.folder / f"pod-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "search", "serve"], env=environ, stdout=output, stderr=output)
    try:
        yield Pod(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ops}", log)
    finally:
        process.terminate()
        process.wait(30)
