"""What becomes of a pod, a Job or a route on a floor where nothing runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How it ends."""

    WELL = "Well"
    """Pods are ready, Jobs complete, routes are accepted."""
    FAILS = "Fails"
    """The program ends with code 1; `message` is its termination log. A route is refused."""
    FAILS_FIRST = "FailsFirst"
    """The first init container ends with `code`; `message` is its termination log. What comes after never starts."""
    WAITS = "Waits"
    """The container never starts; `reason` and `message` say why (such as ImagePullBackOff)."""
    UNSCHEDULABLE = "Unschedulable"
    """No node takes the pod; `message` says why."""
    UNTOUCHED = "Untouched"
    """Nobody writes anything: the test does."""


@dataclass(frozen=True, slots=True)
class Fate:
    """One outcome and the words that Kubernetes would use for it."""

    outcome: Outcome
    reason: str = ""
    message: str = ""
    code: int = 1


WELL = Fate(Outcome.WELL)


def fate_of(words: list[str], fates: Mapping[str, Fate]) -> Fate:
    """The fate of the first pattern that one of `words` (images, names) contains; else all is well."""
    for pattern, fate in fates.items():
        if any(pattern in word for word in words):
            return fate
    return WELL
