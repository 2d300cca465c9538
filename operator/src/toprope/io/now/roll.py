"""The pods of both revisions, as the API server had them a moment ago."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from toprope.core.errors import TopropeError
from toprope.core.objects import POD, Manifest, labels_of
from toprope.delivery.pods import Pod, pod_of
from toprope.delivery.trial import Side, Trial
from toprope.ports import Cluster

EVERY = 2.0
PATIENCE = 5.0
BELIEVED = 60.0
"""Seconds after which a list is too old: addresses go to others."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One list."""

    at: float
    """When it was asked for, in seconds of a clock that never leaps."""
    candidate: Sequence[Pod]
    stable: Sequence[Pod]

    @property
    def pods(self) -> Sequence[Pod]:
        """Of both."""
        return [*self.candidate, *self.stable]


class Roll:
    """Lists the pods of one trial, one list at a time."""

    def __init__(self, cluster: Cluster, namespace: str, clock: Callable[[], float]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._clock = clock
        self._listing: asyncio.Task[None] | None = None
        self._began = -EVERY
        self._listed: Listed | None = None
        self.why = "They have not been listed yet."

    def newest(self) -> Listed | None:
        """The last list; None where it is too old to be believed."""
        listed = self._listed
        return listed if listed and self._clock() - listed.at < BELIEVED else None

    def due(self, trial: Trial) -> asyncio.Task[None] | None:
        """A list that is under way, or that is begun now because the last one is some seconds old."""
        if self._listing and not self._listing.done():
            return self._listing
        if self._clock() - self._began < EVERY:
            return None
        self._began = self._clock()
        self._listing = asyncio.create_task(self._list(trial))
        return self._listing

    def end(self) -> None:
        """No list is needed any more."""
        if self._listing:
            self._listing.cancel()

    async def _list(self, trial: Trial) -> None:
        began = self._clock()
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._cluster.find(POD, self._namespace, _shared(trial))
        except TopropeError as error:
            self.why = str(error)
        except TimeoutError:
            self.why = f"The API server has not listed them within {PATIENCE:.0f} s."
        else:
            self._listed = Listed(began, _of(trial.candidate, found), _of(trial.stable, found))


def _shared(trial: Trial) -> Mapping[str, str]:
    """The labels that both have: one list finds the pods of both."""
    return dict(trial.candidate.pods.items() & trial.stable.pods.items())


def _of(side: Side, pods: Sequence[Manifest]) -> Sequence[Pod]:
    return [pod_of(pod) for pod in pods if side.pods.items() <= labels_of(pod).items()]
