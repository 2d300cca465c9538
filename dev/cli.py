"""The front door of this room: parses, calls one thing, prints."""

import argparse
import sys
from pathlib import Path

from dev.build.go import GoBuild
from dev.build.gosets import EVERYTHING, FLOOR, STAGES
from dev.errors import DevError
from dev.floor import Floor, end
from dev.places import places


def build(wanted: argparse.Namespace) -> None:
    """Build the binaries that are missing."""
    chosen = {"floor": FLOOR, "node": STAGES, "all": EVERYTHING}[wanted.what]
    builder = GoBuild(places())
    builder.build(chosen)
    if wanted.what == "all":
        builder.forget_scratch()


def floor(wanted: argparse.Namespace) -> None:
    """Start or end an integration floor that outlives this command."""
    directory = wanted.directory or places().cache / "floors" / "by-hand"
    end(directory)
    if wanted.action == "down":
        return
    started = Floor.start(directory, pods=not wanted.without_pods, owned=False)
    if wanted.gateway:
        started.install_gateway()
    print(started.kubeconfig)


def parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    top = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("build", help="build the binaries that are missing")
    command.add_argument("what", nargs="?", choices=("floor", "node", "all"), default="all")
    command.set_defaults(call=build)
    command = commands.add_parser("floor", help="an integration floor by hand; prints its kubeconfig")
    command.add_argument("action", choices=("up", "down"))
    command.add_argument("--directory", type=Path)
    command.add_argument("--gateway", action="store_true", help="install the Gateway API and the Gateway `public`")
    command.add_argument("--without-pods", action="store_true", help="Deployments and Jobs never make pods")
    command.set_defaults(call=floor)
    return top


def main() -> None:
    """Ends with 1 and one message when something cannot be done."""
    wanted = parser().parse_args()
    try:
        wanted.call(wanted)
    except DevError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
