"""The changes of all resources of a file, compared with what lives where there is a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toprope.cli.change.change import Change, of_living, of_new
from toprope.cli.change.lived import lived
from toprope.cli.change.rolling import Rolling, rolling
from toprope.cli.cluster import CommandCluster, cluster
from toprope.cli.manifest import Written
from toprope.core.errors import Refused, TopropeError, Transient
from toprope.io.credentials import CredentialsError

_UNTYPED = "failed to create typed patch object"
"""What server-side apply has no type for, as two entries of one name, it answers with 500."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """Of one resource."""

    change: Change
    rolling: Rolling | None
    """Where a rollout begins."""
    refused: Refused | None = None
    """What the API server has against it: some rules, those between fields above all, only it can tell."""


async def compared(written: Sequence[Written], per_second: float) -> tuple[list[PlannedChange], str]:
    """Each of them, and why they were compared with nothing, as a sentence; empty where there was a cluster."""
    try:
        async with cluster() as there:
            found = []
            for one in written:
                look = await lived(there, one.kind, one.resource.ref)
                change = await of_living(one.kind, look, one.resource) if look else await of_new(one.kind, one.resource)
                planned = _with_rollout(one, change, per_second)
                found.append(replace(planned, refused=await _refused(there, one)))
            return found, ""
    except (CredentialsError, TopropeError) as failure:
        return await uncompared(written), str(failure)


async def _refused(there: CommandCluster, one: Written) -> Refused | None:
    ref, manifest = one.resource.ref, one.place.value()
    placed = {**manifest, "metadata": {**manifest["metadata"], "namespace": ref.namespace}}
    try:
        await there.tried(ref, placed)
    except Refused as refusal:
        return refusal
    except Transient as trouble:
        if _UNTYPED not in str(trouble):
            raise
        return Refused(ref, str(trouble), reason="Invalid")
    return None


async def uncompared(written: Sequence[Written]) -> list[PlannedChange]:
    """As if there were nothing."""
    return [PlannedChange(await of_new(one.kind, one.resource), None) for one in written]


def _with_rollout(one: Written, change: Change, per_second: float) -> PlannedChange:
    beside = change.reading if change.starts else None
    return PlannedChange(change, rolling(one, beside, per_second) if beside else None)
