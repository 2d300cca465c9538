"""Which pods users find: by the route, or where there is none as the plain Service shares them out."""

from collections import Counter
from collections.abc import Mapping, Sequence

from toprope.core.names import REVISION
from toprope.core.objects import Manifest, labels_of
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.pods import pod_of
from toprope.serving.health import weights_of


def is_open(pod: Manifest) -> bool:
    """Whether a Service sends anybody to it."""
    seen = pod_of(pod)
    return bool(seen.is_ready and seen.address and not seen.is_leaving)


def shares(route: Manifest | None, plain: Manifest | None, pods: Sequence[Manifest]) -> Mapping[str, int]:
    """By revision, in any unit. `plain` is the Service beside which there is no route."""
    if plain is None:
        return {service.rpartition("-")[2]: weight for service, weight in weights_of(route).items()}
    selector = plain["spec"]["selector"].items()
    found = Counter(labels_of(pod)[REVISION] for pod in pods if is_open(pod) and selector <= labels_of(pod).items())
    return {revision: round(WHOLE * number / found.total()) for revision, number in found.items()}
