"""What an SLO comes to at steady traffic, before anybody counts: what its budget allows, and when its alerts fire.

A tier fires once its bad events exceed both its threshold and its guard (`Tier.chance`) in the long window; the short
one is always sooner. From a clean past with the error ratio e, that is so after

    max(f · EB · r · W, 1.5 + k · √(EB · (1 - EB) · r · W)) / (e · r)

seconds at r requests a second, or never where the window W ends before. `oracle` says the same of any traffic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from toprope.slo.rules import Ruled
from toprope.slo.windows import Severity, Tier


@dataclass(frozen=True, slots=True)
class Forecast:
    """One SLO at so many events a second."""

    ruled: Ruled
    per_second: float

    @property
    def events(self) -> float:
        """Bad events that the budget allows in the SLO's window."""
        return float(self.ruled.promise.budget) * self.per_second * self.ruled.promise.window

    @property
    def outage(self) -> Decimal:
        """Seconds of full outage that the budget allows in the SLO's window."""
        return self.ruled.promise.budget * self.ruled.promise.window

    def of(self, severity: Severity) -> Sequence[Tier]:
        """The live tiers of a severity."""
        return [tier for tier in self.ruled.promise.live if tier.severity is severity]

    def after(self, tier: Tier, errors: float) -> float | None:
        """Seconds until the tier fires once the share `errors` of all requests fails; None: never."""
        if errors <= float(tier.threshold(self.ruled.promise.budget)):
            return None
        seconds = max(self._threshold(tier), self.guard(tier)) / (errors * self.per_second)
        return seconds if seconds < tier.long else None

    def first(self, severity: Severity, errors: float) -> float | None:
        """Seconds until any tier of the severity fires; None: never."""
        found = [after for tier in self.of(severity) if (after := self.after(tier, errors)) is not None]
        return min(found, default=None)

    def guard(self, tier: Tier) -> float:
        """Bad events in the long window that could be chance."""
        return tier.chance(float(self.ruled.promise.budget), self.per_second * tier.long)

    def needed(self, tier: Tier) -> int:
        """Bad events in the long window from which on the tier fires."""
        return math.floor(max(self._threshold(tier), self.guard(tier))) + 1

    def is_guarded(self, tier: Tier) -> bool:
        """Whether the guard asks for more than the threshold: little traffic."""
        return self.guard(tier) > self._threshold(tier)

    def _threshold(self, tier: Tier) -> float:
        return float(tier.threshold(self.ruled.promise.budget)) * self.per_second * tier.long
