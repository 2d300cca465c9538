"""A small server for all pods of a rig: who is asked is told by the address that was connected to."""

import asyncio
from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from tests.support.rig.pods import Behaviour, WebPod
from toprope.delivery.traffic import ROUTE
from toprope.serving.places import HTTP_PORT, OPS_PORT

LONG = 3600.0


class Answers:
    """On the ops port of each address, and for probes on that of users."""

    def __init__(self, before: Callable[[str], None]) -> None:
        """`before` hears of the address that is asked: who came until now is counted first, on all sides."""
        self._before = before
        self._pods: dict[str, WebPod] = {}
        self._sites: dict[str, list[web.TCPSite]] = {}
        self._runner: web.AppRunner | None = None

    async def at(self, behaviours: Mapping[str, Behaviour]) -> None:
        """These are the pods, by address; of those that are gone nobody answers."""
        for address, behaviour in behaviours.items():
            self._pods.setdefault(address, WebPod()).behaviour = behaviour
            await (self._shut(address) if behaviour.refuses else self._open(address))
        for address in self._pods.keys() - behaviours.keys():
            await self._shut(address)
            del self._pods[address]

    def serve(self, address: str, requests: float) -> None:
        """Users came to this pod."""
        if pod := self._pods.get(address):
            pod.serve(requests)

    def pod(self, address: str) -> WebPod:
        """What it has counted."""
        return self._pods[address]

    async def close(self) -> None:
        """Of nobody."""
        if self._runner:
            await self._runner.cleanup()

    async def _open(self, address: str) -> None:
        if address in self._sites:
            return
        if self._runner is None:
            app = web.Application()
            app.router.add_get("/sli", self._sli)
            app.router.add_get("/toprope-probe-{probe}", self._probe)
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await self._runner.setup()
        self._sites[address] = [web.TCPSite(self._runner, address, port) for port in (OPS_PORT, HTTP_PORT)]
        for site in self._sites[address]:
            await site.start()

    async def _shut(self, address: str) -> None:
        for site in self._sites.pop(address, ()):
            await site.stop()

    async def _sli(self, request: web.Request) -> web.StreamResponse:
        address = _address(request)
        pod, transport = self._pods.get(address), request.transport
        if transport and (pod is None or pod.behaviour.refuses):
            # A connection of before.
            transport.abort()
            await asyncio.sleep(LONG)
        if pod is None or pod.behaviour.is_silent:
            await asyncio.sleep(LONG)
            raise web.HTTPServiceUnavailable
        self._before(address)
        return web.Response(body=orjson.dumps(pod.page()), content_type="application/json")

    async def _probe(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(ROUTE) != "preview":
            raise web.HTTPBadRequest(text="users come by no connection, here")
        return web.Response(status=self._pods[_address(request)].probe())


def _address(request: web.Request) -> str:
    return str(request.transport.get_extra_info("sockname")[0]) if request.transport else ""
