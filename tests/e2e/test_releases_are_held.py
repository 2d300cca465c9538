"""Releases that are held by the SLOs, on real pods behind the real gateway, under people who come as they like.

A healthy one gets half of the requests, passes, and then all of them, and nobody waits. One that fails a twentieth of
its redirects is taken back by itself, and so are one that only gets slower, and one that its memory limit kills.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.load import Load
from tests.e2e.releases import STARTS, failed, goes_to, ill, status, weights
from tests.e2e.world import World, a_shortener, until

SLOS: list[dict[str, Any]] = [
    {"name": "availability", "objective": "99", "availability": {}},
    {"name": "fast-redirects", "objective": "95", "latency": {"threshold": "250ms", "route": "redirect"}},
]
ROLLOUT = {"steps": [{"weight": "50%", "hold": "10s"}], "bake": "20s"}
PER_SECOND = 60.0
"""At 99 % a gate has seen enough after some 1,200 requests of the candidate's: two thirds of a minute at half of
these."""
JUDGED = 180.0
"""Seconds until the slowest verdict of these stories."""


@pytest.fixture(scope="module")
def links(world: World) -> World:
    world.apply(a_shortener(world, slos=SLOS, rollout=ROLLOUT, replicas={"min": 1, "max": 1}))
    world.wait_ready("links")
    world.make_link("first")
    return world


@pytest.fixture
def load(links: World) -> Iterator[Load]:
    with Load(links, ["/first"], PER_SECOND) as lasting:
        yield lasting


def test_a_healthy_release_is_promoted_and_nobody_waits(links: World, load: Load) -> None:
    before = status(links)["revision"]["stable"]
    links.patch("links", {"settings": {"slugLength": 9}})
    goes_to(links, "Holding", STARTS)
    candidate = status(links)["revision"]["candidate"]
    assert weights(links) == {before: 50_000, candidate: 50_000}
    baking = goes_to(links, "Baking", JUDGED)
    assert baking["countedBy"] == "Gateway"
    goes_to(links, "Idle", 60)
    assert status(links)["revision"]["stable"] == candidate
    assert weights(links) == {candidate: 100_000}
    assert not failed(load), failed(load)[:5]


def is_taken_back(world: World, image: str, load: Load, slo: str) -> dict[str, Any]:
    """A release is tried, and taken back by what this SLO's gate says; the rollout."""
    stable = status(world)["revision"]["stable"]
    world.patch("links", {"image": image})
    # What is plainly broken is back before its share was even measured: there may be no time of Holding.
    taken_back = goes_to(world, "Failed", STARTS + JUDGED)
    assert {one["slo"]: one["verdict"] for one in taken_back["judged"]}[slo] == "Fail", taken_back
    assert taken_back["message"].startswith(f"{slo}: "), taken_back
    assert weights(world) == {stable: 100_000}
    assert status(world)["revision"]["stable"] == stable
    return taken_back


def is_withdrawn(world: World) -> None:
    world.patch("links", {"image": None})
    goes_to(world, "Idle", 60)


def test_one_that_fails_a_twentieth_of_its_redirects_is_taken_back(links: World, load: Load, tmp_path: Path) -> None:
    taken_back = is_taken_back(links, ill("ill-fails", "fails=0.05", tmp_path), load, "availability")
    lost = len(failed(load))
    # The status is a look old, and the last requests were under way.
    assert lost - 3 <= taken_back["lost"] <= lost
    assert lost <= 60, "one in twenty of half the requests, until it is sure"
    said = taken_back["message"]
    assert "bad of" in said
    at = len(load.answers)
    until(lambda: len(load.answers) > at + 300, lambda: "no load", 15)
    assert len(failed(load)) == lost, "nobody fails any more"
    is_withdrawn(links)


def test_one_that_only_gets_slower_is_taken_back(links: World, load: Load, tmp_path: Path) -> None:
    is_taken_back(links, ill("ill-slow", "slow=0.4", tmp_path), load, "fast-redirects")
    assert not failed(load), "slow answers are answers"
    is_withdrawn(links)


def test_one_that_its_memory_limit_kills_under_load_is_taken_back(links: World, load: Load, tmp_path: Path) -> None:
    stable = status(links)["revision"]["stable"]
    links.patch("links", {"image": ill("ill-eats", "eats=4", tmp_path)})
    taken_back = goes_to(links, "Failed", STARTS + JUDGED)
    # Whether the container ends, or its supervisor goes on with another worker, is the kernel's to say.
    assert taken_back["reason"] in ("CandidateCrashes", "CandidateLostReadiness", "WorseThanStable"), taken_back
    assert weights(links) == {stable: 100_000}
    assert len(failed(load)) <= 60, failed(load)[:5]
    is_withdrawn(links)
