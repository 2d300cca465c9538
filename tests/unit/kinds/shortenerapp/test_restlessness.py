"""Nothing asks to be looked at again at once unless it has just changed something: else it would ask for ever."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import (
    EXTERNAL,
    WITH_TRAFFIC,
    Paper,
    Spoiling,
    a_shortener,
    all_of,
    give_secret,
    secret_changed,
    with_spec,
)
from toprope.cli.paper import merged
from toprope.core.decision import Decision
from toprope.core.names import ROTATE_CREDENTIALS
from toprope.core.objects import CONTROLLER_REVISION
from toprope.serving.seen import Seen

SPECS: dict[str, Mapping[str, Any]] = {"small": {}, "with traffic": WITH_TRAFFIC, "external": EXTERNAL}
ENDED = {"status": {"conditions": [{"type": "Failed", "status": "True", "message": "no"}]}}


def every(kind: str, part: str, patch: Mapping[str, Any]) -> Spoiling:
    """All children of a kind whose name has this part are patched."""

    def spoiled(seen: Seen) -> Seen:
        found = {key: merged(one, patch) for key, one in seen.children.items() if key[0] == kind and part in key[1]}
        return replace(seen, children={**seen.children, **found})

    return spoiled


FAULTS: dict[str, Spoiling] = {
    "well": lambda seen: seen,
    "the gateway is silent": every("HTTPRoute", "", {"status": {"parents": []}}),
    "rotations fail": every("Job", "rotate", ENDED),
    "rotations run": every("Job", "rotate", {"status": {"conditions": []}}),
    "migrations fail": every("Job", "migrate", ENDED),
    "migrations run": every("Job", "migrate", {"status": {"conditions": []}}),
    "web pods are not ready": every("Deployment", "web", {"status": {"readyReplicas": None}}),
    "a Secret is gone": secret_changed("my-database", None),
    "nothing has endpoints": lambda seen: replace(seen, endpoints=frozenset()),
    "the volume does not grow": every("PersistentVolumeClaim", "", {"status": {"capacity": {"storage": "1Gi"}}}),
}


def world(paper: Paper) -> object:
    """All that a pass may change."""
    bare = {"resourceVersion": None}
    written = [merged(one, {"metadata": bare}) for one in paper.cluster.objects.values()]
    return written, paper.resource.status


def looked(paper: Paper, faults: Spoiling, fault: str) -> Decision:
    """One pass, which asks for the next at once only if it changed something."""
    before = world(paper)
    decision = paper.pass_once(faults)
    assert decision.again or world(paper) != before, f"it spins: {fault}, {paper.resource.status.rollout}"
    return decision


def released(paper: Paper, length: int) -> None:
    """Somebody changes the release and asks for new credentials."""
    paper.resource = replace(
        with_spec(paper.resource, {"settings": {"slugLength": length}}), annotations={ROTATE_CREDENTIALS: f"{length}"}
    )


def records_lost(paper: Paper) -> None:
    """Somebody deletes what is written down of the revisions."""
    for ref in list(paper.cluster.objects):
        if ref.resource == CONTROLLER_REVISION and "-web-" in ref.name:
            del paper.cluster.objects[ref]


def lives(spec: Mapping[str, Any], faults: Sequence[Spoiling], sentence: str) -> None:
    """A release and a rotation for each fault; time goes on by what was asked for."""
    paper = Paper(a_shortener(spec))
    for name, keys in (("my-database", ["owner-uri", "app-uri"]), ("my-cache", ["uri"])):
        give_secret(paper, name, keys)
    paper.settle()
    for number, spoil in enumerate(faults):
        released(paper, 9 + number // 2)
        for _ in range(8):
            decision = looked(paper, spoil, sentence)
            paper.now += min(decision.again, timedelta(seconds=40))
        if number == 1:
            records_lost(paper)


@pytest.mark.parametrize("spec", SPECS)
def test_who_asks_for_another_look_at_once_has_changed_something(spec: str) -> None:
    names = list(FAULTS)
    for place, first in enumerate(names):
        second = names[(place + len(SPECS) + list(SPECS).index(spec)) % len(names)]
        one, two = FAULTS[first], FAULTS[second]
        lives(SPECS[spec], (one, all_of(one, two), two), f"{first}, then also {second}")
