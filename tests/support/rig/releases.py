"""Releases on a rig, and what is to become of them."""

from typing import Any

from tests.support.rig.history import Moment
from tests.support.rig.place import Place

NEW: dict[str, Any] = {"settings": {"slugLength": 9}}
STEP: dict[str, Any] = {"weight": "50%", "hold": "1s"}
HELD: dict[str, Any] = {"steps": [{"weight": "50%", "hold": "10m"}]}
"""A step that does not end while a test looks at it."""


def held(place: Place) -> Moment:
    """A candidate has half of the requests, and keeps them."""
    return place.goes("Holding", since=place.release(NEW, **HELD))


def is_promoted(place: Place, since: float = 0.0) -> Moment:
    """The candidate has become stable, and nothing else has happened to it."""
    promoted = place.becomes(lambda one: one.phase == "Retiring", since=since)
    assert not [one for one in place.crowd.history.since(since) if one.phase in ("RollingBack", "Failed")]
    return promoted


def is_taken_back(place: Place, since: float) -> str:
    """All requests go to stable again; why. How soon is told by unit tests, in looks: seconds of a busy machine prove
    nothing."""
    stable = place.now.stable
    back = place.becomes(lambda one: one.phase == "RollingBack" and one.accepted, since=since)
    assert back.share_of(stable) == 100_000
    return back.reason
