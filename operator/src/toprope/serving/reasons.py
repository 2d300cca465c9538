"""The words that a person greps: every reason that the conditions and Events of a resource give.

The sentence stands beside the branch that finds the fact. Rollouts add the reasons of
`delivery.machine.reasons`, routes those of `delivery.traffic` and of the gateway itself, a refused write those of the
engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from toprope.core.conditions import Condition


class Reason(StrEnum):
    """Why a condition is as it is."""

    # Ready
    SERVING = "Serving"
    SERVING_PARTLY = "ServingPartly"
    STARTING = "Starting"
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - a word for people
    DATABASE_NOT_READY = "DatabaseNotReady"
    WEB_NOT_READY = "WebNotReady"
    CACHE_NOT_READY = "CacheNotReady"
    NO_ENDPOINTS = "NoEndpoints"
    EARLIER_PODS = "EarlierPods"
    IMAGE_NOT_PULLED = "ImageNotPulled"
    POD_NOT_SCHEDULED = "PodNotScheduled"
    POD_NOT_CONFIGURED = "PodNotConfigured"
    PODS_REFUSED = "PodsRefused"
    CRASH_LOOPING = "CrashLooping"
    MIGRATION_RUNNING = "MigrationRunning"
    MIGRATION_FAILED = "MigrationFailed"
    MIGRATION_REFUSED = "MigrationRefused"
    GENERATION_FILLS = "GenerationFills"
    GENERATION_FAILED = "GenerationFailed"
    GENERATION_REFUSED = "GenerationRefused"
    # DataPresent, StorageGrown
    DATA_KEPT = "DataKept"
    DATA_COMING = "DataComing"
    DATA_ELSEWHERE = "DataElsewhere"
    CREDENTIALS_LOST = "CredentialsLost"
    CLAIM_LEAVING = "ClaimLeaving"
    STORAGE_GROWING = "StorageGrowing"
    STORAGE_REFUSED = "StorageRefused"
    # CredentialsRotated
    ROTATION_WAITING = "RotationWaiting"
    ROTATION_RUNNING = "RotationRunning"
    ROTATION_FAILED = "RotationFailed"
    ROTATION_NOT_OURS = "RotationNotOurs"
    ROTATED = "Rotated"
    # RenderOutdated
    RENDERED_EARLIER = "RenderedEarlier"
    # Events while a resource is deleted
    DATA_STAYS = "DataStays"
    DATA_DELETED = "DataDeleted"


_ASK_FOR_PODS = frozenset(
    {
        Reason.DATABASE_NOT_READY,
        Reason.WEB_NOT_READY,
        Reason.CACHE_NOT_READY,
        Reason.IMAGE_NOT_PULLED,
        Reason.POD_NOT_SCHEDULED,
        Reason.POD_NOT_CONFIGURED,
        Reason.CRASH_LOOPING,
        Reason.MIGRATION_RUNNING,
        Reason.GENERATION_FILLS,
        Reason.ROTATION_RUNNING,
    }
)


def asks_for_pods(reasons: Iterable[str]) -> bool:
    """Whether a status with these reasons makes the next look ask for pods: something was not well for a moment.

    A start that goes well never costs that request.
    """
    return not _ASK_FOR_PODS.isdisjoint(reasons)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something found, with the sentence that a person reads."""

    reason: str
    message: str

    def false(self, condition: str) -> Condition:
        """The condition that this fact makes false."""
        return Condition(condition, "False", self.reason, self.message)

    def not_yet(self, condition: str) -> Condition:
        """The condition that this fact keeps false for a while: a step on the way to what was asked for."""
        return Condition(condition, "False", self.reason, self.message, is_trouble=False)

    def true(self, condition: str) -> Condition:
        """The condition that this fact makes true."""
        return Condition(condition, "True", self.reason, self.message)
