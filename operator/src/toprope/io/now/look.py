"""What one look at one trial brought."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from toprope.delivery.facts import Answer
from toprope.io.now.roll import Listed
from toprope.slo.now import Page


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of the question for one pod's counters."""

    answer: Answer
    page: Page | None = None
    why: str = ""
    """There is no page."""


UNASKED = Asked(Answer.UNASKED, why="it does not run")


@dataclass(frozen=True, slots=True)
class Look:
    """At both sides."""

    at: float
    """Seconds of a clock that never leaps."""
    now: datetime
    listed: Listed
    answers: Mapping[str, Asked]
    """By UID of the pod; who is missing was not asked."""
    node_lived: Callable[[str], float | None]
    """When a node last gave a sign of life; None where nobody may know."""

    def of(self, uid: str) -> Asked:
        """What became of asking this pod."""
        return self.answers.get(uid, UNASKED)
