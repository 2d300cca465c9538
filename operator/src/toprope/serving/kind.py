"""What all kinds that serve touch, and show in `kubectl get`."""

from toprope.core.objects import (
    AUTOSCALER,
    CLAIM,
    CNPG_CLUSTER,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    ENDPOINT_SLICE,
    HTTP_ROUTE,
    JOB,
    NETWORK_POLICY,
    POD,
    POD_MONITOR,
    PROMETHEUS_RULE,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from toprope.kind import Column, Touched

_WATCHED = ("get", "list", "watch")
# A server-side apply that makes an object needs both `create` and `patch`.
_KEPT = (*_WATCHED, "create", "patch")
_CHILD = (*_KEPT, "delete")

COLUMNS = (
    Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', "Whether the service answers."),
    Column("URL", "string", ".status.url", "Where the service answers."),
    Column("Revision", "string", ".status.revision.stable", "The revision that serves."),
    Column("Rollout", "string", ".status.rollout.phase", "Where the newest release stands."),
    Column("Weight", "string", ".status.rollout.weight", "The newest release's share of the requests."),
    Column("Budget", "string", ".status.budget", "Share of the error budget that the worst SLO has left."),
    Column("Version", "string", ".status.version", "What the serving revision runs.", wide=True),
    Column("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', "Why it is ready or not.", wide=True),
    Column("Age", "date", ".metadata.creationTimestamp", "How long the resource has been there."),
)

TOUCHES = (
    Touched(SECRET, ("get", "create", "patch", "delete")),
    Touched(CLAIM, _CHILD),
    # Records are made once; they get back the labels that somebody took.
    Touched(CONTROLLER_REVISION, _CHILD),
    # They stay as long as the resource, and go with it.
    *(Touched(one, _KEPT) for one in (STATEFUL_SET, SERVICE_ACCOUNT)),
    *(
        Touched(one, _CHILD)
        for one in (DEPLOYMENT, JOB, SERVICE, AUTOSCALER, DISRUPTION_BUDGET, NETWORK_POLICY, CONFIG_MAP)
    ),
    Touched(HTTP_ROUTE, _CHILD, optional=True),
    Touched(POD_MONITOR, _KEPT, optional=True),
    Touched(PROMETHEUS_RULE, _CHILD, optional=True),
    Touched(CNPG_CLUSTER, _KEPT, optional=True),
    Touched(POD, ("list",)),
    Touched(ENDPOINT_SLICE, ("list",)),
)
