"""What an end-to-end story needs of the running local cluster: kubectl, the gateway, and patience with an end."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

GATEWAY = "http://127.0.0.1:8080"
READY = 120.0
"""Seconds until a story gives up on a resource."""


@dataclass(frozen=True, slots=True)
class World:
    """One namespace of the running cluster, and the resource in it that requests go to."""

    kubeconfig: Path
    namespace: str
    name: str = "links"
    kind: str = "sapp"
    """Of the resource."""

    @property
    def hostname(self) -> str:
        """The name under which the resource is reached: stories do not meet each other."""
        return f"{self.name}.{self.namespace}.example.com"

    def kubectl(self, *arguments: str, given: str | None = None, namespace: str | None = None) -> str:
        """Run kubectl in this world's namespace; its standard output. AssertionError with its words when it fails."""
        program = shutil.which("kubectl")
        assert program, "kubectl is missing: run the tests through make"
        command = [program, "--kubeconfig", str(self.kubeconfig), "-n", namespace or self.namespace, *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr.strip()}"
        return done.stdout

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """One object, or None."""
        text = self.kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found

    def find(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind that carry the labels."""
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "-l", selector, "-o", "json"))["items"]
        return items

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Server-side apply, as a person would."""
        text = yaml.safe_dump_all([dict(one) for one in manifests])
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=text)

    def patch(self, name: str, spec: Mapping[str, Any]) -> None:
        """Change the spec of a resource."""
        self.kubectl("patch", self.kind, name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def condition(self, name: str, type_: str) -> dict[str, Any]:
        """One condition of a resource; empty when it is not there."""
        status = (self.get(self.kind, name) or {}).get("status") or {}
        return next((one for one in status.get("conditions") or () if one["type"] == type_), {})

    def secret(self, name: str, key: str) -> str:
        """One value of a Secret."""
        found = self.get("secret", name)
        assert found, f"Secret {name} is missing"
        return base64.b64decode(found["data"][key]).decode()

    def wait_ready(self, name: str) -> None:
        """Until the newest generation of a resource is Ready."""

        def ready() -> bool:
            found = self.get(self.kind, name) or {}
            condition = self.condition(name, "Ready")
            current = condition.get("observedGeneration") == found.get("metadata", {}).get("generation")
            return current and condition.get("status") == "True"

        until(ready, lambda: f"{name} is not Ready: {self.kubectl('get', self.kind, name, '-o', 'yaml')}", READY)

    def wait_condition(self, name: str, type_: str, reason: str, within: float = READY) -> dict[str, Any]:
        """Until a condition gives this reason; the condition."""
        until(
            lambda: self.condition(name, type_).get("reason") == reason,
            lambda: f"{type_} of {name} is {self.condition(name, type_)}, not {reason}",
            within,
        )
        return self.condition(name, type_)

    def links(self) -> httpx.Client:
        """A client of the shortener's API through the gateway, with the key that Toprope made."""
        return httpx.Client(base_url=GATEWAY, headers=self.links_headers(), timeout=10)

    def links_headers(self) -> dict[str, str]:
        """What a client of the API sends."""
        key = self.secret(f"{self.name}-credentials", "api-key")
        return {"Host": self.hostname, "Authorization": f"Bearer {key}"}

    def make_link(self, slug: str, target: str = "https://example.org/") -> None:
        """Make a link with this slug, once the gateway knows a server: it hears of one after the API server has."""
        with self.visitor() as visitor:
            until(lambda: "no available server" not in visitor.get("/").text, lambda: "the gateway has no server", 15)
        with self.links() as api:
            made = api.post("/api/v1/links", json={"target": target, "slug": slug})
        assert made.status_code == 201, f"{made.status_code} {made.text}"

    def visitor(self) -> httpx.Client:
        """A client that follows nothing and has no key."""
        return httpx.Client(base_url=GATEWAY, headers=self.visitor_headers(), timeout=10)

    def visitor_headers(self) -> dict[str, str]:
        """What a browser sends."""
        agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"
        return {"Host": self.hostname, "User-Agent": agent}


def a_shortener(world: World, name: str | None = None, **spec: Any) -> dict[str, Any]:
    """A ShortenerApp with its own host name at the local gateway; `spec` replaces or adds fields."""
    traffic = {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": [world.hostname]}
    return {
        "apiVersion": "toprope.dev/v1alpha1",
        "kind": "ShortenerApp",
        "metadata": {"name": name or world.name, "namespace": world.namespace},
        "spec": {"traffic": traffic, **spec},
    }


def until(holds: Callable[[], bool], otherwise: Callable[[], str], within: float, every: float = 0.3) -> None:
    """Wait for a condition with a deadline; AssertionError with what is true instead."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within:.0f} s: {otherwise()}")
        time.sleep(every)
