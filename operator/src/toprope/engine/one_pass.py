"""One pass over one resource: look, decide, act, say. The same for a new, old, changed, half-made or damaged one.

resource from the store ──► observe ──► decide ──► act ──► Events ──► status, when it changed
                                │                   │
                                └───── error ───────┴──► one condition, Reconciled
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from toprope.core.conditions import Condition, moment
from toprope.core.decision import Apply, Decision, Tell
from toprope.core.errors import Conflict, Refused, TopropeError, Transient
from toprope.core.names import FINALIZER, RECONCILE
from toprope.core.objects import Manifest, Ref, annotations_of, is_being_deleted, ref_of
from toprope.core.resource import Installation, Resource
from toprope.engine import events, status
from toprope.engine.act import Acted, act
from toprope.engine.parse import is_held, resource_of, unread
from toprope.engine.tug import CALM, Tugs
from toprope.kind import Kind
from toprope.ports import Clock, Cluster, Metrics, Now, Probes, Sources

LONGEST_PASS = 90.0
QUIET = timedelta(minutes=10)
AT_ONCE = timedelta(0)
HICCUPS = 2
"""Failed passes in a row that nobody needs to read of."""
PATIENCE = timedelta(seconds=3)
"""How long kopf has to put the finalizer on."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class Result(StrEnum):
    """How a pass ended."""

    DONE = "Done"
    IDLE = "Idle"
    """There was nothing to do a pass for: gone, going, not held yet, disabled."""
    CONFLICT = "Conflict"
    TRANSIENT = "Transient"
    REFUSED = "Refused"
    BUG = "Bug"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the loop needs to know of a pass."""

    result: Result
    again: timedelta
    """When to look again if nobody rings; after an error the loop's back-off may be earlier."""
    error: BaseException | None = None
    breath: timedelta = AT_ONCE
    """How long to hear no bell, at least."""


@dataclass(frozen=True, slots=True)
class World:
    """All that a pass is handed in."""

    cluster: Cluster
    metrics: Metrics
    now: Now
    probes: Probes
    clock: Clock
    installation: Installation
    told: events.Told
    tugs: Tugs = field(default_factory=Tugs)

    def sources(self) -> Sources:
        """What a pass knows beside the cluster."""
        return Sources(self.metrics, self.now, self.probes, self.clock.now())


class Bug(TopropeError):
    """A mistake of ours: logged whole, shown short, tried again with back-off."""

    reason = "InternalError"


async def one_pass(kind: Kind, ref: Ref, world: World, *, failures: int = 0, longest: float = LONGEST_PASS) -> Outcome:
    """Runs a pass, which ends after `longest` seconds. `failures` are the passes that failed just before: lasting
    trouble is shown, a hiccup is not."""
    live = world.cluster.child(ref)
    if live is None or is_being_deleted(live):
        return Outcome(Result.IDLE, QUIET)
    work = _passed(kind, live, world) if is_held(live) else _held(ref, live, world)
    try:
        return await within(longest, ref, work)
    except TopropeError as error:
        return await _failed(kind, live, world, error, failures)


async def within(longest: float, ref: Ref, work: Awaitable[T]) -> T:
    """What the work gives within so many seconds. Whatever else it raises comes out as an error that a person reads: a
    mistake in one kind must not stop the others."""
    try:
        async with asyncio.timeout(longest):
            return await work
    except TopropeError:
        raise
    except TimeoutError as error:
        raise Transient(f"One pass took longer than {longest:.0f} s.") from error
    except Exception as error:
        log.exception("a pass over %s failed by a mistake of ours", ref)
        raise Bug(f"{type(error).__name__}; the operator's log has more.") from error


async def _held(ref: Ref, live: Manifest, world: World) -> Outcome:
    """kopf adds the finalizer, and forgets it when the API server refuses that once: then it is ours to add."""
    born = moment(live["metadata"]["creationTimestamp"])
    if world.clock.now() - born < PATIENCE:
        return Outcome(Result.IDLE, PATIENCE)
    await amend_finalizers(ref, live, [*(live["metadata"].get("finalizers") or ()), FINALIZER], world)
    return Outcome(Result.DONE, AT_ONCE)


async def amend_finalizers(ref: Ref, live: Manifest, finalizers: Sequence[str], world: World) -> None:
    """Writes them all, if the object is still the one that was read."""
    metadata = {"resourceVersion": live["metadata"]["resourceVersion"], "finalizers": list(finalizers)}
    await world.cluster.amend(ref, {"metadata": metadata})


async def _passed(kind: Kind, live: Manifest, world: World) -> Outcome:
    resource = resource_of(kind, live, world.installation)
    if annotations_of(live).get(RECONCILE) == "disabled":
        now = world.clock.now()
        await _write(resource, live, status.annotated(live, [status.DISABLED], now), world)
        return Outcome(Result.IDLE, QUIET)
    seen = await kind.observe(resource, world.cluster, world.sources())
    decision = kind.decide(resource, seen, world.clock.now())
    acted = await act(resource, decision.actions, world.cluster)
    await tell(resource, decision, world)
    return await _said(resource, live, decision, acted, world)


async def _said(resource: Resource, live: Manifest, decision: Decision, acted: Acted, world: World) -> Outcome:
    failures = acted.failures
    tug = world.tugs.after(resource.ref, acted.written, world.clock.now())
    if hiccups := [failure for failure in failures if isinstance(failure, Transient)]:
        # Nothing may be stated that stands on what a hiccup kept from being applied.
        raise min(hiccups, key=lambda failure: isinstance(failure, Conflict))
    if failures:
        serving = [failure for failure in failures if _serves(failure, decision)]
        facts = status.with_trouble(decision.conditions, (serving or failures)[0], serves=bool(serving))
        stored = await _state(resource, live, decision, facts, world)
    elif tug or acted.resisting:
        contested = status.contested(tug.ref) if tug else status.resisting(acted.resisting[0])
        stored = await _state(resource, live, decision, status.with_success(decision.conditions, contested), world)
    else:
        stored = await _succeeded(resource, live, decision, world)
    # What the status now says may allow the next step; what the API server does not keep allows nothing.
    moved = status.fields_of(stored) != status.fields_of(live)
    again = AT_ONCE if moved else min(decision.again, CALM) if tug else decision.again
    breath = tug.breath if tug else AT_ONCE
    return Outcome(Result.REFUSED if failures else Result.DONE, again, next(iter(failures), None), breath)


async def _succeeded(resource: Resource, live: Manifest, decision: Decision, world: World) -> Manifest:
    """The same word as before on whether the schema is of today, and the other one when the API server's reply says
    so: fields that it does not know are dropped without a sound."""
    before = status.says(live, status.OUTDATED_SCHEMA)
    words = {False: status.DONE, True: status.OUTDATED_SCHEMA}
    facts = {word: status.with_success(decision.conditions, condition) for word, condition in words.items()}
    stored = await _state(resource, live, decision, facts[before], world)
    outdated = not decision.status.keys() <= status.fields_of(stored).keys()
    return stored if outdated is before else await _state(resource, stored, decision, facts[outdated], world)


async def _state(
    resource: Resource, live: Manifest, decision: Decision, facts: Sequence[Condition], world: World
) -> Manifest:
    whole = status.composed(live, decision.status, facts, world.clock.now())
    return await _write(resource, live, whole, world, [fact.type for fact in facts if not fact.is_trouble])


def _serves(failure: TopropeError, decision: Decision) -> bool:
    """Whether what serves stands on what failed."""
    refs = {ref_of(one.manifest) for one in decision.actions if isinstance(one, Apply) and one.serves}
    return isinstance(failure, Refused) and failure.ref in refs


async def _failed(kind: Kind, live: Manifest, world: World, error: TopropeError, failures: int) -> Outcome:
    outcome = Outcome(result_of(error), QUIET, error)
    # The first Conflicts in a row are no failures at all (engine.pause); one that never ends is a person's business.
    if isinstance(error, Transient) and failures < HICCUPS:
        return outcome
    now = world.clock.now()
    whole = status.annotated(live, status.trouble_of(error), now)
    try:
        await _write(unread(kind, live, world.installation), live, whole, world)
    except TopropeError as second:
        log.warning("could not say what went wrong with %s: %s", live["metadata"]["name"], second)
    return outcome


def result_of(error: TopropeError) -> Result:
    """How a pass ended that ended with it."""
    match error:
        case Conflict():
            return Result.CONFLICT
        case Transient():
            return Result.TRANSIENT
        case Bug():
            return Result.BUG
        case _:
            return Result.REFUSED


async def tell(resource: Resource, decision: Decision, world: World) -> None:
    """Posts the Events that a decision asks for."""
    tells = [action for action in decision.actions if isinstance(action, Tell)]
    if tells:
        await world.told.tell(world.cluster, events.told(resource, tells, world.clock.now()))


async def _write(
    resource: Resource, live: Manifest, whole: dict[str, Any], world: World, calm: Sequence[str] = ()
) -> Manifest:
    """The object as the API server has it then."""
    if whole == (live.get("status") or {}):
        return live
    before, after = status.conditions_of(live), whole["conditions"]
    # Events first: killed in between, the next pass posts the same ones and the API server takes them as one.
    await world.told.tell(world.cluster, events.turned(resource, before, after, world.clock.now(), calm))
    return await world.cluster.write_status(resource.ref, whole, live["metadata"]["resourceVersion"])
