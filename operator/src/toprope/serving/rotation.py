"""Rotation of the generated credentials, asked for by the annotation `toprope.dev/rotate-credentials: <any new id>`.

    asked ──► every key gets a successor, <key>.next ──120 s──► Job brings the servers to the successors
                                                                  │ failed: again after a pause
                                                                  ▼ done
              successors take the keys' places, the id is written down

All of it stands on the Secret itself: its annotations say which id rotates since when, so that a pass that is killed
anywhere goes on. Within the 120 s every kubelet has brought the successors into the pods, which try both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from toprope.core.conditions import Condition, moment, timestamp
from toprope.core.decision import Amend, Apply
from toprope.core.names import COMPONENT, GROUP, ROTATE_CREDENTIALS, ROTATED
from toprope.core.objects import JOB, Manifest, annotations_of
from toprope.core.resource import Resource
from toprope.serving import jobs, places
from toprope.serving.data import amended
from toprope.serving.needs import needs_of
from toprope.serving.places import NEXT
from toprope.serving.reasons import Fact, Reason
from toprope.serving.render.credentials import api_key_head
from toprope.serving.render.job import rotation_mark
from toprope.serving.render.secrets import generated, rotated_keys
from toprope.serving.seen import Seen
from toprope.serving.status import CredentialsStatus
from toprope.serving.troubles import pods_trouble
from toprope.serving.workload import workload_of

CREDENTIALS_ROTATED = "CredentialsRotated"
ROTATING = f"{GROUP}/rotating"
"""Annotation of the Secret: id of the rotation that runs."""
SINCE = f"{GROUP}/rotating-since"
"""Annotation of the Secret: when its successors were made."""
SPREAD = timedelta(seconds=120)
"""Kubelets bring a changed Secret into running pods within about 90 s."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation needs of this pass."""

    status: CredentialsStatus | None = None
    actions: Sequence[Amend | Apply] = ()
    kept: Sequence[Manifest] = ()
    """Jobs that stay."""
    condition: Condition | None = None
    due: datetime | None = None
    """When the next step is due; None when a bell rings for it."""
    switches: bool = False
    """Whether servers are being brought to their new passwords right now: no migration starts meanwhile. Between two
    tries one may: the release that it belongs to may be the cure."""


@dataclass(frozen=True, slots=True)
class _At:
    """Where the rotation stands, as the Secret says."""

    resource: Resource
    secret: Manifest
    rotation_id: str
    since: datetime
    job: Manifest | None
    own_cache: bool
    """Whether the cache that Toprope runs is used, and its password has a successor."""
    before: CredentialsStatus
    renders: Callable[..., Manifest]
    """Makes the Job that changes the servers."""


def rotation(
    resource: Resource, seen: Seen, image: str | None, now: datetime, *, own_cache: bool, busy: bool
) -> Rotation:
    """The next step. `image` runs the Job, None when nothing serves yet; a migration that is `busy` goes first.

    `own_cache`: whether any living revision uses the cache that Toprope runs.
    """
    asked = resource.annotations.get(ROTATE_CREDENTIALS)
    secret = seen.secrets.get(places.name(resource, places.CREDENTIALS))
    renders = workload_of(resource).rotation
    if secret is None or renders is None:
        return Rotation()
    said = annotations_of(secret)
    running, since, rotated = said.get(ROTATING), said.get(SINCE), said.get(ROTATED)
    if running is None or since is None:
        return _idle(resource, secret, asked, rotated, now, own_cache=own_cache)
    name = places.name(resource, places.ROTATE, rotation_mark(running))
    job = seen.child(JOB, name)
    before = resource.status.credentials or CredentialsStatus()
    pods = seen.pods_of(places.ROTATE, rotation_mark(running))
    before = jobs.counted(before.model_copy(update={"rotating": running, "rotated": rotated}), job, pods, now)
    at = _At(
        resource,
        secret,
        running,
        moment(since),
        job,
        own_cache and places.CACHE_PASSWORD + NEXT in (secret.get("data") or {}),
        before,
        renders,
    )
    if now < at.since + SPREAD:
        return _waiting(at)
    if image is None:
        return _nothing_serves(at)
    if jobs.state(job) == jobs.SUCCEEDED:
        return _ended(at)
    return _switching(at, pods, image, now, busy=busy)


def _idle(
    resource: Resource, secret: Manifest, asked: str | None, rotated: str | None, now: datetime, *, own_cache: bool
) -> Rotation:
    status = CredentialsStatus(rotated=rotated) if rotated else None
    if not asked or asked == rotated:
        return Rotation(status, condition=_rotated(resource, rotated) if rotated else None)
    annotations = {ROTATING: asked, SINCE: timestamp(now)}
    # The time too: an id may come again after others, and a key that was revoked keeps its id for ever.
    heads = {places.API_KEY + NEXT: api_key_head(resource, f"{asked}/{timestamp(now)}")}
    patch = {"metadata": {"annotations": annotations}, "stringData": heads}
    begun = amended(secret, patch, tuple(key + NEXT for key in rotated_keys(resource, own_cache=own_cache)))
    fact = Fact(Reason.ROTATION_WAITING, f"Rotation {asked} begins: every credential gets a successor.")
    return Rotation(
        CredentialsStatus(rotated=rotated, rotating=asked),
        [begun],
        condition=fact.not_yet(CREDENTIALS_ROTATED),
        due=now,
    )


def _waiting(at: _At) -> Rotation:
    until = at.since + SPREAD
    fact = Fact(
        Reason.ROTATION_WAITING,
        f"Rotation {at.rotation_id}: the successors reach all pods until {timestamp(until)}, then the servers change.",
    )
    return Rotation(at.before, condition=fact.not_yet(CREDENTIALS_ROTATED), due=until)


def _nothing_serves(at: _At) -> Rotation:
    """A bell rings when a revision comes to serve, or its record comes back."""
    fact = Fact(
        Reason.ROTATION_WAITING,
        f"Rotation {at.rotation_id}: it waits for a revision that serves, whose image changes the servers.",
    )
    return Rotation(at.before, condition=fact.false(CREDENTIALS_ROTATED))


def _switching(at: _At, pods: Sequence[Manifest], image: str, now: datetime, *, busy: bool) -> Rotation:
    rendered = at.renders(at.resource, at.rotation_id, image, own_cache=at.own_cache)
    makes = at.job is None and not busy
    retries = jobs.is_due(at.before, at.job, now)
    return Rotation(
        at.before,
        actions=[Apply(rendered, serves=False)] if makes else (),
        kept=[at.job or rendered] if not retries else (),
        condition=_progress(at, pods),
        due=jobs.next_try(at.before, at.job),
        switches=makes or jobs.state(at.job) == jobs.RUNNING,
    )


def _progress(at: _At, pods: Sequence[Manifest]) -> Condition:
    name = places.name(at.resource, places.ROTATE, rotation_mark(at.rotation_id))
    if at.before.failures:
        failed = Fact(
            Reason.ROTATION_FAILED,
            f'Rotation {at.rotation_id} has failed {at.before.failures} times, last with "{at.before.message}" '
            f"(kubectl -n {at.resource.namespace} logs job/{name}). Old and new credentials work; it is tried again.",
        )
        return failed.false(CREDENTIALS_ROTATED)
    if trouble := pods_trouble(pods):
        return trouble.false(CREDENTIALS_ROTATED)
    running = Fact(Reason.ROTATION_RUNNING, f"Rotation {at.rotation_id}: Job {name} changes the servers.")
    return running.not_yet(CREDENTIALS_ROTATED)


def _ended(at: _At) -> Rotation:
    """The one place where credentials change: each key takes its successor's value, in one write.

    A cache that the Job did not change, since nobody used it then, keeps its password.
    """
    data = at.secret.get("data") or {}
    begun = [key for key in generated(at.resource) if key + NEXT in data]
    kept = set() if at.job and needs_of(at.job).own_cache else {places.CACHE_PASSWORD}
    successors = {key: data[key + NEXT] for key in begun if key not in kept}
    gone = {key + NEXT: None for key in begun}
    annotations = {ROTATED: at.rotation_id, ROTATING: None, SINCE: None}
    ended = amended(at.secret, {"metadata": {"annotations": annotations}, "data": {**successors, **gone}})
    return Rotation(
        CredentialsStatus(rotated=at.rotation_id),
        [ended],
        condition=_rotated(at.resource, at.rotation_id),
        due=at.since,
        switches=True,
    )


def _rotated(resource: Resource, rotation_id: str) -> Condition:
    told = f"Rotation {rotation_id} has ended; earlier credentials are void."
    if resource.spec.database.embedded:
        return Fact(Reason.ROTATED, told).true(CREDENTIALS_ROTATED)
    return Fact(Reason.ROTATION_NOT_OURS, f"{told} {_not_ours(resource)}").true(CREDENTIALS_ROTATED)


def _not_ours(resource: Resource) -> str:
    database = resource.spec.database
    if database.external:
        cure = f"change them in the database, then in Secret {database.external.secret_ref.name}"
    else:
        names = " and ".join(places.login_name(resource, role) for role in ("owner", "app"))
        cure = f"write new ones into the Secrets {names}: CloudNativePG takes them over"
    chosen = ",".join(f"{key}={value}" for key, value in {**resource.labels, COMPONENT: places.WEB}.items())
    return (
        f"The passwords of the database are not Toprope's to rotate; {cure}; then restart the web pods "
        f"(kubectl -n {resource.namespace} rollout restart deployment -l {chosen})."
    )
