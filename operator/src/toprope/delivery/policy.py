"""What the machine and the gate make of `spec.rollout`."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from toprope.delivery.gate.rules import Rules
from toprope.delivery.machine.rollout import OnUndecided, Policy, Step
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.probes import PROBES
from toprope.delivery.spec import RolloutSpec

LADDER = (Step(1000), Step(10_000), Step(50_000))
"""Where the spec names no steps."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def policy_of(spec: RolloutSpec, *, is_judged: bool) -> Policy:
    """How it is released: `is_judged` where an SLO can."""
    strategy = spec.strategy or ("Canary" if is_judged else "Immediate")
    if strategy == "Immediate":
        return Policy(ready_within=span_of(spec.ready_within))
    bluegreen = strategy == "BlueGreen"
    steps = tuple(Step(parts_of(one.weight), span_of(one.hold)) for one in spec.steps) or LADDER
    return Policy(
        steps=() if bluegreen else steps,
        probes=PROBES if bluegreen else 0,
        is_judged=is_judged,
        bake=span_of(spec.bake),
        ready_within=span_of(spec.ready_within),
        max_undecided=span_of(spec.gate.max_undecided),
        on_undecided=OnUndecided(spec.gate.on_undecided),
    )


def rules_of(spec: RolloutSpec, objectives: Mapping[str, str]) -> dict[str, Rules]:
    """The gate of each SLO that judges, by its name; `objectives` are those that are counted as requests come."""
    judging = {name: one for name, one in objectives.items() if not spec.gate.slos or name in spec.gate.slos}
    burn = float(spec.gate.fail_burn_rate)
    return {name: Rules(float(1 - Decimal(one) / 100), burn, len(judging)) for name, one in judging.items()}


def span_of(text: str) -> timedelta:
    """`90s`, `10m`, `6h`."""
    return timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])
