"""What the engine adds to a kind's status, and what it leaves when it could not look."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from toprope.core.conditions import Condition
from toprope.core.errors import ChildNotOurs, Transient
from toprope.core.objects import SERVICE, Ref
from toprope.engine import status

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
READY = Condition("Ready", "True", "Serving", "It serves.")


def an_object(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 3, "name": "links"}, **fields}


def test_a_status_is_of_a_generation() -> None:
    whole = status.composed(an_object(), {"revision": "a"}, [READY, status.DONE], NOW)
    assert whole["observedGeneration"] == 3
    assert whole["revision"] == "a"
    assert [one["type"] for one in whole["conditions"]] == ["Ready", "Reconciled"]


def test_the_same_words_make_the_same_status() -> None:
    first = status.composed(an_object(), {}, [READY], NOW)
    later = status.composed(an_object(status=first), {}, [READY], NOW.replace(hour=13))
    assert later == first


def test_a_kind_that_leaves_everything_as_it_is_says_so_itself() -> None:
    stopped = Condition("Reconciled", "False", "CredentialsLost", "Nothing is changed.")
    assert status.with_success([READY, stopped], status.DONE) == [READY, stopped]
    assert status.with_success([READY], status.DONE) == [READY, status.DONE]


def test_a_refusal_makes_the_resource_not_ready() -> None:
    error = ChildNotOurs(Ref(SERVICE, "shop", "links-web"), "Deployment other")
    facts = status.with_trouble([READY], error, serves=True)
    assert {fact.type: (fact.status, fact.reason) for fact in facts} == {
        "Ready": ("False", "ChildNotOurs"),
        "Reconciled": ("False", "ChildNotOurs"),
    }


@pytest.mark.parametrize(("under_way", "reason"), [("True", "ChildNotOurs"), ("False", "Released")])
def test_a_refusal_of_what_does_not_serve_keeps_only_what_is_under_way(
    under_way: Literal["True", "False"], reason: str
) -> None:
    error = ChildNotOurs(Ref(SERVICE, "shop", "links-web-next"), "Deployment other")
    progressing = Condition("Progressing", under_way, "Released", "words")
    facts = status.with_trouble([READY, progressing], error, serves=False)
    assert {fact.type: (fact.status, fact.reason) for fact in facts} == {
        "Ready": ("True", "Serving"),
        "Progressing": (under_way, reason),
        "Reconciled": ("False", "ChildNotOurs"),
    }


def test_an_api_server_that_is_away_says_nothing_of_readiness() -> None:
    assert [fact.type for fact in status.trouble_of(Transient("away"))] == ["Reconciled"]


def test_what_could_not_be_looked_at_stays_as_it_was_said() -> None:
    before = status.composed(an_object(), {"revision": "a"}, [READY, status.DONE], NOW)
    after = status.annotated(an_object(status=before), status.trouble_of(Transient("away")), NOW)
    assert after["revision"] == "a"
    assert after["conditions"][0] == before["conditions"][0]
    assert after["conditions"][1]["reason"] == "ApiUnavailable"


def test_the_kinds_own_fields_are_told_from_the_engines() -> None:
    whole = status.composed(an_object(), {"revision": "a"}, [READY], NOW)
    assert status.fields_of(an_object(status=whole)) == {"revision": "a"}
