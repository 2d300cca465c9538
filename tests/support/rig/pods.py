"""What a web pod of the rig has counted, and how it behaves."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toprope_kit.memory import BOUNDS, BUCKETS

MIX: Mapping[str, float] = {"redirect": 0.95, "api": 0.05}
"""Users' requests by route."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Of all pods of a revision."""

    bad: float = 0.0
    """Share of the requests that are answered with 500."""
    slow: float = 0.0
    """Share that takes longer than any bucket."""
    routes: tuple[str, ...] = tuple(MIX)
    """Those that are bad or slow."""
    hangs: bool = False
    """Takes users' requests and never answers them; its counters are answered."""
    refuses: bool = False
    """No connection, of nobody's."""
    is_silent: bool = False
    """Takes connections on its ops port and never answers."""


WELL = Behaviour()


@dataclass(slots=True)
class _Route:
    good: float = 0.0
    bad: float = 0.0
    slow: float = 0.0

    def page(self) -> dict[str, Any]:
        latency = [0] * BUCKETS
        latency[0], latency[-1] = int(self.good), int(self.slow)
        errors = int(self.bad)
        return {"total": sum(latency) + errors, "errors": errors, "gone": [0] * BUCKETS, "latency": latency}


@dataclass(slots=True)
class WebPod:
    """One process; a container that is started again is another one."""

    behaviour: Behaviour = WELL
    boot: float = field(default_factory=time.time)
    sudden: int = 0
    """Bad requests that its next page shows all at once."""
    broke: float | None = None
    """When a page showed that, by the monotonic clock."""
    probed: int = 0
    """Requests that are no users': in none of its counters."""
    _routes: dict[str, _Route] = field(default_factory=lambda: {name: _Route() for name in MIX})
    _stuck: float = 0.0
    _stuck_since: float | None = None

    def serve(self, requests: float) -> None:
        """So many requests of users came; fractions add up."""
        if self.behaviour.refuses:
            return
        if self.behaviour.hangs:
            self._stuck += requests
            self._stuck_since = self._stuck_since or time.monotonic()
            return
        for name, share in MIX.items():
            self._answer(name, requests * share)

    def _answer(self, name: str, requests: float) -> None:
        route, behaviour = self._routes[name], self.behaviour
        ill = name in behaviour.routes
        bad, slow = (requests * share if ill else 0.0 for share in (behaviour.bad, behaviour.slow))
        route.bad += bad
        route.slow += slow
        route.good += requests - bad - slow

    def probe(self) -> int:
        """How it answers one who is no user; the bad answers come as evenly as they can."""
        self.probed += 1
        before, now = (int(number * self.behaviour.bad) for number in (self.probed - 1, self.probed))
        return 500 if now > before else 404

    def page(self) -> dict[str, Any]:
        """What it answers at `/sli`."""
        if self.sudden:
            self._routes["redirect"].bad += self.sudden
            self.sudden, self.broke = 0, time.monotonic()
        routes = {name: route.page() for name, route in self._routes.items()}
        finished = sum(one["total"] for one in routes.values())
        oldest = time.monotonic() - self._stuck_since if self._stuck_since else 0.0
        users = {"started": finished + int(self._stuck), "finished": finished, "cut": 0, "oldestUnfinished": oldest}
        return {"boot": self.boot, "buckets": list(BOUNDS), "classes": {"main": {**users, "routes": routes}}}
