"""The demo tells each condition once, waits with a deadline, and ends with a reason."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from toprope.cli import story
from toprope.core.objects import Manifest, Ref
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

LINKS = Ref(SHORTENER_APP.resource, "default", "links")


class Looks:
    """A cluster that shows one world after the other, and the last one for ever."""

    def __init__(self, *worlds: Manifest | None) -> None:
        self._worlds = list(worlds)

    async def read(self, ref: Ref) -> Manifest | None:
        return self._worlds.pop(0) if len(self._worlds) > 1 else self._worlds[0]


def condition(name: str, status: str, reason: str, generation: int = 1) -> dict[str, Any]:
    message = f"About {reason}."
    return {"type": name, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def world(*conditions: Mapping[str, Any]) -> Manifest:
    return {"metadata": {"generation": 1}, "status": {"conditions": list(conditions)}}


def told(looks: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    said: list[str] = []
    progress = story.Progress(lambda what, style: said.append(" ".join(what.split())))
    for look in looks:
        progress.look(look)
    return said


def test_a_condition_is_told_when_it_changes_and_not_again() -> None:
    first, then = condition("Ready", "False", "Starting"), condition("Ready", "True", "Serving")
    assert told([[first], [first], [then]]) == [
        "Ready False Starting: About Starting.",
        "Ready True Serving: About Serving.",
    ]


def test_what_is_true_is_told_after_what_is_not() -> None:
    said = told([[condition("Ready", "True", "Serving"), condition("Progressing", "False", "Idle")]])
    assert [line.split()[0] for line in said] == ["Progressing", "Ready"]


@pytest.mark.parametrize("blind", ["NoPrometheus", "PrometheusUnavailable"])
def test_of_slos_nothing_is_told_before_there_is_a_prometheus(blind: str) -> None:
    unknown, met = condition("SlosMet", "Unknown", blind), condition("SlosMet", "True", "AllMet")
    assert told([[unknown]]) == []
    assert [line.split()[2] for line in told([[unknown], [met], [unknown]])] == ["AllMet:", f"{blind}:"]


async def test_the_story_goes_on_when_the_newest_spec_is_ready() -> None:
    end = world(condition("Ready", "True", "Serving"))
    looks = Looks(world(), world(condition("Ready", "False", "Starting")), end)
    assert await story.ready(looks, LINKS, 5, lambda what, style: None) == end


async def test_ready_of_an_older_spec_does_not_count() -> None:
    looks = Looks(world(condition("Ready", "True", "Serving", generation=0)))
    with pytest.raises(story.StoryFailed, match=r"not Ready after 0 s\. Serving: About Serving"):
        await story.ready(looks, LINKS, 0, lambda what, style: None)


async def test_without_any_condition_the_operator_is_suspected() -> None:
    with pytest.raises(story.StoryFailed, match="is it running"):
        await story.ready(Looks(world()), LINKS, 0, lambda what, style: None)


async def test_a_deleted_resource_ends_the_story() -> None:
    with pytest.raises(story.StoryFailed, match="ShortenerApp default/links is gone"):
        await story.ready(Looks(None), LINKS, 0, lambda what, style: None)


async def test_the_api_key_comes_from_the_credentials() -> None:
    key = base64.b64encode(b"tr_bootstrap_secret").decode()
    assert await story.api_key(Looks({"data": {"api-key": key}}), LINKS) == "tr_bootstrap_secret"


async def test_credentials_without_a_key_are_named_with_their_place() -> None:
    with pytest.raises(story.StoryFailed, match="Secret default/links-credentials has no key 'api-key'"):
        await story.api_key(Looks({"data": {}}), LINKS)


async def test_slos_come_alive_while_somebody_visits() -> None:
    said: list[str] = []
    visits: list[int] = []

    async def visit() -> None:
        visits.append(1)

    met = world(condition("SlosMet", "True", "AllMet"), condition("Ready", "True", "Serving"))
    looks = Looks(None, world(condition("SlosMet", "Unknown", "NoPrometheus")), met)
    assert await story.slos_met(looks, LINKS, visit, 5, lambda what, style: said.append(what.split()[0])) == met
    assert (said, len(visits)) == (["SlosMet"], 3)


async def test_slos_that_are_not_met_end_the_story_with_what_they_say() -> None:
    async def visit() -> None:
        return None

    looks = Looks(world(condition("SlosMet", "False", "SloBurning")))
    with pytest.raises(story.StoryFailed, match=r"not met after 0 s\. SloBurning: About SloBurning"):
        await story.slos_met(looks, LINKS, visit, 0, lambda what, style: None)
