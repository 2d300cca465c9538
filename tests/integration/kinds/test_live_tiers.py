"""The CRD and the rules mean the same by an alert that can fire: at each window, on the edge and a hair beside it."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tests.integration.kinds.test_rendering import judged
from toprope.io.api import Api
from toprope.slo.promise import promise_of
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, LONGEST, SHORTEST, tiers

AT_ONCE = 16
"""As many SLOs as a resource may have."""
HAIR = Decimal("0.000001")
ALERTING: list[dict[str, Any]] = [{}, {"page": False}, {"ticket": False}, {"page": False, "ticket": False}]


def on_the_edge() -> Iterator[dict[str, Any]]:
    """SLOs whose slowest tiers would fire just above, or just below, everything."""
    for days in range(SHORTEST, LONGEST + 1):
        for tier in tiers(days * DAY):
            if tier.factor <= 1:
                continue
            edge = 100 - 100 / (Decimal(tier.factor.numerator) / tier.factor.denominator)
            for objective in sorted({round(edge + away, 6) for away in (-HAIR, Decimal(0), HAIR)}):
                for alerting in ALERTING:
                    name = f"o{objective}-{days}-{len(str(alerting))}".replace(".", "-")
                    yield _slo(name, f"{objective:f}", days, alerting)


def _slo(name: str, objective: str, days: int, alerting: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "objective": objective, "window": f"{days}d", "alerting": alerting, "availability": {}}


def is_dead(slo: dict[str, Any]) -> bool:
    promise = promise_of(Slo.model_validate(slo))
    return bool(promise.severities) and not promise.live


async def refused(api: Api, slos: Sequence[dict[str, Any]]) -> set[str]:
    """The names of those whose alerts the API server calls dead."""
    said = await judged(api, "links", {"slos": list(slos)})
    found = re.findall(r"spec\.slos\[(\d+)\]: [^\n]*?no alert of this SLO could ever fire", said)
    assert bool(found) == bool(said), said
    return {str(slos[int(index)]["name"]) for index in found}


async def test_what_cannot_fire_is_refused_and_nothing_else(api: Api) -> None:
    every = {str(one["name"]): one for one in on_the_edge()}
    slos = list(every.values())
    parts = [slos[first : first + AT_ONCE] for first in range(0, len(slos), AT_ONCE)]
    theirs = set().union(*await asyncio.gather(*(refused(api, part) for part in parts)))
    assert theirs == {name for name, one in every.items() if is_dead(one)}
    assert 100 < len(theirs) < len(every)
