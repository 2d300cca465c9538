"""Requests through the gateway at a steady rate, each one written down: what the numbers of SLOs are compared with.

Open loop: each is sent when its moment comes, whether those before it were answered or not.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from tests.e2e.world import GATEWAY, World
from toprope.slo.oracle import Phase, Traffic, turns
from toprope.slo.promise import promise_of
from toprope.slo.spec import Slo
from toprope.slo.windows import Severity

UNANSWERED = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request."""

    at: float
    """When it was sent, Unix time."""
    path: str
    status: int
    """`UNANSWERED` without an answer."""
    seconds: float

    @property
    def failed(self) -> bool:
        """As availability counts it."""
        return self.status >= 500 or self.status == UNANSWERED


class Load:
    """Asks for `paths` in turn, so many a second, from `with` to its end; below `/api/` with the key of the API."""

    def __init__(self, world: World, paths: Sequence[str], per_second: float) -> None:
        self._world, self._paths, self.per_second = world, paths, per_second
        self.answers: list[Answer] = []
        self.began = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._visit()))

    def __enter__(self) -> Self:
        self.began = time.time()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """For how long it has lasted."""
        return time.time() - self.began

    def share(self, of: Callable[[Answer], bool], among: Callable[[Answer], bool] = lambda one: True) -> float:
        """Percent of the answers so far."""
        asked = [one for one in self.answers if among(one)]
        return 100 * sum(map(of, asked)) / len(asked)

    def due(self, slo: Slo) -> float:
        """When the maths says that availability pages first, Unix time, by the traffic as it was."""
        promise = promise_of(slo)
        first = next(turn for turn in turns(promise.live, Severity.PAGE, promise.budget, self._traffic()) if turn.fires)
        return self.began + first.at

    def _traffic(self) -> Traffic:
        """By the second, whole ones only."""
        asked, failed = Counter[int](), Counter[int]()
        for one in list(self.answers):
            asked[int(one.at - self.began)] += 1
            failed[int(one.at - self.began)] += one.failed
        return Traffic([Phase(1, asked[n], failed[n] / asked[n] if asked[n] else 0) for n in range(int(self.seconds))])

    async def _visit(self) -> None:
        async with self._client() as visitor, self._client(key=True) as api, asyncio.TaskGroup() as asked:
            number = 0
            while not self._ended.is_set():
                await asyncio.sleep(max(0.0, self.began + number / self.per_second - time.time()))
                path = self._paths[number % len(self._paths)]
                asked.create_task(self._ask(api if path.startswith("/api/") else visitor, path))
                number += 1

    def _client(self, *, key: bool = False) -> httpx.AsyncClient:
        headers = self._world.links_headers() if key else self._world.visitor_headers()
        return httpx.AsyncClient(
            base_url=GATEWAY, headers=headers, timeout=10, limits=httpx.Limits(max_connections=None)
        )

    async def _ask(self, client: httpx.AsyncClient, path: str) -> None:
        began, at = time.perf_counter(), time.time()
        try:
            status = (await client.get(path)).status_code
        except httpx.HTTPError:
            status = UNANSWERED
        self.answers.append(Answer(at, path, status, time.perf_counter() - began))
