"""How long `make demo` takes: with everything cached, and, asked for by name, from nothing.

    python -m bench.demo [--from-nothing] [-o json]

`--from-nothing` gives make an empty cache folder, so that everything is fetched and built again (some 20 minutes and
the disk that `make doctor` names); Debian packages that the machine has stay installed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.report import Figure, machine, tell

ROOT = Path(__file__).resolve().parent.parent
FIRST_LINK = re.compile(r"followed it: 302")


@dataclass(slots=True)
class Lap:
    """One `make demo`."""

    first_link: float = 0.0
    """Seconds until a link was followed; 0 when none was."""
    whole: float = 0.0
    code: int = 0
    last_words: list[str] = field(default_factory=list)


def main() -> None:
    """Measure and tell; ends non-zero when the demo does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from-nothing", action="store_true")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    if asked.from_nothing:
        with tempfile.TemporaryDirectory(prefix="toprope-nothing-") as folder:
            figures = _from_nothing(_lap({"XDG_CACHE_HOME": folder}))
    else:
        _lap({})  # fills the cache
        figures = _cached(_lap({}))
    tell("demo_from_nothing" if asked.from_nothing else "demo", figures, machine(), as_json=asked.output == "json")


def _cached(lap: Lap) -> list[Figure]:
    return [
        Figure(
            "make demo, everything cached, no cluster up: first link",
            lap.first_link,
            "s",
            "<= 90",
            lap.first_link <= 90,
        ),
        Figure("make demo, everything cached, no cluster up: in all", lap.whole, "s", "<= 120", lap.whole <= 120),
    ]


def _from_nothing(lap: Lap) -> list[Figure]:
    minutes = lap.first_link / 60, lap.whole / 60
    return [
        Figure("make demo, nothing cached: first link", minutes[0], "min", "<= 15", minutes[0] <= 15),
        Figure("make demo, nothing cached: in all", minutes[1], "min", "<= 20", minutes[1] <= 20),
    ]


def _lap(environment: dict[str, str]) -> Lap:
    known = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))} | environment
    subprocess.run(["make", "--silent", "down"], cwd=ROOT, env=known, check=True, timeout=1800, stdout=sys.stderr)
    lap, start = Lap(), time.monotonic()
    command = ["make", "--silent", "demo"]
    with subprocess.Popen(
        command, cwd=ROOT, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        for line in demo.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            lap.last_words = [*lap.last_words[-9:], line.rstrip()]
            if FIRST_LINK.search(line):
                lap.first_link = time.monotonic() - start
    lap.code, lap.whole = demo.returncode, time.monotonic() - start
    if lap.code:
        sys.exit(f"make demo ended with {lap.code}: {' / '.join(lap.last_words)}")
    return lap


if __name__ == "__main__":
    main()
