"""What a gate says, in the status."""

import pytest

from toprope.delivery.gate.advance import advance
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import begin
from toprope.delivery.gate.words import judgement
from toprope.delivery.judged import judged_status

RULES = Rules(0.001)


@pytest.mark.parametrize(("stable", "shown"), [(Counts(17_200, 3), {"total": 17_200, "bad": 3}), (None, None)])
def test_both_sides_and_how_far_the_proofs_are_stand_beside_the_sentence(
    stable: Counts | None, shown: dict[str, int] | None
) -> None:
    state = advance(RULES, begin(1_767_268_800, is_known=stable is not None), 1_767_268_812, Counts(1904, 27), stable)
    told = judged_status("availability", judgement(RULES, state), "{}", 27.4).dump()
    assert (told["candidate"], told.get("stable")) == ({"total": 1904, "bad": 27}, shown)
    assert told["countedSince"] == "2026-01-01T12:00:00Z"
    assert (told["toPass"], told["toFail"], told["kept"], told["lost"]) == ("0.00", "1.00", "{}", 27)


def test_before_anybody_looked_there_is_nothing_of_either_proof() -> None:
    told = judged_status("availability", judgement(RULES, begin(0.0)), None, None).dump()
    assert (told["candidate"]["total"], told["toPass"], told["toFail"]) == (0, "0.00", "0.00")
