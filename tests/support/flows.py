"""Evaluates NetworkPolicies over flows: who may open a connection to whom, as a cluster that enforces them would."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a flow: a pod, or something outside the cluster when it has no labels."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    outside: bool = False


def allowed(policies: Iterable[Policy], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether both ends let the connection through."""
    listed = list(policies)
    flow = (port, protocol)
    return _lets(listed, "Egress", source, target, flow) and _lets(listed, "Ingress", target, source, flow)


def _lets(policies: list[Policy], direction: str, subject: End, peer: End, flow: tuple[int, str]) -> bool:
    """An end that no policy of this direction selects lets everything through; else one rule must allow it."""
    selecting = [one for one in policies if _selects(one, direction, subject)]
    if not selecting:
        return True
    rules = (rule for one in selecting for rule in one["spec"].get(direction.lower()) or ())
    return any(_rule_allows(rule, direction, subject, peer, flow) for rule in rules)


def _selects(policy: Policy, direction: str, subject: End) -> bool:
    spec = policy["spec"]
    is_here = policy["metadata"]["namespace"] == subject.namespace and not subject.outside
    return is_here and direction in spec["policyTypes"] and _matches(spec["podSelector"], subject.labels)


def _rule_allows(rule: Mapping[str, Any], direction: str, subject: End, peer: End, flow: tuple[int, str]) -> bool:
    peers = rule.get("to" if direction == "Egress" else "from")
    ports = rule.get("ports")
    is_peer = not peers or any(_is_peer(one, subject.namespace, peer) for one in peers)
    return is_peer and (not ports or any(_is_port(one, flow) for one in ports))


def _is_peer(said: Mapping[str, Any], own_namespace: str, peer: End) -> bool:
    if peer.outside:
        return False
    if "namespaceSelector" in said:
        here = _matches(said["namespaceSelector"], {"kubernetes.io/metadata.name": peer.namespace})
    else:
        here = peer.namespace == own_namespace
    return here and _matches(said.get("podSelector", {}), peer.labels)


def _is_port(said: Mapping[str, Any], flow: tuple[int, str]) -> bool:
    port, protocol = flow
    return bool(said.get("protocol", "TCP") == protocol and said.get("port", port) == port)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    exact = (selector.get("matchLabels") or {}).items() <= labels.items()
    among = (labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions") or ())
    return exact and all(among)
