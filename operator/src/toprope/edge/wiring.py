"""kopf's part: finalizers, one daemon for each of our objects, their events, their deletion.

Each callback calls one thing of ours. kopf sees our own kinds only; children are watched by `io.watch`, which keeps a
tenth of what kopf would keep of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import kopf

from toprope.core.names import FINALIZER
from toprope.core.objects import Ref
from toprope.engine.loop import Loop
from toprope.engine.one_pass import World
from toprope.engine.parting import parting
from toprope.io.credentials import Connection
from toprope.io.store import Store
from toprope.kind import Kind


@dataclass(frozen=True, slots=True)
class Wired:
    """What kopf's callbacks call."""

    connection: Connection
    store: Store
    loop: Loop
    world: World


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps no copy of the spec on the object: nothing here asks what changed."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:
        """Nothing to compare, and no deep copy of the body at each event."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """Nothing."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nowhere."""


def settings() -> kopf.OperatorSettings:
    """kopf as we use it: no peering, no scanning, no state on the objects but the finalizer."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True
    chosen.scanning.disabled = True
    chosen.persistence.finalizer = FINALIZER
    chosen.persistence.diffbase_storage = NoDiffBase()
    chosen.networking.request_timeout = 30
    chosen.networking.connect_timeout = 5
    chosen.watching.chunk_size = 500
    chosen.posting.enabled = False
    chosen.posting.loggers = False
    chosen.execution.default_backoff = 15
    return chosen


def registry(kinds: Sequence[Kind], wired: Wired) -> kopf.OperatorRegistry:
    """The callbacks of all kinds."""
    registered = kopf.OperatorRegistry()
    kopf.on.login(registry=registered)(login_of(wired.connection))
    for kind in kinds:
        _register(registered, kind, wired)
    return registered


def login_of(connection: Connection) -> Any:
    """kopf's log-in callback: it asks again when the API server says 401, so a new token is read then."""

    def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(
            server=connection.server,
            ca_data=connection.authority,
            certificate_data=connection.certificate,
            private_key_data=connection.key,
            token=connection.bearer(),
        )

    return login


def _register(registered: kopf.OperatorRegistry, kind: Kind, wired: Wired) -> None:
    where = (kind.resource.group, kind.resource.version, kind.resource.plural)

    @kopf.on.event(*where, registry=registered)
    async def hear(event: kopf.RawEvent, **_: Any) -> None:
        # The store has it before the daemon starts: kopf calls the callbacks of one event in this order.
        wired.store.heard(kind.resource, None, event["type"] or "ADDED", event["object"])
        # kopf keeps the body for as long as its daemon lives, as Python holds it, and needs to know whose it is.
        body = cast("dict[str, Any]", event["object"])
        body["metadata"].pop("managedFields", None)
        for part in ("spec", "status"):
            body.pop(part, None)

    @kopf.daemon(*where, registry=registered, cancellation_timeout=5)
    async def keep(namespace: str | None, name: str, **_: Any) -> None:
        await wired.loop.keep(kind, Ref(kind.resource, str(namespace), name))

    @kopf.on.delete(*where, registry=registered)
    async def let_go(namespace: str | None, name: str, **_: Any) -> None:
        # It waits here, not by kopf's TemporaryError: that one writes to the object each time, and gives up on a 409.
        ref = Ref(kind.resource, str(namespace), name)
        await wired.loop.part(kind, ref, partial(parting, kind, ref, wired.world))
