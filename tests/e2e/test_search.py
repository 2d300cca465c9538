"""A person applies the example, searches, and changes the index under load without anybody who notices."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.places import CHECKOUT
from tests.e2e.world import GATEWAY, World, until

EXAMPLE = CHECKOUT / "examples" / "papers"
FILLED = 240.0
"""Seconds for a generation of 2,000 abstracts on a machine that does other things, too."""


@pytest.fixture(scope="module")
def papers(kubeconfig: Path) -> Iterator[World]:
    world = World(kubeconfig, "search-story", name="papers", kind="sidx")
    world.kubectl("delete", "namespace", world.namespace, "--ignore-not-found", "--wait=true")
    world.kubectl("create", "namespace", world.namespace)
    world.kubectl("apply", "--server-side", "-k", str(EXAMPLE))
    world.patch("papers", {"traffic": {"hostnames": [world.hostname]}, "rollout": ROLLOUT, "slos": SLOS})
    serves(world)
    yield world
    world.kubectl("delete", "namespace", world.namespace, "--wait=false")


ROLLOUT = {"bake": "5s", "steps": [{"weight": "50%", "hold": "5s"}]}
SLOS = [{"name": "availability", "objective": "95", "availability": {}}]
"""So that some hundred searches prove a generation."""


def status(world: World) -> dict[str, Any]:
    found: dict[str, Any] = (world.get("sidx", "papers") or {}).get("status") or {}
    return found


def serves(world: World, beside: str = "") -> str:
    """Until a generation, another than this one, serves and nothing moves; its revision."""

    def is_there() -> bool:
        said = status(world)
        stable, phase = (said.get("revision") or {}).get("stable"), (said.get("rollout") or {}).get("phase")
        return (
            stable not in (None, beside) and phase == "Idle" and world.condition("papers", "Ready")["status"] == "True"
        )

    until(is_there, lambda: world.kubectl("describe", "sidx", "papers"), FILLED)
    return str(status(world)["revision"]["stable"])


def search(world: World, q: str, client: httpx.Client | None = None, **more: Any) -> httpx.Response:
    ask = client or httpx
    return ask.get(f"{GATEWAY}/v1/search", params={"q": q, **more}, headers={"Host": world.hostname}, timeout=10)


@pytest.mark.timeout(400)
def test_the_example_answers(papers: World) -> None:
    answer = search(papers, "recurrent networks that read handwriting", k=5)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (len(told["items"]), told["mode"]) == (5, "hybrid")
    assert told["generation"] == status(papers)["revision"]["stable"]
    assert any("handwrit" in json.dumps(one).lower() for one in told["items"])
    page = httpx.get(GATEWAY, headers={"Host": papers.hostname}, timeout=10)
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.timeout(600)
def test_another_index_rolls_over_under_load_and_no_search_fails(papers: World) -> None:
    before, ends = str(status(papers)["revision"]["stable"]), threading.Event()
    answers: list[tuple[int, str]] = []

    def visits() -> None:
        with httpx.Client() as client:
            while not ends.wait(0.05):
                found = search(papers, "graphs", client)
                answers.append((found.status_code, found.json().get("generation", "")))

    visiting = threading.Thread(target=visits)
    visiting.start()
    try:
        papers.patch("papers", {"index": {"quantization": "Half"}})
        after = serves(papers, before)
    finally:
        ends.set()
        visiting.join()
    assert {code for code, _ in answers} == {200}
    assert {generation for _, generation in answers} <= {before, after}
    assert search(papers, "graphs").json()["generation"] == after


@pytest.mark.timeout(600)
def test_a_generation_that_finds_too_little_never_gets_a_request(papers: World) -> None:
    stable = str(status(papers)["revision"]["stable"])
    papers.patch("papers", {"index": {"hnsw": {"m": 2, "efConstruction": 4}}, "efSearch": 4})
    until(
        lambda: status(papers)["rollout"]["reason"] == "CandidateRefused",
        lambda: papers.kubectl("describe", "sidx", "papers"),
        FILLED,
    )
    said = status(papers)
    assert said["revision"]["stable"] == stable
    assert "recall" in said["rollout"]["message"]
    assert search(papers, "graphs").json()["generation"] == stable
