"""RulesAccepted: whether Prometheus evaluates the very rules that are wanted, proved by what they recorded."""

from datetime import datetime, timedelta

from toprope.core.conditions import Truth, moment
from toprope.slo.facts.look import RULES_ACCEPTED, Check, Fact, Look, blind, first, is_newest, named
from toprope.slo.reasons import Reason

PATIENCE = timedelta(minutes=2)
"""How long new rules take at most until Prometheus has evaluated them."""


def not_understood(look: Look) -> Fact | None:
    """An SLO has no rules. The others go on, and what keeps theirs from running is said as well."""
    if broken := look.wanted.broken:
        told = "; ".join(f"{name}: {why}" for name, why in broken.items())
        others = first(OF_OTHERS, look)
        more = f". The other SLOs: {others.message}" if look.standings and others.status != "True" else ""
        told = f"Without rules, and so without alerts: {told.removesuffix('.') if more else told}{more}"
        return Fact("False", Reason.SLO_NOT_UNDERSTOOD, told)
    return None


def rule_fails(look: Look) -> Fact | None:
    """Prometheus says no to a rule."""
    for one in look.standings:
        if one.numbers.failing:
            told = f"Prometheus cannot evaluate a rule of {one.promise.name}: {one.numbers.failing}"
            return Fact("False", Reason.RULE_FAILS, told)
    return None


def not_installed(look: Look) -> Fact | None:
    """Somebody has to carry the rules to Prometheus; who cannot ask it cannot know whether somebody did."""
    if look.wanted.file and not all(is_newest(look, one) for one in look.standings):
        told = (
            f"The cluster has no prometheus-operator. ConfigMap {look.wanted.file} holds the rules as a file "
            f"(rules.yaml): load it into your Prometheus, anew after each change."
        )
        if unseen := blind(look):
            told = f"{told} Whether somebody did is not known. {unseen.message}"
            return Fact("Unknown", Reason.RULES_NOT_INSTALLED, told)
        return Fact("False", Reason.RULES_NOT_INSTALLED, told)
    return None


def rules_not_selected(look: Look) -> Fact | None:
    """The classic silent failure."""
    if names := named(look, lambda one: one.numbers.loaded is False):
        told = (
            f"No Prometheus has loaded the rules of {names}: nothing is recorded, and no alert can fire. The labels of "
            f"the rule object and of its namespace must match ruleSelector and ruleNamespaceSelector "
            f"(kubectl get prometheuses -A -o yaml)."
        )
        return Fact("False", Reason.RULES_NOT_SELECTED, told)
    return None


def not_evaluated(look: Look) -> Fact | None:
    """No sample proves that the rules run."""
    if names := named(look, lambda one: one.numbers.rules is None):
        told = f"Prometheus has not evaluated the rules of {names}; new ones take it up to two minutes."
        return Fact(_overdue(look), Reason.NOT_EVALUATED, told)
    return None


def earlier_rules(look: Look) -> Fact | None:
    """Samples prove that other rules run."""
    if names := named(look, lambda one: not is_newest(look, one)):
        told = (
            f"Prometheus still evaluates earlier rules of {names}; it takes new ones within two minutes, unless "
            f"prometheus-operator (its log says why) or the reload of the configuration refuses them."
        )
        return Fact(_overdue(look), Reason.EARLIER_RULES, told)
    return None


def evaluated(look: Look) -> Fact:
    """Samples prove it."""
    return Fact("True", Reason.EVALUATED, "Prometheus evaluates these very rules.")


def _overdue(look: Look) -> Truth:
    return "False" if look.now - waits_since(look) >= PATIENCE else "Unknown"


def waits_since(look: Look) -> datetime:
    """Since when nothing has proved the rules; from now on, where they were proved a moment ago."""
    stated = next((one for one in look.before if one.type == RULES_ACCEPTED), None)
    return look.now if stated is None or stated.status == "True" else moment(stated.last_transition_time)


OF_OTHERS: tuple[Check, ...] = (
    rule_fails, not_installed, blind, rules_not_selected, not_evaluated, earlier_rules, evaluated,
)  # fmt: skip
"""What is asked of the SLOs that have rules."""
RULES: tuple[Check, ...] = (not_understood, *OF_OTHERS)
