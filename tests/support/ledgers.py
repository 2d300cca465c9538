"""A ledger with a Prometheus that answers from memory and a clock that stands still until it is moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.support.engine import INSTALLATION
from tests.support.measured import NOW
from tests.support.tiny import TINY
from toprope.core.measured import Measured
from toprope.core.objects import Ref
from toprope.core.resource import Resource
from toprope.io.ledger import Ledger
from toprope.io.prometheus import Prometheus, Series
from toprope.slo.budget import State
from toprope.slo.rules import BAD, BUCKET, BURN, ERRORS, LEFT, MEANING, OBJECTIVE, TOTAL, TOTAL_RATE, Identity
from toprope.slo.spec import Slo

LINKS = ("shop", "Tiny", "links")
SLO = Slo.model_validate({"name": "availability", "objective": "99.9", "availability": {}})
AVAILABILITY = Identity(*LINKS, "availability")


@dataclass(slots=True)
class Hands:
    """A clock that stands still until it is moved."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class Told(Prometheus):
    """Answers from memory. `ratio` is the error ratio in all windows of all SLOs."""

    def __init__(self, hands: Hands) -> None:
        self.hands, self.ratio, self.rules, self.history = hands, 0.0, "version1", 0.0
        self.skew = 500.0
        """Seconds by which its clock is ahead."""
        self.sli: dict[str, str] = {}
        """The label that says what is counted; an earlier operator's rules have none."""
        self.begun: dict[str, float] = {}
        """Seconds since what was counted began to be, where more than `history` tells it."""
        self.recorded: Sequence[Identity] = [AVAILABILITY]
        self.silent: set[str] = set()
        self.failing: dict[str, Exception] = {}
        self.loaded: dict[str, str | None] = {}
        self.asked: list[str] = []
        self.groups_asked: list[Sequence[str]] = []

    def _asked(self, what: str) -> None:
        self.asked.append(what)
        if error := self.failing.get(what) or self.failing.get("all"):
            raise error

    async def clock(self) -> float:
        self._asked("clock")
        return self.hands.now().timestamp() + self.skew

    async def newest(self, selector: str, at: float) -> list[Series]:
        self._asked(selector)
        records = {TOTAL_RATE: {}, TOTAL: {"window": "30d"}, BAD: {"window": "30d"}, BURN: {"window": "30d"}}
        records |= {
            ERRORS: {"window": "30d"},
            OBJECTIVE: {"window": "30d", "rules": self.rules, **self.sli},
            LEFT: {},
            BUCKET: {},
        }
        values = {ERRORS: self.ratio, BURN: self.ratio * 1000, TOTAL: 1e6, BAD: self.ratio * 1e6}
        values[LEFT] = 1 - self.ratio * 1000
        return [
            Series({"__name__": record, **identity.labels, **labels}, values.get(record, 1.0), at - 10)
            for identity in self.recorded
            for record, labels in records.items()
            if record in selector and record not in self.silent
        ]

    async def values(self, expression: str, at: float) -> list[Series]:
        self._asked("history")
        begun = self.begun or ({"": self.history} if self.history else {})
        return [
            Series({**identity.labels, MEANING: sli} if sli else identity.labels, at - ago, at)
            for identity in self.recorded
            for sli, ago in begun.items()
        ]

    async def groups(self, names: Sequence[str]) -> dict[str, str | None]:
        self._asked("groups")
        self.groups_asked.append(names)
        return self.loaded

    async def retention(self) -> str:
        self._asked("retention")
        return "15d"


class World:
    """A ledger, and all that it is handed in."""

    def __init__(self) -> None:
        self.hands = Hands()
        self.rung: list[tuple[Any, str]] = []
        self.prometheus = Told(self.hands)
        self.ledger = Ledger(self.prometheus, self.hands, lambda owner, why: self.rung.append((owner, why)))

    async def later(self, **span: float) -> None:
        """One look, after a while."""
        self.hands.moment += timedelta(**span)
        await self.ledger.look()

    def of(self, name: str = "links", slos: Sequence[Slo] = (SLO,)) -> Measured:
        return self.ledger.of(a_resource(name, slos))

    def state(self) -> State:
        return self.ledger.readings[0].standing.budget.state


def a_resource(name: str, slos: Sequence[Slo]) -> Resource:
    fields: dict[str, Any] = {"uid": "u", "generation": 1, "resource_version": "1", "annotations": {}}
    spec, status = SimpleNamespace(slos=slos), SimpleNamespace(slos=[])
    ref = Ref(TINY.resource, "shop", name)
    return Resource(ref, deleting=False, spec=spec, status=status, installation=INSTALLATION, **fields)
