"""What became of one resource, as whoever watches the API server sees it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.rig.doors import is_open, shares
from toprope.core.objects import Manifest
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.spec import Traffic
from toprope.delivery.traffic import acceptance


@dataclass(frozen=True, slots=True)
class Moment:
    """One version of resource and route."""

    at: float
    """When it was seen first, by the monotonic clock."""
    versions: tuple[int, int]
    """Of the resource, and of what shares its requests. They are of one etcd, and tell which was written first."""
    stable: str
    candidate: str
    phase: str
    reason: str
    step: int
    weight: str
    """In the status."""
    verdict: str
    routed: Mapping[str, int]
    """How requests are shared: weight by revision."""
    accepted: bool
    """The newest route, by its gateway; true where there is none."""

    def share_of(self, revision: str) -> int:
        """The routed weight of a revision."""
        return self.routed.get(revision, 0)


@dataclass(slots=True)
class History:
    """All of them in order."""

    moments: list[Moment] = field(default_factory=list)

    def note(self, now: Moment) -> None:
        """A moment, unless it differs in nothing that counts."""
        if not self.moments or _said(now) != _said(self.moments[-1]):
            self.moments.append(now)

    def since(self, at: float) -> list[Moment]:
        """Those from then on."""
        return [one for one in self.moments if one.at >= at]

    def first(self, holds: Callable[[Moment], bool], since: float = 0.0) -> Moment | None:
        """The first one of which it holds."""
        return next((one for one in self.since(since) if holds(one)), None)


def unallowed(moments: Sequence[Moment]) -> list[Moment]:
    """Those whose route gives somebody more than the status allowed that stood there when the route was written."""
    return [one for one in moments if one.routed and not _allows(_stood(one, moments), one)]


def _stood(one: Moment, moments: Sequence[Moment]) -> Moment:
    """Who has the last status before a moment's route."""
    return max(moments, key=lambda then: (then.versions[0] < one.versions[1], then.versions[0]))


def _allows(status: Moment, one: Moment) -> bool:
    allowed = {status.candidate: parts_of(status.weight), status.stable: WHOLE}
    return all(weight <= allowed.get(name, 0) for name, weight in one.routed.items())


def _said(one: Moment) -> tuple[Any, ...]:
    return (
        one.stable, one.candidate, one.phase, one.reason, one.step, one.weight, one.verdict, one.routed, one.accepted,
    )  # fmt: skip


def _version(live: Manifest | None) -> int:
    return int(live["metadata"]["resourceVersion"]) if live else 0


def moment(live: Manifest, route: Manifest | None, plain: Manifest | None, pods: Sequence[Manifest]) -> Moment:
    """Of the objects as they are now. `plain` is the Service beside which there is no route."""
    status = live.get("status") or {}
    rollout, revision = status.get("rollout") or {}, status.get("revision") or {}
    traffic = live["spec"].get("traffic")
    return Moment(
        at=time.monotonic(),
        versions=(_version(live), max(map(_version, [route] if plain is None else [plain, *filter(is_open, pods)]))),
        stable=revision.get("stable") or "",
        candidate=revision.get("candidate") or "",
        phase=rollout.get("phase") or "",
        reason=rollout.get("reason") or "",
        step=rollout.get("step") or 0,
        weight=rollout.get("weight") or "0%",
        verdict=",".join(one.get("verdict") or "" for one in rollout.get("judged") or ()),
        routed=shares(route, plain, pods),
        accepted=not traffic or acceptance(route, Traffic.model_validate(traffic)).accepted,
    )
