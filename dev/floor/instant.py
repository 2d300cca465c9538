"""The instant world: answers every object of the floor at once, as a kubelet and a gateway would in time.

One thread for each kind: list, answer each, watch, answer each. It runs inside the test's process
(`Floor.start`) or, where it must not share an interpreter with what is measured, as
`python -m dev.floor.instant KUBECONFIG`.
"""

import argparse
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from dev.api import JSON, MERGE, Api
from dev.errors import ApiError
from dev.floor import reactions
from dev.floor.fates import Fate, Outcome, fate_of

Document = dict[str, Any]
Reaction = Callable[[Document, Fate, str], reactions.Call | None]
PAUSE = 0.2
NETWORK = "10.244.0.0/16"
STALE = {404, 409, 410, 422}
"""Answers that mean: the object is not what it was when it was listed."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection that is watched, and the answer to each of its objects."""

    path: str
    reaction: Reaction
    words: Callable[[Document], list[str]]
    """What a fate's pattern is looked for in."""


def name_of(item: Document) -> list[str]:
    """Namespace and name, as `namespace/name`."""
    return [f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"]


def pod_words(item: Document) -> list[str]:
    """Its images and its name."""
    return [*reactions.images(item["spec"]), *name_of(item)]


def template_words(item: Document) -> list[str]:
    """The images of its pods and its name."""
    return [*reactions.images(item["spec"]["template"]["spec"]), *name_of(item)]


CLAIMS = "/api/v1/persistentvolumeclaims"


class Instant:
    """Answers until `stop`; `fates` may be changed at any time (see `decree`)."""

    def __init__(self, api: Api, pods: bool = True, routes: bool = True, network: str = NETWORK) -> None:
        """`routes`: whether routes are answered, which a real gateway does itself; `network`: the addresses of pods."""
        self.api = api
        self.network = ip_network(network)
        self.fates: dict[str, Fate] = {}
        self.addresses = itertools.cycle(range(2, self.network.num_addresses - 1))
        self.ended = threading.Event()
        gateway = with_gateway() if routes else []
        self.kinds = [*always(), *gateway, *(self.with_pods() if pods else without_pods())]
        self.threads = [threading.Thread(target=self.keep, args=(kind,), daemon=True) for kind in self.kinds]

    def with_pods(self) -> list[Kind]:
        """Where Deployments and Jobs make real pods."""
        return [Kind("/api/v1/pods", self.pod, pod_words), Kind(CLAIMS, self.claimed, name_of)]

    def start(self) -> None:
        """Answer from now on."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Answer nothing more."""
        self.ended.set()

    def join(self) -> None:
        """Wait for the threads; they end with their watches, so stop the API server first."""
        for thread in self.threads:
            thread.join(timeout=5)
        self.api.close()

    def decree(self, pattern: str, fate: Fate | None) -> None:
        """What becomes of everything whose images or name contain `pattern`, also of what is there; None lifts it."""
        if fate is None:
            self.fates.pop(pattern, None)
        else:
            self.fates = {pattern: fate, **self.fates}
        for kind in self.kinds:
            for item in (self.api.find(kind.path) or {"items": []})["items"]:
                self.answer(kind, item)

    def keep(self, kind: Kind) -> None:
        """Until the end: list, then watch; whatever goes wrong, list again."""
        while not self.ended.is_set():
            try:
                self.follow(kind)
            except ApiError:
                self.ended.wait(PAUSE)

    def follow(self, kind: Kind) -> None:
        """Answer what is there, then every change, until the watch ends."""
        listed = self.api.get(kind.path)
        for item in listed["items"]:
            self.answer(kind, item)
        for event in self.api.watch(kind.path, listed["metadata"]["resourceVersion"]):
            if self.ended.is_set() or event["type"] == "ERROR":
                return
            if event["type"] != "DELETED":
                self.answer(kind, event["object"])

    def answer(self, kind: Kind, item: Document) -> None:
        """One object: its fate, the reaction, the call. What changed meanwhile comes again by the watch."""
        fate = fate_of(kind.words(item), self.fates)
        if fate.outcome is Outcome.UNTOUCHED:
            return
        if call := kind.reaction(item, fate, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")):
            try:
                self.api.request(call.method, call.path, call.body, MERGE if call.method == "PATCH" else JSON)
            except ApiError as error:
                if error.status not in STALE:
                    raise

    def pod(self, item: Document, fate: Fate, now: str) -> reactions.Call | None:
        """With an address that no other pod of this floor had. One whose claim is gone, or going, is not placed."""
        if not item["spec"].get("nodeName") and not all(self.is_kept(path) for path in reactions.claims(item)):
            return None
        return reactions.pod(item, fate, now, str(self.network[next(self.addresses)]))

    def is_kept(self, path: str) -> bool:
        """Whether there is a claim at this path that nobody has deleted: the scheduler places no pod without."""
        claim = self.api.find(path)
        return claim is not None and "deletionTimestamp" not in claim["metadata"]

    def claimed(self, item: Document, fate: Fate, now: str) -> None:
        """A claim came: who waited for it is placed."""
        pods = self.kinds_of("/api/v1/pods")
        for pod in self.api.get(f"/api/v1/namespaces/{item['metadata']['namespace']}/pods")["items"]:
            if not pod["spec"].get("nodeName") and reactions.claims(pod):
                self.answer(pods, pod)

    def kinds_of(self, path: str) -> Kind:
        """How objects at this path are answered."""
        return next(kind for kind in self.kinds if kind.path == path)


def always() -> list[Kind]:
    """What nobody on a floor would answer otherwise."""
    return [Kind(CLAIMS, reactions.claim, name_of)]


def with_gateway() -> list[Kind]:
    """Where no gateway runs."""
    routes = "/apis/gateway.networking.k8s.io/v1"
    return [
        Kind(f"{routes}/httproutes", reactions.route, name_of),
        Kind(f"{routes}/gateways", reactions.gateway, name_of),
    ]


def without_pods() -> list[Kind]:
    """Where the controllers of what makes pods are left out, its status is written directly."""
    return [
        Kind("/apis/apps/v1/deployments", reactions.deployment, template_words),
        Kind("/apis/apps/v1/statefulsets", reactions.stateful_set, template_words),
        Kind("/api/v1/services", reactions.service, name_of),
        Kind("/apis/batch/v1/jobs", reactions.job, template_words),
    ]


def main() -> None:
    """The instant world as a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m dev.floor.instant")
    parser.add_argument("kubeconfig", type=Path)
    parser.add_argument("--without-pods", action="store_true")
    parser.add_argument("--without-routes", action="store_true")
    parser.add_argument("--network", default=NETWORK)
    wanted = parser.parse_args()
    instant = Instant(Api.of(wanted.kubeconfig), not wanted.without_pods, not wanted.without_routes, wanted.network)
    instant.start()
    instant.ended.wait()


if __name__ == "__main__":
    main()
