"""One ShortenerApp on a rig, as a person releases it and looks at it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dev.api import MERGE
from dev.errors import ApiError
from tests.support.rig.history import Moment
from tests.support.rig.rig import NAME, Crowd, Rig
from toprope.core.objects import ApiResource, Manifest
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

AVAILABILITY = {"name": "availability", "objective": "99", "availability": {}}
FAST = {"name": "fast", "objective": "95", "latency": {"threshold": "250ms", "route": "redirect"}}
SPEC: dict[str, Any] = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["links.localhost"]},
    "slos": [AVAILABILITY, FAST],
    "replicas": {"min": 1, "max": 4},
    "rollout": {"steps": [{"weight": "50%", "hold": "1s"}], "bake": "1s"},
}
"""At 2,000 requests a second a gate has seen enough within some seconds."""
RATE = 2000.0
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """The resource `links` of a namespace."""

    rig: Rig
    namespace: str

    @property
    def crowd(self) -> Crowd:
        """Its users."""
        return self.rig.crowd(self.namespace)

    @property
    def now(self) -> Moment:
        """As last heard of."""
        return self.crowd.history.moments[-1]

    def make(self, spec: dict[str, Any], **labels: str) -> None:
        """The namespace and the resource in it."""
        metadata = {"name": self.namespace, "labels": labels}
        self.rig.floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        kind = SHORTENER_APP.resource
        named = {"name": NAME, "namespace": self.namespace}
        self.rig.floor.api.apply({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": named, "spec": spec})

    def is_made(self) -> bool:
        """Whether it serves, and nothing moves."""
        conditions = ((self.rig.resource(self.namespace) or {}).get("status") or {}).get("conditions") or ()
        serves = any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)
        return serves and self.now.phase == "Idle"

    def release(self, spec: dict[str, Any], **rollout: Any) -> float:
        """A changed spec, merged into what is there; when it was asked for."""
        at = time.monotonic()
        change = {**spec, **({"rollout": rollout} if rollout else {})}
        self.patch(SHORTENER_APP.resource, NAME, {"spec": change})
        return at

    def annotate(self, **orders: str) -> None:
        """Orders of a person."""
        notes = {f"toprope.dev/{order}": revision for order, revision in orders.items()}
        self.patch(SHORTENER_APP.resource, NAME, {"metadata": {"annotations": notes}})

    def patch(self, resource: ApiResource, name: str, change: dict[str, Any], part: str = "") -> None:
        """Of any object in its namespace."""
        self.rig.floor.api.request("PATCH", resource.path(self.namespace, name) + part, change, MERGE)

    def find(self, resource: ApiResource, name: str) -> Manifest | None:
        """An object of its namespace, as it is now."""
        return self.rig.floor.api.find(resource.path(self.namespace, name))

    def delete(self, resource: ApiResource, name: str) -> None:
        """One object of its namespace; absence is success."""
        try:
            self.rig.floor.api.request("DELETE", resource.path(self.namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    def goes(self, phase: str, within: float = PATIENCE, since: float = 0.0) -> Moment:
        """The first moment in this phase since a time."""
        return self.becomes(lambda one: one.phase == phase, within, since)

    def becomes(self, holds: Callable[[Moment], bool], within: float = PATIENCE, since: float = 0.0) -> Moment:
        """The first moment of which it holds; what became of it instead is told."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if found := self.crowd.history.first(holds, since):
                return found
            time.sleep(0.05)
        story = "\n".join(map(str, self.crowd.history.since(since)))
        raise TimeoutError(f"within {within:.0f} s only:\n{story}\n{self.said('Progressing')}\n{self.message}")

    def said(self, condition: str) -> str:
        """Reason and sentence of a condition."""
        stated = ((self.rig.resource(self.namespace) or {}).get("status") or {}).get("conditions") or ()
        return next((f"{one['reason']}: {one['message']}" for one in stated if one["type"] == condition), "")

    @property
    def message(self) -> str:
        """The rollout's sentence."""
        status = (self.rig.resource(self.namespace) or {}).get("status") or {}
        return str((status.get("rollout") or {}).get("message"))
