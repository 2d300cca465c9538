"""HistoryTooShort: only said where it is so."""

from toprope.core.conditions import Condition
from toprope.slo.facts.look import HISTORY_TOO_SHORT, Look, named
from toprope.slo.reasons import Reason
from toprope.slo.windows import duration


def history_too_short(look: Look) -> list[Condition]:
    """Prometheus keeps less than a window."""
    names = named(look, lambda one: one.budget.history_too_short)
    if not names or look.retention is None:
        return []
    kept = duration(int(look.retention.total_seconds()))
    told = (
        f"Prometheus keeps {kept}, the window of {names} is longer: the budget is reckoned from what is kept. Raise "
        f"Prometheus' retention, or shorten the window."
    )
    return [Condition(HISTORY_TOO_SHORT, "True", Reason.RETENTION_BELOW_WINDOW, told)]
