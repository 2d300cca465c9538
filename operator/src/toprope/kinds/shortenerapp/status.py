"""What the operator says of a ShortenerApp."""

from typing import Annotated

from pydantic import Field

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


class MigrationStatus(Attempts):
    """How far the database is for one revision."""

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


class ShortenerAppStatus(ResourceStatus):
    """What the operator says of a ShortenerApp."""

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
    migrations: Annotated[
        list[MigrationStatus],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["revision"]}),
    ] = []
    """How far the database is, by revision."""
    growth: GrowthStatus | None = None
    """How the volume's growth was asked for, while it is not granted."""
    credentials: CredentialsStatus | None = None
    """Rotation of the generated credentials."""
    slos: SloStatuses = []
    """Where the SLOs stand."""
    budget: str | None = None
    """The least `budgetRemaining` of all SLOs; absent while nothing is known of any."""
