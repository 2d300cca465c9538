"""A Cluster that dies at its Nth write, before or after it: what the operator's process does when it is killed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.ports import Cluster

T = TypeVar("T")


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class DyingCluster:
    """Hands everything on until the fatal write; from then on nothing works."""

    def __init__(self, real: Cluster, witness: Callable[[Manifest], None] = lambda live: None) -> None:
        """`witness` sees each object as it lives after a write, also when nobody else hears the answer."""
        self.writes = 0
        self.journal: list[str] = []
        self._real = real
        self._witness = witness
        self._die_at = 0
        self._after = False
        self._dead = False

    def doom(self, die_at: int, *, after: bool) -> None:
        """Counts anew from here, and dies at the `die_at`th write; 0 never dies."""
        self.writes, self._die_at, self._after = 0, die_at, after

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        return self._real.children(namespace, labels)

    def child(self, ref: Ref) -> Manifest | None:
        return self._real.child(ref)

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        return await self._real.find(resource, namespace, labels)

    async def read(self, ref: Ref) -> Manifest | None:
        return await self._real.read(ref)

    async def apply(self, manifest: Manifest) -> Manifest:
        return await self._write(f"apply {_named(manifest)}", self._real.apply(manifest))

    async def create(self, manifest: Manifest) -> Manifest:
        return await self._write(f"create {_named(manifest)}", self._real.create(manifest))

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        return await self._write(f"amend {ref}", self._real.amend(ref, patch))

    async def delete(self, ref: Ref, uid: str) -> None:
        await self._write(f"delete {ref}", self._real.delete(ref, uid))

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        return await self._write(f"status {ref}", self._real.write_status(ref, status, resource_version))

    async def post_event(self, event: Manifest) -> None:
        await self._write(f"event {event['reason']}", self._real.post_event(event))

    async def _write(self, what: str, write: Awaitable[T]) -> T:
        fatal = self.writes + 1 == self._die_at
        if self._dead or (fatal and not self._after):
            self._dead = True
            _drop(write)
            raise Killed(what)
        self.writes += 1
        self.journal.append(what)
        answer = await write
        if isinstance(answer, dict):
            self._witness(answer)
        if fatal or self._dead:
            self._dead = True
            raise Killed(what)
        return answer


def _drop(write: Any) -> None:
    write.close()


def _named(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"
