"""The whole demo fits on two small cores."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from toprope.core.quantity import amount

ROOT = Path(__file__).resolve().parents[3]
FILES = (
    *sorted((ROOT / "dev/manifests").rglob("*.yaml")),
    ROOT / "tests/unit/kinds/shortenerapp/golden/links.out.yaml",
)


def pods(found: Any) -> Iterator[dict[str, Any]]:
    """Every pod spec in the data, once for each place that runs pods; what is frozen in a record runs elsewhere."""
    if isinstance(found, list):
        for one in found:
            yield from pods(one)
    elif isinstance(found, dict) and found.get("kind") != "ControllerRevision":
        if "containers" in found:
            yield found
        for one in found.values():
            yield from pods(one)


def cpu(pod: dict[str, Any]) -> Fraction:
    containers = sum((amount(one["resources"]["requests"]["cpu"]) for one in pod["containers"]), Fraction(0))
    first = [amount(one["resources"]["requests"]["cpu"]) for one in pod.get("initContainers", ())]
    return max(containers, *first) if first else containers


def test_the_cpu_requests_of_the_whole_demo_add_up_to_little() -> None:
    found = [pod for file in FILES for document in yaml.safe_load_all(file.read_text()) for pod in pods(document)]
    # Gateway, DNS, metrics, operator; database, cache, web, migration;
    # Prometheus and its operator, Alertmanager and its receiver.
    assert len(found) == 12
    assert Fraction(1, 10) < sum(map(cpu, found), Fraction(0)) <= Fraction(12, 10)
