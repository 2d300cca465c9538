"""What probes prove."""

from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.probes import PROBES, Probed, ProbeReason, chance_of, most_hidden, verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = timedelta(minutes=10)
THREE_NINES = {"availability": Rules(0.001)}


def judged(bad: int, rules: dict[str, Rules] = THREE_NINES) -> tuple[Verdict, str, str]:
    found, told = verdict(Probed(NOW, PROBES, {"answered 500": bad} if bad else {}), rules, PATIENCE, NOW)
    return found, told.reason, told.message


@pytest.mark.parametrize(
    ("rules", "most"),
    [
        ({}, 6),
        (THREE_NINES, 2),
        ({"a": Rules(0.01)}, 6),
        ({"a": Rules(0.01), "availability": Rules(0.001)}, 2),
        ({"a": Rules(0.001, slos=4)}, 2),
        ({"a": Rules(0.001, slos=5)}, 3),
        ({"a": Rules(0.00001)}, 0),
    ],
)
def test_as_many_may_be_bad_as_chance_has_it_in_one_case_of_200(rules: dict[str, Rules], most: int) -> None:
    assert [judged(bad, rules)[0] for bad in (0, most, most + 1, PROBES)] == [
        Verdict.PASS, Verdict.PASS, Verdict.FAIL, Verdict.FAIL
    ]  # fmt: skip


def test_the_sentence_has_the_numbers() -> None:
    assert judged(0)[1:] == (
        ProbeReason.PASSED,
        "0 bad of 200 probes: more than 2.6% bad would have shown, sure to 1 in 200.",
    )
    allowed = "0.2 are allowed, and so many come by chance less than once in 200 times."
    assert judged(31)[1:] == (
        ProbeReason.FAILED,
        f"availability: 31 bad of 200 probes (31 answered 500); {allowed}",
    )
    assert judged(31, {})[2].startswith("31 bad of 200 probes (31 answered 500); 2.0 are allowed")


@pytest.mark.parametrize(
    ("probed", "found", "reason"),
    [
        (Probed(), Verdict.UNDECIDED, ProbeReason.PROBING),
        (Probed(NOW - PATIENCE), Verdict.UNDECIDED, ProbeReason.PROBING),
        (Probed(NOW, blind="Pod a cannot be reached."), Verdict.UNDECIDED, ProbeReason.PROBING),
        (Probed(NOW - PATIENCE, blind="Pod a cannot be reached."), Verdict.FAIL, ProbeReason.UNANSWERED),
    ],
)
def test_silence_decides_nothing_until_it_has_lasted(probed: Probed, found: Verdict, reason: str) -> None:
    said, told = verdict(probed, THREE_NINES, PATIENCE, NOW)
    assert (said, told.reason) == (found, reason)
    assert told.message == (probed.blind or "Probes are on their way to the candidate.")


def test_the_exact_binomial() -> None:
    assert chance_of(0, 200, 0.001) == pytest.approx(1)
    assert chance_of(1, 200, 0.001) == pytest.approx(1 - 0.999**200)
    assert chance_of(2, 3, 0.5) == pytest.approx(0.5)
    assert most_hidden(0, 200) == pytest.approx(1 - 0.005 ** (1 / 200))
    assert most_hidden(200, 200) == 1.0
