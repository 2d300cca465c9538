"""Which transitions are worth an Event, and that repeats are one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.engine import INSTALLATION
from tests.support.tiny import TINY, TinySpec, TinyStatus
from toprope.core.decision import Tell
from toprope.core.objects import Ref
from toprope.core.resource import Resource
from toprope.engine.events import LONGEST, told, turned

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RESOURCE = Resource(
    Ref(TINY.resource, "shop", "links"), "uid", 1, "7", {}, False, TinySpec(), TinyStatus(), INSTALLATION
)


def stated(name: str, status: str, reason: str) -> Mapping[str, Any]:
    return {"type": name, "status": status, "reason": reason, "message": "words"}


READY, STARTING = stated("Ready", "True", "Serving"), stated("Ready", "False", "Starting")
BROKEN = stated("Ready", "False", "ImageMissing")
PROGRESSING, SETTLED = stated("Progressing", "True", "Candidate"), stated("Progressing", "False", "Released")


@pytest.mark.parametrize(
    ("sentence", "before", "after", "expected"),
    [
        ("nothing changed", [READY], [READY], []),
        ("the first words of a good start are no event", [], [STARTING, PROGRESSING], []),
        ("a truth that turned", [STARTING], [READY], [("Serving", "Normal")]),
        ("a step on a good way is no event", [STARTING, PROGRESSING], [BROKEN, PROGRESSING], []),
        ("trouble that is new", [STARTING, SETTLED], [BROKEN, SETTLED], [("ImageMissing", "Warning")]),
        ("trouble from the start", [], [BROKEN, SETTLED], [("ImageMissing", "Warning")]),
        ("an end of progress is good news", [PROGRESSING], [SETTLED], [("Released", "Normal")]),
        (
            "a refusal warns also while something moves",
            [PROGRESSING],
            [PROGRESSING, stated("Reconciled", "False", "Refused")],
            [("Refused", "Warning")],
        ),
    ],
)
def test_transitions(
    sentence: str,
    before: list[Mapping[str, Any]],
    after: list[Mapping[str, Any]],
    expected: list[tuple[str, str]],
) -> None:
    assert [(one["reason"], one["type"]) for one in turned(RESOURCE, before, after, NOW)] == expected


GROWING = stated("Grown", "False", "Growing")


@pytest.mark.parametrize(
    ("sentence", "before", "calm", "expected"),
    [
        ("the first step to what was asked for is no event", [], ["Grown"], []),
        ("it turns a truth", [stated("Grown", "True", "AsAsked")], ["Grown"], [("Growing", "Normal")]),
        ("another step is no event", [stated("Grown", "False", "Asked")], ["Grown"], []),
        ("what is in its way is trouble", [stated("Grown", "False", "Asked")], [], [("Growing", "Warning")]),
    ],
)
def test_steps_to_what_was_asked_for_warn_nobody(
    sentence: str, before: list[Mapping[str, Any]], calm: list[str], expected: list[tuple[str, str]]
) -> None:
    found = turned(RESOURCE, [*before, SETTLED], [GROWING, SETTLED], NOW, calm)
    assert [(one["reason"], one["type"]) for one in found] == expected


def test_the_same_words_are_one_event() -> None:
    first, second = (told(RESOURCE, [Tell("DataStays", "here")], NOW)[0] for _ in range(2))
    other = told(RESOURCE, [Tell("DataStays", "there")], NOW)[0]
    assert first["metadata"]["name"] == second["metadata"]["name"]
    assert first["metadata"]["name"] != other["metadata"]["name"]


def test_what_is_said_once_is_one_event_in_whatever_words() -> None:
    words = [("A", "9 bad", "7"), ("A", "12 bad", "7"), ("A", "9 bad", "8"), ("B", "9 bad", "7"), ("A", "9 bad", "")]
    names = [event["metadata"]["name"] for event in told(RESOURCE, [Tell(a, b, once=c) for a, b, c in words], NOW)]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_long_words_are_cut() -> None:
    assert len(told(RESOURCE, [Tell("A", "x" * 5000)], NOW)[0]["message"]) == LONGEST
