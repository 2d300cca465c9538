"""Whole passes of the engine over a ShortenerApp, in a world on paper that may refuse."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.engine import INSTALLATION
from toprope.cli.paper import DAWN, PaperCluster, merged
from toprope.core.errors import Conflict, Refused, Transient
from toprope.core.names import FIELD_MANAGER, FINALIZER, MANAGED_BY
from toprope.core.objects import ApiResource, Manifest, Ref, labels_of, ref_of
from toprope.engine.events import Told
from toprope.engine.one_pass import Outcome, Result, World, one_pass
from toprope.io.ledger import NoPrometheus
from toprope.io.nobody import NobodyLooks, NobodyProbes
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

LINKS = Ref(SHORTENER_APP.resource, "default", "links")


class Standing(PaperCluster):
    """Holds the resource too."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, str] = {}
        """Kinds that the API server refuses to write, and the reason that it gives."""
        self.failing_jobs = False
        self.throttled_events = False
        self.unknown: frozenset[str] = frozenset()
        """Fields of a status that the schema in the cluster does not know."""
        self.unheard: Ref | None = None
        """What the watch does not bring."""
        self.late: Manifest | None = None
        """The resource as the watch has it, where that is behind."""
        self.events: list[Manifest] = []
        self.asked: set[tuple[str, str]] = set()
        """Verbs and plurals that an API server would have had to allow. Who writes may meet somebody else's object of
        the name, and reads it."""
        self.journal: list[str] = []

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        found = super().children(namespace, labels)
        return [one for one in found if self.unheard is None or one["metadata"]["name"] != self.unheard.name]

    def child(self, ref: Ref) -> Manifest | None:
        """What carries our labels, as in the store."""
        if ref == LINKS and self.late is not None:
            return self.late
        live = self.objects.get(ref) if ref != self.unheard else None
        is_ours = live is not None and (ref == LINKS or labels_of(live).get(MANAGED_BY) == FIELD_MANAGER)
        return self._lived(live) if live is not None and is_ours else None

    async def read(self, ref: Ref) -> Manifest | None:
        self._asked(ref.resource, "get")
        return self._lived(self.objects[ref]) if ref in self.objects else None

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        self._asked(resource, "list")
        return await super().find(resource, namespace, labels)

    async def apply(self, manifest: Manifest) -> Manifest:
        ref = ref_of(manifest)
        self._written_to("apply", ref)
        self._asked(ref.resource, "get", "create", "patch")
        live = self.objects.get(ref)
        if live and manifest["metadata"].get("resourceVersion", "") not in ("", live["metadata"]["resourceVersion"]):
            raise Conflict(f"{ref} is there.")
        return await super().apply(manifest)

    async def create(self, manifest: Manifest) -> Manifest:
        self._asked(ref_of(manifest).resource, "get", "create")
        keys = dict.fromkeys(manifest.get("stringData") or (), "eA==")
        return await super().create(merged(manifest, {"data": keys} if keys else {}))

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        self._written_to("amend", ref)
        self._asked(ref.resource, "patch")
        return await super().amend(ref, patch)

    async def delete(self, ref: Ref, uid: str) -> None:
        self._written_to("delete", ref)
        self._asked(ref.resource, "get", "delete")
        await super().delete(ref, uid)

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        self._written_to("status", ref)
        metadata = {**self.objects[ref]["metadata"], "resourceVersion": str(next(self._numbers))}
        kept = {key: value for key, value in status.items() if key not in self.unknown}
        self.objects[ref] = {**self.objects[ref], "metadata": metadata, "status": kept}
        return self.objects[ref]

    async def post_event(self, event: Manifest) -> None:
        if self.throttled_events:
            raise Transient("too many requests", retry_after=1)
        self.events.append(event)

    def _asked(self, resource: ApiResource, *verbs: str) -> None:
        self.asked |= {(verb, resource.plural) for verb in verbs}

    def _written_to(self, how: str, ref: Ref) -> None:
        self.journal.append(f"{how} {ref.resource.kind} {ref.name}")
        if reason := self.refused.get(ref.resource.kind):
            raise Refused(ref, f"{ref} is refused.", reason=reason)

    def _lived(self, written: dict[str, Any]) -> Manifest:
        if written["kind"] == "Job" and self.failing_jobs:
            return {**written, "status": {"conditions": [{"type": "Failed", "status": "True", "message": "no"}]}}
        return super()._lived(written)


class Passes:
    """Passes over one resource, one by one; time moves only between them."""

    def __init__(self, spec: Mapping[str, Any] | None = None) -> None:
        self.cluster = Standing()
        self.moment = DAWN + timedelta(hours=1)
        self.world = World(self.cluster, NoPrometheus(), NobodyLooks(), NobodyProbes(), self, INSTALLATION, Told())
        self.cluster.objects[LINKS] = {
            "apiVersion": LINKS.resource.api_version,
            "kind": LINKS.resource.kind,
            "metadata": {
                "name": LINKS.name, "namespace": LINKS.namespace, "uid": "u", "generation": 1, "resourceVersion": "0",
                "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": [FINALIZER],
            },
            "spec": dict(spec or {}),
        }  # fmt: skip

    def now(self) -> datetime:
        return self.moment

    async def once(self, failures: int = 0) -> Outcome:
        return await one_pass(SHORTENER_APP, LINKS, self.world, failures=failures)

    async def settle(self) -> Outcome:
        """Passes until one ends without a change of the status."""
        for _ in range(40):
            before = self.cluster.objects[LINKS].get("status")
            outcome = await self.once()
            if before == self.cluster.objects[LINKS].get("status") and outcome.again > timedelta(minutes=1):
                return outcome
            self.moment += min(outcome.again, timedelta(seconds=20))
        raise AssertionError("it never settles")

    async def for_a_minute(self) -> Outcome:
        """Six passes, ten seconds apart."""
        for _ in range(5):
            await self.once()
            self.moment += timedelta(seconds=10)
        return await self.once()

    async def serving(self) -> "Passes":
        """The first release serves."""
        assert (await self.settle()).result is Result.DONE
        return self

    def wants(self, spec: Mapping[str, Any]) -> None:
        """Somebody changes the spec."""
        live = self.cluster.objects[LINKS]
        metadata = {**live["metadata"], "generation": live["metadata"]["generation"] + 1}
        self.cluster.objects[LINKS] = {**live, "metadata": metadata, "spec": dict(spec)}

    def change(self, ref: Ref, patch: Mapping[str, Any]) -> None:
        """Somebody writes to an object."""
        self.cluster.objects[ref] = merged(self.cluster.objects[ref], patch)

    def states(self) -> dict[str, tuple[str, str]]:
        """Status and reason of each condition."""
        said = (self.cluster.objects[LINKS].get("status") or {}).get("conditions") or ()
        return {one["type"]: (one["status"], one["reason"]) for one in said}

    def message(self, condition: str) -> str:
        """The sentence of a condition."""
        said = self.cluster.objects[LINKS]["status"]["conditions"]
        return str(next(one["message"] for one in said if one["type"] == condition))
