from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.machine.moved import lives, next_rollout, rest_ends
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import READY_WITHIN, REST, Command, Phase, Policy, Rollout, Seen

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT_ONCE = Policy()
QUIET = Rollout(stable="old", phase=Phase.IDLE, since=NOW - timedelta(days=1), reason=Reason.RELEASED, message="m")
FINE = Seen(wanted="old", candidate_ready=False, obstacle="0 of 1 pods ready", route_moved=True)
PREPARING = replace(
    QUIET, candidate="new", phase=Phase.PREPARING, reason=Reason.CANDIDATE_NOT_READY, since=NOW, unready_since=NOW
)
WANTS_NEW = replace(FINE, wanted="new")
REFUSED = replace(WANTS_NEW, obstacle="it drops a column", refused="it drops a column")
READY = replace(WANTS_NEW, candidate_ready=True)
RETIRING = Rollout(
    stable="new", retiring="old", phase=Phase.RETIRING, since=NOW, reason=Reason.TRAFFIC_MOVED, message="m", routed=NOW
)


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "phase", "reason"),
    [
        ("nothing changed", QUIET, FINE, Phase.IDLE, Reason.RELEASED),
        ("the first release is no rollout", Rollout(), WANTS_NEW, Phase.IDLE, Reason.FIRST_RELEASE),
        ("a changed release is prepared", QUIET, WANTS_NEW, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("a candidate that is not ready waits", PREPARING, WANTS_NEW, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("a ready candidate takes the traffic", PREPARING, READY, Phase.RETIRING, Reason.CANDIDATE_READY),
        ("a third release takes the place", PREPARING, replace(READY, wanted="third"), Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("what can never serve has failed at once", PREPARING, REFUSED, Phase.FAILED, Reason.REFUSED),
        ("it stays so", replace(PREPARING, phase=Phase.FAILED, reason=Reason.REFUSED), REFUSED, Phase.FAILED,
         Reason.REFUSED),
        ("unless what refused it has gone", replace(PREPARING, phase=Phase.FAILED, reason=Reason.REFUSED), WANTS_NEW,
         Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("back to stable is no rollout", PREPARING, FINE, Phase.IDLE, Reason.RELEASED),
        ("the old one stays until the route left it", RETIRING, replace(READY, route_moved=False), Phase.RETIRING,
         Reason.ROUTE_NOT_MOVED),
        ("and then for a rest", RETIRING, READY, Phase.RETIRING, Reason.TRAFFIC_MOVED),
    ],
)  # fmt: skip
def test_immediate(sentence: str, before: Rollout, seen: Seen, phase: Phase, reason: Reason) -> None:
    after = next_rollout(before, seen, AT_ONCE, NOW)
    assert (after.phase, after.reason) == (phase, reason)


def test_the_old_revision_goes_after_its_rest() -> None:
    after = next_rollout(RETIRING, READY, AT_ONCE, NOW + REST)
    assert after.retiring is None
    assert after.phase is Phase.IDLE
    assert after.message == "Revision new serves."


def test_a_late_candidate_fails_and_is_taken_when_it_gets_ready_after_all() -> None:
    late = next_rollout(PREPARING, WANTS_NEW, AT_ONCE, NOW + READY_WITHIN)
    assert (late.phase, late.reason, late.stable) == (Phase.FAILED, Reason.NOT_READY_IN_TIME, "old")
    assert late.unready_since is None
    again = next_rollout(late, WANTS_NEW, AT_ONCE, NOW + READY_WITHIN * 3)
    assert again == late
    again = next_rollout(late, READY, AT_ONCE, NOW + READY_WITHIN * 3)
    assert next_rollout(again, READY, AT_ONCE, NOW + READY_WITHIN * 3).stable == "new"


def test_what_a_candidate_was_ready_for_does_not_make_it_late() -> None:
    policy, paused = Policy(), replace(READY, commands=frozenset([Command.PAUSE]))
    ready = next_rollout(PREPARING, paused, policy, NOW)
    hours = NOW + timedelta(hours=3)
    blinks = next_rollout(ready, WANTS_NEW, policy, hours)
    assert (ready.unready_since, blinks.phase, blinks.unready_since) == (None, Phase.PREPARING, hours)
    assert next_rollout(blinks, WANTS_NEW, policy, hours + READY_WITHIN).reason == Reason.NOT_READY_IN_TIME


@pytest.mark.parametrize(
    ("earlier", "served"), [((), ("old",)), (("older",), ("old", "older")), (("new", "older"), ("old", "older"))]
)
def test_who_served_before_is_known_the_last_one_first(earlier: tuple[str, ...], served: tuple[str, ...]) -> None:
    before = replace(PREPARING, served=earlier)
    assert next_rollout(before, WANTS_NEW, AT_ONCE, NOW).served == earlier
    moved = next_rollout(before, READY, AT_ONCE, NOW)
    assert moved.served == served
    assert next_rollout(moved, replace(READY, wanted="new"), AT_ONCE, NOW + REST).served == served


def test_unchanged_facts_give_an_equal_value() -> None:
    first = next_rollout(QUIET, WANTS_NEW, AT_ONCE, NOW)
    assert next_rollout(first, WANTS_NEW, AT_ONCE, NOW + timedelta(minutes=1)) == first


def test_back_to_the_retiring_revision_keeps_its_pods() -> None:
    after = next_rollout(RETIRING, replace(READY, wanted="old", candidate_ready=False), AT_ONCE, NOW)
    assert (after.stable, after.candidate, after.retiring) == ("new", "old", None)


def test_a_release_that_comes_while_one_retires_lets_it_retire() -> None:
    preparing = next_rollout(RETIRING, replace(WANTS_NEW, wanted="third"), AT_ONCE, NOW)
    assert (preparing.candidate, preparing.retiring) == ("third", "old")
    later = next_rollout(preparing, replace(WANTS_NEW, wanted="third"), AT_ONCE, NOW + REST)
    assert later.retiring is None


def test_a_whole_release_ends_idle_with_one_revision() -> None:
    rollout, moment = QUIET, NOW
    for seen in (WANTS_NEW, WANTS_NEW, READY, replace(READY, route_moved=False), READY, READY, READY):
        rollout = next_rollout(rollout, seen, AT_ONCE, moment)
        moment += REST
    assert (rollout.stable, rollout.candidate, rollout.retiring) == ("new", None, None)
    assert rollout.phase is Phase.IDLE


RELEASED_TWICE = replace(PREPARING, candidate="third", stable="new", retiring="old", routed=NOW)
NOT_LEFT = replace(RELEASED_TWICE, routed=None)
THIRD = replace(READY, wanted="third")


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "seconds", "stands"),
    [
        ("a ready one waits for the rest", RELEASED_TWICE, THIRD, 9, ("new", "third", "old", Reason.EARLIER_ENDS)),
        ("and then takes the traffic", RELEASED_TWICE, THIRD, 10, ("third", None, "new", Reason.CANDIDATE_READY)),
        ("not while the gateway sends requests to the oldest", RELEASED_TWICE, replace(THIRD, route_moved=False), 60,
         ("new", "third", "old", Reason.ROUTE_NOT_MOVED)),
        ("one that is late fails beside it", NOT_LEFT, replace(THIRD, candidate_ready=False, route_moved=False), 600,
         ("new", "third", "old", Reason.NOT_READY_IN_TIME)),
        ("a rest begins when the route has moved, not with the candidate",
         NOT_LEFT, replace(THIRD, candidate_ready=False), 60, ("new", "third", "old", Reason.CANDIDATE_NOT_READY)),
    ],
)  # fmt: skip
def test_two_releases_in_a_row(
    sentence: str, before: Rollout, seen: Seen, seconds: int, stands: tuple[str | None, ...]
) -> None:
    after = next_rollout(before, seen, AT_ONCE, NOW + timedelta(seconds=seconds))
    assert (after.stable, after.candidate, after.retiring, after.reason) == stands


def test_only_a_rest_has_an_end_to_wait_for() -> None:
    assert rest_ends(RETIRING) == NOW + REST
    assert rest_ends(replace(RETIRING, routed=None)) is None
    assert rest_ends(QUIET) is None


@pytest.mark.parametrize(
    ("reason", "given_up"),
    [(Reason.NOT_READY_IN_TIME, True), (Reason.REFUSED, True), ("WorseThanStable", False)],
)
def test_a_failure_that_ends_by_itself_can_be_made_an_end(reason: str, given_up: bool) -> None:
    failed, aborted = (
        replace(PREPARING, phase=Phase.FAILED, reason=reason),
        replace(READY, commands=frozenset({Command.ABORT})),
    )
    after = next_rollout(failed, aborted, AT_ONCE, NOW)
    assert (after.phase, after.reason == Reason.ABORTED) == (Phase.FAILED, given_up)
    assert lives(after) is None
    assert next_rollout(after, aborted, AT_ONCE, NOW) == after
