"""How a resource goes: its farewell, then our finalizer. Tried until it is done, under the same limits as a pass.

kopf would try only the farewell again: a finalizer that could not be taken off stays until the object changes. And what
it does not understand it tries in silence; here a person reads of it in an Event.
"""

import logging

from toprope.core.decision import Tell
from toprope.core.errors import TopropeError, Transient
from toprope.core.names import DATA, FINALIZER, OWNER_KIND, OWNER_NAME, RECONCILE
from toprope.core.objects import SECRET, Manifest, Ref, annotations_of, is_being_deleted, labels_of, ref_of
from toprope.engine import events
from toprope.engine.act import act
from toprope.engine.one_pass import (
    AT_ONCE,
    HICCUPS,
    LONGEST_PASS,
    Outcome,
    Result,
    World,
    amend_finalizers,
    result_of,
    tell,
    within,
)
from toprope.engine.parse import Unreadable, is_held, resource_of, unread
from toprope.kind import Kind

log = logging.getLogger(__name__)


async def parting(kind: Kind, ref: Ref, world: World, failures: int = 0, *, longest: float = LONGEST_PASS) -> Outcome:
    """One try, which ends after `longest` seconds, and how it ended. `failures` are the tries that failed just before:
    lasting trouble is told, a hiccup is not."""
    try:
        done = await within(longest, ref, part(kind, ref, world))
    except TopropeError as trouble:
        if not isinstance(trouble, Transient) or failures >= HICCUPS:
            await _tell_of(trouble, kind, ref, world)
        return Outcome(result_of(trouble), AT_ONCE, trouble)
    return Outcome(Result.DONE if done else Result.IDLE, AT_ONCE)


async def part(kind: Kind, ref: Ref, world: World) -> bool:
    """The farewell and the finalizer. False when there is nothing to let go; raises when it must be tried again."""
    live = await world.cluster.read(ref)
    if live is None or not is_being_deleted(live) or not is_held(live):
        return False
    await farewell(kind, live, world)
    left = [finalizer for finalizer in live["metadata"]["finalizers"] if finalizer != FINALIZER]
    await amend_finalizers(ref, live, left, world)
    return True


async def farewell(kind: Kind, live: Manifest, world: World) -> None:
    """What is left to do before the resource may go. Raises until it is done.

    A resource that cannot be read, or is left alone on request, goes as it is: its data stays, whatever its spec says.
    """
    if annotations_of(live).get(RECONCILE) == "disabled":
        await _leave_data(kind, live, world, f"The annotation {RECONCILE}: disabled leaves everything as it is.")
        return
    try:
        resource = resource_of(kind, live, world.installation)
    except Unreadable as error:
        log.warning("%s goes without farewell: %s", live["metadata"]["name"], error)
        await _leave_data(kind, live, world, str(error))
        return
    seen = await kind.observe(resource, world.cluster, world.sources())
    decision = kind.farewell(resource, seen, world.clock.now())
    acted = await act(resource, decision.actions, world.cluster)
    if acted.failures:
        raise acted.failures[0]
    await tell(resource, decision, world)


async def _tell_of(trouble: TopropeError, kind: Kind, ref: Ref, world: World) -> None:
    if live := world.cluster.child(ref):
        said = Tell(trouble.reason, f"It cannot go yet: {trouble}", "Warning")
        going = unread(kind, live, world.installation)
        await world.told.tell(world.cluster, events.told(going, [said], world.clock.now()))


async def _leave_data(kind: Kind, live: Manifest, world: World, why: str) -> None:
    """Says where the data stays. Secrets are in no store: the selector finds them."""
    going = unread(kind, live, world.installation)
    held = [one for one in world.cluster.children(going.namespace, going.labels) if DATA in labels_of(one)]
    named = "".join(f"{one['kind']} {one['metadata']['name']} and " for one in held)
    collections = dict.fromkeys([*(ref_of(one).resource.qualified for one in held), SECRET.qualified])
    selector = f"{DATA},{OWNER_KIND}={kind.resource.kind},{OWNER_NAME}={going.labels[OWNER_NAME]}"
    message = (
        f"{why} So nothing is deleted: {named}the credentials of {going.name}, where it has any, stay in namespace "
        f"{going.namespace}, and a {kind.resource.kind} of that name takes them up again. To delete them for good: "
        f"kubectl -n {going.namespace} delete {','.join(collections)} -l {selector}"
    )
    await world.told.tell(world.cluster, events.told(going, [Tell("DataStays", message)], world.clock.now()))
