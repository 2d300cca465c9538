"""One worker, put together: redirects as bare ASGI in front, everything else FastAPI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from shortener import chores, openapi
from shortener.channel import Channel
from shortener.clicks import Clicks
from shortener.desk import Desk
from shortener.front import Front
from shortener.gate import Gate
from shortener.limits import Limits
from shortener.lookup import Lookup
from shortener.memory import Memory
from shortener.passwords import Passwords
from shortener.redirect import Redirect
from shortener.routes import router
from shortener.service import UNHEARD
from shortener.settings import PlaceSettings, ShortenerSettings
from shortener.shared import Shared
from shortener.store import Store
from toprope_kit import problem
from toprope_kit.cache import Cache, CacheSettings
from toprope_kit.database import Database, DatabaseSettings, connect
from toprope_kit.worker import Worker


class Parts:
    """Everything that one worker holds."""

    def __init__(self, worker: Worker, settings: ShortenerSettings) -> None:
        self.worker = worker
        self.settings = settings
        self.place = DatabaseSettings.load()
        self.database = Database(self.place)
        self.cache = Cache(CacheSettings.load())
        self.store = Store(self.database)
        self.limits = Limits(self.cache)
        self.passwords = Passwords()
        self.shared = Shared(self.cache, self.store.replay)
        self.lookup = Lookup(Memory(settings.cache_links), self.shared, self.store.resolve, worker.numbers)
        self.clicks = Clicks(self.store, worker.numbers, settings.click_buffer)
        self.channel = Channel(partial(connect, self.place, timeout=1.0), self.lookup.changed, self._gap)
        self.lookup.channel = self.channel

    def _gap(self) -> None:
        self.worker.numbers.cell(UNHEARD).add(1)
        self.lookup.gap()

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """From the first request to the last click."""
        await self.database.open()
        tasks = [
            asyncio.create_task(work)
            for work in (
                self.channel.run(),
                self.shared.run(),
                self.limits.run(),
                self.clicks.run(),
                chores.again_and_again(chores.MOVE_EVERY, partial(chores.move, self.store, self.worker.numbers)),
                chores.again_and_again(
                    chores.MAINTAIN_EVERY, partial(self.store.maintain, self.settings.click_retention_days)
                ),
            )
        ]
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            stack.push_async_callback(self.cache.close)
            stack.callback(self.passwords.close)
            stack.push_async_callback(stop, tasks)
            yield


async def stop(tasks: list["asyncio.Task[None]"]) -> None:
    """Cancel them, and wait until they are gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def create(worker: Worker) -> Front:
    """The ASGI app of one worker."""
    settings, place = ShortenerSettings.load(), PlaceSettings.load()
    parts = Parts(worker, settings)
    api = FastAPI(
        title="Toprope shortener",
        version="1",
        lifespan=parts.running,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problem.install(api)
    api.include_router(router)
    openapi.install(api)
    api.state.desk = Desk(parts.database, parts.passwords, settings)
    api.state.gate = Gate(parts.limits, parts.store.tenant_of_key, settings, place.public_url)
    redirect = Redirect(parts.lookup, parts.clicks, parts.limits, parts.passwords, parts.store.admit, worker.numbers)
    redirect.address_limit = settings.address_requests_per_minute
    redirect.proxies = settings.trusted_proxies
    worker.readiness.add("database", parts.database.check, timeout=1.0, need="once")
    worker.readiness.add("cache", parts.cache.check, timeout=1.0, need="never")
    worker.on_drain(parts.clicks.drain)
    return Front(redirect, api)
