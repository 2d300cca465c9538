"""Whether the service is well: what Ready says, and what a revision still waits for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import Condition
from toprope.core.objects import CNPG_CLUSTER, DEPLOYMENT, HTTP_ROUTE, SERVICE, STATEFUL_SET, Manifest
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.traffic import Acceptance, acceptance
from toprope.serving import places
from toprope.serving.needs import Needs, UserSecret
from toprope.serving.preparation import Preparation, obstacle
from toprope.serving.reasons import Fact, Reason
from toprope.serving.seen import Seen
from toprope.serving.troubles import Component, not_ready, ready_pods
from toprope.serving.workload import user_secrets, workload_of

Shares = Mapping[str, int]
"""Parts of WHOLE by revision; the one that is stable first."""

READY = "Ready"
ROUTE_ACCEPTED = "RouteAccepted"
CACHE_READY = "CacheReady"


@dataclass(frozen=True, slots=True)
class Look:
    """One resource at one moment."""

    resource: Resource
    seen: Seen
    now: datetime


def deployment_of(look: Look, revision: str) -> Manifest | None:
    """The live web Deployment of a revision."""
    return look.seen.child(DEPLOYMENT, places.name(look.resource, places.WEB, revision))


def secret_missing(look: Look, needs: Needs) -> Fact | None:
    """The first Secret of the user's that is not there, or lacks a key."""
    for secret in needs.secrets:
        missing = [key for key in secret.keys if key not in (look.seen.secrets.get(secret.name, {}).get("data") or {})]
        if missing:
            return _secret_missing(look, secret, missing)
    return None


def _secret_missing(look: Look, secret: UserSecret, missing: list[str]) -> Fact:
    is_named = secret.name in user_secrets(look.resource)
    lacks = "does not exist" if secret.name not in look.seen.secrets else f"lacks {' and '.join(missing)}"
    literals = " ".join(f"--from-literal={key}=…" for key in missing)
    return Fact(
        Reason.SECRET_MISSING,
        f"Secret {secret.name}, named {'' if is_named else 'earlier '}in {secret.field}.secretRef, {lacks}; "
        f"make it with kubectl -n {look.resource.namespace} create secret generic {secret.name} {literals}",
    )


def database_not_ready(look: Look) -> Fact | None:
    """Why the database that Toprope made does not answer; nothing is known of an external one."""
    resource, seen = look.resource, look.seen
    name = places.name(resource, places.DATABASE)
    if resource.spec.database.cloud_native_pg:
        return _cluster_not_ready(seen.child(CNPG_CLUSTER, name), name)
    if resource.spec.database.external:
        return None
    live, pods = seen.child(STATEFUL_SET, name), seen.pods_of(places.DATABASE, None)
    return not_ready(Component("database pods", Reason.DATABASE_NOT_READY, live, pods, 1), look.now)


def _cluster_not_ready(cluster: Manifest | None, name: str) -> Fact | None:
    status = (cluster or {}).get("status") or {}
    if status.get("readyInstances"):
        return None
    said = status.get("phase") or "CloudNativePG has said nothing about it; is its operator installed?"
    return Fact(Reason.DATABASE_NOT_READY, f"Cluster {name} has no ready instance: {said}")


def cache_not_ready(look: Look, needs: Needs) -> Fact | None:
    """Why the embedded cache does not answer, where it is used."""
    if not needs.own_cache:
        return None
    live = look.seen.child(DEPLOYMENT, places.name(look.resource, places.CACHE))
    pods = look.seen.pods_of(places.CACHE, None)
    return not_ready(Component("cache pods", Reason.CACHE_NOT_READY, live, pods, 1), look.now)


def web_not_ready(look: Look, revision: str, need: int) -> Fact | None:
    """Why fewer than `need` web pods of a revision are ready."""
    pods = look.seen.pods_of(places.WEB, revision)
    live = deployment_of(look, revision)
    return not_ready(Component("web pods", Reason.WEB_NOT_READY, live, pods, need), look.now)


def waits_for(look: Look, preparation: Preparation, needs: Needs, need: int) -> Fact | None:
    """What a revision still needs before it can take traffic, short of endpoints."""
    return (
        secret_missing(look, needs)
        or obstacle(look.resource, preparation, look.now)
        or web_not_ready(look, preparation.after.revision, need)
    )


def route(look: Look) -> Manifest | None:
    """The live HTTPRoute. One that an earlier operator called otherwise counts until the gateway lives by today's."""
    today, traffic = routed(look), look.resource.spec.traffic
    earlier = look.seen.child(HTTP_ROUTE, places.name(look.resource, places.WEB))
    return earlier if earlier and traffic and not acceptance(today, traffic).serves else today


def routed(look: Look) -> Manifest | None:
    """The live HTTPRoute of today's name."""
    return look.seen.child(HTTP_ROUTE, places.route_name(look.resource))


def accepted(look: Look) -> Acceptance | None:
    """What the gateway says of the route; None without traffic."""
    traffic = look.resource.spec.traffic
    return acceptance(route(look), traffic) if traffic else None


def is_routed(look: Look, shares: Shares, *, was: bool) -> bool:
    """Whether requests come to revisions in these shares, and the gateway agrees. Where that `was` so at the look
    before the gateway agrees for as long as it serves, whatever else of the route it has yet to look at."""
    said = accepted(look)
    agrees = said is None or said.accepted or (was and said.serves)
    return agrees and selects(look, plain_of(look, shares)) and doors_have(look, shares)


def doors_have(look: Look, shares: Shares) -> bool:
    """Whether the live doors have these shares: the route, or the plain Service where the spec asks for no route. The
    two are written one beside the other, and a kill may have come in between."""
    if look.resource.spec.traffic is None:
        return selects(look, plain_of(look, shares))
    return weights_of(route(look)) == backends(look, shares)


def backends(look: Look, shares: Shares) -> dict[str, int]:
    """The same by Service; who has no share is no backend, for some gateways send him requests all the same."""
    return {places.name(look.resource, places.WEB, one): weight for one, weight in shares.items() if weight}


def plain_of(look: Look, shares: Shares) -> str | None:
    """The revision that the plain Service selects; None: all. Beside a route that is who serves, listed first; else who
    has all the requests, or both: nothing but the Service can move them."""
    first, *others = shares
    if look.resource.spec.traffic or not others:
        return first
    return next((one for one in others if shares[one] == WHOLE), None)


def has_requests(look: Look, revision: str) -> bool:
    """Whether the live doors send anybody to a revision."""
    if look.resource.spec.traffic:
        return weights_of(route(look)).get(places.name(look.resource, places.WEB, revision), 0) > 0
    return selects(look, None) or selects(look, revision)


def door(look: Look) -> Manifest | None:
    """The live object that shares the requests: the route, or the plain Service without one."""
    plain = look.seen.child(SERVICE, places.name(look.resource, places.WEB))
    return routed(look) if look.resource.spec.traffic else plain


def selects(look: Look, revision: str | None) -> bool:
    """Whether the live plain Service selects the pods of a revision; None: of all."""
    service = look.seen.child(SERVICE, places.name(look.resource, places.WEB))
    wanted = places.selector(look.resource, places.WEB, revision)
    return service is not None and service["spec"].get("selector") == wanted


def weights_of(live: Manifest | None) -> dict[str, int]:
    """The Services that a route sends users' requests to, by its first rule, and the weight of each."""
    rules = ((live or {}).get("spec") or {}).get("rules") or ()
    backends = [one for rule in rules[:1] for one in rule.get("backendRefs") or ()]
    return {one["name"]: int(one.get("weight", 1)) for one in backends}


def conditions(look: Look, preparation: Preparation, needs: Needs) -> list[Condition]:
    """Ready, and what it is made of, for the revision that serves."""
    fact = secret_missing(look, needs) or database_not_ready(look) or waits_for(look, preparation, needs, 1)
    said, cache = accepted(look), cache_not_ready(look, needs)
    found = []
    if said:
        answer = Fact(said.reason, said.message)
        lives = answer.not_yet(ROUTE_ACCEPTED) if said.serves else answer.false(ROUTE_ACCEPTED)
        found.append(answer.true(ROUTE_ACCEPTED) if said.accepted else lives)
        fact = fact or (None if said.serves else answer)
    if cache:
        told = f"{cache.message} {workload_of(look.resource).without_cache}"
        found.append(Fact(cache.reason, told).false(CACHE_READY))
    ready = fact.false(READY) if fact else _serving(look, preparation.after.revision).true(READY)
    return [ready, *found]


def _serving(look: Look, revision: str) -> Fact:
    ready, least = ready_pods(deployment_of(look, revision)), look.resource.spec.replicas.min
    message = f"Revision {revision} serves with {ready} web pod{'s' if ready > 1 else ''}."
    if ready < least:
        return Fact(Reason.SERVING_PARTLY, f"{message} replicas.min asks for {least}.")
    return Fact(Reason.SERVING, message)
