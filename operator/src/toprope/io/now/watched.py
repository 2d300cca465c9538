"""One trial that somebody asks about: what was seen of it, and what follows from that."""

from collections.abc import Sequence
from datetime import datetime

from toprope.core.resource import Resource
from toprope.delivery.facts import Answer
from toprope.delivery.pods import Pod
from toprope.delivery.trial import Looked, Trial
from toprope.io.now.counting import Counting
from toprope.io.now.gateway import CountsBackends
from toprope.io.now.look import Look
from toprope.io.now.roll import Roll
from toprope.io.now.witness import Witness

UNSEEN_FOR = 5.0
"""Seconds: a page may be late, and its successor has all that it would have told."""


class Watched:
    """All of one try of one candidate. `beat` is always seconds of a clock that never leaps."""

    def __init__(self, resource: Resource, trial: Trial, roll: Roll, beat: float, now: datetime) -> None:
        self.trial = trial
        self.roll = roll
        self.witness = Witness(trial.since)
        self.asked_at = beat
        self.told: object = None
        # The gates' times may be kept and read by another process; within this one they must not leap.
        self._zero = now.timestamp() - beat
        self._counting = Counting(resource, trial, now.timestamp())
        self._at: datetime | None = None
        self._blind = "Nobody has been looked at yet."
        self._seen_at = beat

    def is_of(self, trial: Trial) -> bool:
        """Whether this is the same try of the same candidate."""
        mine = self.trial
        return (mine.candidate.revision, mine.rollout) == (trial.candidate.revision, trial.rollout)

    def asked(self, resource: Resource, trial: Trial, beat: float) -> None:
        """Somebody asks about it as it stands now."""
        self.trial, self.asked_at = trial, beat
        self._counting.asked(resource, trial, self._zero + beat)

    def looked(self) -> Looked:
        """All that is known. Whoever got it need not hear of it again."""
        counting = self._counting
        self.told = self.news()
        return Looked(
            at=self._at,
            source=counting.source if self._at else "",
            judged=counting.gates.judged(),
            kept=counting.gates.kept(),
            fault=self.witness.fault,
            candidate=counting.candidate,
            stable=counting.stable,
            lost=counting.lost,
            blind=self._blind if self._at is None or self.asked_at - self._seen_at >= UNSEEN_FOR else "",
        )

    def news(self) -> object:
        """What rings the bell where it changes."""
        return self.witness.fault, self._counting.gates.verdicts()

    def unseen(self) -> None:
        """At this look its pods were not known."""
        self._blind = f"The pods are not known. {self.roll.why}"

    def saw(self, look: Look, gateway: CountsBackends) -> None:
        """One more look."""
        self._counting.saw(look, self._zero + look.at, gateway)
        self.witness.saw(look, self.trial.longest)
        sides = {"candidate": look.listed.candidate, "stable": look.listed.stable}
        blind = (_blindness(look, side, pods, self.trial.ops_port) for side, pods in sides.items())
        self._blind = next((why for why in blind if why), "")
        self._seen_at = self._seen_at if self._blind else look.at
        if any(asked.page for asked in look.answers.values()):
            self._at = look.now


def _blindness(look: Look, side: str, pods: Sequence[Pod], port: int) -> str:
    if not pods:
        return f"There is no pod of {side}."
    if any(look.of(pod.uid).answer is Answer.PAGE for pod in pods):
        return ""
    why = look.of(pods[0].uid).why
    return f"No pod of {side} tells what it counts at port {port}. Of {pods[0].name}: {why}."
