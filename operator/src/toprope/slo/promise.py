"""What an SLO promises, apart from how it is counted: its rules, its budget and its status are all made from this."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from toprope.slo.sli import OWN
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, Severity, Tier, budget_of, days, tiers


@dataclass(frozen=True, slots=True)
class Promise:
    """What an SLO promises, and which of its alerts somebody wants."""

    name: str
    objective: str
    """Percent."""
    window: int
    """Seconds."""
    severities: tuple[Severity, ...] = tuple(Severity)
    counted_by: str = "Pods"
    """Who counts where no gateway does."""

    @property
    def budget(self) -> Decimal:
        """The error budget, 0 to 1."""
        return budget_of(self.objective)

    @property
    def dead(self) -> Sequence[Tier]:
        """The tiers that were asked for and cannot fire."""
        return [tier for tier in self._asked if tier.is_dead(self.budget)]

    @property
    def live(self) -> Sequence[Tier]:
        """The tiers that can fire."""
        return [tier for tier in self._asked if not tier.is_dead(self.budget)]

    @property
    def _asked(self) -> Sequence[Tier]:
        return [tier for tier in tiers(self.window) if tier.severity in self.severities]


def promise_of(slo: Slo) -> Promise:
    """The promise of an SLO as it was written."""
    asked = {Severity.PAGE: slo.alerting.page, Severity.TICKET: slo.alerting.ticket}
    severities = tuple(severity for severity, wanted in asked.items() if wanted)
    return Promise(slo.name, slo.objective, days(slo.window) * DAY, severities, OWN if slo.ratio else "Pods")
