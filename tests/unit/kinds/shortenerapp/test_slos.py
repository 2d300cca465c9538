"""What a ShortenerApp's status says of its SLOs, all together."""

from dataclasses import replace

import pytest

from tests.support.measured import AVAILABILITY, numbers
from tests.support.shorteners import Paper, Spoiling, a_shortener, all_of, secret_changed
from toprope.core.measured import Measured
from toprope.kinds.shortenerapp.data import DATA_PRESENT
from toprope.slo.promise import Promise
from toprope.slo.windows import DAY

SLOS = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast", "objective": "99", "latency": {"threshold": "50ms", "route": "redirect"}},
]
FAST = Promise("fast", "99", 30 * DAY)


def measuring(paper: Paper) -> Spoiling:
    """Prometheus has seen 0.03 % fail, and 0.4 % come too late."""
    recorded = {
        "availability": numbers(AVAILABILITY, {"30d": 0.0003}, at=paper.now),
        "fast": numbers(FAST, {"30d": 0.004}, at=paper.now),
    }
    return lambda seen: replace(seen, measured=Measured(recorded))


def test_the_budget_in_the_line_is_that_of_the_slo_that_stands_worst() -> None:
    paper = Paper(a_shortener({"slos": SLOS}))
    status = paper.pass_once(measuring(paper)).status
    assert [one["budgetRemaining"] for one in status["slos"]] == ["0.7", "0.6"]
    assert status["budget"] == "0.6"


def test_it_is_said_also_where_data_are_missing_and_nothing_is_touched() -> None:
    paper = Paper(a_shortener({"slos": SLOS})).settle()
    decision = paper.pass_once(all_of(measuring(paper), secret_changed("links-credentials", None)))
    assert {one.type: one.status for one in decision.conditions}[DATA_PRESENT] == "False"
    assert decision.status["budget"] == "0.6"


@pytest.mark.parametrize("slos", [[], SLOS])
def test_without_a_number_there_is_no_budget(slos: list[dict[str, object]]) -> None:
    assert "budget" not in Paper(a_shortener({"slos": slos})).pass_once().status
