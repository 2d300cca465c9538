"""Who may judge a candidate, where no API server is asked."""

import pytest
from pydantic import ValidationError

from tests.support.shorteners import a_shortener
from toprope.core.faults import faults

AVAILABLE = {"name": "availability", "objective": "99.9", "availability": {}}
FAST = {"name": "fast", "objective": "99", "latency": {"threshold": "50ms"}}
JOBS = {"name": "jobs", "objective": "99", "ratio": {"bad": "x", "total": "y"}}
WHERE = "rollout.gate.slos"


@pytest.mark.parametrize("judges", [[], ["fast"], ["fast", "availability"]])
def test_what_is_counted_as_requests_come_may_judge(judges: list[str]) -> None:
    spec = {"slos": [AVAILABLE, FAST, JOBS], "rollout": {"gate": {"slos": judges}}}
    assert list(a_shortener(spec).spec.rollout.gate.slos) == judges


@pytest.mark.parametrize(
    ("slos", "judges", "said"),
    [
        ([AVAILABLE, FAST], ["fast", "fest"], f"{WHERE}[1]: is no SLO of spec.slos: write availability or fast"),
        ([], ["availability"], f"{WHERE}[0]: is no SLO of spec.slos: leave gate.slos out"),
        (
            [AVAILABLE, JOBS], ["jobs"],
            f"{WHERE}[0]: is a ratio, which is not counted as requests come: write availability",
        ),
        ([JOBS], ["jobs"], f"{WHERE}[0]: is a ratio, which is not counted as requests come: leave gate.slos out"),
    ],
)  # fmt: skip
def test_a_judge_that_cannot_judge_is_named(slos: list[object], judges: list[str], said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        a_shortener({"slos": slos, "rollout": {"gate": {"slos": judges}}})
    assert [str(fault) for fault in faults(refusal.value)] == [said]
