"""HistoryTooShort: only said where it is so."""

from datetime import timedelta

from toprope.core.conditions import Condition
from toprope.slo.facts.look import HISTORY_TOO_SHORT, Look, named
from toprope.slo.reasons import Reason
from toprope.slo.windows import duration


def history_too_short(look: Look) -> list[Condition]:
    """Prometheus keeps less than a window."""
    short = [one for one in look.standings if one.budget.history_too_short]
    if not short or look.retention is None:
        return []
    names = named(look, lambda one: one.budget.history_too_short)
    told = (
        f"Prometheus keeps {duration(int(look.retention.total_seconds()))}, the window of {names} is longer: "
        f"{flattered(max(one.promise.window for one in short), look.retention)}. Raise Prometheus' retention to the "
        f"window (--storage.tsdb.retention.time), or shorten the window."
    )
    return [Condition(HISTORY_TOO_SHORT, "True", Reason.RETENTION_BELOW_WINDOW, told)]


def flattered(window: int, kept: timedelta) -> str:
    """What a shorter memory makes of a budget, as a sentence without its end. The rules cannot know how long they are
    remembered: to them such a history is young for ever, and the budget of a young one is that of a whole window."""
    times = window / max(1.0, kept.total_seconds())
    return (
        f"older bad events are forgotten, while the budget stays that of {duration(window)}, so that up to "
        f"{times:.2g} times as much of it may be spent as is shown"
    )
