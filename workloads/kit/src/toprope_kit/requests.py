"""One request's life as a number: started, there as a whole, answered or given up, and how long it took.

It counts at once, in the shared memory of its worker: a reader in another process sees a request that never ends.
A client that goes away before its answer is counted there and then, as status 499 with the time it had waited;
what the app still does for it afterwards is nobody's latency.
"""

from bisect import bisect_left
from collections.abc import Callable

from toprope_kit.asgi import Scope
from toprope_kit.memory import BOUNDS, BUCKETS, CLASSES, CUT, FINISHED, OLDEST, STARTED, RowKey, Slot

CLIENT_GONE = 499
_BODILESS = frozenset({"GET", "HEAD"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Request:
    """What is known of one running request."""

    __slots__ = ("done", "has_body", "headers", "method", "route_class", "scope", "start", "status", "trace")

    def __init__(self, scope: Scope, start: float, route_class: int) -> None:
        self.scope = scope
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.method: str = scope["method"]
        self.has_body = self.method not in _BODILESS and any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        )
        self.start = start
        self.route_class = route_class
        self.status = 0
        self.done = False
        self.trace: str | None = None

    def route(self) -> str:
        """The route's template, or `""` when no route matched: never the path, which is the client's own text."""
        scope = self.scope
        if (chosen := scope.get("toprope.route")) is not None:
            return str(chosen)
        # FastAPI leaves the *included* router's own route in the scope, without the prefix it was included under.
        context = scope.get("fastapi", _NOTHING).get("effective_route_context")
        if context is not None:
            return str(context.path_format)
        return getattr(scope.get("route"), "path", "")


_NOTHING: dict[str, None] = {}


class Ledger:
    """Writes a worker's requests into its slot; one for each worker process."""

    def __init__(self, slot: Slot, clock: Callable[[], float]) -> None:
        self._slot = slot
        self._ints = slot.ints
        self._reals = slot.reals
        self._clock = clock
        self._rows: dict[tuple[int, str, str, int], int] = {}
        # In order of their start, so that the first one is the oldest.
        self._unfinished: tuple[dict[Request, float], ...] = tuple({} for _ in CLASSES)

    def begin(self, scope: Scope) -> Request:
        """A request came in, up to the end of its headers."""
        now = self._clock()
        # The gateway sets this header on its preview route and takes it away on the other one.
        route_class = 1 if (b"toprope-route", b"preview") in scope["headers"] else 0
        request = Request(scope, now, route_class)
        self._ints[STARTED[route_class]] += 1
        if not request.has_body:
            self._waits(request, now)
        return request

    def received(self, request: Request) -> None:
        """Its body is there, too: from now on an answer is due. Whoever sends it slowly waits for himself."""
        if not request.done:
            self._waits(request, self._clock())

    def _waits(self, request: Request, since: float) -> None:
        unfinished = self._unfinished[request.route_class]
        if not unfinished:
            self._reals[OLDEST[request.route_class]] = since
        unfinished.setdefault(request, since)

    def end(self, request: Request, status: int) -> float:
        """It was answered, or given up with `CLIENT_GONE`: the seconds it took. Only the first call counts."""
        seconds = self._clock() - request.start
        if request.done:
            return seconds
        request.done = True
        request.status = status
        route_class = request.route_class
        unfinished = self._unfinished[route_class]
        began = unfinished.pop(request, None)
        if began is not None and began == self._reals[OLDEST[route_class]]:
            self._reals[OLDEST[route_class]] = next(iter(unfinished.values()), 0.0)
        self._ints[FINISHED[route_class]] += 1
        at = self._row(route_class, request.method, request.route(), status)
        self._ints[at + bisect_left(BOUNDS, seconds)] += 1
        self._reals[at + BUCKETS] += seconds
        return seconds

    def _row(self, route_class: int, method: str, route: str, status: int) -> int:
        key = (route_class, method, route, status)
        at = self._rows.get(key)
        if at is None:
            known = method if method in METHODS else "OTHER"
            at = self._slot.row(RowKey(CLASSES[route_class], known, route, status))
            # Methods are the client's own text: an unknown one must not make this dictionary grow.
            if known == method:
                self._rows[key] = at
        return at


def bury(slot: Slot) -> None:
    """Settle the slot of a worker that died: what it had not finished was cut by us. Only when nobody writes it."""
    for index in range(len(CLASSES)):
        lost = slot.ints[STARTED[index]] - slot.ints[FINISHED[index]]
        slot.ints[CUT[index]] += lost
        slot.ints[FINISHED[index]] += lost
        slot.reals[OLDEST[index]] = 0.0
