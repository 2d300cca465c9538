"""A gateway of several processes that come, go, begin anew, and cannot be read."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from tests.support.prometheus_process import free_port
from tests.support.traefik_page import Traefik, backend
from tests.support.trials import AVAILABILITY, CANDIDATE, ROUTE, STABLE, PaperGateway, a_stage
from toprope.delivery.gate.counts import Counts
from toprope.io.now.gateway import Gateway
from toprope.io.now.pages import Pages
from toprope.io.now.scrape import FORGOTTEN_AFTER
from toprope.slo.now import Count

SERVICE = CANDIDATE.service
NEW, OLD = backend(CANDIDATE.service), backend(STABLE.service)


class Named:
    """One whose name leads where a test says; without addresses nobody knows it."""

    def __init__(self, pages: Pages, port: int, addresses: Sequence[str]) -> None:
        self.gateway = Gateway(pages, f"http://traefik.infra:{port}/metrics", self.resolved)
        self.addresses = addresses
        self.processes = {address: PaperGateway() for address in addresses}

    async def resolved(self, url: URL) -> Sequence[tuple[Any, ...]]:
        if not self.addresses:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, url.port)) for one in self.addresses]

    async def grown_by(self, number: int) -> Count:
        """After a look, before which each process counted so many more."""
        for process in self.processes.values():
            process.traefik.count(NEW, number)
        await self.gateway.look()
        return self.gateway.grown("shop", ROUTE, SERVICE)


@asynccontextmanager
async def processes(*addresses: str) -> AsyncIterator[Named]:
    port = free_port()
    async with AsyncExitStack() as stack:
        named = Named(await stack.enter_async_context(Pages(5.0, 1 << 20)), port, addresses)
        for address, process in named.processes.items():
            app = web.Application()
            app.router.add_get("/metrics", process.answer)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, address, port).start()
        yield named


ONE, TWO = "127.0.8.1", "127.0.8.2"


async def test_the_first_look_only_says_where_counting_begins() -> None:
    async with processes(ONE) as named:
        assert [await named.grown_by(5), await named.grown_by(3)] == [Count(), Count(3, 0)]
        assert named.processes[ONE].headers[0]["Host"].startswith("traefik.infra")


async def test_all_its_processes_count() -> None:
    async with processes(ONE, TWO) as named:
        await named.grown_by(5)
        assert await named.grown_by(3) == Count(6, 0)


async def test_a_process_that_is_missed_makes_up_for_it() -> None:
    async with processes(ONE, TWO) as named:
        await named.grown_by(5)
        named.processes[TWO].fails = True
        assert await named.grown_by(3) == Count(3, 0)
        assert named.gateway.is_seen()
        named.processes[TWO].fails = False
        assert await named.grown_by(3) == Count(9, 0)


async def test_a_process_that_comes_later_counts_from_its_first_page_on() -> None:
    async with processes(ONE, TWO) as named:
        named.addresses = [ONE]
        await named.grown_by(5)
        named.addresses = [ONE, TWO]
        assert [await named.grown_by(3), await named.grown_by(3)] == [Count(3, 0), Count(6, 0)]


async def test_a_process_that_goes_takes_nothing_away() -> None:
    async with processes(ONE, TWO) as named:
        await named.grown_by(5)
        named.addresses = [ONE]
        assert await named.grown_by(3) == Count(3, 0)


async def test_a_process_that_began_anew_counts_from_zero() -> None:
    async with processes(ONE) as named:
        await named.grown_by(5)
        named.processes[ONE].traefik = Traefik(born=1.8e9)
        assert await named.grown_by(7) == Count(7, 0)
        assert named.gateway.knows("shop", ROUTE)
        named.processes[ONE].traefik = Traefik(born=1.9e9)
        await named.gateway.look()
        assert (named.gateway.knows("shop", ROUTE), named.gateway.grown("shop", ROUTE, SERVICE)) == (True, Count())


async def test_a_backend_is_born_with_its_first_request() -> None:
    async with processes(ONE) as named:
        named.processes[ONE].traefik.count(OLD, 100)
        await named.gateway.look()
        assert await named.grown_by(4) == Count(4, 0)


async def test_addresses_are_remembered_while_nobody_knows_its_name() -> None:
    async with processes(ONE) as named:
        await named.grown_by(5)
        named.addresses = []
        assert await named.grown_by(3) == Count(3, 0)


async def test_one_that_was_never_found_knows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with processes(ONE) as named:
        named.addresses = []
        await named.gateway.look()
        await named.gateway.look()
        assert (named.gateway.is_seen(), named.gateway.knows("shop", ROUTE)) == (False, False)
    assert [one.getMessage() for one in caplog.records] == [
        "the gateway at traefik.infra cannot be read, and pods count: nobody knows where it is: gaierror"
    ]


async def test_the_gateway_decides_for_availability_and_pods_for_latency() -> None:
    async with a_stage(gateway=True) as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.traefik.traefik.count(OLD, 100)
        stage.ask()
        await stage.later()
        stage.traefik.traefik.count(OLD, 90)
        stage.traefik.traefik.count(NEW, 10, "502")
        pod.good, other.slow = 7, 50
        looked = await stage.later()
    assert (looked.source, looked.candidate, looked.stable) == ("Gateway", Counts(10, 10), Counts(90, 0))
    told = {slo: one.evidence["candidate"]["total"] for slo, one in looked.judged.items()}
    assert told == {AVAILABILITY.name: 10, "fast": 7}


async def test_pods_decide_when_the_gateways_page_has_gone_for_a_while() -> None:
    async with a_stage(gateway=True) as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.traefik.traefik.count(OLD, 100)
        stage.ask()
        await stage.later()
        stage.traefik.fails = True
        for _ in range(3):
            pod.good += 1
            assert (await stage.later()).candidate == Counts()
        pod.good += 1
        looked = await stage.later()
        assert (looked.source, looked.candidate, looked.blind) == ("Pods", Counts(4, 0), "")


async def test_a_gateway_that_does_not_know_the_route_leaves_it_to_pods() -> None:
    async with a_stage(gateway=True) as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        pod.good += 3
        looked = await stage.later()
    assert (looked.source, looked.candidate) == ("Pods", Counts(3, 0))


async def test_what_is_counted_while_nobody_asks_is_nobodys() -> None:
    async with a_stage(gateway=True) as stage:
        await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.traefik.traefik.count(NEW, 100)
        stage.ask()
        await stage.later()
        await stage.look(FORGOTTEN_AFTER + 1)
        stage.traefik.traefik.count(NEW, 900)
        stage.ask()
        assert (await stage.later()).candidate == Counts()
        stage.traefik.traefik.count(NEW, 9)
        looked = await stage.later()
    assert (looked.source, looked.candidate) == ("Gateway", Counts(9, 0))


async def test_a_name_is_asked_for_once_at_a_time() -> None:
    asked: list[URL] = []

    async def never(url: URL) -> Sequence[tuple[Any, ...]]:
        asked.append(url)
        return await asyncio.Future()

    async with Pages(5.0, 1 << 20) as pages:
        gateway = Gateway(pages, "http://traefik.infra/metrics", never)
        await gateway.look()
        await gateway.look()
    assert len(asked) == 1
