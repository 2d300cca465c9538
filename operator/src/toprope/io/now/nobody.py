"""The port `Now` where nobody looks: on paper, and in tests of what does not need it."""

from toprope.core.resource import Resource
from toprope.delivery.trial import Looked, Trial


class NobodyLooks:
    """Nothing is seen."""

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """Nothing, and why."""
        return Looked(blind="Nobody looks at the candidate.")
