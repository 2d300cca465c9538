"""On the running local cluster: how long from apply to Ready, and what a quiet resource costs the API server.

    make up && python -m bench.on_cluster

Baseline of apply → Ready: one pod of the same web image, in the same namespace, until it runs the command `sleep`: what
the machine needs to start any pod at all.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.report import Figure, machine, tell
from tests.e2e.world import World, a_shortener, until
from toprope import __version__

ROUNDS = 3
QUIET_SECONDS = 660
"""Longer than the ten minutes after which each collection is listed again: a shorter look sees that burst or none."""
REQUESTS = re.compile(
    r'^toprope_api_requests_total\{code="(?P<code>\w+)",verb="(?P<verb>\w+)"\} (?P<count>[0-9.e+]+)$', re.M
)
READS = {"GET", "WATCH"}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    as_json = parser.parse_args().output == "json"
    kubeconfig = cluster_of_this_user()
    figures = [*_ready(kubeconfig), *_quiet(kubeconfig)]
    tell("on_cluster", figures, machine("kopf", "aiohttp", "fastapi"), as_json=as_json)


def cluster_of_this_user() -> Path:
    """Its kubeconfig; ends the program where none is up."""
    command = [sys.executable, "-m", "dev", "kubeconfig"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        sys.exit(f"the local cluster is not up (make up): {done.stderr.strip()}")
    return Path(done.stdout.strip())


@contextmanager
def namespace_for(kubeconfig: Path, name: str) -> Iterator[World]:
    """Of its own, and gone afterwards."""
    world = World(kubeconfig, name)
    world.kubectl("create", "namespace", name)
    world.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    try:
        yield world
    finally:
        world.kubectl("delete", "namespace", name, "--wait=true", "--timeout=80s")


def _ready(kubeconfig: Path) -> list[Figure]:
    ours, bare = [], []
    for number in range(ROUNDS):
        with namespace_for(kubeconfig, f"bench-ready-{number}") as world:
            bare.append(_seconds(lambda world=world: _bare_pod(world)))
            ours.append(_seconds(lambda world=world: _shortener(world)))
        _tell(f"round {number + 1} of {ROUNDS}: Ready after {ours[-1]:.1f} s, a bare pod after {bare[-1]:.1f} s")
    baseline = f"one bare pod {statistics.median(bare):.1f} s"
    worst = max(ours)
    return [
        Figure("kubectl apply → Ready, median", statistics.median(ours), "s", baseline=baseline),
        Figure(f"kubectl apply → Ready, worst of {ROUNDS}", worst, "s", "<= 30", worst <= 30, baseline),
    ]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _seconds(work: Any) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _shortener(world: World) -> None:
    world.apply(a_shortener(world))
    world.kubectl("wait", "sapp/links", "--for=condition=Ready", "--timeout=80s")


def _bare_pod(world: World) -> None:
    restricted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "bare",
        "image": f"docker.io/toprope/shortener:{__version__}",
        "command": ["sleep", "60"],
        "securityContext": restricted,
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    world.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": spec})
    world.kubectl("wait", "pod/bare", "--for=condition=Ready", "--timeout=80s")


def _quiet(kubeconfig: Path) -> list[Figure]:
    with namespace_for(kubeconfig, "bench-quiet") as world:
        _shortener(world)
        until(lambda: _still(world), lambda: "the operator does not come to rest", 120)
        before = _requests(world)
        _tell(f"the resource is quiet; its requests are counted for {QUIET_SECONDS} s …")
        time.sleep(QUIET_SECONDS)
        after = _requests(world)
    writes = sum(after[key] - before.get(key, 0) for key in after if key not in READS)
    reads = sum(after[key] - before.get(key, 0) for key in after if key in READS)
    rate = (writes + reads) / QUIET_SECONDS
    shared = "its watches, ten-minute lists and the look for new APIs; what one resource adds, `thousand` measures"
    return [
        Figure(f"quiet operator, writes in {QUIET_SECONDS} s", writes, "writes", "0", writes == 0),
        Figure("quiet operator with two resources, API requests", rate, "1/s", baseline=shared),
    ]


def _still(world: World) -> bool:
    before = _requests(world)
    time.sleep(15)
    return _requests(world) == before


def _requests(world: World) -> dict[str, float]:
    pods = json.loads(
        world.kubectl("get", "pods", "-l", "app.kubernetes.io/name=toprope", "-o", "json", namespace="toprope-system")
    )["items"]
    path = f"/api/v1/namespaces/toprope-system/pods/{pods[0]['metadata']['name']}:9090/proxy/metrics"
    counts: dict[str, float] = {}
    for found in REQUESTS.finditer(world.kubectl("get", "--raw", path)):
        counts[found["verb"]] = counts.get(found["verb"], 0) + float(found["count"])
    return counts


if __name__ == "__main__":
    main()
