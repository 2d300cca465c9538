"""Questions into vectors: remembered ones at once, others one after the other in a thread of their own.

One thread, because the model itself computes in as many as the container may use; the event loop stays free.
"""

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from search.codecs import Vector
from search.embedding.embedder import Embedder
from search.service import CACHED, COMPUTED, EMBEDDING
from toprope_kit.memory import Slot


class Questions:
    """One worker's."""

    def __init__(self, embedder: Embedder, numbers: Slot, size: int) -> None:
        self._embedder = embedder
        self._numbers = numbers
        self._size = size
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._running: dict[str, asyncio.Future[Vector]] = {}
        self._seconds = 0.0
        self._thread = ThreadPoolExecutor(1, "embedding")

    async def vector(self, text: str) -> Vector:
        """The question's vector; asked twice at once it is computed once."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            self._numbers.cell(CACHED).add(1)
            return known
        running = self._running.get(text)
        if running is None:
            loop = asyncio.get_running_loop()
            running = self._running[text] = loop.run_in_executor(self._thread, self._computed, text)
            running.add_done_callback(lambda done: self._keep(text, done))
        # Who goes away must not take the answer from those who wait for the same.
        return await asyncio.shield(running)

    def _computed(self, text: str) -> Vector:
        start = time.perf_counter()
        vector: Vector = self._embedder.embed([text])[0]
        self._seconds += time.perf_counter() - start
        return vector

    def _keep(self, text: str, done: "asyncio.Future[Vector]") -> None:
        del self._running[text]
        self._numbers.cell(COMPUTED).add(1)
        self._numbers.cell(EMBEDDING).set(self._seconds)
        if done.cancelled() or done.exception() is not None or not self._size:
            return
        self._known[text] = done.result()
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def close(self) -> None:
        """No more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
