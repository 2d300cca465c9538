"""Where a resource ends: its children once its release is stable, on paper, from what lives now.

Two such ends are compared, that of the live spec and that of the file's. Both are our own rendering, so what the API
server fills in, and what somebody else wrote, is no change; and none needs the right to write, as a dry run would.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from toprope.cli.change.lived import Lived
from toprope.cli.paper import GENERATED, PaperCluster
from toprope.cli.rendering import as_applied, settled
from toprope.core.names import DATA
from toprope.core.objects import SECRET, Manifest, Ref, ref_of
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import Command
from toprope.delivery.orders import annotation
from toprope.engine.parse import resource_of
from toprope.io.nobody import no_sources
from toprope.kind import Kind

QUIET = 4
"""Passes without a change after which nothing moves any more: a rollout may wait for its time once or twice."""


@dataclass(frozen=True, slots=True)
class End:
    """A world in which nothing moves any more."""

    resource: Resource
    written: Mapping[Ref, Manifest]
    """What was written on the way and is there in the end, as it would be applied."""
    kept: frozenset[Ref]
    """What lives and was not touched."""

    @property
    def stable(self) -> str:
        """The revision that serves."""
        return str(self.resource.status.revision.stable)

    def has(self, ref: Ref) -> bool:
        """Whether it is there in the end."""
        return ref in self.written or ref in self.kept


class _Everything(dict[str, str]):
    """The data of a Secret that nobody read: whatever is asked for is in it."""

    def __contains__(self, key: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def get(self, key: str, default: Any = None) -> Any:
        return GENERATED


class _Presumed(PaperCluster):
    """Secrets that are not there have been there all the time."""

    def __init__(self, born: datetime, labels: Mapping[str, str]) -> None:
        super().__init__(born)
        self._labels = labels

    async def read(self, ref: Ref) -> Manifest | None:
        found = await super().read(ref)
        if found is not None or ref.resource != SECRET:
            return found
        metadata = {"name": ref.name, "namespace": ref.namespace, "labels": self._labels, "resourceVersion": "0"}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": _Everything()}


async def first_end(kind: Kind, resource: Resource) -> End:
    """Of one that is not there yet. Secrets that the spec names are taken to be there; ours are made."""
    return await _end(kind, resource, _Presumed(datetime.now(UTC), {}), ())


async def ends(kind: Kind, there: Lived, wanted: Resource) -> tuple[End, End]:
    """Of what lives as it is, and with the spec of `wanted`. Unreadable where the live one does not fit this program's
    models."""
    ours = replace(wanted.installation, absent=there.absent)
    before = replace(resource_of(kind, there.live, ours), annotations={})
    after = replace(before, spec=wanted.spec)
    labels = {**before.labels, DATA: "true"}
    now = datetime.now(UTC)
    first, second = [await _end(kind, each, _Presumed(now, labels), there.children) for each in (before, after)]
    return first, second


async def _end(kind: Kind, resource: Resource, cluster: PaperCluster, there: Iterable[Manifest]) -> End:
    lived = {ref_of(child): dict(child) for child in there}
    cluster.objects.update(lived)
    last = await settled(kind, resource, cluster, datetime.now(UTC), _led, quiet=QUIET)
    kept = frozenset(ref for ref, one in cluster.objects.items() if one is lived.get(ref))
    return End(last, {ref: as_applied(one) for ref, one in cluster.objects.items() if ref not in kept}, kept)


async def name_of(kind: Kind, resource: Resource) -> str:
    """The revision that the spec wants: what a new resource would make of it, in its first pass."""
    new = replace(resource, status=kind.status(), annotations={})
    now = datetime.now(UTC)
    seen = await kind.observe(new, _Presumed(now, {}), no_sources(now))
    return str(kind.decide(new, seen, now).status["revision"]["stable"])


def _led(resource: Resource) -> Resource:
    """By somebody who lets every candidate pass, and each try of it anew: what judges it is not on paper."""
    revision, rollout = resource.status.revision, resource.status.rollout
    if not (revision and revision.candidate):
        return replace(resource, annotations={})
    told = f"{revision.candidate}/{rollout.began if rollout else None}"
    return replace(resource, annotations={annotation(one): told for one in (Command.PROMOTE, Command.UNFREEZE)})
