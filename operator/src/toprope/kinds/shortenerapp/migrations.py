"""One migration of the database per revision, before any of its web pods.

    no success in the status ──► Job ──Complete──► web pods, and success into the status
                                  ▲ └─Failed──► count it, wait, delete ─┘
                                  └──────────────────┘

A success that stands in the status is never run again, whatever happens to its Job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import moment, timestamp
from toprope.core.objects import JOB, Manifest
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import jobs, places
from toprope.kinds.shortenerapp.reasons import Fact, Reason
from toprope.kinds.shortenerapp.seen import Seen
from toprope.kinds.shortenerapp.status import MigrationStatus
from toprope.kinds.shortenerapp.troubles import PATIENCE, pods_trouble


@dataclass(frozen=True, slots=True)
class Migration:
    """How far the database is for one revision."""

    before: MigrationStatus
    after: MigrationStatus
    job: Manifest | None
    """The live Job."""
    pods: Sequence[Manifest]

    @property
    def done(self) -> bool:
        """Whether it has succeeded. A success that was seen just now is still to be seen when this pass is killed
        before it writes it down: only the Job tells of it, and nothing of ours removes a Job that succeeded."""
        return self.after.succeeded_at is not None

    @property
    def is_running(self) -> bool:
        """Whether a Job works on the database right now."""
        return jobs.state(self.job) == jobs.RUNNING


def migration_of(resource: Resource, seen: Seen, revision: str, now: datetime) -> Migration:
    """The revision's migration, with what this look found."""
    known = {one.revision: one for one in resource.status.migrations}
    before = known.get(revision) or MigrationStatus(revision=revision)
    job = seen.child(JOB, places.name(resource, places.MIGRATE, revision))
    pods = seen.pods_of(places.MIGRATE, revision)
    if before.succeeded_at is None and jobs.state(job) == jobs.SUCCEEDED:
        return Migration(before, MigrationStatus(revision=revision, succeeded_at=timestamp(now)), job, pods)
    return Migration(before, jobs.counted(before, job, pods, now), job, pods)


def wants_job(migration: Migration, now: datetime, *, held: bool) -> bool:
    """Whether the Job should exist: not once it succeeded and went, not while its next try waits to be made, and
    no new one while it is `held` back."""
    if migration.job is None:
        return not migration.done and not held
    return not jobs.is_due(migration.after, migration.job, now)


def obstacle(resource: Resource, migration: Migration, now: datetime) -> Fact | None:
    """What the revision's web pods still wait for; None when the database is theirs."""
    if migration.done:
        return None
    if migration.after.failures:
        return _failed(resource, migration)
    if trouble := pods_trouble(migration.pods):
        return trouble
    job = migration.job
    is_young = job is None or now - moment(job["metadata"]["creationTimestamp"]) < PATIENCE
    name = places.name(resource, places.MIGRATE, migration.after.revision)
    does = "brings" if job else "is to bring"
    return Fact(
        Reason.STARTING if is_young else Reason.MIGRATION_RUNNING,
        f"Job {name} {does} the database to revision {migration.after.revision}.",
    )


def _failed(resource: Resource, migration: Migration) -> Fact:
    after = migration.after
    name = places.name(resource, places.MIGRATE, after.revision)
    at = jobs.retry_at(after)
    again = "It is being tried again." if migration.is_running or at is None else f"Next try: {timestamp(at)}."
    return Fact(
        Reason.MIGRATION_FAILED,
        f'The migration of revision {after.revision} has failed {after.failures} times, last with "{after.message}" '
        f"(kubectl -n {resource.namespace} logs job/{name} --all-containers). {again} A running release is untouched.",
    )
