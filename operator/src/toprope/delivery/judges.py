"""Which SLOs may judge a candidate: those of the resource that are counted as requests come."""

from collections.abc import Mapping

from toprope.core.faults import Misplaced
from toprope.delivery.spec import RolloutSpec

_IS_ONE = "has(self.slos) && self.slos.exists(s, s.name == name && !has(s.ratio))"
JUDGES = (
    f"!has(self.rollout.gate.slos) || self.rollout.gate.slos.all(name, {_IS_ONE})",
    "rollout.gate.slos names SLOs of spec.slos that are counted as requests come: no ratio; left out, all those judge",
)
"""For the model of a whole spec."""


def refuse_strangers(rollout: RolloutSpec, is_counted: Mapping[str, bool]) -> None:
    """The same for files that never meet an API server. `is_counted` has the resource's SLOs by name: whether each is
    counted as requests come."""
    for index, name in enumerate(rollout.gate.slos):
        if not is_counted.get(name):
            why = (
                "is a ratio, which is not counted as requests come" if name in is_counted else "is no SLO of spec.slos"
            )
            raise Misplaced(("rollout", "gate", "slos", index), f"{why}: {_choices(is_counted)}")


def _choices(is_counted: Mapping[str, bool]) -> str:
    judges = [name for name, counted in is_counted.items() if counted]
    return f"write {' or '.join(judges)}" if judges else "leave gate.slos out"
