"""How a release would be rolled out: strategy, steps as far as the error budgets pay for them, gate and freeze."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from toprope.cli.manifest import Written
from toprope.cli.rollout.reading import Reading, reading
from toprope.delivery.gate.rules import Rules
from toprope.delivery.machine.facts import hold_of, next_weight
from toprope.delivery.machine.rollout import WHOLE, Policy, Rollout
from toprope.delivery.policy import rules_of
from toprope.delivery.sizing import Figures, Paid, Purse, least, paid
from toprope.slo.budget import State
from toprope.slo.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Rolling:
    """A rollout to come."""

    strategy: str
    steps: Sequence[tuple[int, timedelta]]
    """Weights, in parts of WHOLE, and how long each is held at least."""
    held: str
    """Why it gets no further than the last of these, as a sentence; empty where it gets all requests."""
    policy: Policy
    judges: Sequence[str]
    """The SLOs of its gate."""
    burn: str
    """How fast a bad candidate burns its budget."""
    freezes: bool
    """Whether it waits for a spent budget."""
    spent: Sequence[str]
    """The SLOs whose budget is spent now."""


def rolling(written: Written, one: Reading, per_second: float) -> Rolling:
    """Of a release that comes beside what lives, at so many requests a second."""
    spec, rules = written.resource.spec.rollout, _rules(written)
    asked = _asked(written, one)
    decides = least([each for each in _paid(written, one, rules, per_second) if spec.freeze != "Never" or each.given])
    is_bound = decides is not None and asked.steps and not spec.steps
    policy = replace(asked, most=decides.most, most_message=decides.message) if is_bound and decides else asked
    steps = list(_steps(policy))
    is_whole = not policy.steps or next_weight(Rollout(weight=steps[-1][0] if steps else 0), policy) == WHOLE
    return Rolling(
        strategy=spec.strategy or ("Canary" if rules else "Immediate"),
        steps=steps,
        held="" if is_whole else policy.most_message,
        policy=policy,
        judges=sorted(rules) if policy.is_judged else (),
        burn=spec.gate.fail_burn_rate,
        freezes=spec.freeze != "Never",
        spent=[slo.name for slo in one.slos if slo.state == State.EXHAUSTED or _was_spent(slo)],
    )


def _was_spent(slo: Any) -> bool:
    """Not to see one that was spent is no recovery."""
    return slo.state == State.NO_DATA and slo.exhausted_since is not None


def _rules(written: Written) -> dict[str, Rules]:
    spec = written.resource.spec
    return rules_of(spec.rollout, {slo.name: slo.objective for slo in spec.slos if slo.has_now})


def _asked(written: Written, one: Reading) -> Policy:
    """As the file's spec has it, in the shares that can be had beside the pods of now."""
    spec = written.resource.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    status = {key: value for key, value in (one.live.get("status") or {}).items() if key != "rollout"}
    return reading(one.kind, {**one.live, "spec": spec, "status": status}).policy


def _paid(written: Written, one: Reading, rules: dict[str, Rules], per_second: float) -> Iterator[Paid]:
    """What is left of each budget is what the status says of it; of one that it does not know, all."""
    share = float(Decimal(written.resource.spec.rollout.gate.budget_share.removesuffix("%")) / 100)
    remaining = {slo.name: float(slo.budget_remaining or 1) for slo in one.slos}
    for each in written.rule_sets:
        if each.ruled and each.slo.name in rules:
            left = Forecast(each.ruled, per_second).events * max(remaining.get(each.slo.name, 1.0), 0.0)
            yield paid(Purse(each.slo.name, rules[each.slo.name], Figures(left, per_second), share))


def _steps(policy: Policy) -> Iterator[tuple[int, timedelta]]:
    weight = 0
    while policy.steps and weight < (after := next_weight(Rollout(weight=weight), policy)) < WHOLE:
        weight = after
        yield weight, hold_of(Rollout(weight=weight), policy)
