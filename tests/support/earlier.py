"""What an earlier operator left in a cluster: recorded once for each release, and put in place again.

There has been no release before 0.1.0, so its record stands for one: EARLIER in each container is what a later
renderer does differently.

`python -m tests.support.earlier CASE.in.yaml` prints what the operator of today leaves of a golden case.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.engine import Engine, put
from tests.support.shorteners import Paper, a_shortener, give_secret
from toprope.cli.paper import merged
from toprope.core.objects import CLAIM, CONTROLLER_REVISION, SECRET, Ref, ref_of
from toprope.core.rendered import with_hash
from toprope.io.api import APPLY, Request
from toprope.schema.text import as_yaml

DATA = Path(__file__).parents[1] / "data"
BORN = dict.fromkeys(("uid", "generation", "creationTimestamp", "resourceVersion"))
EARLIER = {"name": "EARLIER", "value": "an-earlier-rendering"}
AS_TOPROPE = {"fieldManager": "toprope", "force": "true"}


def worlds() -> list[Path]:
    """The recorded worlds, by tag and golden case: a resource with its status, and all that was written for it."""
    return sorted(DATA.glob("objects-*.yaml"))


def record(case: Path) -> str:
    """The world of a golden case, with EARLIER in each container for what a later renderer does differently."""
    manifest, *secrets = yaml.safe_load_all(case.read_text(encoding="utf-8"))
    paper = Paper(a_shortener(manifest["spec"]))
    for secret in secrets:
        give_secret(paper, secret["metadata"]["name"], list(secret["stringData"]))
    status = paper.settle().resource.status.dump()
    written = [merged(one, {"metadata": BORN}) for one in paper.cluster.objects.values()]
    for container in (container for one in written for container in containers(one)):
        container["env"] = [*(one for one in container.get("env", ()) if one["name"] != EARLIER["name"]), EARLIER]
    kind = paper.resource.ref.resource
    resource = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": "links", "namespace": "default"},
    }
    text = as_yaml([{**resource, "spec": manifest["spec"], "status": status}, *written])
    for here, place in (("name: default", "name: NAMESPACE"), ("space: default", "space: NAMESPACE"),
                        ("links-web.default", "links-web.NAMESPACE"), ("uid: paper", "uid: UID")):  # fmt: skip
        text = text.replace(here, place)
    return text


def containers(part: Any) -> Iterator[dict[str, Any]]:
    """All containers in an object, and in the objects that it holds."""
    if isinstance(part, list):
        for one in part:
            yield from containers(one)
    if isinstance(part, dict):
        yield from part.get("initContainers", ())
        yield from part.get("containers", ())
        for one in part.values():
            yield from containers(one)


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


if __name__ == "__main__":
    sys.stdout.write(record(Path(sys.argv[1])))
