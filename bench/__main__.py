"""All figures, one bench after the other: `python -m bench [NAME…] [-o json]`.

A bench is a module of this folder with a `main`. Those that need the local cluster come last; the cluster is taken
down at the end, also after a failure. About five hours in all, of which promtool takes one, without those that build
everything anew (`demo_from_nothing`, `checks_from_nothing`), which are run when they are named.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from bench.report import OUT

FLOOR = (
    "thousand",
    "moving",
    "kill_points",
    "redirects",
    "slos",
    "slo_proofs",
    "slo_promtool",
    "status_age",
    "gate",
    "search_model",
    "search_quality",
    "search_memory",
    "search_kills",
    "search_index",
)
CLUSTER = ("demo", "on_cluster", "switching", "checks")
ASKED_FOR = ("demo_from_nothing", "checks_from_nothing")
ALL = (*FLOOR, *CLUSTER, *ASKED_FOR)
COMMANDS = {
    "demo_from_nothing": ("bench.demo", "--from-nothing"),
    "checks_from_nothing": ("bench.checks", "--from-nothing"),
}


def main() -> None:
    """Run the named benches, all of them by default; the exit code is 1 when one of them broke."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m bench redirects -o json",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    names = asked.names or [*FLOOR, *CLUSTER]
    unknown = set(names) - set(ALL)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    try:
        broken = [name for name in names if not _ran(name, quiet=asked.output == "json")]
    finally:
        if set(names) - set(FLOOR):
            subprocess.run([sys.executable, "-m", "dev", "down"], check=False, timeout=120, stdout=sys.stderr)
    if asked.output == "json":
        print(json.dumps(_collected(names), indent=2))
    if broken:
        sys.exit(f"broken: {', '.join(broken)}")


def _ran(name: str, *, quiet: bool) -> bool:
    start = time.monotonic()
    print(f"— {name} …", file=sys.stderr, flush=True)
    (OUT / f"{name}.json").unlink(missing_ok=True)  # an earlier run's figures are not today's
    output = sys.stderr if quiet else None
    try:
        command = [sys.executable, "-m", *COMMANDS.get(name, (f"bench.{name}",))]
        code = subprocess.run(command, check=False, timeout=5400, stdout=output).returncode
    except subprocess.TimeoutExpired:
        code = 1
    verdict = "done" if code == 0 else "BROKEN"
    print(f"— {name}: {verdict} in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return code == 0


def _collected(names: Sequence[str]) -> list[object]:
    files = [OUT / f"{name}.json" for name in names]
    return [json.loads(file.read_text()) for file in files if file.exists()]


if __name__ == "__main__":
    main()
