"""One migration of the database per revision, before any of its web pods.

    no success in the status ──► Job: check ──► migrate ──Complete──► web pods, and success into the status
                                  ▲     │          └─Failed──► count it, wait, delete ─┐
                                  │     └─Refused──► stays, until something else runs ─┤
                                  └────────────────────────────────────────────────────┘

The check is told what runs beside it by an annotation of its pods: the rest of the Job is as it was rendered at the
birth of its revision, and by then nobody knew. What the check refuses it would refuse again; so that Job is no try that
failed, and the migration itself never began.

A success that stands in the status is never run again, whatever happens to its Job. It is one with the data that it was
reached on: an empty database that takes its place is migrated anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import moment, timestamp
from toprope.core.names import BESIDE
from toprope.core.objects import DEPLOYMENT, JOB, Manifest, annotations_of
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import data, jobs, places
from toprope.kinds.shortenerapp.reasons import Fact, Reason
from toprope.kinds.shortenerapp.render.job import CHECK
from toprope.kinds.shortenerapp.seen import Seen
from toprope.kinds.shortenerapp.status import MigrationStatus
from toprope.kinds.shortenerapp.troubles import PATIENCE, pods_trouble

NOBODY = "none"
"""Told to a check beside which nothing runs: no revision is called so."""
NOBODY_KNOWS = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """How far the database is for one revision."""

    before: MigrationStatus
    after: MigrationStatus
    job: Manifest | None
    """The live Job."""
    pods: Sequence[Manifest]
    beside: str
    """The revision that runs meanwhile, as the check is told."""

    @property
    def refused(self) -> bool:
        """Whether what runs could not live with it: as long as that runs, no other try can help."""
        return jobs.is_refused(self.job) and _beside(self.job) == self.beside

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
    before = {one.revision: one for one in known(resource, seen)}.get(revision) or MigrationStatus(revision=revision)
    job = seen.child(JOB, places.name(resource, places.MIGRATE, revision))
    pods = seen.pods_of(places.MIGRATE, revision)
    beside = _running(resource, seen, revision)
    if before.succeeded_at is None and _is_done_by(job, resource, seen):
        success = MigrationStatus(revision=revision, succeeded_at=timestamp(now), data_uid=_uid(resource, seen))
        return Migration(before, success, job, pods, beside)
    return Migration(before, jobs.counted(before, job, pods, now), job, pods, beside)


def known(resource: Resource, seen: Seen) -> list[MigrationStatus]:
    """What the status says of migrations, without the successes on data that is gone."""
    uid = _uid(resource, seen)
    gone = uid is None and not resource.spec.database.external
    return [_on(one, uid, gone=gone) if one.succeeded_at else one for one in resource.status.migrations]


def _on(success: MigrationStatus, uid: str | None, *, gone: bool) -> MigrationStatus:
    """Earlier operators did not write down the data of a success: it is taken to be what is there."""
    if gone or success.data_uid not in (None, uid):
        return MigrationStatus(revision=success.revision)
    return success.model_copy(update={"data_uid": uid})


def _uid(resource: Resource, seen: Seen) -> str | None:
    live = data.held(resource, seen)
    return str(live["metadata"]["uid"]) if live else None


def _is_done_by(job: Manifest | None, resource: Resource, seen: Seen) -> bool:
    """Whether the Job has succeeded, and on the data that is there: that was made before it, at the latest in the same
    pass."""
    if job is None or jobs.state(job) != jobs.SUCCEEDED:
        return False
    live = data.held(resource, seen)
    if live is None:
        return resource.spec.database.external is not None
    return _birth(live) <= _birth(job)


def _birth(live: Manifest) -> datetime:
    return moment(live["metadata"]["creationTimestamp"])


def _running(resource: Resource, seen: Seen, revision: str) -> str:
    """The revision that runs beside this one's migration. Of a database of the user's nobody knows who else uses it."""
    stable = resource.status.revision and resource.status.revision.stable
    if stable and stable != revision and _has_run(resource, seen, stable):
        return str(stable)
    return NOBODY_KNOWS if resource.spec.database.external else NOBODY


def _has_run(resource: Resource, seen: Seen, revision: str) -> bool:
    """Web pods come after their migration."""
    succeeded = {one.revision for one in known(resource, seen) if one.succeeded_at}
    return revision in succeeded or seen.child(DEPLOYMENT, places.name(resource, places.WEB, revision)) is not None


def _beside(job: Manifest | None) -> str:
    said: str = annotations_of(job["spec"]["template"]).get(BESIDE, NOBODY_KNOWS) if job else NOBODY_KNOWS
    return said


def told(frozen: Manifest, migration: Migration) -> Manifest:
    """The Job as it was frozen, told what runs beside it. A Job that is there keeps to what it was told: Kubernetes
    would let nobody change that."""
    beside = _beside(migration.job) if migration.job else migration.beside
    if beside == NOBODY_KNOWS:
        return frozen
    template = frozen["spec"]["template"]
    metadata = {**template["metadata"], "annotations": {**annotations_of(template), BESIDE: beside}}
    return {**frozen, "spec": {**frozen["spec"], "template": {**template, "metadata": metadata}}}


def wants_job(migration: Migration, now: datetime, *, held: bool) -> bool:
    """Whether the Job should exist: not once it succeeded and went, not while its next try waits to be made, not when
    it succeeded on data that is gone or was refused beside what runs no more, and no new one while it is `held` back.
    """
    if migration.job is None:
        return not migration.done and not held
    if jobs.state(migration.job) == jobs.SUCCEEDED:
        return migration.done
    if jobs.is_refused(migration.job):
        return migration.refused
    return not jobs.is_due(migration.after, migration.job, now)


def obstacle(resource: Resource, migration: Migration, now: datetime) -> Fact | None:
    """What the revision's web pods still wait for; None when the database is theirs."""
    if migration.done:
        return None
    if migration.refused:
        return _refused(resource, migration)
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


def _refused(resource: Resource, migration: Migration) -> Fact:
    after = migration.after
    name = places.name(resource, places.MIGRATE, after.revision)
    return Fact(
        Reason.MIGRATION_REFUSED,
        f'The database stays as it is: the check of revision {after.revision} says "{after.message}" '
        f"(kubectl -n {resource.namespace} logs job/{name} -c {CHECK} prints the DDL). A running release is untouched. "
        f"The check is made again when another revision serves, or Job {name} is deleted.",
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
