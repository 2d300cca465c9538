"""Requests that pods share, where the spec asks for no gateway: what the plain Service selects, and what keeps it from
selecting more.

    stable's pods ──► the pods of both, as many of the candidate's as its share stands for ──► the candidate's
"""

from dataclasses import dataclass

from toprope.core.names import REVISION
from toprope.core.objects import Manifest, labels_of
from toprope.core.resource import Resource
from toprope.delivery.machine.facts import note_of
from toprope.delivery.machine.rollout import WHOLE, Phase, Policy, Rollout
from toprope.delivery.machine.weights import percent
from toprope.delivery.split import note, pods_within, split
from toprope.serving import places, sizes, trial
from toprope.serving.health import Look, Shares, deployment_of, plain_of, selects
from toprope.serving.reasons import Fact, Reason
from toprope.serving.sizes import Scale
from toprope.serving.troubles import ready_pods


@dataclass(frozen=True, slots=True)
class Ways:
    """What requests find on their way to the candidate."""

    detour: str
    """Why it has another share than it should, where that is no gateway's; empty: it has not."""
    room: int
    """The largest weight that its ready pods suffice for."""
    pods: str
    """How many these are, as a sentence."""


def ways(look: Look, before: Rollout, scale: Scale, policy: Policy) -> Ways:
    """As this look found them."""
    return Ways(detour(look, before, scale), *sizes.room(look, before, scale, policy))


def policy(resource: Resource, scale: Scale) -> Policy:
    """How this resource wants to be released, in the shares that can be had."""
    asked = trial.policy(resource)
    return asked if resource.spec.traffic else split(asked, scale.floor)


def coarse(after: Rollout, policy: Policy, scale: Scale) -> str:
    """How the candidate's share differs from what was asked for, or from what was decided where stable has another
    size since."""
    is_odd = policy.grid and 0 < after.weight < WHOLE and after.weight not in policy.grid
    return note(after.weight, scale.floor) if is_odd else note_of(after.weight, policy)


def selected(look: Look, shares: Shares, scale: Scale) -> str | None:
    """What the plain Service may select in this pass; None: all. It gives a candidate requests when it has just the
    pods for them and stable has all of its own, and takes none away because one of them is lost."""
    wanted = plain_of(look, shares)
    stable, *others = shares
    if wanted == stable or selects(look, wanted):
        return wanted
    live, weight = deployment_of(look, others[0]), shares[others[0]]
    if weight == WHOLE:
        both_now = None if selects(look, None) else stable
        return wanted if ready_pods(live) >= _enough(scale) else both_now
    return wanted if _is_just(live, pods_within(weight, scale.floor)) and not _lacks_pods(scale) else stable


def detour(look: Look, before: Rollout, scale: Scale) -> str:
    """Why the candidate has another share than it should, as far as that is no gateway's; empty: it has not."""
    if look.resource.spec.traffic or not before.candidate or not before.weight:
        return ""
    service, live = places.name(look.resource, places.WEB), deployment_of(look, before.candidate)
    has = f"{ready_pods(live)} of {_pods(live)} are ready"
    if before.weight == WHOLE:
        wanted = f"Service {service} selects revision {before.candidate} alone"
        return (
            "" if selects(look, before.candidate) else f"{wanted} once {_enough(scale)} of its pods are ready: {has}."
        )
    pods = pods_within(before.weight, scale.floor)
    is_share = f"{percent(before.weight)} of the requests is {_counted(pods)} of revision {before.candidate}"
    if not _is_just(live, pods):
        return f"{is_share}: {has}."
    if _lacks_pods(scale):
        return f"{is_share} beside {scale.floor} of revision {before.stable}: not all of these are ready."
    return "" if selects(look, None) else f"Service {service} does not select the pods of both revisions yet."


def is_about_to_share(resource: Resource, before: Rollout) -> bool:
    """Whether the Service may soon select pods of all revisions: then none of a third one may be left."""
    return resource.spec.traffic is None and before.phase is Phase.PREPARING and bool(trial.policy(resource).steps)


def strangers(look: Look, before: Rollout) -> Fact | None:
    """Pods of a third revision would get requests with those of both."""
    if not is_about_to_share(look.resource, before):
        return None
    own = places.selector(look.resource, places.WEB)
    found = {labels_of(pod).get(REVISION) for pod in look.seen.pods if own.items() <= labels_of(pod).items()}
    third = sorted(str(one) for one in found - {before.stable, before.candidate})
    if not third:
        return None
    return Fact(Reason.EARLIER_PODS, f"Pods of revision {', '.join(third)} have yet to end.")


def _is_just(live: Manifest | None, pods: int) -> bool:
    """Whether there are just so many, and all of them ready."""
    return ready_pods(live) == _pods(live) == pods


def _enough(scale: Scale) -> int:
    """Ready pods of who is to have all requests; beside a stable that has none, any is more than nobody."""
    return scale.need if scale.ready else 1


def _lacks_pods(scale: Scale) -> bool:
    """Whether stable has fewer ready ones than it should: any pod beside them would be more than its share."""
    return scale.ready < scale.floor


def _pods(live: Manifest | None) -> int:
    return int(((live or {}).get("status") or {}).get("replicas") or 0)


def _counted(pods: int) -> str:
    return "1 pod" if pods == 1 else f"{pods} pods"
