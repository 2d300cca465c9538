"""How long the tests take: with everything cached, and, asked for by name, from nothing.

    python -m bench.checks [--from-nothing] [-o json]

`--from-nothing` gives `make test` an empty cache folder, as `bench.demo` does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Figure, machine, tell

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and tell; ends non-zero when a test does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from-nothing", action="store_true")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    figures, name = (_from_nothing(), "checks_from_nothing") if asked.from_nothing else (_cached(), "checks")
    tell(name, figures, machine("pytest", "pytest-xdist"), as_json=asked.output == "json")


def _cached() -> list[Figure]:
    unit, whole = _seconds("test-unit"), _seconds("test") / 60
    return [
        Figure("make test-unit", unit, "s", "<= 20", unit <= 20),
        Figure("make test, everything cached", whole, "min", "<= 12", whole <= 12),
    ]


def _from_nothing() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="toprope-nothing-") as folder:
        whole = _seconds("test", XDG_CACHE_HOME=folder) / 60
    return [Figure("make test, nothing cached", whole, "min", "<= 35", whole <= 35)]


def _seconds(target: str, **environment: str) -> float:
    known = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))} | environment
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--silent", target], cwd=ROOT, env=known, check=False, timeout=5400, stdout=sys.stderr
    )
    if done.returncode:
        sys.exit(f"make {target} ended with {done.returncode}")
    return time.monotonic() - start


if __name__ == "__main__":
    main()
