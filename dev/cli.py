"""The front door of this room: parses, calls one thing, prints."""

import argparse
import json
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from dev.build import debian
from dev.build.go import GoBuild
from dev.build.gosets import FLOOR, STAGES
from dev.cluster import Cluster
from dev.doctor import Seen, cleared, examined, for_cluster, for_tests, report, told
from dev.drivers import chosen, named
from dev.drivers.driver import engine_answers
from dev.errors import DevError
from dev.floor import Floor, end, orphans
from dev.places import places
from dev.status import status_lines


def cluster() -> Cluster:
    """The cluster of this user by this machine's driver."""
    return Cluster(places(), chosen(places()))


def say_what_comes(seen: Seen, *subjects: str) -> None:
    """Before anything long starts: what it will install, build and fill, or why it cannot."""
    if coming := cleared(report(seen), *subjects):
        print(coming, flush=True)


def doctor(wanted: argparse.Namespace) -> None:
    """Ends with 1 when something is missing that will not be installed."""
    found = report(examined(places(), for_tests))
    print(json.dumps(found.document(), indent=2) if wanted.output == "json" else told(found))
    if found.blockers:
        sys.exit(1)


def build(wanted: argparse.Namespace) -> None:
    """Build the binaries that are missing."""
    all_of_it = for_tests(named(engine_answers()))
    stages = {"floor": FLOOR, "node": STAGES, "all": all_of_it}[wanted.what]
    say_what_comes(examined(places(), lambda _: stages, cluster=False), "disk")
    GoBuild(places()).build(stages)


def up(wanted: argparse.Namespace) -> None:
    """Start or complete the cluster."""
    say_what_comes(examined(places(), for_cluster))
    cluster().up()
    print(f"export KUBECONFIG={cluster().driver.kubeconfig()}")


def down(wanted: argparse.Namespace) -> None:
    """End the cluster, and floors and operators whose test run is gone."""
    orphans.sweep(places().floors)
    cluster().down(wanted.take_over)


def images(wanted: argparse.Namespace) -> None:
    """Build and load the project's images."""
    for image in cluster().images(wanted.names):
        print(image.name)


def metrics(wanted: argparse.Namespace) -> None:
    """Build and start metrics-server."""
    cluster().metrics()


def monitoring(wanted: argparse.Namespace) -> None:
    """Build and start Prometheus and what belongs to it."""
    cluster().monitoring()


def promtool(wanted: argparse.Namespace) -> None:
    """Fetch promtool if need be, and print its path."""
    print(debian.taken(places()) / "promtool")


def kubeconfig(wanted: argparse.Namespace) -> None:
    """Print the path of the kubeconfig."""
    print(cluster().driver.kubeconfig())


def status(wanted: argparse.Namespace) -> None:
    """Ends with 1 when no cluster is up."""
    running, lines = status_lines(places(), chosen(places()))
    print("\n".join(lines))
    if not running:
        sys.exit(1)


def clean(wanted: argparse.Namespace) -> None:
    """Take the cluster down and delete what this room built, and all Python environments but the one that runs this."""
    down(argparse.Namespace(take_over=False))
    for name in ("bin", "go", "go-scratch", "images", "node-store", "floors"):
        shutil.rmtree(places().cache / name, ignore_errors=True)
    for environment in places().cache.glob("venv-*/"):
        if environment != Path(sys.prefix):
            shutil.rmtree(environment, ignore_errors=True)


def floor(wanted: argparse.Namespace) -> None:
    """Start or end an integration floor that outlives this command."""
    directory = wanted.directory or places().floors / "by-hand"
    end(directory)
    if wanted.action == "down":
        return
    shutil.rmtree(directory / "etcd", ignore_errors=True)
    started = Floor.start(directory, pods=not wanted.without_pods, owned=False)
    if wanted.gateway:
        started.install_gateway()
    print(started.kubeconfig)


def parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    top = argparse.ArgumentParser(prog="python -m dev", description="The local cluster and what it is made of.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: object, told: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=told)
        added.set_defaults(call=call)
        return added

    command("doctor", doctor, "what is there, what is missing, what would be installed").add_argument(
        "-o", "--output", choices=("text", "json"), default="text"
    )
    command("up", up, "start or complete the cluster")
    command("down", down, "end the cluster; nothing is left running").add_argument(
        "--take-over", action="store_true", help="also when it runs for another checkout"
    )
    command("status", status, "what runs and where its logs are")
    command("kubeconfig", kubeconfig, "print the path of the kubeconfig")
    command("images", images, "build the project's images and load them").add_argument("names", nargs="*")
    command("monitoring", monitoring, "build and start Prometheus, Alertmanager and what it notifies")
    command("metrics", metrics, "build and start metrics-server")
    command("promtool", promtool, "print the path of promtool, fetched from Debian's package")
    command("clean", clean, "end the cluster and delete what was built")
    command("build", build, "build the binaries that are missing").add_argument(
        "what", nargs="?", choices=("floor", "node", "all"), default="all"
    )
    by_hand = command("floor", floor, "an integration floor by hand; prints its kubeconfig")
    by_hand.add_argument("action", choices=("up", "down"))
    by_hand.add_argument("--directory", type=Path)
    by_hand.add_argument("--gateway", action="store_true", help="with the Gateway API and the Gateway `public`")
    by_hand.add_argument("--without-pods", action="store_true", help="Deployments and Jobs never make pods")
    return top


def interrupted(number: int, frame: FrameType | None) -> None:
    """A time-out's signal ends a command as Ctrl-C does."""
    raise KeyboardInterrupt


def main() -> None:
    """Ends with 1 and one message when something cannot be done."""
    wanted = parser().parse_args()
    signal.signal(signal.SIGTERM, interrupted)  # so that a compiler or builder of ours ends with us
    try:
        wanted.call(wanted)
    except DevError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
