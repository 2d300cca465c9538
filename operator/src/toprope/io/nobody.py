"""The ports `Now` and `Probes` where nobody looks and nobody probes: on paper, and in tests of what needs neither."""

from datetime import datetime

from toprope.core.resource import Resource
from toprope.delivery.probes import Probed, Probing
from toprope.delivery.trial import Looked, Trial
from toprope.io.ledger import NoPrometheus
from toprope.ports import Sources


class NobodyLooks:
    """Nothing is seen."""

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """Nothing, and why."""
        return Looked(blind="Nobody looks at the candidate.")


class NobodyProbes:
    """Nothing is sent."""

    def of(self, resource: Resource, probing: Probing) -> Probed:
        """Nothing, and why."""
        return Probed(blind="Nobody sends probes.")


def no_sources(at: datetime) -> Sources:
    """Nothing is known beside the cluster but what the time is."""
    return Sources(NoPrometheus(), NobodyLooks(), NobodyProbes(), at)
