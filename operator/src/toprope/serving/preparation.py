"""What has to succeed once before a revision has any web pods: a Job, as a preparation of the database.

    no success in the status ──► Job ──Complete──► web pods, and success into the status
                                  ▲ ├─Failed──► count it, wait, delete ─┐
                                  │ └─Refused──► stays, until something else runs
                                  └─────────────────────────────────────┘

It is told what runs beside it by an annotation of its pods: the rest of the Job is as it was rendered at the birth of
its revision, and by then nobody knew. What its program refuses it would refuse again; so that is no try that failed.

A success that stands in the status is never run again, whatever happens to its Job. It is one with the data that it was
reached on: for an empty database that takes its place everything is prepared anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import moment, timestamp
from toprope.core.names import BESIDE
from toprope.core.objects import DEPLOYMENT, JOB, Manifest, annotations_of
from toprope.core.resource import Resource
from toprope.serving import data, jobs, places
from toprope.serving.reasons import Fact, Reason
from toprope.serving.seen import Seen
from toprope.serving.status import PreparationStatus
from toprope.serving.troubles import PATIENCE, pods_trouble
from toprope.serving.workload import entries, workload_of

NOBODY = "none"
"""Told to a Job beside which nothing runs: no revision is called so."""
NOBODY_KNOWS = ""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How far one revision is before it may have web pods."""

    before: PreparationStatus
    after: PreparationStatus
    job: Manifest | None
    """The live Job."""
    pods: Sequence[Manifest]
    beside: str
    """The revision that runs meanwhile, as the Job is told."""

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


def preparation_of(resource: Resource, seen: Seen, revision: str, now: datetime) -> Preparation:
    """The revision's preparation, with what this look found."""
    words = workload_of(resource).preparing
    before = {one.revision: one for one in known(resource, seen)}.get(revision) or words.entry(revision=revision)
    job = seen.child(JOB, places.name(resource, words.component, revision))
    pods = seen.pods_of(words.component, revision)
    beside = _running(resource, seen, revision)
    if before.succeeded_at is None and _is_done_by(job, resource, seen):
        success = words.entry(revision=revision, succeeded_at=timestamp(now), data_uid=_uid(resource, seen))
        return Preparation(before, success, job, pods, beside)
    return Preparation(before, jobs.counted(before, job, pods, now), job, pods, beside)


def known(resource: Resource, seen: Seen) -> list[PreparationStatus]:
    """What the status says of preparations, without the successes on data that is gone."""
    uid = _uid(resource, seen)
    gone = uid is None and not resource.spec.database.external
    return [_on(one, uid, gone=gone) if one.succeeded_at else one for one in entries(resource)]


def _on(success: PreparationStatus, uid: str | None, *, gone: bool) -> PreparationStatus:
    """Earlier operators did not write down the data of a success: it is taken to be what is there."""
    if gone or success.data_uid not in (None, uid):
        return type(success)(revision=success.revision)
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
    """The revision that runs meanwhile. Of a database of the user's nobody knows who else uses it."""
    stable = resource.status.revision and resource.status.revision.stable
    if stable and stable != revision and _has_run(resource, seen, stable):
        return str(stable)
    return NOBODY_KNOWS if resource.spec.database.external else NOBODY


def _has_run(resource: Resource, seen: Seen, revision: str) -> bool:
    """Web pods come after their preparation."""
    succeeded = {one.revision for one in known(resource, seen) if one.succeeded_at}
    return revision in succeeded or seen.child(DEPLOYMENT, places.name(resource, places.WEB, revision)) is not None


def _beside(job: Manifest | None) -> str:
    said: str = annotations_of(job["spec"]["template"]).get(BESIDE, NOBODY_KNOWS) if job else NOBODY_KNOWS
    return said


def told(frozen: Manifest, preparation: Preparation) -> Manifest:
    """The Job as it was frozen, told what runs beside it. A Job that is there keeps to what it was told: Kubernetes
    would let nobody change that."""
    beside = _beside(preparation.job) if preparation.job else preparation.beside
    if beside == NOBODY_KNOWS:
        return frozen
    template = frozen["spec"]["template"]
    metadata = {**template["metadata"], "annotations": {**annotations_of(template), BESIDE: beside}}
    return {**frozen, "spec": {**frozen["spec"], "template": {**template, "metadata": metadata}}}


def wants_job(preparation: Preparation, now: datetime, *, held: bool) -> bool:
    """Whether the Job should exist: not once it succeeded and went, not while its next try waits to be made, not when
    it succeeded on data that is gone or was refused beside what runs no more, and no new one while it is `held` back.
    """
    if preparation.job is None:
        return not preparation.done and not held
    if jobs.state(preparation.job) == jobs.SUCCEEDED:
        return preparation.done
    if jobs.is_refused(preparation.job):
        return preparation.refused
    return not jobs.is_due(preparation.after, preparation.job, now)


def obstacle(resource: Resource, preparation: Preparation, now: datetime) -> Fact | None:
    """What the revision's web pods still wait for; None when nothing has to be done before them."""
    words, revision = workload_of(resource).preparing, preparation.after.revision
    name = places.name(resource, words.component, revision)
    if preparation.done:
        return None
    if preparation.refused:
        return words.refused(resource, preparation.after, name)
    if preparation.after.failures:
        return words.failed(resource, preparation.after, name, _again(preparation))
    if trouble := pods_trouble(preparation.pods):
        return trouble
    job = preparation.job
    is_young = job is None or now - moment(job["metadata"]["creationTimestamp"]) < PATIENCE
    return Fact(
        Reason.STARTING if is_young else words.running,
        words.purpose(name, revision, job is not None),
    )


def _again(preparation: Preparation) -> str:
    at = jobs.retry_at(preparation.after)
    return "It is being tried again." if preparation.is_running or at is None else f"Next try: {timestamp(at)}."
