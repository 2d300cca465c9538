"""Where web pods and Jobs may run. Every field makes a new revision."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from toprope.core.model import DnsName, SpecModel, ruled

_PREFIX = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
"""A DNS name."""
_LABEL_KEY = f"^({_PREFIX}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$"
LabelKey = Annotated[str, Field(pattern=_LABEL_KEY, max_length=253)]
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63)]


class Toleration(SpecModel):
    """A taint that the pods do not mind."""

    model_config = ConfigDict(
        json_schema_extra=ruled(
            (
                "self.operator == 'Exists' ? !has(self.value) : has(self.key)",
                "operator Equal needs a key; operator Exists takes no value",
            ),
            (
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds goes with effect NoExecute only",
            ),
        )
    )

    key: LabelKey | None = None
    """Key of the taint. Left out, with operator Exists: every taint."""

    operator: Literal["Exists", "Equal"] = "Equal"
    """Exists: any value. Equal: this value."""

    value: LabelValue | None = None
    """Value of the taint; left out, the empty one."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint. Left out: every effect."""

    toleration_seconds: Annotated[int, Field(ge=0, le=86400)] | None = None
    """Seconds that a pod stays on a node after a NoExecute taint came. Left out: for ever."""


class TopologySpread(SpecModel):
    """How evenly web pods of one revision spread over zones or nodes."""

    topology_key: LabelKey
    """Node label whose values are the domains, as `topology.kubernetes.io/zone`."""

    max_skew: Annotated[int, Field(ge=1, le=100)] = 1
    """Most pods that one domain may have more than another."""

    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"] = "ScheduleAnyway"
    """DoNotSchedule: a pod waits rather than spread badly."""


_LABEL_KEYS = (
    f"self.all(key, size(key) <= 253 && key.matches('{_LABEL_KEY}'))",
    "keys are names of node labels, as topology.kubernetes.io/zone",
)


class Scheduling(SpecModel):
    """Where web pods and the Jobs of a release may run."""

    node_selector: Annotated[dict[str, LabelValue], Field(max_length=16, json_schema_extra=ruled(_LABEL_KEYS))] = {}
    """Labels that a node must have."""

    tolerations: Annotated[
        list[Toleration], Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = []
    """Taints that the pods do not mind."""

    topology_spread: Annotated[
        list[TopologySpread],
        Field(
            max_length=4,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["topologyKey", "whenUnsatisfiable"],
            },
        ),
    ] = []
    """How evenly web pods spread; it says nothing of Jobs."""

    priority_class_name: DnsName | None = None
    """PriorityClass of the pods; it must exist."""
