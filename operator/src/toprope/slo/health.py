"""Whether a resource's SLOs are met, as conditions and Events: what is wrong, how it is known, and what to do.

Facts are asked in the order of their weight; the first that is found for any SLO is the condition. They stand in
`facts`, a file for each condition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from toprope.core.conditions import Condition, timestamp
from toprope.core.decision import Tell
from toprope.core.measured import Measured
from toprope.core.model import ConditionModel
from toprope.slo.facts.data import DATA
from toprope.slo.facts.history import history_too_short
from toprope.slo.facts.look import (
    DATA_PRESENT,
    HISTORY_TOO_SHORT,
    RULES_ACCEPTED,
    SLOS_MET,
    Look,
    Wanted,
    condition,
)
from toprope.slo.facts.met import MET
from toprope.slo.facts.rules import PATIENCE, RULES, waits_since
from toprope.slo.reasons import Reason
from toprope.slo.status import SloStatus, Standing, standings

SPOKEN = (SLOS_MET, DATA_PRESENT, RULES_ACCEPTED, HISTORY_TOO_SHORT)
"""What changes here rings a bell by itself, or is due."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What was said of the SLOs before: from the status as it was read."""

    slos: Sequence[SloStatus] = ()
    conditions: Sequence[ConditionModel] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What a pass says of the resource's SLOs."""

    statuses: Sequence[SloStatus]
    conditions: Sequence[Condition]
    tells: Sequence[Tell]
    due: datetime | None
    """When a truth changes though nobody rings."""


def health(wanted: Wanted, measured: Measured, before: Stated, now: datetime) -> Health:
    """What there is to say of the SLOs."""
    if not wanted.rules and not wanted.broken:
        return Health((), (), (), None)
    found = standings(wanted.rules, measured, before.slos, now)
    look = Look(found, wanted, measured.blind, measured.retention, before.conditions, now)
    conditions = [
        condition(SLOS_MET, MET, look),
        condition(DATA_PRESENT, DATA, look),
        accepted := condition(RULES_ACCEPTED, RULES, look),
        *history_too_short(look),
    ]
    waits = accepted.status == "Unknown" and look.blind is None
    due = waits_since(look) + PATIENCE if waits else None
    statuses = [*(one.status for one in found), *(SloStatus(name=name) for name in wanted.broken)]
    return Health(statuses, conditions, list(_tells(found, now)), due)


def _tells(found: Iterable[Standing], now: datetime) -> Iterable[Tell]:
    """On transitions only. The time makes the words those of this very transition."""
    for one in found:
        name, before, after = one.promise.name, one.before.exhausted_since, one.status.exhausted_since
        if after and not before:
            told = f"The error budget of {name} ({one.promise.objective} %) is spent since {after}."
            yield Tell(Reason.BUDGET_EXHAUSTED, told, "Warning")
        if before and not after:
            told = f"{name} has error budget again at {timestamp(now)}; it was spent since {before}."
            yield Tell(Reason.BUDGET_RECOVERED, told)
