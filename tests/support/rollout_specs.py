"""`spec.rollout` by the hundred, and what can be wrong with it."""

from collections.abc import Mapping
from random import Random
from typing import Any

Spec = dict[str, Any]
_SPANS = ("1s", "90s", "10m", "999999h")
_JUDGE: Spec = {"name": "a", "objective": "99", "availability": {}}
_RATIO: Spec = {"name": "a", "objective": "99", "ratio": {"bad": "x", "total": "y"}}


def rollout(one: Random, slos: list[Spec]) -> Spec:
    """A valid one, beside these SLOs."""
    strategy = one.choice(["Canary", "BlueGreen", "Immediate"])
    fields = {
        "strategy": strategy,
        "steps": [] if strategy == "BlueGreen" else _steps(one),
        "gate": _gate(one, [slo["name"] for slo in slos if "ratio" not in slo]),
        "freeze": one.choice(["WhenExhausted", "Never"]),
        "readyWithin": one.choice(_SPANS),
        "bake": one.choice([*_SPANS, "0s"]),
    }
    return {name: value for name, value in fields.items() if one.random() < 0.7}


def _steps(one: Random) -> list[Spec]:
    weights = one.sample(["0.001%", "0.5%", "1%", "02%", "9.99%", "10%", "50%", "99.999%"], one.randint(0, 8))
    rising = sorted(weights, key=lambda weight: float(weight.removesuffix("%")))
    return [{"weight": weight, **one.choice([{}, {"hold": one.choice([*_SPANS, "0s"])}])} for weight in rising]


def _gate(one: Random, judges: list[str]) -> Spec:
    fields = {
        "slos": one.sample(judges, one.randint(0, len(judges))),
        "failBurnRate": one.choice(["1.01", "2", "4", "14.4", "999.99"]),
        "budgetShare": one.choice(["0%", "0.5%", "10%", "100%"]),
        "maxUndecided": one.choice(_SPANS),
        "onUndecided": one.choice(["Hold", "RollBack", "Promote"]),
    }
    return {name: value for name, value in fields.items() if one.random() < 0.7}


def _shares(*weights: Any) -> list[Spec]:
    return [{"weight": weight} for weight in weights]


FAULTS: Mapping[str, tuple[str, Any]] = {
    "an unknown word about releases": ("rollout.pace", "slow"),
    "a strategy that nobody knows": ("rollout.strategy", "RollingUpdate"),
    "steps that fall": ("rollout.steps", _shares("10%", "1%")),
    "steps that fall by number and not by letter": ("rollout.steps", _shares("10%", "9%")),
    "a step twice": ("rollout.steps", _shares("10%", "10%")),
    "a step twice in other letters": ("rollout.steps", _shares("5%", "5.0%")),
    "a step to nothing": ("rollout.steps", _shares("0%")),
    "a step to nothing in other letters": ("rollout.steps", _shares("0.000%")),
    "a step to everything": ("rollout.steps", _shares("100%")),
    "a step above everything": ("rollout.steps", _shares("101%")),
    "a step below nothing": ("rollout.steps", _shares("-1%")),
    "a step without a percent sign": ("rollout.steps", _shares("10")),
    "a step as a number": ("rollout.steps", _shares(10)),
    "a step finer than the route": ("rollout.steps", _shares("0.0001%")),
    "a step without a weight": ("rollout.steps", [{"hold": "60s"}]),
    "a hold of days": ("rollout.steps", [{"weight": "1%", "hold": "1d"}]),
    "a hold in two units": ("rollout.steps", [{"weight": "1%", "hold": "1m30s"}]),
    "too many steps": ("rollout.steps", _shares(*(f"{number}%" for number in range(1, 18)))),
    "a judge that is no SLO": ("", {"slos": [_JUDGE], "rollout": {"gate": {"slos": ["a", "b"]}}}),
    "a judge where there are no SLOs": ("", {"slos": [], "rollout": {"gate": {"slos": ["a"]}}}),
    "a judge that counts nothing as of now": ("", {"slos": [_RATIO], "rollout": {"gate": {"slos": ["a"]}}}),
    "a judge in capitals": ("rollout.gate.slos", ["A"]),
    "too many judges": ("rollout.gate.slos", [f"s{number}" for number in range(17)]),
    "a burn rate of nothing": ("rollout.gate.failBurnRate", "0"),
    "a burn rate that just lasts": ("rollout.gate.failBurnRate", "1"),
    "a burn rate that just lasts in other letters": ("rollout.gate.failBurnRate", "1.00"),
    "a burn rate of thousands": ("rollout.gate.failBurnRate", "1000"),
    "a burn rate as a number": ("rollout.gate.failBurnRate", 4),
    "more than the whole budget": ("rollout.gate.budgetShare", "101%"),
    "a share of the budget as a number": ("rollout.gate.budgetShare", 10),
    "no time to decide": ("rollout.gate.maxUndecided", "0s"),
    "a time to decide without a unit": ("rollout.gate.maxUndecided", "60"),
    "an answer to doubt that nobody knows": ("rollout.gate.onUndecided", "Ask"),
    "an unknown word about the gate": ("rollout.gate.patience", "6h"),
    "a freeze that nobody knows": ("rollout.freeze", "Always"),
    "no time to get ready": ("rollout.readyWithin", "0s"),
    "a time to get ready with a fraction": ("rollout.readyWithin", "1.5m"),
    "a bake of a million hours": ("rollout.bake", "1000000h"),
    "a bake in words": ("rollout.bake", "a while"),
}
"""A sentence, and the field that is given a wrong value."""
