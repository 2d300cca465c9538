"""One pass over one resource: look, decide, act, say. The same for a new, old, changed, half-made or damaged one.

resource from the store ──► observe ──► decide ──► act ──► Events ──► status, when it changed
                                │                   │
                                └───── error ───────┴──► one condition, Reconciled
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from toprope.core.conditions import moment
from toprope.core.decision import Decision, Tell
from toprope.core.errors import Conflict, TopropeError, Transient
from toprope.core.names import FINALIZER, RECONCILE
from toprope.core.objects import Manifest, Ref, annotations_of, is_being_deleted
from toprope.core.resource import Installation, Resource
from toprope.engine import events, status
from toprope.engine.act import act
from toprope.engine.parse import Unreadable, is_held, resource_of, unread
from toprope.kind import Kind
from toprope.ports import Clock, Cluster

LONGEST_PASS = 90.0
QUIET = timedelta(minutes=10)
AT_ONCE = timedelta(0)
PATIENCE = timedelta(seconds=3)
"""How long kopf has to put the finalizer on."""

log = logging.getLogger(__name__)


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
    """When to look again if nobody rings; the loop's back-off overrules it after an error."""
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class World:
    """All that a pass is handed in."""

    cluster: Cluster
    clock: Clock
    installation: Installation
    told: events.Told


class Bug(TopropeError):
    """A mistake of ours: logged whole, shown short, tried again with back-off."""

    reason = "InternalError"


async def one_pass(kind: Kind, ref: Ref, world: World, *, failures: int = 0) -> Outcome:
    """Runs a pass. `failures` are the passes that failed just before: lasting trouble is shown, a hiccup is not."""
    live = world.cluster.child(ref)
    if live is None or is_being_deleted(live):
        return Outcome(Result.IDLE, QUIET)
    try:
        if not is_held(live):
            return await _held(ref, live, world)
        async with asyncio.timeout(LONGEST_PASS):
            return await _passed(kind, live, world)
    except TopropeError as error:
        return await _failed(kind, live, world, error, failures)
    except TimeoutError:
        slow = Transient(f"The pass took longer than {LONGEST_PASS:.0f} s.")
        return await _failed(kind, live, world, slow, failures)
    except Exception as error:  # a mistake in one kind must not stop the others
        log.exception("a pass over %s failed by a mistake of ours", ref)
        return await _failed(kind, live, world, Bug(f"{type(error).__name__}; the operator's log has more."), failures)


async def _held(ref: Ref, live: Manifest, world: World) -> Outcome:
    """kopf adds the finalizer, and forgets it when the API server refuses that once: then it is ours to add."""
    born = moment(live["metadata"]["creationTimestamp"])
    if world.clock.now() - born < PATIENCE:
        return Outcome(Result.IDLE, PATIENCE)
    await _amend_finalizers(ref, live, [*(live["metadata"].get("finalizers") or ()), FINALIZER], world)
    return Outcome(Result.DONE, AT_ONCE)


async def _amend_finalizers(ref: Ref, live: Manifest, finalizers: Sequence[str], world: World) -> None:
    metadata = {"resourceVersion": live["metadata"]["resourceVersion"], "finalizers": list(finalizers)}
    await world.cluster.amend(ref, {"metadata": metadata})


async def part(kind: Kind, ref: Ref, world: World) -> bool:
    """One try to let a resource go: its farewell, then our finalizer. Raises when it must be tried again.

    False when there is nothing to let go. kopf would try only the farewell again: a finalizer that could not be taken
    off stays until the object changes.
    """
    live = await world.cluster.read(ref)
    if live is None or not is_being_deleted(live) or not is_held(live):
        return False
    try:
        await farewell(kind, live, world)
        left = [finalizer for finalizer in live["metadata"]["finalizers"] if finalizer != FINALIZER]
        await _amend_finalizers(ref, live, left, world)
    except Transient:
        raise
    except TopropeError as error:
        trouble = Tell(error.reason, f"It cannot go yet: {error}", "Warning")
        held = unread(kind, live, world.installation)
        await world.told.tell(world.cluster, events.told(held, [trouble], world.clock.now()))
        raise
    return True


async def farewell(kind: Kind, live: Manifest, world: World) -> None:
    """What is left to do before the resource may go. Raises until it is done.

    A resource that cannot be read, or is left alone on request, goes as it is: its data stays.
    """
    if annotations_of(live).get(RECONCILE) == "disabled":
        return
    try:
        resource = resource_of(kind, live, world.installation)
    except Unreadable as error:
        log.warning("%s goes without farewell: %s", live["metadata"]["name"], error)
        return
    seen = await kind.observe(resource, world.cluster)
    decision = kind.farewell(resource, seen, world.clock.now())
    failures = await act(resource, decision.actions, world.cluster)
    if failures:
        raise failures[0]
    await _tell(resource, decision, world)


async def _passed(kind: Kind, live: Manifest, world: World) -> Outcome:
    resource = resource_of(kind, live, world.installation)
    if annotations_of(live).get(RECONCILE) == "disabled":
        now = world.clock.now()
        await _write(resource, live, status.annotated(live, [status.DISABLED], now), world)
        return Outcome(Result.IDLE, QUIET)
    seen = await kind.observe(resource, world.cluster)
    decision = kind.decide(resource, seen, world.clock.now())
    failures = await act(resource, decision.actions, world.cluster)
    await _tell(resource, decision, world)
    return await _said(resource, live, decision, failures, world)


async def _said(
    resource: Resource, live: Manifest, decision: Decision, failures: Sequence[TopropeError], world: World
) -> Outcome:
    if hiccups := [failure for failure in failures if isinstance(failure, Transient)]:
        # Nothing may be stated that stands on what a hiccup kept from being applied.
        raise min(hiccups, key=lambda failure: isinstance(failure, Conflict))
    facts = [*decision.conditions, status.DONE]
    if failures:
        facts = status.with_trouble(decision.conditions, failures[0])
    whole = status.composed(live, decision.status, facts, world.clock.now())
    moved = status.fields_of(live) != dict(decision.status)
    await _write(resource, live, whole, world, [fact.type for fact in facts if not fact.is_trouble])
    if failures:
        return Outcome(Result.REFUSED, decision.again, failures[0])
    # What the status now says may allow the next step.
    return Outcome(Result.DONE, AT_ONCE if moved else decision.again)


async def _failed(kind: Kind, live: Manifest, world: World, error: TopropeError, failures: int) -> Outcome:
    outcome = Outcome(_result(error), QUIET, error)
    hiccup = isinstance(error, Conflict) or (isinstance(error, Transient) and failures < 2)
    if hiccup:
        return outcome
    now = world.clock.now()
    whole = status.annotated(live, status.trouble_of(error), now)
    try:
        await _write(unread(kind, live, world.installation), live, whole, world)
    except TopropeError as second:
        log.warning("could not say what went wrong with %s: %s", live["metadata"]["name"], second)
    return outcome


def _result(error: TopropeError) -> Result:
    match error:
        case Conflict():
            return Result.CONFLICT
        case Transient():
            return Result.TRANSIENT
        case Bug():
            return Result.BUG
        case _:
            return Result.REFUSED


async def _tell(resource: Resource, decision: Decision, world: World) -> None:
    tells = [action for action in decision.actions if isinstance(action, Tell)]
    if tells:
        await world.told.tell(world.cluster, events.told(resource, tells, world.clock.now()))


async def _write(
    resource: Resource, live: Manifest, whole: dict[str, Any], world: World, calm: Sequence[str] = ()
) -> None:
    if whole == (live.get("status") or {}):
        return
    before, after = status.conditions_of(live), whole["conditions"]
    # Events first: killed in between, the next pass posts the same ones and the API server takes them as one.
    await world.told.tell(world.cluster, events.turned(resource, before, after, world.clock.now(), calm))
    await world.cluster.write_status(resource.ref, whole, resource.resource_version)
