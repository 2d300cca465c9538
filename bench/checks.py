"""How long the tests take with everything cached: `make test-unit`, and `make test` with its cluster.

python -m bench.checks [-o json]
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Figure, machine, tell

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and tell; ends non-zero when a test does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    as_json = parser.parse_args().output == "json"
    unit, whole = _seconds("test-unit"), _seconds("test") / 60
    figures = [
        Figure("make test-unit", unit, "s", "<= 20", unit <= 20),
        Figure("make test, everything cached", whole, "min", "<= 12", whole <= 12),
    ]
    tell("checks", figures, machine("pytest", "pytest-xdist"), as_json=as_json)


def _seconds(target: str) -> float:
    known = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--silent", target], cwd=ROOT, env=known, check=False, timeout=3000, stdout=sys.stderr
    )
    if done.returncode:
        sys.exit(f"make {target} ended with {done.returncode}")
    return time.monotonic() - start


if __name__ == "__main__":
    main()
