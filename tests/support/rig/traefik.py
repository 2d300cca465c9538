"""The real Traefik on a floor: it takes routes as on the local cluster, and sends nobody anywhere."""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from dev import processes
from dev.build.binaries import gateway_crds
from dev.commands import beside_python
from dev.floor import Floor
from dev.places import places
from tests.support.operator_process import until
from tests.support.prometheus_process import free_port

CONTROLLER = "traefik.io/gateway-controller"


@contextmanager
def a_traefik(floor: Floor) -> Iterator[None]:
    """With the Gateway `infra/public`. The floor answers no routes itself."""
    web, ping = free_port(), free_port()
    floor.install(*gateway_crds(places()))
    for manifest in _gateway(web):
        floor.api.apply(manifest)
    arguments = [
        f"--entrypoints.web.address=127.0.0.1:{web}",
        f"--entrypoints.ping.address=127.0.0.1:{ping}",
        "--ping=true",
        "--ping.entrypoint=ping",
        "--providers.kubernetesgateway=true",
        "--providers.kubernetesgateway.statusaddress.ip=127.0.0.1",
        "--providers.kubernetesgateway.throttleduration=100ms",
        "--providers.providersthrottleduration=100ms",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]
    environment = {**os.environ, **processes.owned(), "KUBECONFIG": str(floor.kubeconfig)}
    with (floor.directory / "log" / "traefik.log").open("ab") as log:
        traefik = subprocess.Popen([beside_python("traefik"), *arguments], env=environment, stdout=log, stderr=log)
    try:
        until(lambda: _answers(ping))
        yield
    finally:
        traefik.terminate()
        traefik.wait(30)


def _gateway(port: int) -> list[dict[str, object]]:
    api = "gateway.networking.k8s.io/v1"
    listener = {"name": "http", "port": port, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "infra"}},
        {"apiVersion": api, "kind": "GatewayClass", "metadata": {"name": "traefik"},
         "spec": {"controllerName": CONTROLLER}},
        # Traefik matches a listener with the entry point of the same port.
        {"apiVersion": api, "kind": "Gateway", "metadata": {"name": "public", "namespace": "infra"},
         "spec": {"gatewayClassName": "traefik", "listeners": [listener]}},
    ]  # fmt: skip


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False
