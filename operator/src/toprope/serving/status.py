"""What the operator says of a resource that serves, whatever its kind."""

from toprope.core.model import ResourceStatus, StatusModel
from toprope.delivery.history import Records
from toprope.delivery.spec import RevisionStatus, RolloutStatus
from toprope.slo.status import SloStatuses


class Attempts(StatusModel):
    """How often a Job was tried in vain, so that the next try waits longer."""

    failures: int | None = None
    """Tries that failed so far."""
    failed_at: str | None = None
    """When the last one failed."""
    failed_job: str | None = None
    """UID of the Job that failed last, so that it is counted once."""
    message: str | None = None
    """What it said, as one sentence."""


class PreparationStatus(Attempts):
    """How far one revision is before it may have web pods."""

    revision: str
    """The revision that needs it."""
    succeeded_at: str | None = None
    """When it succeeded; it is never run again on the same data."""
    data_uid: str | None = None
    """UID of the claim or cluster that it succeeded on; empty for a database of yours."""


class CredentialsStatus(Attempts):
    """Rotation of the generated credentials."""

    rotated: str | None = None
    """Id of the last rotation that ended."""
    rotating: str | None = None
    """Id of the rotation that runs."""


class GrowthStatus(StatusModel):
    """What was asked of the volume's StorageClass."""

    asked: str | None = None
    """The size that was asked for."""
    asked_at: str | None = None
    """When it was asked for; a refusal is taken for an answer for ten minutes."""


class ReplicasStatus(StatusModel):
    """Web pods of the revision that serves."""

    ready: int = 0
    """Pods that answer."""
    wanted: int = 0
    """Pods that the autoscaler wants."""


class ServedStatus(ResourceStatus):
    """What the operator says of every kind that serves."""

    url: str | None = None
    """Where the service answers."""
    version: str | None = None
    """Image tag, or whole image, of the revision that serves."""
    revision: RevisionStatus | None = None
    """Which revisions there are."""
    rollout: RolloutStatus | None = None
    """Where the newest release stands."""
    history: Records = []
    """The last ten rollouts, the newest first."""
    replicas: ReplicasStatus | None = None
    """Web pods of the revision that serves."""
    growth: GrowthStatus | None = None
    """How the volume's growth was asked for, while it is not granted."""
    credentials: CredentialsStatus | None = None
    """Rotation of the generated credentials."""
    slos: SloStatuses = []
    """Where the SLOs stand."""
    budget: str | None = None
    """The least `budgetRemaining` of all SLOs; absent while nothing is known of any."""
