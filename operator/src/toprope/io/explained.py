"""What Prometheus says of the rules themselves: whether it has them, and why it cannot evaluate one of them.

A sample proves that the rule runs which recorded it, and no other of its group: an alert that fails would be silent in
an outage, and a failing rate of bad events would be a promise that is kept. So every group is asked about every few
minutes, some at each look. Those that record no numbers come first, once they have been silent for a while.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from toprope.io.prometheus import Prometheus, Unseen
from toprope.slo.rules import Identity

PORTION = 50
"""Groups that are asked about at once: some 40 KB each."""
SILENT_FOR = timedelta(minutes=2)
"""How long an SLO may have no numbers until Prometheus is asked why."""
AGAIN, FAILING_AGAIN = timedelta(minutes=5), timedelta(minutes=1)
"""How long an answer holds, and one that says what fails: that is to be over as soon as it is mended."""

_NEVER = datetime.min.replace(tzinfo=UTC)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Explained:
    """What Prometheus said of the rules of one SLO."""

    at: datetime
    loaded: bool | None
    """Whether it has them; None where numbers prove that somebody does."""
    failing: str | None
    """Which of them cannot be evaluated, and why."""

    def holds(self, now: datetime) -> bool:
        """Whether it need not be asked again yet."""
        return now - self.at < (FAILING_AGAIN if self.failing else AGAIN)


class Explanations:
    """The newest answers about the rules of those who are asked for."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self._answers: dict[Identity, Explained] = {}
        self._silent: dict[Identity, datetime] = {}
        """Since when who has no numbers has none."""
        self._refused: datetime | None = None

    def of(self, identity: Identity) -> Explained | None:
        """What is known; None where nobody had to ask yet."""
        return self._answers.get(identity)

    async def ask(self, wanted: Mapping[Identity, bool], now: datetime) -> None:
        """Asks about some of these SLOs, if it is time to; whether each has numbers. It may be refused: what numbers
        there are is known without it, and not everything that speaks Prometheus' language evaluates rules."""
        self._silent = {one: self._silent.get(one, now) for one, seen in wanted.items() if not seen}
        # Why somebody was silent says nothing once he speaks, and the other way round.
        self._answers = {
            one: said for one, said in self._answers.items() if one in wanted and (said.loaded is None) == wanted[one]
        }
        if self._refused and now - self._refused < AGAIN:
            return
        if asked := self._due(wanted, now):
            await self._put(asked, wanted, now)

    def _due(self, wanted: Mapping[Identity, bool], now: datetime) -> list[Identity]:
        due = [
            one
            for one, seen in wanted.items()
            if (seen or now - self._silent[one] >= SILENT_FOR)
            and not ((said := self._answers.get(one)) and said.holds(now))
        ]
        # Those of which nothing is known first, then those of which that is long ago.
        return sorted(due, key=lambda one: (wanted[one], self._told_at(one)))[:PORTION]

    def _told_at(self, one: Identity) -> datetime:
        said = self._answers.get(one)
        return said.at if said else _NEVER

    async def _put(self, asked: list[Identity], wanted: Mapping[Identity, bool], now: datetime) -> None:
        try:
            groups = await self._prometheus.groups([one.group for one in asked])
        except Unseen as error:
            log.warning("Prometheus does not tell of its rules: %s", error)
            self._refused = now
            return
        self._refused = None
        # An old Prometheus tells of all groups, whoever is asked about: then nobody else is due.
        told = [*asked, *(one for one, seen in wanted.items() if seen and one.group in groups)]
        self._answers |= {one: _explained(groups, one, now, seen=wanted[one]) for one in told}


def _explained(groups: Mapping[str, str | None], identity: Identity, now: datetime, *, seen: bool) -> Explained:
    error = groups.get(identity.group)
    return Explained(now, None if seen else identity.group in groups, " ".join(error.split())[:300] if error else None)
