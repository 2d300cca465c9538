"""A pod as the tests see it: `shortener serve` as processes of its own, and people who follow its links."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from workloads.kit.tests.programs import NO_TLS, get
from workloads.shortener.tests.conftest import KEY, World
from workloads.shortener.tests.servers import free_port, until


@dataclass
class Pod:
    """One running service. `url` is the users' port, `ops` the other one."""

    process: "subprocess.Popen[bytes]"
    url: str
    ops: str

    def ask(self, path: str, **options: Any) -> httpx.Response:
        """One request on a connection of its own, so that any of the workers may get it."""
        method = options.pop("method", "GET")
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.request(method, self.url + path, headers=headers, verify=NO_TLS, **options)

    def make(self, slug: str, **conditions: object) -> None:
        """A link."""
        body = {"target": f"https://example.org/{slug}", "slug": slug, **conditions}
        made = self.ask("/api/v1/links", method="POST", json=body)
        assert made.status_code == 201, made.text

    def change(self, slug: str, **changes: object) -> None:
        """Another target, or switched off."""
        changed = self.ask(f"/api/v1/links/{slug}", method="PATCH", json=changes)
        assert changed.status_code == 200, changed.text

    def ready(self) -> bool:
        """Whether it would get requests."""
        with suppress(httpx.HTTPError):
            return get(self.ops + "/readyz").status_code == 200
        return False

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [worker["pid"] for worker in json.loads(get(self.ops + "/healthz").content)["workers"]]

    def number(self, name: str) -> float:
        """One line of /metrics."""
        lines = get(self.ops + "/metrics").text.splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " "))

    def stop(self) -> int:
        """As a kubelet does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def pod(world: World, **more: str) -> Iterator[Pod]:
    """A ready pod; gone afterwards."""
    port, ops = free_port(), free_port()
    environ = world.environ(PORT=str(port), OPS_PORT=str(ops), SHORTENER_ADDRESS_REQUESTS_PER_MINUTE="0", **more)
    process = subprocess.Popen([sys.executable, "-m", "shortener", "serve"], env=environ, stdout=subprocess.DEVNULL)
    one = Pod(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ops}")
    try:
        until(one.ready, "the pod is ready", 40)
        yield one
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


@dataclass
class Visits:
    """What visitors saw: the moment of each answer, and how many requests got none."""

    answered: list[float] = field(default_factory=list)
    unanswered: int = 0
    statuses: dict[int, int] = field(default_factory=dict)


async def visit(one: Pod, slug: str, visits: Visits, enough: asyncio.Event, visitors: int = 8) -> None:
    """Follow a link over and over from several connections, until it is enough."""

    async def visitor(client: httpx.AsyncClient) -> None:
        while not enough.is_set():
            try:
                answer = await client.get(f"{one.url}/{slug}")
            except httpx.HTTPError:
                visits.unanswered += 1
                await asyncio.sleep(0.02)
                continue
            visits.statuses[answer.status_code] = visits.statuses.get(answer.status_code, 0) + 1
            if answer.status_code == 302:
                visits.answered.append(time.monotonic())

    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as tasks:
        for _ in range(visitors):
            tasks.create_task(visitor(client))


def recorded(world: World) -> int:
    """Clicks in the database, wherever they are on their way."""
    return int(
        world.sql("SELECT (SELECT count(*) FROM shortener.click_inbox) + (SELECT count(*) FROM shortener.clicks)")
    )


def statuses(one: Pod, slug: str, times: int) -> Mapping[int, int]:
    """How often each status came, over connections of their own."""
    found: dict[int, int] = {}
    for _ in range(times):
        status = one.ask(f"/{slug}").status_code
        found[status] = found.get(status, 0) + 1
    return found
