"""Stories of releases by steps: a whole one, one that fails, one that is called off, and what people ask meanwhile."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.support.kill_points import Cue, Settled, Story
from tests.support.verdicts import Verdicts
from toprope.cli.paper import merged
from toprope.core.objects import Manifest
from toprope.delivery.machine.rollout import WHOLE
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.kinds.shortenerapp.spec import ShortenerAppSpec, revision_of_spec

LADDER = (1000, 10_000, 50_000, WHOLE)
STEPS = [{"weight": "1%", "hold": "0s"}, {"weight": "10%", "hold": "1s"}, {"weight": "50%", "hold": "0s"}]
STUCK = [{"weight": "1%", "hold": "0s"}, {"weight": "10%", "hold": "1h"}]
"""Holds the second step until somebody asks for something else."""
A = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["links.localhost"]},
    "slos": [{"name": "availability", "objective": "99.9", "availability": {}}],
    "rollout": {"strategy": "Canary", "steps": STEPS, "bake": "1s"},
}
B = merged(A, {"settings": {"slugLength": 9}})
C = merged(A, {"settings": {"slugLength": 11}})
SLOW_B = merged(B, {"rollout": {"steps": STUCK}})


def revision(spec: Mapping[str, Any]) -> str:
    return revision_of_spec(ShortenerAppSpec.model_validate(spec))


def ends(phase: str, stable: Mapping[str, Any]) -> Settled:
    """A first release serves; a later one ends in this phase, and this spec's revision serves then."""

    def holds(live: Manifest) -> bool:
        status, is_first = live["status"], revision(live["spec"]) == revision(A)
        wanted = ("Idle", revision(A)) if is_first else (phase, revision(stable))
        stated = {one["type"]: one["status"] for one in status.get("conditions", ())}
        found = (status["rollout"]["phase"], status["revision"]["stable"])
        return stated.get("Ready") == "True" and found == wanted

    return holds


def is_stuck(live: Manifest) -> bool:
    """The second step waits for its time."""
    rollout = live["status"]["rollout"]
    return rollout.get("step") == 2 and rollout["reason"] in ("HoldNotOver", "ShareNotSeen")


GOOD = Verdicts()
A_TO_B = Story(SHORTENER_APP, ends("Idle", B), A, B, ladder=LADDER, now=GOOD)
ABORT = {"toprope.dev/abort": revision(B)}
STORIES = {
    "a canary": A_TO_B,
    "an abort": replace(A_TO_B, settled=ends("Failed", A), after=SLOW_B, cue=Cue(is_stuck, SLOW_B, ABORT)),
    "another release in mid-rollout": replace(A_TO_B, settled=ends("Idle", C), after=SLOW_B, cue=Cue(is_stuck, C)),
    "back to stable in mid-rollout": replace(A_TO_B, settled=ends("Idle", A), after=SLOW_B, cue=Cue(is_stuck, A)),
}
"""These can be told without a gate, too."""
JUDGED = {
    "a canary that fails at a step": replace(A_TO_B, settled=ends("Failed", A), now=Verdicts(fails=2)),
    "a canary that fails in its bake": replace(A_TO_B, settled=ends("Failed", A), now=Verdicts(fails_baking=True)),
    "a canary that crashes at a step": replace(A_TO_B, settled=ends("Failed", A), now=Verdicts(crashes=2)),
}


def unjudged(story: Story) -> Story:
    """The same with no SLO: each step is held for its time, as no gate is there."""

    def bare(spec: Mapping[str, Any] | None) -> Any:
        return spec and {**spec, "slos": []}

    cue = story.cue and replace(story.cue, spec=bare(story.cue.spec))
    return replace(story, before=bare(story.before), after=bare(story.after), cue=cue, now=None)
