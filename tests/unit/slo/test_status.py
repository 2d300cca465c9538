"""What the status says, and when it is worth a write."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.measured import AVAILABILITY, NOW, numbers
from toprope.core.conditions import timestamp
from toprope.core.measured import Blindness, Measured, Numbers, Sample
from toprope.schema.structural import structural
from toprope.slo.budget import State
from toprope.slo.promise import Promise
from toprope.slo.status import BurnRates, SloStatus, lasting, least_budget, settled, standings
from toprope.slo.windows import DAY

SPENT = {"30d": 0.002, "1d": 0.0004}
EARLIER = "2026-02-01T00:00:00Z"


def said(recorded: Numbers | None, before: SloStatus | None = None, promise: Promise = AVAILABILITY) -> SloStatus:
    measured = Measured({promise.name: recorded} if recorded else {})
    return standings([promise], measured, [before] if before else [], NOW)[0].status


def test_numbers_are_text_of_four_decimals() -> None:
    assert said(numbers(errors={"30d": 0.00029, "1h": 1 / 60, "5m": 1 / 30})) == SloStatus(
        name="availability",
        objective="99.9",
        window="30d",
        state=State.BURNING,
        attained="99.971",
        budget_remaining="0.71",
        burn_rate=BurnRates(page_quick="16.6667", page_slow="0", ticket_quick="0", ticket_slow="0"),
        counted_by="Pods",
    )


def test_without_numbers_nothing_is_said_but_the_promise() -> None:
    assert said(None).dump() == {
        "name": "availability",
        "objective": "99.9",
        "window": "30d",
        "state": "NoData",
    }


def test_old_numbers_do_not_outlive_prometheus() -> None:
    before = said(numbers(errors=SPENT))
    measured = Measured({"availability": numbers()}, Blindness(NOW, "refused"))
    after = standings([AVAILABILITY], measured, [before], NOW)[0]
    assert (after.status.state, after.status.attained, after.budget.attained) == (State.NO_DATA, None, None)


@pytest.mark.parametrize(
    ("sentence", "recorded", "who"),
    [
        ("nobody is known", numbers(counted=None), None),
        ("pods", numbers(), "Pods"),
        ("the gateway", numbers(gateway=Sample(3, NOW)), "Gateway"),
        ("no pod is up any more", numbers(lost=Sample(3, NOW)), "Nobody"),
    ],
)
def test_who_counts(sentence: str, recorded: Numbers, who: str | None) -> None:
    assert said(recorded).counted_by == who


def test_tiers_that_could_never_fire_are_named() -> None:
    recall = Promise("recall", "80", 30 * DAY)
    assert said(numbers(recall), promise=recall).left_out == ["pageQuick", "pageSlow"]


@pytest.mark.parametrize(
    ("budgets", "least"),
    [([], None), ([None], None), (["0.5", "-0.25", None], "-0.25"), (["0.71", "0.8"], "0.71"), (["10", "9"], "9")],
)
def test_the_worst_slo_is_what_a_line_has_room_for(budgets: list[str | None], least: str | None) -> None:
    assert least_budget(SloStatus(name="one", budget_remaining=budget) for budget in budgets) == least


def test_a_young_history_says_when_it_begins() -> None:
    assert said(numbers(age=timedelta(hours=1))).history_since == timestamp(NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("sentence", "before", "recorded", "since"),
    [
        ("just now", None, numbers(errors=SPENT), timestamp(NOW)),
        ("for a while", EARLIER, numbers(errors=SPENT), EARLIER),
        ("for a while, unseen", EARLIER, None, EARLIER),
        ("not any more", EARLIER, numbers(), None),
    ],
)
def test_since_when_it_is_exhausted(sentence: str, before: str | None, recorded: Numbers, since: str | None) -> None:
    assert said(recorded, SloStatus(name="availability", exhausted_since=before)).exhausted_since == since


@pytest.mark.parametrize(
    ("sentence", "change", "is_written"),
    [
        ("nothing moved", {}, False),
        ("a hair", {"attained": "99.9719"}, False),
        ("enough", {"attained": "99.972"}, True),
        ("enough, downwards", {"budgetRemaining": "0.709"}, True),
        ("a burn rate", {"burnRate": {"ticketSlow": "0.301"}}, True),
        ("a burn rate, by a hair", {"burnRate": {"ticketSlow": "0.3009"}}, False),
        ("a number that is gone", {"burnRate": None}, True),
        ("its state", {"state": "Burning"}, True),
        ("who counts", {"countedBy": "Gateway"}, True),
        ("how long it lasts, by an hour of three days", {"exhaustedIn": "3d5h"}, False),
        ("how long it lasts, by more than a tenth", {"exhaustedIn": "3d12h"}, True),
        ("how long it lasts, by more than a tenth less", {"exhaustedIn": "2d20h"}, True),
        ("whether it lasts", {"exhaustedIn": None}, True),
        ("the promise", {"objective": "99.5"}, True),
        ("the beginning of history, by minutes", {"historySince": "2026-02-01T00:59:00Z"}, False),
        ("the beginning of history, by hours", {"historySince": "2026-02-01T01:00:00Z"}, True),
        ("that history is whole", {"historySince": None}, True),
    ],
)
def test_a_status_is_written_when_a_person_would_notice(sentence: str, change: Any, is_written: bool) -> None:
    fields = {
        "name": "availability",
        "objective": "99.9",
        "state": "Met",
        "attained": "99.971",
        "budgetRemaining": "0.71",
        "burnRate": {"ticketSlow": "0.3"},
        "countedBy": "Pods",
        "exhaustedIn": "3d4h",
        "historySince": EARLIER,
    }
    before, after = SloStatus.model_validate(fields), SloStatus.model_validate(fields | change)
    assert settled(before, after) is (after if is_written else before)


def test_small_moves_add_up() -> None:
    status = SloStatus(name="availability", attained="99.9")
    written = []
    for step in range(1, 21):
        before = status
        status = settled(before, SloStatus(name="availability", attained=f"{99.9 + step * 0.0004:.4f}"))
        written += [] if status is before else [status.attained]
    assert written == ["99.9012", "99.9024", "99.9036", "99.9048", "99.9060", "99.9072"]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(minutes=40), "40m"),
        (timedelta(hours=5, minutes=12), "5h12m"),
        (timedelta(hours=5), "5h"),
        (timedelta(days=3, hours=4, minutes=59), "3d4h"),
        (timedelta(days=3, minutes=59), "3d"),
    ],
)
def test_how_long_it_lasts_is_said_in_two_units(span: timedelta, text: str) -> None:
    assert lasting(span) == text


def test_nothing_left_is_never_written_with_a_sign() -> None:
    assert said(numbers(errors={"30d": 0.001 + 1e-9})).budget_remaining == "0"


def test_it_has_a_place_in_the_crd() -> None:
    schema = structural(SloStatus, "status.slos[]")
    assert schema["properties"]["state"]["enum"] == ["Met", "Burning", "Exhausted", "NoData"]
