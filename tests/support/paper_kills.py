"""Every kill point of a story in a world on paper.

There each write is done when the next one begins, so a kill before a write and one after the write before it leave the
same world: it is kept at each write of one undisturbed run, and a fresh engine carries each of them on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.support.kill_points import Ending, Person, Story, difference_of
from tests.support.passes import LINKS, Passes, Standing
from tests.support.rollout_history import History
from tests.support.verdicts import OneLife
from tests.support.world import lasting, world_of
from toprope.core.objects import HTTP_ROUTE, Manifest, Ref
from toprope.delivery.trial import Trial
from toprope.engine.one_pass import Result
from toprope.serving.health import weights_of

PASSES = 400
LEAP = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Death:
    """What an operator leaves that dies here."""

    objects: Mapping[Ref, dict[str, Any]]
    moment: datetime
    person: Person
    history: History


class Recording(Standing):
    """Tells of each write."""

    def __init__(self, wrote: Callable[[Manifest | None], None]) -> None:
        super().__init__()
        self._wrote = wrote

    async def apply(self, manifest: Manifest) -> Manifest:
        self._wrote(live := await super().apply(manifest))
        return live

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        self._wrote(live := await super().write_status(ref, status, resource_version))
        return live

    async def delete(self, ref: Ref, uid: str) -> None:
        await super().delete(ref, uid)
        self._wrote(None)


@dataclass(slots=True)
class Telling:
    """One run of a story, from its beginning or from a death on."""

    story: Story
    person: Person
    history: History
    passes: Passes = field(default_factory=Passes)
    deaths: list[Death] = field(default_factory=list)
    """What would be left after each write."""

    def __post_init__(self) -> None:
        cluster = self.passes.cluster = Recording(self.wrote)
        cluster.objects.update(Passes(self.story.before).cluster.objects)
        self.passes.world = replace(self.passes.world, cluster=cluster)
        if self.story.now:
            self.passes.world = replace(self.passes.world, now=OneLife(self.story.now, self.has_requests))

    def has_requests(self, trial: Trial) -> bool:
        """Whether the candidate is in the live route."""
        live = self.passes.cluster.objects.get(Ref(HTTP_ROUTE, LINKS.namespace, trial.route))
        return trial.candidate.service in weights_of(live)

    def wrote(self, live: Manifest | None) -> None:
        if live:
            self.history.saw(live)
        copied = replace(self.history, words=[*self.history.words], shares=[*self.history.shares])
        world = dict(self.passes.cluster.objects)
        self.deaths.append(Death(world, self.passes.moment, replace(self.person), copied))

    def asks(self, spec: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
        self.passes.wants(spec)
        self.passes.change(LINKS, {"metadata": {"annotations": dict(annotations)}})

    async def until(self, settled: Callable[[Manifest], bool]) -> None:
        """Passes until one writes nothing and all is settled; due times come at once."""
        for _ in range(PASSES):
            if cue := self.person.sees(self.live):
                self.asks(cue.spec, cue.asks)
            before = len(self.deaths)
            outcome = await self.passes.once()
            if outcome.result is Result.DONE and before == len(self.deaths) and settled(self.live):
                return
            self.passes.moment += min(outcome.again, LEAP)
        raise TimeoutError(f"it never settles: {self.live.get('status')}")

    @property
    def live(self) -> Manifest:
        return self.passes.cluster.objects[LINKS]

    async def ending(self) -> Ending:
        world = await world_of(self.story.kind, self.passes.cluster, LINKS.namespace)
        status = lasting(_told(self.live["status"]), LINKS.namespace)
        return Ending(world, status, len(self.deaths), [], self.history.weights(), self.history.broken())


def _told(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """But for the numbers that verdicts stood on: what one operator counted last dies with it."""
    records = [
        _without({**one, "weights": [_without(weight, "verdict") for weight in one.get("weights", ())]}, "verdicts")
        for one in status.get("history", ())
    ]
    return {**status, "rollout": _without(status["rollout"], "verdict", "judged"), "history": records}


def _without(told: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return {key: value for key, value in told.items() if key not in names}


async def told(story: Story) -> tuple[Ending, Sequence[Death]]:
    """The undisturbed run, and what each of its writes left."""
    telling = Telling(story, Person(story, LINKS.namespace), story.history)
    await telling.until(story.settled)
    telling.deaths.clear()
    assert story.after is not None, "a world on paper has nobody who deletes"
    telling.asks(story.after, story.asks)
    telling.wrote(None)
    await telling.until(telling.person.is_content)
    return await telling.ending(), telling.deaths


async def carried_on(story: Story, death: Death) -> Ending:
    """How a fresh engine ends what another one left."""
    copied = replace(death.history, words=[*death.history.words], shares=[*death.history.shares])
    telling = Telling(story, replace(death.person), copied)
    telling.passes.cluster.objects = dict(death.objects)
    telling.passes.moment = death.moment
    await telling.until(telling.person.is_content)
    return await telling.ending()


def is_between(death: Death) -> bool:
    """Whether it leaves a candidate that has lost its requests, and a status that still gives it some."""
    last = death.history.words[-1] if death.history.words else None
    given = death.history.weights()
    return bool(last and last.weight and given and len(given) > 1 and given[-1] == (last.candidate, 0) and last.given)


async def differences(
    story: Story, share: int = 1, wanted: Callable[[Death], bool] = lambda death: True
) -> tuple[int, list[str]]:
    """How many kill points were tried, every `share`th of those wanted, and a line for each that ended otherwise."""
    undisturbed, deaths = await told(story)
    assert undisturbed.broken == [], "the undisturbed run keeps all laws"
    tried = [death for death in deaths if wanted(death)][::share]
    ends = [await carried_on(story, death) for death in tried]
    lines = [difference_of(undisturbed, end, f"killed after write {number * share}") for number, end in enumerate(ends)]
    return len(tried), [line for line in lines if line]
