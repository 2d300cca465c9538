"""The integration floor: a real API server with etcd and the real controllers, and no node.

Garbage collection, ReplicaSets, Jobs and EndpointSlices are Kubernetes' own; what a kubelet, a volume
provisioner and a gateway would do, the instant world does at once. Needs no root, takes only free ports
of 127.0.0.1, keeps everything in one folder; any number of them run beside each other.
"""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from types import TracebackType
from typing import Any

from dev import processes
from dev.api import Api
from dev.build.binaries import binary, gateway_crds, monitoring_crds
from dev.certs import Identity
from dev.controlplane import arguments
from dev.controlplane.credentials import ADMIN, CONTROLLER_MANAGER, write_credentials, write_kubeconfig
from dev.errors import ApiError, DevError
from dev.floor import orphans, ports
from dev.floor.fates import Fate
from dev.floor.furniture import FURNITURE, GATEWAY, GATEWAY_KINDS, MONITORED_KINDS
from dev.floor.instant import NETWORK, Instant
from dev.installing import install
from dev.places import CHECKOUT, places
from dev.waiting import until

HOSTS = ("127.0.0.1", "localhost", "10.96.0.1", "kubernetes.default.svc")
DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
NO_NODE = (
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "device-taint-eviction-controller",
    "node-ipam-controller",
    "ttl-controller",
    "service-lb-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-attach-detach-controller",
    "persistentvolume-expander-controller",
)
NO_PODS = (
    "disruption-controller",
    "endpoints-controller",
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "job-controller",
    "endpointslice-controller",
    "horizontal-pod-autoscaler-controller",
)
SECONDS = 60.0
"""Patience with each part; an idle machine needs a tenth of it."""


@dataclass(frozen=True, slots=True)
class Furnishing:
    """What a floor has beside the API server and the controllers."""

    instant: bool = True
    """Pods, Jobs, claims and routes are answered at once."""
    pods: bool = True
    """False: Deployments, StatefulSets and Jobs get their status directly, without pods (cheaper for thousands)."""
    routes: bool = True
    """False: a real gateway answers routes."""
    network: str = NETWORK
    """The addresses of pods."""
    own_process: bool = False
    """The instant world runs outside this interpreter; then `decree` cannot be used."""
    owned: bool = True
    """False: the floor outlives this process, until `dev.floor.end(directory)`."""


class Floor:
    """A running floor. Use it as a context manager, or call `stop`."""

    def __init__(self, directory: Path, furnishing: Furnishing) -> None:
        self.directory = directory.resolve()
        self.furnishing = furnishing
        self.port = ports.reserve(places().floors / "ports")
        self.url = f"https://127.0.0.1:{self.port.number}"
        self.kubeconfig = self.directory / "admin.kubeconfig"
        """Of an administrator whom RBAC does not limit."""
        self.plane = plane(self.port.number, furnishing.pods)
        self.claim: orphans.Claim | None = None
        self.instant: Instant | None = None
        self.children: dict[str, Popen[bytes]] = {}
        self.write_logins()
        self.api = Api.of(self.kubeconfig)
        """As the administrator; what `dev` itself uses, good enough for a test's quick look."""

    @classmethod
    def start(cls, directory: Path, **furnishing: Any) -> "Floor":
        """A ready floor whose data lie in `directory` (made when missing); see Furnishing for the choices."""
        orphans.sweep(places().floors)
        floor = cls(directory, Furnishing(**furnishing))
        try:
            floor.bring_up()
        except BaseException:
            floor.stop()
            raise
        return floor

    def bring_up(self) -> None:
        """Credentials, then etcd and API server, then what needs them."""
        if self.furnishing.owned:
            self.claim = orphans.claim(places().floors, self.directory, self.port.number, os.getpid())
        self.run("etcd", arguments.etcd(self.plane))
        self.start_apiserver()
        self.start_controllers()
        for manifest in FURNITURE:
            self.api.apply(manifest)
        if self.furnishing.instant:
            self.start_instant()
        # Pods are refused until their namespace has its service account.
        until("the default service account", lambda: self.api.find(DEFAULT_ACCOUNT), SECONDS)

    def write_logins(self) -> None:
        """Keys, certificates and kubeconfigs."""
        now = datetime.now(UTC)
        write_credentials(self.directory, HOSTS, now)
        write_kubeconfig(self.directory, "admin", self.url, ADMIN, now)
        write_kubeconfig(self.directory, "controller-manager", self.url, CONTROLLER_MANAGER, now)

    def run(self, role: str, command: list[str]) -> None:
        """One more process of this floor; its log is `<directory>/log/<role>.log`."""
        # Memory for speed: the collector of Go runs a quarter as often.
        environment = {"PYTHONPATH": str(CHECKOUT)} if role == "instant" else {"GOGC": "400"}
        self.children[role] = processes.start(self.directory, role, command, env=environment)

    def start_instant(self) -> None:
        """The instant world, in threads of ours or as a process."""
        wanted = self.furnishing
        if wanted.own_process or not wanted.owned:
            more = [
                *([] if wanted.pods else ["--without-pods"]),
                *([] if wanted.routes else ["--without-routes"]),
                f"--network={wanted.network}",
            ]
            self.run("instant", [sys.executable, "-m", "dev.floor.instant", str(self.kubeconfig), *more])
            return
        self.instant = Instant(Api.of(self.kubeconfig), wanted.pods, wanted.routes, wanted.network)
        self.instant.start()

    def decree(self, pattern: str, fate: Fate | None) -> None:
        """What becomes of everything whose images or `namespace/name` contain `pattern`; None: all well again."""
        if self.instant is None:
            raise DevError("this floor has no instant world in this process", "start it with instant=True")
        self.instant.decree(pattern, fate)

    def start_controllers(self) -> None:
        """Once the API server is ready."""
        self.run("controller-manager", arguments.controller_manager(self.plane))

    def restart_controllers(self) -> None:
        """Their garbage collector knows the kinds of its start, and looks for new ones every half minute."""
        self.stop_role("controller-manager")
        self.start_controllers()

    def start_apiserver(self) -> None:
        """Start it at its address and wait until it is ready."""
        self.run("apiserver", arguments.apiserver(self.plane))
        until(f"the API server ({self.directory}/log/apiserver.log)", self.is_ready, SECONDS)

    def is_ready(self) -> bool:
        """True when the API server says so itself; DevError when it has ended."""
        if ended := [role for role, child in self.children.items() if child.poll() is not None]:
            raise DevError(f"{', '.join(ended)} of the floor ended", f"read {self.directory}/log")
        try:
            self.api.get("/readyz")
        except ApiError:
            return False
        return True

    def stop_apiserver(self, grace: float = 0.0) -> None:
        """End it: at once (as a crash does), or asked kindly `grace` seconds before."""
        self.stop_role("apiserver", grace)
        self.api.forget()

    def stop_role(self, role: str, grace: float = 0.0) -> None:
        """End one of its processes, and know that it has ended."""
        processes.stop([each for each in processes.living(self.directory) if each.role == role], grace)
        if ended := self.children.pop(role, None):
            ended.wait(timeout=SECONDS)

    def restart_apiserver(self, grace: float = 0.0) -> None:
        """Down and up again, at the same address with the same data."""
        self.stop_apiserver(grace)
        self.start_apiserver()

    def install(self, *paths: Path) -> None:
        """Apply manifests (files, or folders of them) and wait until the CRDs among them are established."""
        install(self.api, paths, SECONDS)

    def install_gateway(self) -> None:
        """The Gateway API with the Gateway `public` in namespace `infra`, as the local cluster has it."""
        self.install(*(path for path in gateway_crds(places()) if path.stem.partition("_")[2] in GATEWAY_KINDS))
        for manifest in GATEWAY:
            self.api.apply(manifest)

    def install_monitoring(self) -> None:
        """The CRDs of prometheus-operator that a kind makes objects of."""
        self.install(*(path for path in monitoring_crds(places()) if path.stem.partition("_")[2] in MONITORED_KINDS))

    def kubeconfig_for(self, user: str, *groups: str) -> Path:
        """A kubeconfig for a user whom RBAC limits."""
        name = "".join(letter if letter.isalnum() else "-" for letter in user)
        return write_kubeconfig(self.directory, f"as-{name}", self.url, Identity(user, groups), datetime.now(UTC))

    def stop(self) -> None:
        """End all its processes; its folder stays, for its logs."""
        if self.instant:
            self.instant.stop()
        end(self.directory)
        for child in self.children.values():
            try:
                child.wait(timeout=10)
            except TimeoutExpired:  # only after SIGKILL was sent: the kernel is not done with it yet
                continue
        if self.instant:
            self.instant.join()
        self.api.close()
        if self.claim:
            self.claim.release()
        self.port.release()

    def __enter__(self) -> "Floor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def plane(port: int, pods: bool) -> arguments.ControlPlane:
    """A control plane without nodes that forgets everything in a crash of the machine."""
    return arguments.ControlPlane(
        partial(binary, places()), port, durable=False, left_out=NO_NODE if pods else NO_NODE + NO_PODS
    )


def end(directory: Path) -> None:
    """End every process of the floor in `directory`, whoever started it."""
    house = directory.resolve()
    # Nothing of a floor is worth an orderly end: its data are thrown away.
    processes.stop(processes.living(house), grace=0)
