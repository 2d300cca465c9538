"""Whole good ShortenerApps, settled on a paper cluster, and small ways to spoil one thing of them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.support.engine import INSTALLATION
from toprope.cli.paper import DAWN, PaperCluster, merged
from toprope.core import conditions
from toprope.core.decision import Action, Amend, Apply, CreateOnce, Decision, Delete
from toprope.core.objects import Ref, ref_of
from toprope.core.resource import Resource
from toprope.io.nobody import no_sources
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.kinds.shortenerapp.spec import ShortenerAppSpec
from toprope.kinds.shortenerapp.status import ShortenerAppStatus
from toprope.serving import places
from toprope.serving.decide import decide
from toprope.serving.observe import observe
from toprope.serving.seen import Seen
from toprope.serving.status import ServedStatus
from toprope.serving.timing import QUIET

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Long after everything on paper was made."""
WITH_TRAFFIC = {"traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["s.example.com"]}}
EXTERNAL = {
    "database": {"external": {"secretRef": {"name": "my-database"}}},
    "cache": {"external": {"secretRef": {"name": "my-cache"}}},
}
CLOUD_NATIVE_PG = {"database": {"cloudNativePG": {"instances": 2, "storage": "5Gi"}}}
Spoiling = Callable[[Seen], Seen]
T = TypeVar("T")
_RUNNER = asyncio.Runner()
"""One loop for all passes: a loop for each of them took as long as the passes."""


def at_once(answer: Coroutine[Any, Any, T]) -> T:
    """What comes of it. `Runner.run` would listen for Ctrl-C anew each time: a quarter of all that a pass takes."""
    return _RUNNER.get_loop().run_until_complete(answer)


def a_shortener(spec: Mapping[str, Any] | None = None, name: str = "links", **more: Any) -> Resource:
    """A resource that was created a moment ago."""
    fields: dict[str, Any] = {
        "ref": Ref(SHORTENER_APP.resource, "default", name),
        "uid": "paper",
        "generation": 1,
        "resource_version": "1",
        "annotations": {},
        "deleting": False,
        "spec": ShortenerAppSpec.model_validate(spec or {}),
        "status": ShortenerAppStatus(),
        "installation": INSTALLATION,
        "workload": SHORTENER_APP.workload,
    }
    return Resource(**fields | more)


ROUTE = places.route_name(a_shortener())
"""What its HTTPRoute is called."""


def with_spec(resource: Resource, spec: Mapping[str, Any]) -> Resource:
    """The same resource after somebody changed its spec."""
    whole = merged(resource.spec.model_dump(by_alias=True, exclude_none=True), spec)
    return replace(resource, spec=ShortenerAppSpec.model_validate(whole))


class Paper:
    """A resource in a world where everything succeeds at once, and time passes only when it is told to."""

    def __init__(self, resource: Resource) -> None:
        self.resource, self.cluster, self.now = resource, PaperCluster(), DAWN

    def seen(self) -> Seen:
        """One look at this world."""
        return at_once(observe(self.resource, self.cluster, no_sources(self.now)))

    def pass_once(self, spoil: Spoiling = lambda seen: seen) -> Decision:
        """One pass; the status is written as the engine would."""
        decision = decide(self.resource, spoil(self.seen()), self.now)
        at_once(self._acted(decision))
        self.resource = replace(self.resource, status=told(self.resource, decision, self.now))
        return decision

    def settle(self) -> "Paper":
        """Passes until nothing happens any more; due times come at once."""
        for _ in range(40):
            before = self.resource.status
            decision = self.pass_once()
            is_quiet = before == self.resource.status and not decision_writes(decision, self.cluster)
            if is_quiet and decision.again == QUIET:
                return self
            self.now += min(decision.again, timedelta(seconds=30))
        raise AssertionError("it never settles")

    async def _acted(self, decision: Decision) -> None:
        for action in decision.actions:
            await self._act(action)

    async def _act(self, action: Action) -> None:
        match action:
            case CreateOnce(manifest, keys):
                await self.cluster.create(merged(manifest, {"data": dict.fromkeys(keys, "b2xk")}))
            case Amend(ref, patch, _, keys):
                await self.cluster.amend(ref, merged(patch, {"data": dict.fromkeys(keys, "bmV3")} if keys else {}))
            case Apply(manifest):
                await self.cluster.apply(manifest)
            case Delete(ref, uid):
                await self.cluster.delete(ref, uid)


def decision_writes(decision: Decision, cluster: PaperCluster) -> bool:
    """Whether an action would change this world."""
    return any(not isinstance(one, Apply) or ref_of(one.manifest) not in cluster.objects for one in decision.actions)


def told(resource: Resource, decision: Decision, now: datetime) -> ServedStatus:
    """The status after a pass."""
    before = resource.status.dump().get("conditions", ())
    said = conditions.merged(before, decision.conditions, 1, now)
    kind: type[ServedStatus] = type(resource.status)
    return kind.model_validate({**decision.status, "conditions": said, "observedGeneration": 1})


def settled(spec: Mapping[str, Any] | None = None, **secrets: list[str]) -> tuple[Resource, Seen]:
    """A resource that serves, and the world around it. `secrets`: Secrets of the user's with their keys."""
    paper = Paper(a_shortener(spec))
    for name, keys in secrets.items():
        give_secret(paper, name.replace("_", "-"), keys)
    paper.settle()
    return paper.resource, paper.seen()


def give_secret(paper: Paper, name: str, keys: list[str]) -> None:
    """A Secret of the user's."""
    metadata = {"name": name, "namespace": "default"}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": dict.fromkeys(keys, "eA==")}
    at_once(paper.cluster.create(manifest))


def condition(decision: Decision, name: str) -> tuple[str, str, str]:
    """Status, reason and message of a condition; KeyError when it is not stated."""
    stated = {one.type: (one.status, one.reason, one.message) for one in decision.conditions}
    return stated[name]


def without(kind: str, name: str) -> Spoiling:
    """The child is gone."""
    return lambda seen: replace(seen, children={key: one for key, one in seen.children.items() if key != (kind, name)})


def changed(kind: str, name: str, patch: Mapping[str, Any]) -> Spoiling:
    """The child is patched."""
    return lambda seen: replace(
        seen, children={**seen.children, (kind, name): merged(seen.children[kind, name], patch)}
    )


def secret_changed(name: str, patch: Mapping[str, Any] | None) -> Spoiling:
    """The Secret is patched; None: it is gone."""

    def spoiled(seen: Seen) -> Seen:
        rest = {key: one for key, one in seen.secrets.items() if key != name}
        return replace(seen, secrets=rest if patch is None else {**rest, name: merged(seen.secrets[name], patch)})

    return spoiled


def not_ready(kind: str, name: str) -> Spoiling:
    """No pod of the workload is ready."""
    return changed(kind, name, {"status": {"readyReplicas": None}})


def with_pod(
    component: str,
    revision: str | None,
    status: Mapping[str, Any],
    name: str = "a-pod",
    born: str = "2026-01-01T00:00:00Z",
) -> Spoiling:
    """The resource has this pod."""
    labels = {"app.kubernetes.io/component": component} | ({"toprope.dev/revision": revision} if revision else {})
    metadata = {"name": name, "namespace": "default", "labels": labels, "creationTimestamp": born}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
    return lambda seen: replace(seen, pods=(*seen.pods, pod))


def all_of(*spoilings: Spoiling) -> Spoiling:
    """One after the other."""

    def spoiled(seen: Seen) -> Seen:
        for spoil in spoilings:
            seen = spoil(seen)
        return seen

    return spoiled


def waiting(reason: str, message: str = "", **container: Any) -> dict[str, Any]:
    """The status of a pod whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "c", "image": "an/image:1", "state": state, **container}]}
