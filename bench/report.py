"""Figures as a table for people and as JSON for machines, each beside its goal and its baseline of the same run."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    goal: str = ""
    """What was to be reached, in words (`<= 100`); empty when nothing was."""
    met: bool | None = None
    """None when there is no goal."""
    baseline: str = ""
    """What the same run measured without us, in words."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the figures come from: without it they mean nothing."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    packages: dict[str, str]


def machine(*packages: str) -> Machine:
    """This machine, and the versions of `packages` that matter to the figures."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        packages={name: _version(name) for name in packages},
    )


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def tell(bench: str, figures: Sequence[Figure], where: Machine, *, as_json: bool = False) -> None:
    """Print the figures, and keep them in `bench/out/<bench>.json`."""
    document = {"bench": bench, "machine": asdict(where), "figures": [asdict(figure) for figure in figures]}
    OUT.mkdir(exist_ok=True)
    (OUT / f"{bench}.json").write_text(json.dumps(document, indent=2) + "\n")
    if as_json:
        print(json.dumps(document, indent=2))
        return
    packages = ", ".join(f"{name} {number}" for name, number in where.packages.items())
    print(f"{bench} · {where.cores} cores {where.cpu} · {where.memory_gib} GiB · Python {where.python} · {packages}")
    for figure in figures:
        print("  " + _line(figure))


def _line(figure: Figure) -> str:
    mark = {True: "reached", False: "MISSED", None: ""}[figure.met]
    goal = f"goal {figure.goal} {mark}" if figure.goal else ""
    baseline = f"baseline {figure.baseline}" if figure.baseline else ""
    return f"{figure.name:<58}{figure.value:>12,.2f} {figure.unit:<10}{goal:<26}{baseline}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
