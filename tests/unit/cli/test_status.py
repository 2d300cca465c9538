"""A resource's status in words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from tests.unit.schema.a_kind import A_KIND
from toprope.cli.found import names_of
from toprope.cli.say import age
from toprope.cli.status import conditions_table, heading

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIVE: dict[str, Any] = {
    "metadata": {"namespace": "default", "name": "links", "generation": 2},
    "status": {
        "observedGeneration": 2,
        "url": "http://links.example.com",
        "revision": {"stable": "abc", "served": ["old"]},
        "conditions": [
            {
                "type": "Ready", "status": "False", "reason": "ImagePull",
                "message": "Image [x] cannot be pulled.", "lastTransitionTime": "2026-01-01T11:53:00Z",
            }
        ],
    },
}  # fmt: skip


def test_the_heading_says_what_where_and_which() -> None:
    assert heading(A_KIND, LIVE) == "Widget default/links  http://links.example.com  stable abc"


def test_a_spec_that_nobody_has_looked_at_is_said() -> None:
    fresh = {"metadata": {**LIVE["metadata"], "generation": 3}, "status": LIVE["status"]}
    assert heading(A_KIND, fresh).endswith("(the newest spec has not been looked at yet)")


def test_each_condition_is_a_row_with_its_age_and_its_sentence_as_it_is() -> None:
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(conditions_table(LIVE, NOW))
    row = shown.get().splitlines()[1]
    assert row.split(maxsplit=4) == ["Ready", "False", "ImagePull", "7m", "Image [x] cannot be pulled."]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (-3, "0s"), (119, "119s"), (120, "2m"), (7200, "2h"), (172800, "2d")]
)
def test_an_age_is_said_in_one_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said


def test_a_kind_answers_to_all_its_names() -> None:
    assert names_of(A_KIND) == ("wdg", "widgets", "widget")
