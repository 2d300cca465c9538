"""SlosMet: whether any budget is spent, or burns."""

from toprope.slo.budget import State
from toprope.slo.facts.look import DATA_PRESENT, RULES_ACCEPTED, Check, Fact, Look, blind, named, with_broken
from toprope.slo.reasons import Reason


def exhausted(look: Look) -> Fact | None:
    """A budget is spent."""
    if names := named(look, lambda one: one.status.state is State.EXHAUSTED):
        told = (
            f"The error budget is spent: {names}. Stop the damage first (`toprope status` shows what burns, the alert "
            f"links its runbook), and change nothing else until some of it has come back."
        )
        return Fact("False", Reason.SLO_EXHAUSTED, told)
    return None


def burning(look: Look) -> Fact | None:
    """A budget burns so fast that an alert's condition holds."""
    if names := named(look, lambda one: one.status.state is State.BURNING):
        told = (
            f"The error budget burns too fast: {names}. Undo what changed last, if that explains it; the alert links "
            f"its runbook, status.slos says how fast and how long the budget lasts."
        )
        return Fact("False", Reason.SLO_BURNING, told)
    return None


def without_data(look: Look) -> Fact | None:
    """Something cannot be judged."""
    if names := with_broken(look, lambda one: one.status.state is State.NO_DATA):
        told = f"There is no number for {names}; {DATA_PRESENT} and {RULES_ACCEPTED} say why. No data is not good."
        return Fact("Unknown", Reason.SLO_WITHOUT_DATA, told)
    return None


def all_met(look: Look) -> Fact:
    """All is well."""
    return Fact("True", Reason.ALL_MET, "No budget is spent and none burns too fast.")


MET: tuple[Check, ...] = (blind, exhausted, burning, without_data, all_met)
