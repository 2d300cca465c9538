"""Dashboards to look at: `python -m tests.support.dashboards FOLDER` writes the golden ones anew; a person reads the
difference before it is committed.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toprope.slo.dashboards.frame import as_json
from toprope.slo.dashboards.overview import overview
from toprope.slo.dashboards.resource import of_resource
from toprope.slo.promise import promise_of
from toprope.slo.rules import Identity, Ruled
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Availability, Latency, Slo
from toprope.slo.windows import Severity

KIND, NAME = "ShortenerApp", "links"
PODS = 'namespace="shop",toprope_dev_kind="ShortenerApp",toprope_dev_name="links"'
COUNTED = Counted("shop", PODS, {"redirect": ("/{slug}",), "api": ("/api/v1/*",)})

AVAILABLE = Slo(name="availability", objective="99.9", availability=Availability())
FAST = Slo(name="fast-redirects", objective="99", latency=Latency(threshold="50ms", route="redirect"))
MODEST = Slo(name="modest", objective="90", window="7d", availability=Availability())


def ruled(slo: Slo, severities: tuple[Severity, ...] = tuple(Severity)) -> Ruled:
    """An SLO of the resource as its rules are made from it."""
    identity = Identity(COUNTED.namespace, KIND, NAME, slo.name)
    promise = replace(promise_of(slo), severities=severities)
    return Ruled(identity, sli_of(slo, COUNTED), promise)


def of_links(slos: Sequence[Ruled]) -> dict[str, Any]:
    """The dashboard of one resource with these SLOs."""
    return of_resource(KIND, NAME, COUNTED, slos)


GOLDEN = {"overview": overview(), "links": of_links([ruled(AVAILABLE), ruled(FAST), ruled(MODEST)])}


def main(folder: Path) -> None:
    """Write the golden dashboards anew."""
    for name, dashboard in GOLDEN.items():
        (folder / f"{name}.json").write_text(as_json(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
