"""What a release costs its users: 500 visits a second through the gateway while a healthy candidate goes all its steps.

    make up && python -m bench.switching [--rate 500] [-o json]

Open loop: each visit has its moment. Baseline: the same visits in the same run, while nothing is released.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

from bench.on_cluster import cluster_of_this_user, namespace_for
from bench.report import Figure, machine, tell
from tests.e2e.world import GATEWAY, World, a_shortener, until

SLUGS = 20
STEPS = [{"weight": weight, "hold": "10s"} for weight in ("1%", "10%", "50%")]
SPEC: dict[str, Any] = {
    # 240 requests of the candidate's are a verdict at 95 %: the switching is measured, and not the gate.
    "slos": [{"name": "availability", "objective": "95", "availability": {}}],
    "rollout": {"steps": STEPS, "bake": "20s"},
    "replicas": {"min": 2, "max": 2},
    # All visits have one address.
    "settings": {"rateLimits": {"addressPerMinute": 0}},
}
QUIET_SECONDS = 30
MOVING_SECONDS = 240
PATIENCE = 220.0


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500, help="visits a second")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    with namespace_for(cluster_of_this_user(), "bench-switching") as world:
        figures = _figures(world, asked.rate)
    tell("switching", figures, machine("kopf", "fastapi", "uvloop"), as_json=asked.output == "json")


def _figures(world: World, rate: int) -> list[Figure]:
    world.apply(a_shortener(world, **SPEC))
    world.wait_ready("links")
    for number in range(SLUGS):
        world.make_link(f"bench{number}")
    quiet = _told(_visitors(world, rate, QUIET_SECONDS))
    visitors = _visitors(world, rate, MOVING_SECONDS)
    took = _release(world)
    moving = _told(visitors)
    failed, before = _failed(moving), _failed(quiet)
    beside = f"{before:.0f} of {quiet['came']:.0f} while nothing moves"
    return [
        Figure("visits that failed in a whole release", failed, f"of {moving['came']:.0f}", "0", not failed, beside),
        Figure("p99 of a visit meanwhile", moving["p99"], "ms", baseline=f"{quiet['p99']:.1f} ms"),
        Figure("from the change of the spec to the end of the earlier revision", took, "s"),
    ]


def _visitors(world: World, rate: int, seconds: int) -> "subprocess.Popen[str]":
    words = ["--host", world.hostname, "--rate", rate, "--seconds", seconds, "--slugs", SLUGS, "--connections", 100]
    command = [sys.executable, "-m", "bench.visitors", GATEWAY, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _told(visitors: "subprocess.Popen[str]") -> dict[str, float]:
    line, _ = visitors.communicate(timeout=MOVING_SECONDS + 60)
    told: dict[str, float] = json.loads(line)
    return told


def _failed(told: dict[str, float]) -> float:
    """Whoever came and was not redirected, the unanswered included."""
    return told["came"] - told["redirects"]


def _release(world: World) -> float:
    """Seconds of a release; it must be promoted."""
    stable = _status(world)["revision"]["stable"]
    began = time.monotonic()
    world.patch("links", {"settings": {"slugLength": 9}})
    until(lambda: _status(world)["revision"]["stable"] != stable, lambda: str(_status(world)["rollout"]), PATIENCE)
    until(lambda: _status(world)["rollout"]["phase"] == "Idle", lambda: str(_status(world)["rollout"]), 60)
    return time.monotonic() - began


def _status(world: World) -> dict[str, Any]:
    found: dict[str, Any] = (world.get("sapp", "links") or {})["status"]
    return found


if __name__ == "__main__":
    main()
