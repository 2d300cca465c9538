"""Where SLOs stand, as a line each."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from toprope.cli.budgets import bar, burn, history, lasts, slos_of, slos_table
from toprope.slo.status import SloStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {
    "name": "availability", "objective": "99.9", "window": "30d", "state": "Met", "attained": "99.971",
    "budgetRemaining": "0.71", "countedBy": "Gateway",
    "burnRate": {"pageQuick": "0.5", "pageSlow": "0", "ticketQuick": "0.2", "ticketSlow": "0.3"},
}  # fmt: skip
BURNING = {
    "name": "fast", "objective": "99", "window": "30d", "state": "Burning", "attained": "99.1",
    "budgetRemaining": "0.1", "countedBy": "Pods", "exhaustedIn": "5h12m", "historySince": "2026-02-27T12:00:00Z",
    "burnRate": {"pageQuick": "16.6667", "pageSlow": "6", "ticketQuick": "3.5", "ticketSlow": "0.3"},
}  # fmt: skip
UNKNOWN = {"name": "new", "objective": "99.5", "window": "7d", "state": "NoData"}


def slo(**change: Any) -> SloStatus:
    return SloStatus.model_validate({**GOOD, **change})


def drawn(*slos: dict[str, Any], width: int = 160) -> list[str]:
    console = Console(width=width, soft_wrap=True)
    with console.capture() as shown:
        console.print(slos_table(slos_of({"status": {"slos": list(slos)}}), NOW))
    return [" ".join(line.split()) for line in shown.get().splitlines()]


def test_each_slo_is_a_line_and_the_one_with_the_least_left_is_the_first() -> None:
    low, high = "██░░░░░░░░░░░░░░░░░░ 10.0%", "██████████████░░░░░░ 71.0%"
    assert drawn(UNKNOWN, GOOD, BURNING) == [
        "SLO STATE OBJECTIVE ATTAINED BUDGET LEFT BURN/FACTOR (QUICK, SLOW) LASTS COUNTED BY HISTORY",
        f"fast Burning 99% of 30d 99.1% {low} page 16.6667/14.4 6/6 ticket 3.5/3 0.3/1 5h12m Pods 2d of 30d",
        f"availability Met 99.9% of 30d 99.971% {high} page 0.5/14.4 0/6 ticket 0.2/3 0.3/1 for good Gateway whole",
        "new NoData 99.5% of 7d - - - - - -",
    ]


def test_a_narrow_terminal_loses_nothing() -> None:
    assert drawn(UNKNOWN, GOOD, BURNING, width=40) == drawn(UNKNOWN, GOOD, BURNING)


def test_a_status_without_slos_has_none() -> None:
    assert slos_of({}) == slos_of({"status": {"url": "http://links"}}) == []


def test_an_slo_of_which_only_the_name_is_known_is_drawn_too() -> None:
    assert drawn({"name": "odd"})[1] == "odd NoData - - - - - - -"


@pytest.mark.parametrize(
    ("left", "cells", "said", "colour"),
    [
        ("1", 20, "100.0%", "green"),
        ("0.5", 10, "50.0%", "green"),
        ("0.4999", 10, "50.0%", "yellow"),
        ("0.25", 5, "25.0%", "yellow"),
        ("0.2499", 5, "25.0%", "red"),
        ("0", 0, "0.0%", "red"),
        ("-3.5", 0, "-350.0%", "red"),
    ],
)
def test_a_bar_is_as_long_as_what_is_left(left: str, cells: int, said: str, colour: str) -> None:
    drawn_bar = bar(left)
    assert drawn_bar.plain == f"{'█' * cells}{'░' * (20 - cells)} {said}"
    assert drawn_bar.spans[-1].style == colour


def test_a_tier_is_coloured_while_it_is_above_its_factor() -> None:
    text = burn(SloStatus.model_validate(BURNING))
    coloured = {text.plain[span.start : span.end]: span.style for span in text.spans if span.style}
    assert coloured == {"16.6667/14.4": "red", "3.5/3": "yellow"}


def test_a_rate_above_its_factor_beside_a_promise_that_is_kept_is_said_to_be_no_alert() -> None:
    few = slo(state="Met", burnRate={"pageQuick": "100", "pageSlow": "1", "ticketQuick": "0", "ticketSlow": "0"})
    assert burn(few).plain == "page 100/14.4 (no alert) 1/6  ticket 0/3 0/1"
    assert [span.style for span in burn(few).spans if span.style] == []


def test_a_tier_that_could_never_fire_has_no_rate() -> None:
    left = slo(leftOut=["pageQuick", "pageSlow"], burnRate={"ticketQuick": "1", "ticketSlow": "1"})
    assert burn(left).plain == "page -/14.4 -/6  ticket 1/3 1/1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "for good"),
        ({"exhaustedIn": "3d4h"}, "3d4h"),
        ({"exhaustedIn": "0m", "exhaustedSince": "2026-03-01T10:30:00Z"}, "spent for 1h30m"),
        ({"budgetRemaining": None}, "-"),
    ],
)
def test_how_long_a_budget_lasts(change: dict[str, Any], said: str) -> None:
    assert lasts(slo(**change), NOW) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [({}, "whole"), ({"historySince": "2026-03-01T11:00:00Z"}, "1h of 30d"), ({"budgetRemaining": None}, "-")],
)
def test_how_much_there_is_to_look_back_on(change: dict[str, Any], said: str) -> None:
    assert history(slo(**change), NOW) == said


@pytest.mark.parametrize(("is_terminal", "escapes"), [(True, True), (False, False)])
def test_colours_are_for_terminals(is_terminal: bool, escapes: bool) -> None:
    console = Console(width=160, force_terminal=is_terminal, color_system="standard" if is_terminal else "auto")
    with console.capture() as shown:
        console.print(bar("0.1"))
    assert ("\x1b[31m" in shown.get()) == escapes
