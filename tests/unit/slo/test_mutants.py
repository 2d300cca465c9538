"""Rules that are wrong in a way that no alert need show at once: some story of the proof finds each of them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support.proofs import counterexamples, ruled_of
from toprope.slo.proof import Check, Recorded
from toprope.slo.rules import BAD, BAD_RATE, BURNING, ERRORS, LEFT, MISSING, TOTAL, TOTAL_RATE, Rule, Ruled, group
from toprope.slo.stories import scenarios

Mutant = Callable[[Rule], list[Rule]]
HOURS = {"2h", "6h", "1d", "3d", "30d"}
"""Windows that are summed from 5-minute rates."""


def weighed_by_time(rule: Rule) -> list[Rule]:
    """Bad events of a window from a mean of 5-minute ratios: each minute weighs the same, however many asked in it."""
    if rule.get("record") == BAD_RATE:
        ratio = {**rule, "record": "mutant:ratio", "expr": f"{BAD_RATE} / ({TOTAL_RATE} > 0)"}
        return [rule, ratio]
    window = rule["labels"].get("window")
    if rule.get("record") == BAD and window in HOURS:
        total = f'max without(window) ({TOTAL}{{window="{window}"}})'
        return [{**rule, "expr": f"avg_over_time(mutant:ratio[{window}]) * {total}"}]
    return [rule]


def no_number(rule: Rule) -> list[Rule]:
    """The bad events of the SLO's own window, which only the budget reads, are NaN."""
    is_it = rule.get("record") == BAD and rule["labels"]["window"] == "30d"
    return [{**rule, "expr": f"0 * ({rule['expr']}) / 0"} if is_it else rule]


def never_spent(rule: Rule) -> list[Rule]:
    """The whole budget is always left."""
    return [{**rule, "expr": "vector(1)"} if rule.get("record") == LEFT else rule]


def never_missing(rule: Rule) -> list[Rule]:
    """Nobody is told that nobody counts."""
    return [] if rule.get("alert") == MISSING else [rule]


def always_missing(rule: Rule) -> list[Rule]:
    """Somebody is told so also while there is a count."""
    return [{**rule, "expr": f"count({TOTAL_RATE})"} if rule.get("alert") == MISSING else rule]


def promised(objective: str) -> Ruled:
    found = ruled_of({"name": "a", "objective": objective, "availability": {}})
    assert found is not None
    return found


def against(ruled: Ruled, story: str, mutant: Mutant) -> list[Check | Recorded]:
    rules: Mapping[str, Any] = group(ruled)
    mutated = {**rules, "rules": [other for rule in rules["rules"] for other in mutant(rule)]}
    scenario = next(one for one in scenarios(ruled) if one.name == story)
    return list(counterexamples(ruled, scenario, mutated))


@pytest.mark.parametrize("objective", ["99", "99.9"])
@pytest.mark.parametrize("story", ["quiet-errors", "nobody-counts"])
def test_the_rules_themselves_stand(story: str, objective: str) -> None:
    assert against(promised(objective), story, lambda rule: [rule]) == []


@pytest.mark.parametrize("objective", ["99", "99.5", "99.9", "99.95"])
def test_quiet_minutes_that_weigh_like_busy_ones_turn_other_alerts(objective: str) -> None:
    found = against(promised(objective), "quiet-errors", weighed_by_time)
    turned = {one.severity for one in found if isinstance(one, Check) and one.alert == BURNING}
    assert {one.value for one in turned} == {"page", "ticket"}
    assert ERRORS in [one.name for one in found if isinstance(one, Recorded)]


@pytest.mark.parametrize("story", [one.name for one in scenarios(promised("99.9"))])
def test_every_story_looks_at_the_budget(story: str) -> None:
    found = against(promised("99.9"), story, no_number)
    assert {one.name for one in found if isinstance(one, Recorded)} == {ERRORS, LEFT}


def test_a_budget_that_nothing_spends_is_refused() -> None:
    found = against(promised("99.9"), "healthy", never_spent)
    assert [one.name for one in found if isinstance(one, Recorded)] == [LEFT]


@pytest.mark.parametrize("mutant", [never_missing, always_missing])
def test_that_nobody_counts_must_be_told_when_it_is_so(mutant: Mutant) -> None:
    found = against(promised("99.9"), "nobody-counts", mutant)
    assert {one.alert for one in found if isinstance(one, Check)} == {MISSING}
