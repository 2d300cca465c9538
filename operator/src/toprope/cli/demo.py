"""`toprope demo`: from one short manifest to a link that was shortened, followed and counted, and to SLOs."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from toprope.cli import story
from toprope.cli.budgets import slos_of, slos_table
from toprope.cli.cluster import reached
from toprope.cli.gateway import Gateway
from toprope.cli.manifest import manifests_of, told
from toprope.cli.rendering import NotRenderable, kind_and_ref
from toprope.cli.say import fail, out
from toprope.core.objects import Manifest, Ref
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

KUBECTL_SECONDS = 15

_NEXT = """\
Look next at
  {command} status {name} -n {namespace}            what is true of it, and why
  kubectl -n {namespace} get all,httproute -l toprope.dev/name={name}
  kubectl -n {namespace} get events --sort-by=.lastTimestamp
  kubectl explain {short}.spec                 every field, explained
  {command} render -f {file}      the objects that the operator makes of it"""

_NEXT_OF_SLOS = """\
Look next at
  {command} status {name} -n {namespace}            where its budgets stand, and why
  {command} plan -f {file}        what the budgets allow, and when alerts would fire
  kubectl -n {namespace} get prometheusrule {name}-slos -o yaml"""


def demo(
    context: typer.Context,
    file: Annotated[Path, typer.Option("--file", "-f", help="Manifest of a ShortenerApp.")] = Path(
        "examples/links.yaml"
    ),
    gateway: Annotated[str, typer.Option(help="Where the Gateway answers.")] = "http://127.0.0.1:8080",
    target: Annotated[str, typer.Option(help="What to shorten.")] = "https://example.com/a/rather/long/address",
    within: Annotated[float, typer.Option(help="Seconds that each part may take to come alive.")] = 180.0,
    slos: Annotated[
        bool, typer.Option("--slos", help="The second part, once Prometheus runs: follow a link until SLOs are met.")
    ] = False,
) -> None:
    """Apply a ShortenerApp, watch it come alive, shorten a link with it, follow it, and show its statistics.

    Example: toprope demo -f examples/links.yaml --gateway http://127.0.0.1:8080
    """
    manifests = manifests_of(file)
    if len(manifests) != 1:
        fail(f"{file} holds {len(manifests)} objects; the demo needs one ShortenerApp.")
    ((place, manifest),) = manifests
    try:
        _, ref = kind_and_ref(manifest, [SHORTENER_APP])
    except NotRenderable as refusal:
        fail("\n".join(told(file, place, *fault) for fault in refusal.faults))
    if shutil.which("kubectl") is None:
        fail("kubectl is not on the PATH, and the demo ends with what it shows. Install it; `make demo` brings one.")
    try:
        show = _Show(ref, gateway, target, within)
        asyncio.run(show.slos() if slos else show.link(file, manifest))
    except story.StoryFailed as reason:
        fail(str(reason))
    if not slos:
        _show_resources(ref)
    command = context.find_root().info_name
    words = {"name": ref.name, "namespace": ref.namespace, "short": SHORTENER_APP.short, "file": file}
    out.print((_NEXT_OF_SLOS if slos else _NEXT).format(command=command, **words), markup=False)


@dataclass(frozen=True)
class _Show:
    """What is shown, and the moment of each step."""

    ref: Ref
    gateway: str
    target: str
    within: float
    began: float = field(default_factory=time.monotonic)

    def tell(self, what: str, style: str = "") -> None:
        out.print(Text(f"{time.monotonic() - self.began:6.1f} s  "), Text(what, style), sep="")

    async def link(self, file: Path, manifest: Manifest) -> None:
        async with reached() as cluster:
            await cluster.apply(self.ref, manifest)
            self.tell(f"applied {self.ref} ({file})")
            live = await story.ready(cluster, self.ref, self.within, self.tell)
            key = await story.api_key(cluster, self.ref)
        async with Gateway(self.gateway, _host(live)) as front:
            link = await story.shortened(front, key, self.target)
            self.tell(f"shortened {link['target']} to {front.url}/{link['slug']}", "bold")
            self.tell(f"followed it: 302 to {await story.followed(front, link)}", "bold")
            visits = await story.counted(front, key, link["slug"])
            told = f"{visits['clicks'] + visits['bots']} visit on {visits['days'][-1]['day']}"
            self.tell(f"its statistics: {told}", "bold")

    async def slos(self) -> None:
        async with reached() as cluster:
            live = await story.ready(cluster, self.ref, self.within, self.tell)
            key = await story.api_key(cluster, self.ref)
            async with Gateway(self.gateway, _host(live)) as front:
                link = await story.shortened(front, key, self.target)
                self.tell(f"following {front.url}/{link['slug']} until Prometheus has counted it")
                live = await story.slos_met(
                    cluster, self.ref, lambda: story.followed(front, link), self.within, self.tell
                )
        out.print()
        out.print(slos_table(slos_of(live), datetime.now(UTC)))


def _host(live: Manifest) -> str | None:
    hostnames = (live["spec"].get("traffic") or {}).get("hostnames") or ()
    return next((name for name in hostnames if not name.startswith("*")), None)


def _show_resources(ref: Ref) -> None:
    """`kubectl get` as a user would type it."""
    command = ["kubectl", "get", SHORTENER_APP.short, "-n", ref.namespace]
    out.print(f"\n{_exports()}", markup=False)
    out.print(f"$ {' '.join(command)}", markup=False)
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=KUBECTL_SECONDS)
    except subprocess.SubprocessError as failure:
        fail(f"kubectl did not show the resource: {getattr(failure, 'stderr', '') or failure}")
    out.print(shown.stdout, markup=False)


def _exports() -> str:
    """What a person's own shell lacks for the commands below."""
    lines = []
    beside = Path(sys.executable).parent
    if (beside / "kubectl").exists():
        lines.append(f"$ export PATH={beside}:$PATH")
    if kubeconfig := os.environ.get("KUBECONFIG"):
        lines.append(f"$ export KUBECONFIG={kubeconfig}")
    return "\n".join(lines)
