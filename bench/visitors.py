"""People who follow links, in a process of their own: as many as get through, or so many a second.

Open loop: every visit has its moment, whether the ones before were answered or not, and its time counts from that
moment; a server that stands still is not forgiven. It prints one line of JSON.
"""

import argparse
import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

from bench.report import percentile

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Tally:
    """What they saw: seconds of each answer, redirects and everything else."""

    seconds: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    """When each redirect came."""
    others: int = 0
    unanswered: int = 0

    def summary(self, took: float) -> dict[str, float]:
        """For the line of JSON; milliseconds."""
        times = (
            {f"p{share}": 1000 * percentile(self.seconds, share / 100) for share in (50, 95, 99)}
            if self.seconds
            else {}
        )
        return {
            "took": took,
            "redirects": len(self.moments),
            "last_second": sum(moment > self.moments[-1] - 1 for moment in self.moments),
            "others": self.others,
            "unanswered": self.unanswered,
            **times,
        }


class Visitor(asyncio.Protocol):
    """One connection; one question at a time."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._since = 0.0
        self._got = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for the first question."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._crowd.free(self)

    def ask(self, since: float) -> None:
        """Send a question that was due at this moment."""
        assert self.transport is not None
        self._since = since
        self.transport.write(self._crowd.question())

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self._got += data
        if not self._got.endswith(b"\r\n\r\n"):  # every answer has an empty body
            return
        self._crowd.answered(self._got[9:12] == b"302", self._since)
        self._got = b""
        self._crowd.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server went away."""
        self._crowd.lost(bool(self._since), self)


class Crowd:
    """All connections, and the visits that wait for one."""

    def __init__(self, host: str, slugs: int, closed: bool) -> None:
        head = f"HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nReferer: https://news.example/a\r\n\r\n"
        self._questions = [f"GET /bench{number} {head}".encode() for number in range(slugs)]
        self._asked = 0
        self._closed = closed
        self._idle: deque[Visitor] = deque()
        self._waiting: deque[float] = deque()
        self.stopped = False
        self.tally = Tally()

    @property
    def came(self) -> int:
        """All visits, those included that still wait for a connection."""
        return self._asked + len(self._waiting)

    def question(self) -> bytes:
        """The next request."""
        # One hot link gets every second visit, the others share the rest.
        self._asked += 1
        return self._questions[self._asked // 2 % len(self._questions) if self._asked % 2 else 0]

    def arrive(self, moment: float) -> None:
        """A visit is due; it waits when all connections are busy."""
        if self._idle:
            self._idle.popleft().ask(moment)
        else:
            self._waiting.append(moment)

    def free(self, visitor: Visitor) -> None:
        """A connection has nothing to do."""
        if self._waiting:
            visitor.ask(self._waiting.popleft())
        elif self._closed and not self.stopped:
            visitor.ask(time.perf_counter())
        else:
            self._idle.append(visitor)

    def answered(self, redirected: bool, since: float) -> None:
        """An answer came for a visit that was due at `since`."""
        now = time.perf_counter()
        self.tally.seconds.append(now - since)
        if redirected:
            self.tally.moments.append(now)
        else:
            self.tally.others += 1

    def lost(self, in_the_middle: bool, visitor: Visitor) -> None:
        """A connection is gone, perhaps with a question."""
        if visitor in self._idle:
            self._idle.remove(visitor)
        elif in_the_middle:
            self.tally.unanswered += 1


async def visits(arguments: argparse.Namespace) -> dict[str, float]:
    """Let them come, wait for the last answer, and sum up."""
    place = urlsplit(arguments.url)
    crowd = Crowd(arguments.host or place.netloc, arguments.slugs, closed=not arguments.rate)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(arguments.connections):
        await loop.create_connection(lambda: Visitor(crowd), place.hostname, place.port)
    if arguments.rate:
        await _arrivals(crowd, began, arguments.rate, arguments.seconds)
    else:
        await asyncio.sleep(arguments.seconds)
    crowd.stopped = True
    took = time.perf_counter() - began
    await asyncio.sleep(0.5)
    return {"came": crowd.came, **crowd.tally.summary(took)}


async def _arrivals(crowd: Crowd, began: float, rate: int, seconds: float) -> None:
    for number in range(int(rate * seconds)):
        moment = began + number / rate
        if (pause := moment - time.perf_counter()) > 0.001:
            await asyncio.sleep(pause)
        crowd.arrive(moment)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--slugs", type=int, default=200)
    parser.add_argument("--host", default="", help="the name that they ask for, where it is not the URL's")
    parser.add_argument("--rate", type=int, default=0, help="visits a second; 0: as many as get through")
    print(json.dumps(uvloop.run(visits(parser.parse_args()))))


if __name__ == "__main__":
    main()
