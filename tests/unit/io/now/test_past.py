"""What a trial brings along: stable's last hour, what was lost before, and both after a restart of the operator."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.trials import AVAILABILITY, a_resource, a_trial
from toprope.delivery.gate.counts import Counts
from toprope.io.now.counting import Counting
from toprope.io.now.gates import Gates

T = 1.7e9
SLO = "availability"
HOUR = {SLO: Counts(72_000, 36)}
TRIAL = replace(a_trial(9090), past=HOUR)


def stable_in_the_bake(gates: Gates, **changed: Any) -> dict[str, float]:
    """Beside whose last hour the candidate is judged."""
    gates.asked(replace(TRIAL, is_bake=True, step=2, **changed), T + 1)
    return dict(gates.judged()[SLO].evidence["stable"])


def test_stables_last_hour_is_the_measure_of_the_bake() -> None:
    assert stable_in_the_bake(Gates(TRIAL, T)) == {"total": 72_000, "bad": 36}


def test_it_is_kept_though_nobody_hands_it_in_any_more() -> None:
    gates = Gates(TRIAL, T)
    gates.asked(replace(TRIAL, past={}), T)
    assert stable_in_the_bake(gates, past={}) == {"total": 72_000, "bad": 36}


def test_a_new_operator_reads_it_from_the_status() -> None:
    kept = Gates(TRIAL, T).kept()
    again = Gates(replace(TRIAL, past={}, kept=kept), T + 30)
    assert stable_in_the_bake(again, past={}, kept=kept) == {"total": 72_000, "bad": 36}


@pytest.mark.parametrize("before", [0, 5])
def test_a_new_operator_goes_on_from_what_the_status_has(before: int) -> None:
    trial = replace(TRIAL, lost={"availability": before})
    assert Counting(a_resource([AVAILABILITY]), trial, T).lost == {"availability": before}
