"""What the operator may do, no more than its kinds say they do.

Per own kind: list and watch it, patch it (the finalizer), write its status, and own its children with
`blockOwnerDeletion` (clusters that enforce owner permissions ask for `update` on its finalizers). Per child: the verbs
of `Kind.touches`. Besides these only Events and, where the whole cluster is watched, a look at the node of a pod that
has fallen silent. CRDs and namespaces are never read, so nothing is said of them; reading `/apis` is every account's
right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from toprope.core.names import FIELD_MANAGER
from toprope.core.objects import EVENT, LEASE, NODE
from toprope.kind import Kind

Rule = dict[str, list[str]]

_GROUP = "rbac.authorization.k8s.io"
_OWN_VERBS = ("get", "list", "watch", "patch")
_NODES = [{"apiGroups": [one.group], "resources": [one.plural], "verbs": ["get"]} for one in (NODE, LEASE)]
"""A release must not fail by the end of a machine."""


@dataclass(frozen=True, slots=True)
class Account:
    """The ServiceAccount that the operator runs under."""

    namespace: str
    name: str


def rules(kinds: Iterable[Kind]) -> list[Rule]:
    """The rules of a Role or ClusterRole for an operator of these kinds; collections used alike share one."""
    verbs: dict[tuple[str, str], set[str]] = defaultdict(set)
    verbs[EVENT.group, EVENT.plural].add("create")
    for kind in kinds:
        own = kind.resource
        verbs[own.group, own.plural].update(_OWN_VERBS)
        verbs[own.group, f"{own.plural}/status"].add("patch")
        verbs[own.group, f"{own.plural}/finalizers"].add("update")
        for touched in kind.touches:
            verbs[touched.resource.group, touched.resource.plural].update(touched.verbs)
    return _shared(verbs)


def _shared(verbs: dict[tuple[str, str], set[str]]) -> list[Rule]:
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, plural), allowed in sorted(verbs.items()):
        alike[group, tuple(sorted(allowed))].append(plural)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(allowed)}
        for (group, allowed), resources in alike.items()
    ]


def access(kinds: Sequence[Kind], account: Account, namespaces: Sequence[str]) -> list[dict[str, Any]]:
    """Role and binding for the whole cluster, or for each of `namespaces` when there are any."""
    allowed = rules(kinds)
    if not namespaces:
        return _granted([*allowed, *_NODES], account, {})
    return [manifest for namespace in namespaces for manifest in _granted(allowed, account, {"namespace": namespace})]


def _granted(allowed: list[Rule], account: Account, scope: dict[str, str]) -> list[dict[str, Any]]:
    prefix = "" if scope else "Cluster"
    metadata = {
        "name": account.name,
        **scope,
        "labels": {"app.kubernetes.io/name": FIELD_MANAGER, "app.kubernetes.io/component": "operator"},
    }
    subject = {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
    role = {"apiGroup": _GROUP, "kind": f"{prefix}Role", "name": account.name}
    return [
        {"apiVersion": f"{_GROUP}/v1", "kind": f"{prefix}Role", "metadata": metadata, "rules": allowed},
        {
            "apiVersion": f"{_GROUP}/v1",
            "kind": f"{prefix}RoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        },
    ]
