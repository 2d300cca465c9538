"""How many web pods revisions have while traffic may move between them: nobody lands on a shrunken one.

With a gateway the candidate is as large as stable from the beginning. Without one its pods are its share:

    Preparing ──► Shifting ⇄ Holding ──► Baking                        RollingBack
    first step's  this step's pods,      as many as stable,             no bound
    pods          stable's held          then the Service selects it
"""

from dataclasses import dataclass

from toprope.delivery.machine.facts import next_weight
from toprope.delivery.machine.moved import is_shared, moves, routed_weight
from toprope.delivery.machine.rollout import WHOLE, Phase, Policy, Rollout
from toprope.delivery.spec import RolloutStatus
from toprope.delivery.split import pods_within
from toprope.serving.health import Look, deployment_of
from toprope.serving.render.autoscaler import Bounds
from toprope.serving.troubles import ready_pods


@dataclass(frozen=True, slots=True)
class Scale:
    """How large stable is, within the bounds of the spec."""

    floor: int
    """Fewest pods of stable while a rollout moves: as many as it has, or had ready in this rollout. Who scales it down
    by hand meanwhile does so in the spec."""
    ready: int
    """Its ready pods."""
    need: int
    """Ready pods of a candidate that is to take all requests: as many as stable has ready, or had in this rollout. A
    stable that loses some makes nobody else large enough."""


def scale_of(look: Look, before: Rollout) -> Scale:
    """Measured at stable."""
    spec = look.resource.spec.replicas
    stable = deployment_of(look, before.stable) if before.stable else None
    has, ready = int((stable or {}).get("spec", {}).get("replicas", 1)), ready_pods(stable)
    had = ((look.resource.status.rollout or RolloutStatus()).capacity or 0) if before.candidate else 0
    floor = max(spec.min, min(max(has, had), spec.max))
    return Scale(floor, ready, max(1, min(floor, max(ready, had))))


def need_at(scale: Scale, before: Rollout, policy: Policy) -> int:
    """Ready pods that the candidate must have now. Stable may grow meanwhile."""
    share = before.weight if is_shared(before) else next_weight(before, policy)
    if is_whole(before, share, policy):
        return scale.need
    return pods_within(share, scale.floor) if policy.grid else max(1, -(-scale.need * share // WHOLE))


def is_whole(before: Rollout, share: int, policy: Policy) -> bool:
    """Whether the candidate has to be as large as stable: for all requests, and for its first ones where its size is
    not its share. Who served before gets all of them at once."""
    is_begun = is_shared(before)
    return share == WHOLE or (not is_begun and (not policy.grid or before.candidate in before.served))


def room(look: Look, before: Rollout, scale: Scale, policy: Policy) -> tuple[int, str]:
    """The largest weight that the candidate's ready pods suffice for, and how many these are, as a sentence. Where its
    size is its share, pods come after the word that allows them."""
    if policy.grid or before.candidate is None:
        return WHOLE, ""
    ready = ready_pods(deployment_of(look, before.candidate))
    told = f"{ready} of its web pods are ready; all requests need {scale.need}."
    return min(WHOLE, WHOLE * ready // scale.need), told


def bounds(look: Look, moved: tuple[Rollout, Rollout], revision: str, scale: Scale, policy: Policy) -> Bounds:
    """Of a revision's autoscaler; `moved` is the rollout as it was read and as it will be."""
    before, after = moved
    if after.phase is Phase.ROLLING_BACK is not before.phase:
        # What takes the requests back is one write, and sizes follow it.
        after = before
    spec = look.resource.spec.replicas
    held = revision == after.candidate or (revision == after.stable and moves(after))
    usual = Bounds(scale.floor if held else spec.min, spec.max)
    if not policy.grid or not held:
        return usual
    if revision == after.candidate:
        return _of_candidate(before, after, usual, policy)
    return Bounds(scale.floor, scale.floor) if after.phase in (Phase.SHIFTING, Phase.HOLDING) else usual


def _of_candidate(before: Rollout, after: Rollout, usual: Bounds, policy: Policy) -> Bounds:
    """More pods are more requests: they come after the word that allows them, and none are made for one who fails."""
    if after.phase is Phase.ROLLING_BACK:
        return Bounds(1, usual.most)
    share = routed_weight(before, after) or after.weight or next_weight(after, policy)
    if is_whole(after, share, policy):
        return usual
    pods = pods_within(share, usual.least)
    return Bounds(pods, pods)
