"""The changes of all resources of a file, compared with what lives where there is a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from toprope.cli.change.change import Change, of_living, of_new
from toprope.cli.change.lived import lived
from toprope.cli.change.rolling import Rolling, rolling
from toprope.cli.cluster import cluster
from toprope.cli.manifest import Written
from toprope.core.errors import TopropeError
from toprope.io.credentials import CredentialsError


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """Of one resource."""

    change: Change
    rolling: Rolling | None
    """Where a rollout begins."""


async def compared(written: Sequence[Written], per_second: float) -> tuple[list[PlannedChange], str]:
    """Each of them, and why they were compared with nothing, as a sentence; empty where there was a cluster."""
    try:
        async with cluster() as there:
            found = []
            for one in written:
                look = await lived(there, one.kind, one.resource.ref)
                change = await of_living(one.kind, look, one.resource) if look else await of_new(one.kind, one.resource)
                found.append(_with_rollout(one, change, per_second))
            return found, ""
    except (CredentialsError, TopropeError) as failure:
        return await uncompared(written), str(failure)


async def uncompared(written: Sequence[Written]) -> list[PlannedChange]:
    """As if there were nothing."""
    return [PlannedChange(await of_new(one.kind, one.resource), None) for one in written]


def _with_rollout(one: Written, change: Change, per_second: float) -> PlannedChange:
    beside = change.reading if change.starts else None
    return PlannedChange(change, rolling(one, beside, per_second) if beside else None)
