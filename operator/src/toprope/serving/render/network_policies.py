"""Who may talk to whom. Everything that is not said here is refused: each pod is selected in both directions.

    gateways' namespaces ─8000──► web ──5432──► database
    own namespace ───────8000──►  │  └──6379──► cache ◄──6379── rotate
    operator, monitoring ─9090──►─┘             database ◄─5432─ Jobs
    operator ────────────8000──► web of candidate and stable, while these are probed

and DNS for the pods that call by name. To a part outside the cluster any TCP port is open: its address stands in a
Secret that only the pods read.
"""

from typing import Any
from urllib.parse import urlsplit

from toprope.core.names import COMPONENT, REVISION, owner_labels
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.needs import Needs
from toprope.serving.places import CACHE, CACHE_PORT, DATABASE, DATABASE_PORT, ROTATE, WEB
from toprope.serving.workload import workload_of

Peer = dict[str, Any]
Rule = dict[str, Any]

# To anywhere: a node-local DNS cache has an address of the node and no pod that a selector could name.
_DNS: Rule = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
_ANY_TCP: Rule = {"ports": [{"protocol": "TCP"}]}


def network_policies(resource: Resource, needs: Needs) -> list[dict[str, Any]]:
    """All policies of a resource. `needs` are those of all revisions that live: one policy is for the pods of all."""
    policies = [_web(resource, needs), _jobs(resource, needs)]
    if resource.spec.database.embedded:
        policies.append(_part(resource, DATABASE, DATABASE_PORT, _callers(resource)))
    if resource.spec.database.cloud_native_pg:
        policies.append(_cloud_native_pg(resource))
    if needs.own_cache:
        policies.append(_part(resource, CACHE, CACHE_PORT, (WEB, ROTATE)))
    return policies


def of_probes(resource: Resource, candidate: str, stable: str) -> dict[str, Any]:
    """Lets probes come to the pods of both. The gateway would do for them only where there is one, by an address and
    certificates that the operator need not know; so the operator comes itself, and to nobody but these pods."""
    operator = [_namespace(resource.installation.namespace)]
    either = {"key": REVISION, "operator": "In", "values": sorted((candidate, stable))}
    pods = {"matchLabels": places.selector(resource, WEB), "matchExpressions": [either]}
    return _policy(resource, "probes", pods, ingress=[_from(operator, places.HTTP_PORT)])


def _web(resource: Resource, needs: Needs) -> dict[str, Any]:
    installation = resource.installation
    namespaces = [_namespace(resource.namespace)]
    if resource.spec.traffic:
        gateway = resource.spec.traffic.gateway.namespace or resource.namespace
        namespaces += map(_namespace, (gateway, *installation.gateway_namespaces))
    watchers = [_namespace(installation.namespace), _namespace(installation.monitoring_namespace)]
    return _policy(
        resource,
        WEB,
        _pods(resource, WEB),
        ingress=[_from(_distinct(namespaces), places.HTTP_PORT), _from(_distinct(watchers), places.OPS_PORT)],
        egress=[_DNS, *_to_database(resource), *_to_caches(resource, needs), *_to_traces(needs)],
    )


def _jobs(resource: Resource, needs: Needs) -> dict[str, Any]:
    either = {"key": COMPONENT, "operator": "In", "values": list(_callers(resource)[1:])}
    labels = owner_labels(resource.ref.resource.kind, resource.name)
    selector = {name: value for name, value in labels.items() if name.startswith("toprope.dev/")}
    pods = {"matchLabels": selector, "matchExpressions": [either]}
    own_cache = [_to_own_cache(resource)] if needs.own_cache else []
    calls: list[Rule] = [{"ports": [_port(port)]} for port in workload_of(resource).calls(resource.spec)]
    egress = [_DNS, *_to_database(resource), *own_cache, *calls]
    return _policy(resource, "jobs", pods, ingress=[], egress=egress)


def _callers(resource: Resource) -> tuple[str, ...]:
    """Who talks to the database: web pods, and the Jobs."""
    return WEB, workload_of(resource).preparing.component, ROTATE


def _part(resource: Resource, component: str, port: int, callers: tuple[str, ...]) -> dict[str, Any]:
    peers = [{"podSelector": _pods(resource, caller)} for caller in callers]
    return _policy(resource, component, _pods(resource, component), ingress=[_from(peers, port)], egress=[])


def _cloud_native_pg(resource: Resource) -> dict[str, Any]:
    """Its pods are CloudNativePG's: their own operator asks for their status (8000) from a namespace that we do not
    know, and they follow one another."""
    pods = {"matchLabels": {"cnpg.io/cluster": places.name(resource, DATABASE)}}
    callers = [{"podSelector": _pods(resource, caller)} for caller in _callers(resource)]
    return _policy(
        resource,
        DATABASE,
        pods,
        ingress=[
            _from([*callers, {"podSelector": pods}], DATABASE_PORT),
            _from([{"namespaceSelector": {}}], 8000),
            _from([_namespace(resource.installation.monitoring_namespace)], 9187),
        ],
    )


def _to_database(resource: Resource) -> list[Rule]:
    database = resource.spec.database
    if database.external:
        return [_ANY_TCP]
    if database.cloud_native_pg:
        pods = {"matchLabels": {"cnpg.io/cluster": places.name(resource, DATABASE)}}
    else:
        pods = _pods(resource, DATABASE)
    return [{"to": [{"podSelector": pods}], "ports": [_port(DATABASE_PORT)]}]


def _to_caches(resource: Resource, needs: Needs) -> list[Rule]:
    return [*([_to_own_cache(resource)] if needs.own_cache else []), *([_ANY_TCP] if needs.other_cache else [])]


def _to_own_cache(resource: Resource) -> Rule:
    return {"to": [{"podSelector": _pods(resource, CACHE)}], "ports": [_port(CACHE_PORT)]}


def _to_traces(needs: Needs) -> list[Rule]:
    urls = map(urlsplit, needs.traces)
    return [{"ports": [_port(url.port or (443 if url.scheme == "https" else 80))]} for url in urls]


def _pods(resource: Resource, component: str) -> Peer:
    return {"matchLabels": places.selector(resource, component)}


def _namespace(name: str) -> Peer:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _from(peers: list[Peer], port: int) -> Rule:
    return {"from": peers, "ports": [_port(port)]}


def _port(port: int) -> dict[str, Any]:
    return {"port": port, "protocol": "TCP"}


def _distinct(peers: list[Peer]) -> list[Peer]:
    return [peer for index, peer in enumerate(peers) if peer not in peers[:index]]


def _policy(
    resource: Resource,
    component: str,
    pods: dict[str, Any],
    *,
    ingress: list[Rule],
    egress: list[Rule] | None = None,
) -> dict[str, Any]:
    """Empty rules say that nothing is allowed, and that what somebody adds is not ours. Without `egress` nothing is
    said about calls to others."""
    outward = {} if egress is None else {"egress": egress}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": places.metadata(resource, component),
        "spec": {
            "podSelector": pods,
            "policyTypes": ["Ingress", *(["Egress"] if outward else [])],
            "ingress": ingress,
            **outward,
        },
    }
