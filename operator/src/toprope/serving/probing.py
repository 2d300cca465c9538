"""The probes of a candidate that is to get all requests at once."""

from toprope.core.conditions import timestamp
from toprope.core.resource import Resource
from toprope.delivery import probes
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import Phase, Rollout, Trouble
from toprope.delivery.probes import PROBES, Probing
from toprope.serving import places, trial
from toprope.serving.health import Look
from toprope.serving.workload import workload_of


def probing(resource: Resource, before: Rollout) -> Probing | None:
    """What is to be probed: the candidate, once the status says that it is."""
    if before.candidate is None or not is_probed(before):
        return None
    return Probing(
        revision=before.candidate,
        pods=places.selector(resource, places.WEB, before.candidate),
        port=places.HTTP_PORT,
        path=workload_of(resource).probe,
        number=PROBES,
        rollout=timestamp(before.began) if before.began else "",
        beside=places.selector(resource, places.WEB, before.stable),
    )


def is_probed(rollout: Rollout) -> bool:
    """Whether a rollout waits for its probes."""
    return rollout.phase is Phase.PREPARING and rollout.reason == Reason.PROBING


def verdict(look: Look) -> tuple[Verdict, Trouble]:
    """What they say of the candidate."""
    rules = trial.rules(look.resource)
    return probes.verdict(look.seen.probed, rules, trial.policy(look.resource).ready_within, look.now)
