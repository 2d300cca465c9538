"""Conditions in metav1's shape, and what changed between two sets of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One named fact about a resource, with the reason and the sentence that a person reads."""

    type: str
    status: Truth
    reason: str
    message: str
    is_trouble: bool = True
    """Whether to be False is trouble that somebody should hear of, and no step on the way to what was asked for."""


def merged(
    before: Iterable[Mapping[str, Any]], facts: Iterable[Condition], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """`facts` as they go into a status: the transition time moves only when the truth does.

    What `before` holds and `facts` does not is gone: a pass states everything it knows.
    """
    old = {condition["type"]: condition for condition in before}
    return [_stated(old.get(fact.type), fact, generation, now) for fact in facts]


def _stated(old: Mapping[str, Any] | None, fact: Condition, generation: int, now: datetime) -> dict[str, Any]:
    kept = old is not None and old["status"] == fact.status
    return {
        "type": fact.type,
        "status": fact.status,
        "reason": fact.reason,
        "message": fact.message,
        "observedGeneration": generation,
        "lastTransitionTime": old["lastTransitionTime"] if old and kept else timestamp(now),
    }


def transitions(before: Iterable[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The conditions of `after` whose truth or reason differs from `before`: each is worth one Event."""
    old = {condition["type"]: (condition["status"], condition["reason"]) for condition in before}
    return [
        condition for condition in after if old.get(condition["type"]) != (condition["status"], condition["reason"])
    ]


def timestamp(moment: datetime) -> str:
    """As Kubernetes writes it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The inverse of `timestamp`; fractions of a second are accepted."""
    return datetime.fromisoformat(text)
