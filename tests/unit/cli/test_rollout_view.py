"""What a terminal shows of a rollout that moves."""

import pytest
from rich.console import Console, RenderableType

from tests.support.rollouts import HOLDING, JUDGED, NOW, RECORD, ago, at, read
from toprope.cli.rollout.history import table
from toprope.cli.rollout.reading import Reading
from toprope.cli.rollout.view import view
from toprope.cli.rollout.watch import verdict
from toprope.cli.rollout.words import about, line


def drawn(what: RenderableType, width: int = 160) -> list[str]:
    console = Console(width=width)
    with console.capture() as shown:
        console.print(what)
    return [one.rstrip() for one in shown.get().splitlines()]


def test_weights_both_error_rates_both_proofs_and_the_time_left_are_seen() -> None:
    heading, weight, why, columns, slo, foot = drawn(view(read(HOLDING), NOW))
    assert heading == "ShortenerApp default/links  new after old"
    assert weight == "██░░░░░░░░░░░░░░░░░░  10% of the requests  Holding, step 2 of 3, 70s left"
    assert why == "GatheringEvidence: availability: too little to say."
    assert columns.split("  ")[0] == "SLO"
    for cell in ("Undecided", "0.2% (4 of 2,000)", "0.0278% (5 of 18,000)", "████░░░░░░ 40%", "█░░░░░░░░░ 10%", "60s"):
        assert cell in slo
    assert foot == "counted 0s ago by gateway, 4 bad requests of the candidate's so far"


def test_a_narrow_terminal_cuts_no_number_off() -> None:
    told = " ".join(drawn(view(read(HOLDING), NOW), 80))
    assert "…" not in told
    for number in ("0.2%", "2,000)", "0.0278%", "18,000)", "40%", "10%", "60s"):
        assert number in told


def test_where_nothing_moves_one_line_says_who_serves() -> None:
    assert drawn(view(read(None, None), NOW))[0].endswith("Revision old serves, and no release is on its way.")


def test_what_gets_ready_has_no_requests_and_so_much_time() -> None:
    told = drawn(view(read(at("Preparing", "CandidateNotReady", unreadySince=ago(50))), NOW))[1]
    assert told.endswith("0% of the requests  Preparing, 9m left")


@pytest.mark.parametrize(
    "one",
    [
        read(at("Preparing", "BudgetBelowOneVerdict")),
        read(at("Preparing", "EarlierRevisionEnds")),
        read(at("Preparing", "Paused")),
        read({**HOLDING, "reason": "BudgetBelowStep"}),
        read({**HOLDING, "since": "2026-01-01T11:00:00Z"}),
        read(at("Baking", "Paused", routed="2026-01-01T11:59:00Z")),
    ],
)
def test_where_no_time_runs_none_is_left(one: Reading) -> None:
    assert " left" not in drawn(view(one, NOW))[1]
    assert " left" not in line(one, NOW)


def test_a_spec_that_nobody_has_looked_at_is_said() -> None:
    behind = read(HOLDING, observedGeneration=1)
    assert drawn(view(behind, NOW))[-1].endswith("(the newest spec has not been looked at yet)")
    assert "(the newest spec has not been looked at yet)" in line(behind, NOW)


def test_all_requests_are_all_steps() -> None:
    assert "Baking at 100%, all steps done" in line(read(at("Baking", weight="100%", step=4)), NOW)


def test_a_quiet_resource_has_no_line_of_a_rollout() -> None:
    assert about(read(at("Idle"), None), NOW) == ""


def test_the_rollout_that_is_under_way_has_the_reason_of_this_moment() -> None:
    running = {key: RECORD[key] for key in ("candidate", "began")}
    row = drawn(table(read(HOLDING, history=[running, RECORD]), NOW))[1]
    assert row.split()[:5] == ["2026-01-01T11:50:00Z", "new", "-", "Holding…", "10m"]
    assert row.endswith("GatheringEvidence: availability: too little to say.")


@pytest.mark.parametrize(
    ("one", "good", "sentence"),
    [
        (read(at("Idle"), None, history=[{**RECORD, "outcome": "Withdrawn", "reason": "ReleaseWithdrawn"}]), False,
         "Revision new does not serve. Withdrawn, ReleaseWithdrawn: 27 bad of 1,904."),
        (read(at("Failed", "Aborted", "By hand.")), False, "Revision new does not serve. Aborted: By hand."),
    ],
)  # fmt: skip
def test_how_it_ended_is_one_sentence(one: Reading, good: bool, sentence: str) -> None:
    assert verdict(one, "new") == (good, sentence)


def test_an_slo_that_is_not_told_of_yet_has_hyphens() -> None:
    bare = {"slo": "availability", "verdict": JUDGED["verdict"]}
    assert "(candidate -, stable -, pass -, fail -)" in line(read({**HOLDING, "judged": [bare]}), NOW)
