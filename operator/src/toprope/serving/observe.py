"""One look at the world: children from the store, Secrets directly, pods only when something is not well.

Before a farewell the data is read directly too.
"""

import asyncio
from collections.abc import Iterator, Sequence

from toprope.core.names import DATA
from toprope.core.objects import (
    CLAIM,
    CNPG_CLUSTER,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    JOB,
    POD,
    SECRET,
    Manifest,
    Ref,
    labels_of,
)
from toprope.core.resource import Resource, owned_by
from toprope.delivery.probes import Probed
from toprope.delivery.trial import Looked
from toprope.ports import Cluster, Sources
from toprope.serving import jobs, places
from toprope.serving.probing import probing as probing_of
from toprope.serving.reasons import asks_for_pods
from toprope.serving.render.cloud_native_pg import ROLES
from toprope.serving.revisions import alive, needs, revision, rollout_of
from toprope.serving.seen import Children, Seen
from toprope.serving.sharing import is_about_to_share
from toprope.serving.status import ServedStatus
from toprope.serving.trial import trial as trial_of
from toprope.serving.troubles import ready_pods
from toprope.serving.workload import entries, user_secrets


async def observe(resource: Resource, cluster: Cluster, sources: Sources) -> Seen:
    """Everything that a pass needs, read once. The candidate is asked about first: it is looked at for as long as
    somebody asks, also while the API server answers nobody."""
    rollout, measured = rollout_of(resource), sources.metrics.of(resource)
    trial, probing = trial_of(resource, rollout, sources.at, measured), probing_of(resource, rollout)
    looked = sources.now.of(resource, trial) if trial else Looked()
    probed = sources.probes.of(resource, probing) if probing else Probed()
    children = _children(resource, cluster)
    if resource.deleting:
        children = {**children, **await _held(resource, cluster)}
    secrets, pods, endpoints = await asyncio.gather(
        _secrets(resource, children, cluster),
        _pods(resource, children, cluster),
        _endpoints(resource, children, cluster),
    )
    return Seen(children, secrets, pods, endpoints, measured, looked, probed)


def _children(resource: Resource, cluster: Cluster) -> Children:
    found = cluster.children(resource.namespace, resource.labels)
    return {
        (child["kind"], child["metadata"]["name"]): child
        for child in found
        if owned_by(resource, child) or DATA in labels_of(child)
    }


async def _held(resource: Resource, cluster: Cluster) -> Children:
    """The data as the API server has it: a farewell has no second look at what a watch has yet to tell of."""
    name = places.name(resource, places.DATABASE)
    read = [await cluster.read(Ref(collection, resource.namespace, name)) for collection in (CLAIM, CNPG_CLUSTER)]
    return {(one["kind"], name): one for one in read if one is not None}


async def _secrets(resource: Resource, children: Children, cluster: Cluster) -> dict[str, Manifest]:
    names = list(dict.fromkeys([*secret_names(resource), *_needed_by_the_living(resource, Seen(children))]))
    read = await asyncio.gather(*(cluster.read(Ref(SECRET, resource.namespace, name)) for name in names))
    return {name: secret for name, secret in zip(names, read, strict=True) if secret is not None}


def secret_names(resource: Resource) -> Sequence[str]:
    """The Secrets of the spec whose presence decides something."""
    names = [places.name(resource, places.CREDENTIALS)]
    if resource.spec.database.cloud_native_pg:
        names += [places.login_name(resource, role) for role in ROLES]
    names += user_secrets(resource)
    return list(dict.fromkeys(names))


def _needed_by_the_living(resource: Resource, seen: Seen) -> Iterator[str]:
    rollout = rollout_of(resource)
    for name in alive(rollout, rollout):
        live = seen.child(DEPLOYMENT, places.name(resource, places.WEB, name))
        yield from (secret.name for secret in needs(revision(resource, seen, name, ""), live).secrets)


async def _pods(resource: Resource, children: Children, cluster: Cluster) -> Sequence[Manifest]:
    told = _is_unwell(resource.status) or _has_news_of_failure(resource, children)
    if not (told or is_about_to_share(resource, rollout_of(resource))):
        return ()
    return await cluster.find(POD, resource.namespace, resource.labels)


def _is_unwell(status: ServedStatus) -> bool:
    return asks_for_pods(condition.reason for condition in status.conditions)


def _has_news_of_failure(resource: Resource, children: Children) -> bool:
    counted = {attempts.failed_job for attempts in (*entries(resource), resource.status.credentials) if attempts}
    failed = [child for (kind, _), child in children.items() if kind == JOB.kind and jobs.state(child) == jobs.FAILED]
    return any(job["metadata"]["uid"] not in counted for job in failed)


async def _endpoints(resource: Resource, children: Children, cluster: Cluster) -> frozenset[str]:
    """Only a candidate whose pods are ready is worth the request, for traffic may move to it; and one that has
    requests, for nobody may be there to answer them."""
    candidate = resource.status.revision and resource.status.revision.candidate
    if not candidate:
        return frozenset()
    service = places.name(resource, places.WEB, candidate)
    deployment = children.get((DEPLOYMENT.kind, service))
    if not (ready_pods(deployment) or rollout_of(resource).weight):
        return frozenset()
    slices = await cluster.find(ENDPOINT_SLICE, resource.namespace, {"kubernetes.io/service-name": service})
    return frozenset({service} if any(_has_ready(one) for one in slices) else ())


def _has_ready(endpoint_slice: Manifest) -> bool:
    endpoints = endpoint_slice.get("endpoints") or ()
    return any((endpoint.get("conditions") or {}).get("ready", True) for endpoint in endpoints)
