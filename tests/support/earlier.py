"""What an earlier operator left in a cluster: recorded once for each tag, and put in place again."""

from pathlib import Path
from typing import Any

import yaml

from tests.support.engine import Engine, put
from toprope.core.objects import CLAIM, CONTROLLER_REVISION, SECRET, Ref, ref_of
from toprope.core.rendered import with_hash
from toprope.io.api import APPLY, Request

DATA = Path(__file__).parents[1] / "data"
AS_TOPROPE = {"fieldManager": "toprope", "force": "true"}


def tags() -> list[Path]:
    """The recorded worlds, one file a tag: a resource with its status, and all that was written for it."""
    return sorted(DATA.glob("objects-*.yaml"))


def filled(recorded: Path, namespace: str, uid: str) -> list[dict[str, Any]]:
    """A recorded world with its places and owners."""
    text = recorded.read_text(encoding="utf-8").replace("NAMESPACE", namespace).replace("UID", uid)
    return list(yaml.safe_load_all(text))


async def stands(engine: Engine, recorded: Path, ref: Ref) -> list[Ref]:
    """The world is there again, written as the operator writes; answers with its children."""
    resource = filled(recorded, ref.namespace, "")[0]
    live = await put(engine, ref, {key: part for key, part in resource.items() if key != "status"})
    await engine.cluster.write_status(ref, resource["status"], live["metadata"]["resourceVersion"])
    children = filled(recorded, ref.namespace, live["metadata"]["uid"])[1:]
    for child in children:
        await applied(engine, child)
    return [ref_of(child) for child in children]


async def applied(engine: Engine, child: dict[str, Any]) -> None:
    """The child, as the operator wrote it."""
    ref = ref_of(child)
    if ref.resource in (SECRET, CLAIM, CONTROLLER_REVISION):
        await engine.cluster.create(child)
    else:
        await engine.api.call(Request("PATCH", ref, ref.path, AS_TOPROPE, with_hash(child), APPLY))
