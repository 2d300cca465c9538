"""From series to the numbers of each SLO."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf, nan

import pytest

from tests.support.measured import NOW
from tests.support.prometheus_on_paper import objective
from toprope.core.measured import Numbers, Sample
from toprope.io.prometheus import Series, Unseen
from toprope.io.recorded import QUERIES, Recording, histories
from toprope.slo.rules import (
    ALLOWED,
    BAD,
    BAD_SERIES,
    BUCKET,
    BURN,
    ERRORS,
    FIRST,
    LATELY,
    LEFT,
    LOST_RATE,
    MEANING,
    TOTAL,
    TOTAL_RATE,
    Identity,
)
from toprope.slo.windows import DAY, duration, tiers

CLOCK = 1000.0
AVAILABILITY = Identity("shop", "Tiny", "links", "availability")
THEN = NOW - timedelta(seconds=10)


def series(name: str, value: float, at: float = 990.0, **labels: str) -> Series:
    return Series({**AVAILABILITY.labels, "__name__": name, **labels}, value, at)


def recorded(series: Iterable[Series], clock: float, now: datetime) -> dict[Identity, Numbers]:
    recording = Recording()
    recording.note(series)
    return recording.numbers(clock, now)


EVALUATED = Series(objective("availability"), 0.999, 990.0)


EVERYTHING = [
    EVALUATED,
    series(TOTAL_RATE, 5),
    series(FIRST, 2),
    series(LATELY, 60),
    series(BUCKET, 2),
    series(BAD_SERIES, 1),
    series(ALLOWED, 100),
    series(LEFT, 0.75),
    series(LOST_RATE, 3, 960),
    series(ERRORS, 0.25, window="30d"),
    series(TOTAL, 100, window="1h"),
    series(BAD, 1, window="1h"),
    series(BURN, 0.5, window="5m"),
    series(BURN, 1.5, window="1h"),
]


def test_samples_find_their_places_and_the_operators_time() -> None:
    assert recorded(EVERYTHING, CLOCK, NOW)[AVAILABILITY] == Numbers(
        rules="version1",
        evaluated=Sample(0.999, THEN),
        counted=Sample(5, THEN),
        gateway=Sample(2, THEN),
        gateway_lately=Sample(60, THEN),
        bucket=Sample(2, THEN),
        bad_series=Sample(1, THEN),
        lost=Sample(3, NOW - timedelta(seconds=40)),
        error=Sample(0.25, THEN),
        allowed=Sample(100, THEN),
        left=Sample(0.75, THEN),
        total={"1h": Sample(100, THEN)},
        bad={"1h": Sample(1, THEN)},
        burn={"5m": Sample(0.5, THEN), "1h": Sample(1.5, THEN)},
    )


def test_what_the_last_evaluations_did_not_record_has_vanished() -> None:
    found = recorded([EVALUATED, series(BURN, 0.5, 870, window="5m"), series(LOST_RATE, 3, 899)], CLOCK, NOW)
    assert (found[AVAILABILITY].burn, found[AVAILABILITY].lost) == ({}, None)


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_of_two_versions_of_the_rules_counts(order: int) -> None:
    both = [EVALUATED, Series(objective("availability", "version0"), 0.99, 960)]
    assert recorded(both[::order], CLOCK, NOW)[AVAILABILITY].rules == "version1"


def test_the_error_ratio_is_that_of_the_slos_own_window() -> None:
    """At 90 days the slowest tier looks at 9: more than the whole window of another SLO."""
    both = [series(ERRORS, 0.5, window="9d"), series(ERRORS, 0.25, window="90d")]
    own = Series(objective("availability", window="90d"), 0.999, 990)
    earlier = Series(objective("availability", "version0", window="9d"), 0.999, 960)
    assert recorded([*both, own, earlier], CLOCK, NOW)[AVAILABILITY].error == Sample(0.25, THEN)


def test_the_same_name_in_another_namespace_is_another_slo() -> None:
    other = Series({**EVALUATED.labels, "namespace": "test"}, 0.9, 990)
    found = recorded([EVALUATED, other], CLOCK, NOW)
    assert {identity.namespace: numbers.evaluated for identity, numbers in found.items()} == {
        "shop": Sample(0.999, THEN),
        "test": Sample(0.9, THEN),
    }


def test_other_peoples_records_and_unproved_ones_are_left_out() -> None:
    assert (
        recorded([Series({"__name__": BURN, "window": "5m"}, 1, 990), series(BURN, 1, window="5m")], CLOCK, NOW) == {}
    )


STRANGERS = [
    {label: value for label, value in EVALUATED.labels.items() if label != lacking}
    for lacking in ("namespace", "kind", "name", "slo", "rules", "window")
]


@pytest.mark.parametrize("labels", STRANGERS, ids=["namespace", "kind", "name", "slo", "rules", "window"])
def test_a_series_that_lacks_a_label_is_somebody_elses_and_blinds_nobody(labels: dict[str, str]) -> None:
    stranger = Series(labels, 1, 990)
    assert list(recorded([stranger, *EVERYTHING], CLOCK, NOW)) == [AVAILABILITY]
    ours = Series(objective("availability"), 900.0, CLOCK)
    assert histories([stranger, ours], CLOCK, NOW) == {(AVAILABILITY, ""): NOW - timedelta(seconds=100)}


@pytest.mark.parametrize(
    "nonsense",
    [
        Series(None, 1, 990),  # type: ignore[arg-type]
        Series({**AVAILABILITY.labels}, 1, 990),
        Series({**AVAILABILITY.labels, "__name__": BURN, "window": []}, 1, 990),  # type: ignore[dict-item]
        Series(objective("availability"), 1, inf),
        Series(objective("availability"), 1, 1e300),
    ],
)
def test_nonsense_is_not_believed(nonsense: Series) -> None:
    with pytest.raises(Unseen, match="a shape of its own"):
        recorded([nonsense], CLOCK, NOW)


def test_history_begins_with_the_first_rules() -> None:
    older = Series(objective("availability", "version0"), 400.0, CLOCK)
    newer, others = Series(objective("availability"), 900.0, CLOCK), Series({}, 1.0, CLOCK)
    assert histories([newer, older, others], CLOCK, NOW) == {(AVAILABILITY, ""): NOW - timedelta(seconds=600)}


def test_what_is_counted_has_a_history_of_its_own() -> None:
    told = [
        Series({**objective("availability", version), **counted}, at, CLOCK)
        for version, counted, at in (
            ("version0", {}, 100.0),
            ("version1", {MEANING: "fast"}, 400.0),
            ("version2", {MEANING: "fast"}, 500.0),
            ("version3", {MEANING: "faster"}, 900.0),
        )
    ]
    begun = {what: NOW - timedelta(seconds=ago) for what, ago in (("", 900), ("fast", 600), ("faster", 100))}
    assert histories(told, CLOCK, NOW) == {(AVAILABILITY, what): at for what, at in begun.items()}


def test_what_is_counted_is_what_was_counted_last() -> None:
    earlier = Series({**objective("availability", "version0"), MEANING: "fast"}, 0.999, 960.0)
    newest = Series({**EVALUATED.labels, MEANING: "faster"}, 0.999, 990.0)
    both = [series(TOTAL_RATE, 7, 960.0, sli="fast"), series(TOTAL_RATE, 5, sli="faster")]
    found = recorded([earlier, newest, *both], CLOCK, NOW)[AVAILABILITY]
    assert (found.sli, found.counted) == ("faster", Sample(5, THEN))


@pytest.mark.parametrize("nonsense", [nan, inf, -1e13, 1e300])
def test_a_history_that_cannot_be_is_not_believed(nonsense: float) -> None:
    with pytest.raises(Unseen, match="a shape of its own"):
        histories([Series(objective("availability"), nonsense, CLOCK)], CLOCK, NOW)


@pytest.mark.parametrize("window", range(7, 91))
@pytest.mark.parametrize("record", [TOTAL, BAD, BURN])
def test_whatever_the_window_is_its_tiers_are_asked_for(record: str, window: int) -> None:
    (asked,) = (query for query in QUERIES if query.startswith(record))
    needed = {duration(span) for tier in tiers(window * DAY) for span in (tier.short, tier.long)}
    for negated, taken in re.findall(r'window(!~|=~)"([^"]*)"', asked):
        assert all((re.fullmatch(taken, span) is None) == (negated == "!~") for span in needed | {f"{window}d"})
