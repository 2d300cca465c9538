"""What was seen of a trial's pods in the last seconds, and the first fact that fails the candidate."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from toprope.delivery.facts import MEMORY, Answer, Moment, Sighting, Work, fault, fell_with_stable
from toprope.delivery.pods import Pod
from toprope.delivery.trial import Fault
from toprope.io.now.look import Look
from toprope.io.now.roll import Listed
from toprope.slo.now import MAIN, Page


class Witness:
    """A fault stays one: the pod that showed it may be gone before a pass reads of it."""

    def __init__(self, since: datetime | None = None) -> None:
        """`since` is when what is looked at began: another operator may have died of it before it was written down."""
        self._since = since
        self.fault: Fault | None = None
        self._moments: deque[Moment] = deque()
        self._before: dict[str, int] | None = None
        """Restarts that do not count, by UID."""
        self._were_ready: set[str] = set()
        self._excused = frozenset[str]()
        """The candidate's pods that fell with stable's."""

    def saw(self, look: Look, longest: float) -> None:
        """One more look; a request may take so many seconds."""
        self._before = self._not_counted(look.listed)
        self._were_ready |= {pod.uid for pod in look.listed.pods if pod.is_ready}
        candidate, stable = (
            {pod.uid: self._sighting(look, pod) for pod in side} for side in (look.listed.candidate, look.listed.stable)
        )
        self._moments.append(Moment(look.at, look.listed.at, candidate, stable, longest))
        while look.at - self._moments[0].at > MEMORY:
            self._moments.popleft()
        self.fault = self.fault or fault(self._moments, self._excused)
        self._excused = fell_with_stable(self._moments, self._excused)
        self._before |= {pod.uid: pod.restarts for pod in look.listed.candidate if pod.uid in self._excused}

    def silent_nodes(self) -> Iterable[str]:
        """Those with a pod of the candidate's that did not answer at the last look."""
        seen = self._moments[-1].candidate.values() if self._moments else ()
        return {one.pod.node for one in seen if one.answer is Answer.NONE}

    def _not_counted(self, listed: Listed) -> dict[str, int]:
        """Those before the trial began, of pods that were there then; and those with its node."""
        before = self._before
        if before is None:
            return {pod.uid: pod.restarts - _is_counted(pod, self._since) for pod in listed.pods}
        return {pod.uid: pod.restarts if pod.lost_with_node else before.get(pod.uid, 0) for pod in listed.pods}

    def _sighting(self, look: Look, pod: Pod) -> Sighting:
        asked = look.of(pod.uid)
        return Sighting(
            pod,
            asked.answer,
            _work(asked.page) if asked.page else None,
            pod.restarts - (self._before or {}).get(pod.uid, 0),
            pod.uid in self._were_ready,
            look.node_lived(pod.node),
        )


def _is_counted(pod: Pod, since: datetime | None) -> bool:
    """Whether its last end is of the time that counts."""
    return bool(since and pod.ended_at and pod.ended_at > since and not pod.lost_with_node)


def _work(page: Page) -> Work | None:
    users = page.classes.get(MAIN)
    return Work(page.boot, users.started, users.finished, users.oldest_unfinished) if users else None
