"""The baseline: a bare kopf daemon that applies the same children by server-side apply, and does nothing else.

Run as `python -m bench.bare CHILDREN`, a JSON file of manifests in which NAME stands for the resource's name.
"""

import sys
from pathlib import Path
from typing import Any

import kopf
import orjson
import uvloop

from toprope.core.objects import ApiResource, Ref, ref_of
from toprope.edge import wiring
from toprope.edge.settings import Settings
from toprope.io.api import APPLY, Api, Request
from toprope.io.credentials import connection

BARE = ApiResource("toprope.dev", "v1alpha1", "bares", "Bare")
MARK = "bench.toprope.dev/bare"


def main(children: bytes) -> None:
    """Runs until SIGTERM."""
    uvloop.run(serve(children))


async def serve(children: bytes) -> None:
    """kopf with one daemon."""
    reached = connection(Settings().kubeconfig)
    registry = kopf.OperatorRegistry()
    async with Api(reached, lambda verb, code: None) as api:
        kopf.on.login(registry=registry)(wiring.login_of(reached))

        @kopf.daemon(BARE.group, BARE.version, BARE.plural, registry=registry, cancellation_timeout=5)
        async def keep(name: str, uid: str, stopped: Any, **_: Any) -> None:
            for manifest in orjson.loads(children.replace(b"NAME", name.encode()).replace(b"UID", uid.encode())):
                ref: Ref = ref_of(manifest)
                params = {"fieldManager": "bare", "force": "true"}
                await api.call(Request("PATCH", ref, ref.path, params, manifest, APPLY))
            await stopped.wait()

        await kopf.operator(registry=registry, settings=wiring.settings(), clusterwide=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_bytes())
