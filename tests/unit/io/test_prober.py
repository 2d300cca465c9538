"""Probes over real connections: each pod is an HTTP server on an address of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.prometheus_process import free_port
from tests.support.shorteners import a_shortener
from toprope.cli.paper import PaperCluster
from toprope.core.errors import Transient
from toprope.core.objects import ApiResource, Manifest
from toprope.delivery.probes import Probed, Probing
from toprope.io.clock import SystemClock
from toprope.io.prober import AT_A_TIME, Prober

LINKS = a_shortener()
LABELS = {"revision": "new"}
OLD = {"revision": "old"}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pods(PaperCluster):
    """An API server that knows some pods."""

    def __init__(self, *addresses: str, ready: bool = True) -> None:
        super().__init__()
        self.there = [a_pod(address, ready) for address in addresses]
        self.asked = 0
        self.second: Sequence[Manifest] | None = None
        """What it knows from the second time on."""
        self.failing = 0
        self.beside: list[Manifest] = []
        """Stable's."""

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        if labels == OLD:
            return self.beside
        assert (resource.kind, namespace, labels) == ("Pod", "default", LABELS)
        self.asked += 1
        if self.asked <= self.failing:
            raise Transient("The API server is away.")
        return self.there if self.second is None or self.asked != 2 else self.second


def a_pod(address: str, ready: bool = True) -> dict[str, Any]:
    status = {"phase": "Running", "podIP": address, "containerStatuses": [{"ready": ready}]}
    return {"metadata": {"name": f"pod-{address}", "uid": address}, "spec": {}, "status": status}


class Candidate:
    """Pods that answer as somebody says, and remember who asked."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[tuple[str, str, str]] = []
        self.running = self.most = 0
        self._answer = answer

    async def answered(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((str(request.url.host), request.path, request.headers["toprope-route"]))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self._answer(request)
        finally:
            self.running -= 1


async def unknown(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.001)
    return web.Response(status=404)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.01)


async def probed(candidate: Candidate, cluster: Pods, number: int = 40, blind: str = "") -> tuple[Probed, list[str]]:
    """What became of the probes, and the bells that rang."""
    port, bells = free_port(), []
    app = web.Application()
    app.router.add_get("/{path:.*}", candidate.answered)
    probing = Probing("new", LABELS, port, "/p-{probe}", number, "a", OLD)
    rung = asyncio.Event()

    def ring(owner: tuple[str, str, str], why: str) -> None:
        bells.append(f"{owner[2]} {why}")
        rung.set()

    async with AsyncExitStack() as stack:
        for host in {pod["status"]["podIP"] for pod in (*cluster.there, *cluster.beside)}:
            await stack.enter_async_context(TestServer(app, host=host, port=port))
        prober = await stack.enter_async_context(Prober(cluster, SystemClock(), ring, rest=0.01))
        assert prober.of(LINKS, probing).sent == 0
        await until(lambda: rung.is_set() or (bool(blind) and blind in prober.of(LINKS, probing).blind))
        return prober.of(LINKS, probing), bells


async def test_all_pods_are_probed_in_turn_apart_from_users_and_each_with_a_path_of_its_own() -> None:
    candidate = Candidate(unknown)
    found, bells = await probed(candidate, Pods("127.0.0.1", "127.0.0.2"))
    assert (found.sent, found.bad, found.blind, bells) == (40, {}, "", ["links Probes"])
    hosts = [host for host, _, _ in candidate.requests]
    assert (hosts.count("127.0.0.1"), hosts.count("127.0.0.2")) == (21, 21)  # one each to reach them
    assert {header for _, _, header in candidate.requests} == {"preview"}
    assert len({path for _, path, _ in candidate.requests}) == 42


async def test_no_more_than_some_at_a_time() -> None:
    candidate = Candidate(unknown)
    await probed(candidate, Pods("127.0.0.1"), 200)
    assert 1 < candidate.most <= AT_A_TIME


async def test_bad_ones_are_told_apart() -> None:
    numbers = iter(range(1000))

    async def answer(request: web.Request) -> web.StreamResponse:
        number = next(numbers)
        if number % 4 == 1:
            return web.Response(status=503)
        if number % 4 == 2 and request.transport:
            request.transport.close()
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    found, _ = await probed(Candidate(answer), Pods("127.0.0.1"))
    assert found.bad == {"answered 503": 10, "broke off": 10}


async def test_who_takes_a_connection_and_never_answers_is_bad() -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    found, _ = await probed(Candidate(never), Pods("127.0.0.1"), 3)
    assert found.bad == {"gave no answer in 5 s": 3}


async def test_who_cannot_be_reached_is_neither_good_nor_bad() -> None:
    cluster = Pods("127.0.0.1")
    cluster.there = []
    found, bells = await probed(Candidate(unknown), cluster, blind="no ready pod")
    assert (found.sent, found.blind, bells) == (0, "Revision new has no ready pod to probe.", [])


async def test_a_port_that_is_closed_is_said() -> None:
    cluster = Pods("127.0.0.1")
    probing = Probing("new", LABELS, free_port(), "/p-{probe}", 3, "a")
    async with Prober(cluster, SystemClock(), lambda owner, why: None, rest=0.01) as prober:
        await until(lambda: bool(prober.of(LINKS, probing).blind))
        found = prober.of(LINKS, probing)
    assert found.blind.startswith(f"Pod pod-127.0.0.1 cannot be reached at port {probing.port}: ClientConnectorError.")


async def test_a_pod_that_was_taken_away_meanwhile_makes_it_begin_anew() -> None:
    cluster, candidate = Pods("127.0.0.1"), Candidate(unknown)
    cluster.second = []
    found, _ = await probed(candidate, cluster, 20)
    assert (found.sent, cluster.asked, len(candidate.requests)) == (20, 4, 42)


async def test_what_stable_cannot_answer_either_is_sent_again() -> None:
    bad = iter([503] * 42)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=next(bad, 404))

    cluster = Pods("127.0.0.1")
    cluster.beside = [a_pod("127.0.0.2")]
    found, _ = await probed(Candidate(answer), cluster, 20)
    assert (found.sent, found.bad) == (20, {})


@pytest.mark.parametrize("beside", [[], [a_pod("127.0.0.2")], [a_pod("127.0.0.2", ready=False)]])
async def test_what_stable_answers_speaks_against_it(beside: list[Manifest]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if request.url.host == "127.0.0.1" else 404)

    cluster = Pods("127.0.0.1")
    cluster.beside = beside
    found, _ = await probed(Candidate(answer), cluster, 20)
    assert found.bad == {"answered 503": 20}


async def test_an_api_server_that_is_away_is_asked_again() -> None:
    cluster = Pods("127.0.0.1")
    cluster.failing = 1
    found, _ = await probed(Candidate(unknown), cluster, 5)
    assert (found.sent, cluster.asked) == (5, 3)


async def test_pods_that_are_not_ready_are_not_probed() -> None:
    found, _ = await probed(Candidate(unknown), Pods("127.0.0.1", ready=False), blind="no ready pod")
    assert found.sent == 0


async def test_another_try_is_probed_anew_and_the_first_one_ends() -> None:
    candidate, port = Candidate(unknown), free_port()
    app = web.Application()
    app.router.add_get("/{path:.*}", candidate.answered)
    cluster = Pods("127.0.0.1")
    rung = asyncio.Event()
    async with (
        TestServer(app, host="127.0.0.1", port=port),
        Prober(cluster, SystemClock(), lambda owner, why: rung.set()) as prober,
    ):
        for rollout in ("a", "b"):
            probing = Probing("new", LABELS, port, "/p-{probe}", 5, rollout)
            assert prober.of(LINKS, probing).sent == 0
        await asyncio.wait_for(rung.wait(), 10)
        assert prober.of(LINKS, probing).sent == 5
    assert len(candidate.requests) == 6


async def test_whoever_is_not_begun_sends_none_and_a_mistake_comes_out_where_it_is_waited_for() -> None:
    prober = Prober(Pods("127.0.0.1"), SystemClock(), lambda owner, why: None)
    probing = Probing("new", LABELS, 1, "/p", 1, "a")
    prober.of(LINKS, probing)
    await asyncio.sleep(0.05)
    with pytest.raises(RuntimeError, match="outside"):
        prober.of(LINKS, probing)
