"""Every kill point of a story: one undisturbed run counts the writes and shows the world; then, for each write, a run
that dies before it and one that dies after it, each carried on by a fresh engine, must end in the same world, by the
same weights and against no law.
"""

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.dying import Killed
from tests.support.engine import Engine, an_engine, is_observed, put
from tests.support.rollout_history import History
from tests.support.verdicts import Verdicts
from tests.support.world import data_of, status_of, world_of
from toprope.core.objects import Manifest
from toprope.io.api import Request
from toprope.io.credentials import Connection
from toprope.kind import Kind

Settled = Callable[[Manifest], bool]
AT_ONCE = 6
SEED = 20261123
GARBAGE = 60.0


@dataclass(frozen=True, slots=True)
class Cue:
    """What somebody does once the resource stands so."""

    when: Settled
    spec: Mapping[str, Any]
    asks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to a resource: it may stand already, then something is done to it, and the engine works."""

    kind: Kind
    settled: Settled
    before: Mapping[str, Any] | None
    """The spec that stands when the story begins; None for nothing."""
    after: Mapping[str, Any] | None
    """The spec that is applied; None deletes the resource."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """Annotations that are applied with it."""
    cue: Cue | None = None
    """What is done before it ends."""
    ladder: Sequence[int] = ()
    """The weights by which a release of it goes; where there are none nobody asks for laws."""
    now: Verdicts | None = None
    """Who looks at its candidates; only in this process."""

    @property
    def history(self) -> History:
        """A fresh one, for one run."""
        return History(self.ladder, is_judged=self.now is not None)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    world: Mapping[str, Any]
    status: Any
    writes: int
    """Of the engine that died, or of the only one."""
    lost: Sequence[str]
    """Data and credentials that stood before the story, or when the engine died, and did not stay what they were."""
    weights: Sequence[tuple[str, int]] = ()
    """Of each candidate in the route, one after the other."""
    broken: Sequence[str] = ()
    """Laws of a rollout that a write broke."""


@dataclass(slots=True)
class Person:
    """Does what the story says, once each; outlives engines."""

    story: Story
    namespace: str
    has_acted: bool = False

    def sees(self, live: Manifest | None) -> Cue | None:
        """What is to be done now."""
        cue = self.story.cue
        if cue is None or self.has_acted or live is None or not is_observed(live) or not cue.when(live):
            return None
        self.has_acted = True
        return cue

    def is_content(self, live: Manifest) -> bool:
        """Whether the story is at its end."""
        return (self.story.cue is None or self.has_acted) and self.story.settled(live)


async def told(story: Story, connection: Connection, namespace: str, die_at: int = 0, *, after: bool = False) -> Ending:
    """One run of the story, killed at its `die_at`th write (0: never) and carried on by a fresh engine."""
    history, person = story.history, Person(story, namespace)
    async with an_engine(story.kind, connection, namespace, story.now, history.saw) as engine:
        if story.before is not None:
            await _apply(engine, story, namespace, story.before, {})
            await engine.settle(engine.ref(namespace, "links"), story.settled)
        held = await data_of(story.kind, engine.cluster, namespace)
        assert held or story.before is None, "what stands has data, or the story proves nothing of it"
        engine.cluster.doom(die_at, after=after)
        await _happen(engine, story, namespace)
        killed = await _is_killed(engine, person)
        writes = engine.cluster.writes
        if not killed:
            return await _ending(engine, story, held, writes, history)
        held = held or await data_of(story.kind, engine.cluster, namespace)
    async with an_engine(story.kind, connection, namespace, story.now, history.saw) as fresh:
        await _is_killed(fresh, person)
        return await _ending(fresh, story, held, writes, history)


async def _apply(
    engine: Engine, story: Story, namespace: str, spec: Mapping[str, Any], asks: Mapping[str, str]
) -> None:
    ref = engine.ref(namespace, "links")
    resource = story.kind.resource
    metadata = {"name": ref.name, "namespace": namespace, "annotations": dict(asks)}
    manifest = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": dict(spec)}
    await put(engine, ref, manifest)


async def _happen(engine: Engine, story: Story, namespace: str) -> None:
    if story.after is not None:
        await _apply(engine, story, namespace, story.after, story.asks)
        return
    ref = engine.ref(namespace, "links")
    engine.store.put(ref.resource, await engine.api.call(Request("DELETE", ref, ref.path)))


async def _is_killed(engine: Engine, person: Person) -> bool:
    ref = engine.ref(person.namespace, "links")

    async def acts(live: Manifest | None) -> None:
        if cue := person.sees(live):
            await _apply(engine, person.story, person.namespace, cue.spec, cue.asks)

    try:
        if person.story.after is None:
            await engine.part(ref)
        else:
            await engine.settle(ref, person.is_content, acts)
    except Killed:
        return True
    return False


async def _ending(engine: Engine, story: Story, held: Mapping[str, str], writes: int, history: History) -> Ending:
    namespace = engine.namespace
    if story.after is None:
        await _emptied(engine, story, namespace)
    status = await status_of(engine.api, engine.ref(namespace, "links")) if story.after is not None else None
    world = await world_of(story.kind, engine.cluster, namespace)
    gone = lost(held, await data_of(story.kind, engine.cluster, namespace))
    return Ending(world, status, writes, gone, history.weights(), history.broken())


def lost(held: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What of the data that was held is no longer what it was."""
    return sorted(key for key, word in held.items() if now.get(key) != word)


async def _emptied(engine: Engine, story: Story, namespace: str) -> None:
    """Garbage collection is the cluster's own and takes its time; what has no owner stays."""
    async with asyncio.timeout(GARBAGE):
        while await _owned(engine, story, namespace):  # noqa: ASYNC110 - nobody rings when it is done
            await asyncio.sleep(0.1)


async def _owned(engine: Engine, story: Story, namespace: str) -> bool:
    world = await world_of(story.kind, engine.cluster, namespace)
    return any(one["metadata"].get("ownerReferences") for one in world.values())


async def differences(
    story: Story, connection: Connection, namespaces: Callable[[], str], share: float = 1.0
) -> tuple[int, list[str]]:
    """How many kill points were tried, of all there are this share by chance, and a line for each whose run ended in
    another world than the undisturbed one; none is good."""
    undisturbed = await told(story, connection, namespaces())
    assert not undisturbed.broken, undisturbed.broken
    at_once = asyncio.Semaphore(AT_ONCE)

    async def difference(die_at: int, after: bool) -> str:
        async with at_once:
            end = await told(story, connection, namespaces(), die_at, after=after)
        return difference_of(undisturbed, end, f"killed {'after' if after else 'before'} write {die_at}")

    points = [(die_at, after) for die_at in range(1, undisturbed.writes + 1) for after in (False, True)]
    points = random.Random(SEED).sample(points, math.ceil(len(points) * share))
    lines = await asyncio.gather(*(difference(die_at, after) for die_at, after in points))
    return len(points), [line for line in lines if line]


def difference_of(undisturbed: Ending, end: Ending, when: str) -> str:
    """What differs between two endings, as a line; empty when nothing does."""
    missing = undisturbed.world.keys() - end.world.keys()
    more = end.world.keys() - undisturbed.world.keys()
    other = [key for key in undisturbed.world.keys() & end.world.keys() if undisturbed.world[key] != end.world[key]]
    if missing or more or other:
        return f"{when}: missing {sorted(missing)}, too many {sorted(more)}, different {sorted(other)}"
    if undisturbed.status != end.status:
        return f"{when}: status {end.status} instead of {undisturbed.status}"
    if undisturbed.lost != end.lost:
        return f"{when}: data lost {end.lost} instead of {undisturbed.lost}"
    if undisturbed.weights != end.weights or end.broken:
        return f"{when}: weights {end.weights} instead of {undisturbed.weights}; {'; '.join(end.broken)}"
    return ""
