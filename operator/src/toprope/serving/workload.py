"""What a kind's pods run, and all that sets it apart from other kinds that are served in the same way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toprope.core.objects import Manifest
from toprope.core.resource import Resource
from toprope.serving.parts import cache_of
from toprope.serving.reasons import Fact, Reason
from toprope.serving.status import PreparationStatus


@dataclass(frozen=True, slots=True)
class Preparing:
    """What has to be done once before a revision has web pods, in the kind's words."""

    component: str
    """Of the Job that does it."""
    field: str
    """Of the kind's status: where the entries stand, one a revision."""
    entry: type[PreparationStatus]
    running: Reason
    """While it runs."""
    is_long: bool
    """Whether it may take as long as it takes, and no candidate is late for it."""
    purpose: Callable[[str, str, bool], str]
    """Says what the Job of that name does for a revision; whether it is there yet."""
    failed: Callable[[Resource, PreparationStatus, str, str], Fact]
    """Of a Job of that name that has failed, and when it is tried again, as a sentence."""
    refused: Callable[[Resource, PreparationStatus, str], Fact]
    """Of a Job of that name for which no other try can help."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One service, as a kind carries it."""

    name: str
    """Of its image."""
    routes: Mapping[str, tuple[str, ...]]
    """Published route → its templates, as the service itself publishes them."""
    probe: str
    """Path of a request that takes no key, changes nothing, and is answered by no memory: `{probe}` is its number."""
    setting: str
    """A field of the spec by which the same release makes another revision, as an example."""
    without_cache: str
    """How it goes on without its cache, as a sentence; empty: the kind has none."""
    preparing: Preparing
    revision_of: Callable[[Any], str]
    """The revision that a spec wants."""
    rendered: Callable[[Resource, str, str], Sequence[Manifest]]
    """What a revision consists of, with that image: the Deployment of its web pods, and its Job."""
    rotation: Callable[..., Manifest] | None = None
    """The Job that brings the servers to the passwords that wait beside the current ones; None: there is none, and
    nothing rotates."""
    user_secrets: Callable[[Any], Sequence[str]] = lambda spec: ()
    """Names of the user's Secrets in a spec, beside those of its parts."""
    calls: Callable[[Any], Sequence[int]] = lambda spec: ()
    """Ports outside the resource that the Jobs of a release call, beside those of its parts."""
    live: Callable[[Resource], Sequence[Manifest]] = lambda resource: ()
    """What takes effect at once, rendered from today's spec."""


def workload_of(resource: Resource) -> Workload:
    """What the pods of this resource run."""
    found: Workload = resource.workload
    return found


def user_secrets(resource: Resource) -> list[str]:
    """Names of all Secrets of the user's that today's spec names."""
    parts = (resource.spec.database, cache_of(resource.spec))
    named = [part.external.secret_ref.name for part in parts if part.external]
    return [*named, *workload_of(resource).user_secrets(resource.spec)]


def entries(resource: Resource) -> Sequence[PreparationStatus]:
    """What the status says of preparations, one a revision."""
    said: Sequence[PreparationStatus] = getattr(resource.status, workload_of(resource).preparing.field)
    return said
