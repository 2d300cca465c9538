"""`make dev`: the operator on this machine takes over, starts again on each save, and leaves the cluster as it was."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from dev.places import CHECKOUT
from dev.waiting import until
from tests.e2e.world import World

OPS = "http://127.0.0.1:9091"
SOURCE = CHECKOUT / "operator/src/toprope/__init__.py"


@contextmanager
def make_dev(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """As a person starts it, in a terminal of its own; gone afterwards."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            ["env", "--default-signal=INT", "make", "--silent", "dev"],  # who runs tests in the background ignores it
            cwd=CHECKOUT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGINT)
        running.wait(60)


def started() -> str | None:
    """When the operator on this machine started, once it is at work."""
    with suppress(httpx.HTTPError):
        if httpx.get(f"{OPS}/readyz", timeout=2).status_code == 200:
            lines = httpx.get(f"{OPS}/metrics", timeout=2).text.splitlines()
            return next(line for line in lines if line.startswith("process_start_time_seconds"))
    return None


def replicas(world: World) -> int:
    path = "jsonpath={.status.replicas}"
    told = world.kubectl("get", "deployment", "toprope", "-o", path, namespace="toprope-system")
    return int(told or 0)


def test_it_takes_over_starts_again_on_a_save_and_ends(world: World, tmp_path: Path) -> None:
    log = tmp_path / "make-dev.log"
    with make_dev(log):
        first = until(f"the operator here is at work ({log})", started, 90)
        assert replicas(world) == 0
        SOURCE.touch()
        until(f"another one after a save ({log})", lambda: (now := started()) and now != first, 60)
        sapp = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": {"name": "here"}}
        world.apply({**sapp, "spec": {}})
        world.wait_condition("here", "Reconciled", "AllApplied")
        world.kubectl("delete", "sapp", "here", "--timeout=60s")
    until("the cluster's own operator is back", lambda: replicas(world) == 1, 60)
