"""One worker, put together: redirects as bare ASGI in front, everything else FastAPI."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from shortener import chores, openapi
from shortener.channel import Channel
from shortener.clicks import Clicks
from shortener.desk import Desk
from shortener.front import Front
from shortener.gate import Gate
from shortener.limits import Limits
from shortener.lookup import SWEEP_EVERY, Lookup
from shortener.memory import Memory
from shortener.passwords import Passwords
from shortener.redirect import Redirect
from shortener.routes import router
from shortener.service import UNHEARD
from shortener.settings import ShortenerSettings
from shortener.shared import Shared
from shortener.store import Store
from toprope_kit import problem, trace
from toprope_kit.cache import Cache, CacheSettings
from toprope_kit.database import Database, DatabaseSettings, connect, leave_as_is
from toprope_kit.tasks import stop
from toprope_kit.worker import Worker


@dataclass(frozen=True)
class Configuration:
    """Everything that the environment says to a worker."""

    shortener: ShortenerSettings
    database: DatabaseSettings
    cache: CacheSettings

    @classmethod
    def load(cls) -> "Configuration":
        """From the environment; SettingsProblem names what is wrong in it."""
        return cls(ShortenerSettings.load(), DatabaseSettings.load(), CacheSettings.load())


class Parts:
    """Everything that one worker holds."""

    def __init__(self, worker: Worker, configuration: Configuration) -> None:
        self.worker = worker
        self.configuration = configuration
        settings = configuration.shortener
        self.database = Database(configuration.database, reset=leave_as_is)
        self.cache = Cache(configuration.cache)
        self.store = Store(self.database)
        self.limits = Limits(self.cache)
        self.passwords = Passwords()
        self.shared = Shared(self.cache, self._replay)
        self.lookup = Lookup(Memory(settings.cache_links), self.shared, self.store.resolve, worker.numbers)
        self.clicks = Clicks(self.store, worker.numbers, settings.click_buffer)
        listen = partial(connect, configuration.database, timeout=1.0)
        self.channel = Channel(listen, self.lookup.changed, self._gap)
        self.lookup.channel = self.channel

    async def _replay(self, seconds: float) -> tuple[str, Iterable[tuple[str, int]]]:
        identity, changes = await self.store.replay(seconds)
        self.limits.place = identity
        return identity, changes

    def _gap(self) -> None:
        self.worker.numbers.cell(UNHEARD).add(1)
        self.lookup.gap()

    @asynccontextmanager
    async def running(self, app: FastAPI | None) -> AsyncIterator[None]:
        """From the first request to the last click."""
        await self.database.open()
        tasks = [
            self.worker.start(work)
            for work in (
                self.channel.run(),
                self.shared.run(),
                self.limits.run(),
                self.clicks.run(),
                chores.again_and_again(SWEEP_EVERY, self.lookup.sweep),
                chores.again_and_again(chores.MOVE_EVERY, partial(chores.move, self.store, self.worker.numbers)),
                chores.again_and_again(
                    chores.MAINTAIN_EVERY,
                    partial(self.store.maintain, self.configuration.shortener.click_retention_days),
                ),
            )
        ]
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            stack.push_async_callback(self.cache.close)
            stack.callback(self.passwords.close)
            stack.push_async_callback(stop, tasks)
            yield


def create(worker: Worker) -> Front:
    """The ASGI app of one worker, as the environment describes it."""
    return front(Parts(worker, Configuration.load()))


def front(parts: Parts) -> Front:
    """The ASGI app around these parts; they run while its lifespan does."""
    worker, settings = parts.worker, parts.configuration.shortener
    redirect = Redirect(parts.lookup, parts.clicks, parts.limits, parts.passwords, parts.store.admit, worker.numbers)
    redirect.address_limit = settings.address_requests_per_minute
    redirect.proxies = settings.trusted_proxies
    worker.readiness.add("database", parts.store.check, timeout=1.0, need="once")
    worker.readiness.add("changes", parts.channel.check, timeout=1.0, need="never")
    worker.readiness.add("cache", parts.cache.check, timeout=1.0, need="never")
    worker.on_drain(parts.clicks.drain)
    return Front(redirect, api(parts))


def api(parts: Parts) -> FastAPI:
    """Everything but the redirect."""
    app = FastAPI(
        title="Toprope shortener",
        version="1",
        lifespan=parts.running,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=trace.FASTAPI_OFF,
    )
    problem.install(app)
    app.include_router(router)
    openapi.install(app)
    settings = parts.configuration.shortener
    app.state.desk = Desk(parts.database, parts.passwords, settings)
    app.state.gate = Gate(parts.limits, parts.store.tenant_of_key, settings)
    return app
