"""What is remembered of whole rollouts, as the machine walks through them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.history import ROLLOUTS, WEIGHTS, RecordStatus, WeightStatus, recorded
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.rollout import Command, Phase, Policy, Rollout, Seen, Share, Step, Trouble
from toprope.delivery.spec import CountsStatus, JudgedStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
STEPS = Policy((Step(1000), Step(10_000)), is_judged=True, bake=MINUTE)
AT_ONCE = Policy()
READY = Seen("new", candidate_ready=True, share=Share())
GOOD = replace(READY, verdict=Verdict.PASS, judged=Trouble("EnoughSeen", "availability: 1 of 900."))
IDLE = Rollout(stable="old", phase=Phase.IDLE, since=NOON)
BAD = replace(GOOD, verdict=Verdict.FAIL, judged=Trouble("WorseThanStable", "availability: 27 bad of 1,904."))
WAITS = replace(READY, candidate_ready=False, obstacle="No pod is ready.")
BACK = replace(GOOD, wanted="old")
THIRD = replace(WAITS, wanted="third")


@dataclass(frozen=True)
class Found:
    """What the status has of the gates."""

    judged: Sequence[JudgedStatus] = (
        JudgedStatus(slo="availability", verdict="Fail", reason="WorseThanStable", message="27 bad of 1,904", kept="k"),
    )
    lost: int | None = 27


@dataclass
class Walk:
    """A resource whose passes come each second."""

    policy: Policy = STEPS
    rollout: Rollout = IDLE
    records: list[RecordStatus] = field(default_factory=list)
    now: datetime = NOON
    found: Found = Found()

    def sees(self, seen: Seen, *until: Phase) -> Rollout:
        """Passes until one of these phases, at least one."""
        for _ in range(1000):
            before, self.rollout = self.rollout, next_rollout(self.rollout, seen, self.policy, self.now)
            self.records = recorded(self.records, before, self.rollout, self.found, self.now)
            self.now += SECOND
            if not until or self.rollout.phase in until:
                return self.rollout
        raise AssertionError(f"it never comes to {until}: {self.rollout}")

    @property
    def last(self) -> RecordStatus:
        return self.records[0]


def given(record: RecordStatus) -> list[str]:
    return [one.weight for one in record.weights]


def told(seen: Seen, command: Command) -> Seen:
    return replace(seen, commands=frozenset([command]))


def test_a_first_release_is_no_rollout() -> None:
    walk = Walk(rollout=Rollout())
    walk.sees(READY)
    assert (walk.rollout.stable, walk.records) == ("new", [])


def test_a_promoted_one_says_where_it_came_from_and_when_it_got_how_much() -> None:
    walk = Walk()
    walk.sees(GOOD, Phase.HOLDING)
    assert (walk.last.ended, walk.last.outcome, given(walk.last)) == (None, None, ["1%"])
    walk.sees(GOOD, Phase.IDLE)
    (record,) = walk.records
    assert (record.candidate, record.stable, record.outcome, record.reason) == ("new", "old", "Promoted", "Baked")
    assert (record.began, given(record)) == ("2026-01-01T12:00:00Z", ["1%", "10%", "100%"])
    assert [one.decided for one in record.weights] == sorted({one.decided for one in record.weights})
    assert record.weights[-1].decided < str(record.ended)
    assert record.message == "Revision new takes all traffic."


def test_each_weight_keeps_the_verdict_that_allowed_the_next_one_with_its_counts() -> None:
    worst = JudgedStatus(
        slo="latency", verdict="Pass", reason="EnoughSeen", message="30 bad of 9,000",
        candidate=CountsStatus(total=9000, bad=30), stable=CountsStatus(total=81_000, bad=240), kept="k",
    )  # fmt: skip
    better = worst.model_copy(update={"slo": "availability", "candidate": CountsStatus(total=9000, bad=2)})
    unseen = JudgedStatus(slo="uncounted", verdict="Pass")
    walk = Walk(found=Found((better, worst, unseen)))
    walk.sees(GOOD, Phase.HOLDING)
    assert [(one.then, one.verdict) for one in walk.last.weights] == [(None, None)]
    walk.sees(GOOD, Phase.IDLE)
    assert [one.then for one in walk.last.weights] == ["StepPassed", "StepPassed", None]
    kept = {
        "slo": "latency", "verdict": "Pass", "reason": "EnoughSeen",
        "candidate": {"total": 9000, "bad": 30}, "stable": {"total": 81_000, "bad": 240},
    }  # fmt: skip
    assert [one.verdict.dump() if one.verdict else None for one in walk.last.weights] == [kept, kept, None]
    assert [one.slo for one in walk.last.verdicts] == ["availability", "latency", "uncounted"]
    assert walk.last.verdicts[1].dump() == {**kept, "message": "30 bad of 9,000"}


def test_a_weight_that_nobody_judged_says_only_why_the_next_one_came() -> None:
    walk = Walk(replace(STEPS, is_judged=False), found=Found((), None))
    walk.sees(READY, Phase.IDLE)
    assert [(one.then, one.verdict) for one in walk.last.weights] == [
        ("StepPassed", None),
        ("StepPassed", None),
        (None, None),
    ]


def test_one_that_goes_over_at_once_got_all_requests_when_it_was_promoted() -> None:
    walk = Walk(AT_ONCE)
    walk.sees(READY, Phase.RETIRING)
    assert [(one.weight, one.decided) for one in walk.last.weights] == [("100%", walk.last.ended)]
    assert walk.last.outcome == "Promoted"


def test_a_bad_one_keeps_its_verdicts_and_what_it_cost() -> None:
    walk = Walk()
    walk.sees(GOOD, Phase.HOLDING)
    walk.sees(BAD, Phase.ROLLING_BACK)
    assert walk.last.ended is None
    walk.sees(BAD, Phase.FAILED)
    record = walk.last
    assert (record.outcome, record.reason, record.lost) == ("RolledBack", "WorseThanStable", 27)
    assert (record.message, given(record)) == ("availability: 27 bad of 1,904.", ["1%", "0%"])
    assert [one.then for one in record.weights] == ["WorseThanStable", None]
    assert [one.dump() for one in record.verdicts] == [
        {"slo": "availability", "verdict": "Fail", "reason": "WorseThanStable", "message": "27 bad of 1,904"}
    ]


def aborted(walk: Walk) -> None:
    walk.sees(told(WAITS, Command.ABORT), Phase.FAILED)


def aborted_later(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.sees(told(GOOD, Command.ABORT), Phase.FAILED)


def too_late(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.now += timedelta(hours=1)
    walk.sees(WAITS, Phase.FAILED)


def refused(walk: Walk) -> None:
    walk.sees(replace(WAITS, refused="It drops a column."), Phase.FAILED)


def withdrawn(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.sees(BACK, Phase.IDLE)


def withdrawn_later(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.sees(BACK, Phase.IDLE)


def withdrawn_while_frozen(walk: Walk) -> None:
    walk.sees(replace(WAITS, exhausted="It is spent."), Phase.FROZEN)
    walk.sees(BACK, Phase.IDLE)


@pytest.mark.parametrize(
    ("happens", "outcome", "reason", "message", "weights"),
    [
        (aborted, "Aborted", "Aborted", "toprope.dev/abort names revision new.", []),
        (aborted_later, "Aborted", "Aborted", "toprope.dev/abort names revision new.", ["1%", "0%"]),
        (too_late, "Failed", "NotReadyInTime", "No pod is ready.", []),
        (refused, "Failed", "CandidateRefused", "It drops a column.", []),
        (withdrawn, "Withdrawn", "ReleaseWithdrawn", "The spec wants the stable revision old again.", []),
        (withdrawn_later, "Withdrawn", "ReleaseWithdrawn", "The spec wants the stable revision old again.",
         ["1%", "0%"]),
        (withdrawn_while_frozen, "Withdrawn", "ReleaseWithdrawn", "The spec wants the stable revision old again.", []),
    ],
)  # fmt: skip
def test_each_end_has_its_word(happens: object, outcome: str, reason: str, message: str, weights: list[str]) -> None:
    walk = Walk()
    assert callable(happens)
    happens(walk)
    (record,) = walk.records
    assert (record.outcome, record.reason, record.message) == (outcome, reason, message)
    assert given(record) == weights
    assert [bool(record.verdicts), record.lost is None] == [bool(weights), not weights]


@pytest.mark.parametrize("begun", [False, True])
def test_a_third_release_supersedes_the_second(begun: bool) -> None:
    walk = Walk()
    walk.sees(GOOD if begun else WAITS, Phase.HOLDING if begun else Phase.PREPARING)
    for _ in walk_on(walk, THIRD, "third"):
        assert walk.last.candidate == "new"
    newest, earlier = walk.records
    assert (earlier.candidate, earlier.outcome, earlier.reason) == ("new", "Superseded", "ReleaseSuperseded")
    assert (newest.candidate, newest.stable, newest.ended) == ("third", "old", None)


def walk_on(walk: Walk, seen: Seen, candidate: str) -> Iterator[None]:
    for _ in range(60):
        if walk.sees(seen).candidate == candidate:
            return
        yield
    raise AssertionError(walk.rollout)


def test_one_that_comes_back_while_it_is_taken_back_is_a_rollout_of_its_own() -> None:
    walk = Walk()
    walk.sees(GOOD, Phase.HOLDING)
    walk.sees(BACK, Phase.ROLLING_BACK)
    walk.sees(GOOD, Phase.PREPARING)
    assert [(one.candidate, one.outcome) for one in walk.records] == [("new", None), ("new", "Withdrawn")]


def test_a_failed_one_that_is_tried_again_is_one_more() -> None:
    walk = Walk()
    refused(walk)
    walk.sees(replace(GOOD, retry="new"), Phase.HOLDING)
    assert [(one.candidate, one.outcome) for one in walk.records] == [("new", None), ("new", "Failed")]


def test_a_wait_for_the_budget_belongs_to_the_rollout() -> None:
    walk = Walk()
    walk.sees(replace(WAITS, exhausted="It is spent."))
    walk.now += timedelta(hours=1)
    walk.sees(GOOD, Phase.IDLE)
    (record,) = walk.records
    assert (record.began, record.outcome) == ("2026-01-01T12:00:00Z", "Promoted")


def test_what_does_not_change_is_not_written_anew() -> None:
    walk = Walk()
    for seen in (WAITS, READY, READY, READY, BAD, BAD):
        walk.sees(seen)
        again = recorded(walk.records, walk.rollout, walk.rollout, walk.found, walk.now)
        assert again == walk.records


def test_a_clock_that_was_put_back_gives_no_weight_twice() -> None:
    walk = Walk()
    walk.sees(READY, Phase.SHIFTING)
    before = given(walk.last)
    walk.now -= MINUTE
    walk.sees(READY)
    assert given(walk.last) == before


def test_what_was_lost_never_falls_when_a_new_operator_knows_less_than_the_one_before() -> None:
    walk = Walk()
    walk.sees(GOOD, Phase.HOLDING)
    for lost, remembered in ((None, 27), (3, 27), (40, 40)):
        walk.found = Found(lost=lost)
        walk.sees(READY)
        assert walk.last.lost == remembered


def test_an_operator_that_finds_a_rollout_under_way_takes_it_up() -> None:
    walk = Walk(rollout=Rollout(stable="old", candidate="new", phase=Phase.PREPARING, since=NOON, began=NOON - MINUTE))
    walk.sees(WAITS)
    assert (walk.last.candidate, walk.last.began) == ("new", "2026-01-01T11:59:00Z")


def test_one_that_had_failed_before_anybody_kept_records_has_none() -> None:
    walk = Walk(rollout=Rollout(stable="old", candidate="new", phase=Phase.FAILED, since=NOON))
    walk.sees(WAITS)
    assert walk.records == []


def test_ten_rollouts_are_kept_and_twenty_weights_of_each() -> None:
    walk = Walk()
    for _ in range(ROLLOUTS + 2):
        walk.sees(WAITS)
        withdrawn(walk)
    assert len(walk.records) == ROLLOUTS
    walk.sees(GOOD, Phase.HOLDING)
    many = [WeightStatus(weight=f"{each}%", decided="2026-01-01T00:00:00Z") for each in range(WEIGHTS)]
    walk.records[0] = walk.last.model_copy(update={"weights": many})
    walk.sees(GOOD)
    assert (len(walk.last.weights), walk.last.weights[-1].weight) == (WEIGHTS, "1%")
