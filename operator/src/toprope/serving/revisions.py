"""Revisions: what each one runs, rendered once and applied again from its ControllerRevision ever after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import moment
from toprope.core.decision import CreateOnce
from toprope.core.frozen import RENDERED_BY, facts_of, frozen, thawed
from toprope.core.names import COMPONENT, REVISION
from toprope.core.objects import CONTROLLER_REVISION, DEPLOYMENT, JOB, Manifest, annotations_of, labels_of
from toprope.core.resource import Resource, image_of
from toprope.delivery.machine.moved import lives
from toprope.delivery.machine.reasons import Reason as Moved
from toprope.delivery.machine.rollout import Phase, Rollout, Trouble
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.spec import RevisionStatus, RolloutStatus
from toprope.serving import places
from toprope.serving.needs import Needs, needs_of
from toprope.serving.reasons import Fact, Reason
from toprope.serving.seen import Seen
from toprope.serving.workload import workload_of

REMEMBERED = 5
"""Revisions that are not there any more and can still come back byte by byte."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One release made real."""

    name: str
    image: str
    version: str
    """What the status shows: the tag, or the whole image where the user named one."""
    deployment: Manifest
    job: Manifest
    record: Manifest
    """The ControllerRevision; without a UID it has yet to be made."""

    @property
    def birth(self) -> list[CreateOnce]:
        """What makes the record, empty when it is there."""
        return [] if "uid" in self.record["metadata"] else [CreateOnce(self.record)]


def revision(resource: Resource, seen: Seen, name: str, wanted: str) -> Revision | None:
    """The revision of that name: from its record, or rendered today when it is the one that the spec wants.

    None for one whose record is gone: what runs of it stays as it is.
    """
    record = seen.child(CONTROLLER_REVISION, places.name(resource, places.WEB, name))
    if record is None and name == wanted:
        record = rendered_today(resource, name)
    return _read(name, record) if record else None


def needs(revision: Revision | None, live: Manifest | None) -> Needs:
    """What a revision stands on, by its record; where that is gone, by its `live` Deployment."""
    rendered = (revision.job, revision.deployment) if revision else (live,)
    return needs_of(*(one for one in rendered if one))


def rendered_today(resource: Resource, name: str) -> Manifest:
    """The record of today's spec, as this operator renders it."""
    version = _version(resource, name)
    workload = workload_of(resource)
    image = resource.spec.image or image_of(resource.installation, workload.name, version)
    manifests = list(workload.rendered(resource, name, image))
    facts = {"image": image, "version": resource.spec.image or version}
    return frozen(resource, places.name(resource, places.WEB, name), places.WEB, manifests, name, facts)


def _version(resource: Resource, name: str) -> str:
    """A version left open is the operator's; a serving revision that lost its record keeps the one it serves."""
    revisions = resource.status.revision
    if resource.spec.version is None and revisions and revisions.stable == name and resource.status.version:
        return str(resource.status.version)
    return resource.spec.version or resource.installation.version


def _read(name: str, record: Manifest) -> Revision:
    manifests = {manifest["kind"]: manifest for manifest in thawed(record)}
    facts = facts_of(record)
    return Revision(name, facts["image"], facts["version"], manifests[DEPLOYMENT.kind], manifests[JOB.kind], record)


def remembered(resource: Resource, seen: Seen, alive: Iterable[str]) -> list[Manifest]:
    """Records of revisions that are not alive and may come back: those that served last, then the newest ones of those
    that never did."""
    living = set(alive)
    records = [
        one
        for one in seen.all_of(CONTROLLER_REVISION)
        if labels_of(one).get(COMPONENT) == places.WEB and labels_of(one).get(REVISION) not in living
    ]
    newest = sorted(records, key=lambda one: str(one["metadata"]["creationTimestamp"]), reverse=True)
    served = rollout_of(resource).served
    ages = {name: age for age, name in enumerate(served)}
    return sorted(newest, key=lambda one: ages.get(labels_of(one).get(REVISION, ""), len(served)))[:REMEMBERED]


def outdated(resource: Resource, serving: Revision, wanted: str) -> Fact | None:
    """Whether this operator would render the serving revision differently; unknown while another one is wanted."""
    born_by = annotations_of(serving.record).get(RENDERED_BY)
    if serving.name != wanted or born_by == resource.installation.version:
        return None
    today = rendered_today(resource, wanted)
    if thawed(today) == [serving.deployment, serving.job]:
        return None
    return Fact(
        Reason.RENDERED_EARLIER,
        f"Revision {serving.name} runs as operator {born_by} rendered it; operator {resource.installation.version} "
        f"renders the next release differently. Nothing restarts until then; {_way_to_move(resource)} to move now.",
    )


def _way_to_move(resource: Resource) -> str:
    """What makes a new revision of the same release."""
    if resource.spec.image:
        return "name the same image another way in spec.image, as by its digest,"
    if resource.spec.version == resource.installation.version:
        return f"change a field that makes a new revision, as {workload_of(resource).setting},"
    return f"set spec.version to {resource.installation.version}"


def rollout_of(resource: Resource) -> Rollout:
    """The rollout as the status has it."""
    revisions = resource.status.revision or RevisionStatus()
    rollout = resource.status.rollout or RolloutStatus()
    return Rollout(
        stable=revisions.stable,
        candidate=revisions.candidate,
        retiring=revisions.retiring,
        served=tuple(revisions.served or ()),
        phase=_phase(rollout),
        since=_moment(rollout.since),
        reason=rollout.reason or Moved.RELEASED,
        message=rollout.message or "",
        cause=Trouble(rollout.cause.reason, rollout.cause.message) if rollout.cause else None,
        step=rollout.step or 0,
        weight=parts_of(rollout.weight or "0%"),
        stepped=_moment(rollout.stepped),
        routed=_moment(rollout.routed),
        retried=rollout.retried,
        earlier_orders=tuple(rollout.earlier_orders or ()),
        unready_since=_moment(rollout.unready_since),
        alone_since=_moment(rollout.alone_since),
        undecided_since=_moment(rollout.undecided_since),
        looked_at=_moment(rollout.looked_at),
        began=_moment(rollout.began),
    )


def _phase(rollout: RolloutStatus) -> Phase:
    """A phase that a newer operator wrote, and this one does not know, tells it nothing: the revisions do, and a
    candidate with requests is taken back."""
    if rollout.phase in list(Phase):
        return Phase(rollout.phase)
    return Phase.ROLLING_BACK if rollout.weight else Phase.IDLE


def _moment(text: str | None) -> datetime | None:
    return moment(text) if text else None


def alive(before: Rollout, after: Rollout) -> list[str]:
    """Every revision that the status as read or as it will be speaks of: none goes before its end is written down."""
    names = (name for one in (before, after) for name in (one.stable, lives(one), one.retiring))
    return list(dict.fromkeys(name for name in names if name))
