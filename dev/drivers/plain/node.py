"""Brings the node to life and ends it: its folders, its sockets on this machine, its first process."""

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dev import processes
from dev.build.binaries import binary, folder
from dev.build.gosets import STAGES
from dev.certs import Identity, read_authority
from dev.commands import program, run, there
from dev.controlplane import arguments
from dev.controlplane.credentials import (
    ADMIN,
    CONTROLLER_MANAGER,
    PROXY,
    SCHEDULER,
    write_credentials,
    write_kubeconfig,
)
from dev.drivers.plain import cgroups, config
from dev.drivers.plain.house import (
    ADDRESS,
    API_PORT,
    CGROUP,
    CONTAINERD,
    GATEWAY_NODE_PORT,
    NODE,
    PRIVATE,
    House,
)
from dev.errors import DevError, Missing
from dev.places import CHECKOUT, Places

GATEWAY_PORT = 8080
API_HOST_PORTS = range(26443, 26463)
HOSTS = ("127.0.0.1", "localhost", "10.96.0.1", ADDRESS, "kubernetes", "kubernetes.default", "kubernetes.default.svc")
ETCD = "etcd.sock"
MODULES = ("overlay", "br_netfilter", "nf_conntrack")
KUBELET = Identity(f"system:node:{NODE}", ("system:nodes",))


@dataclass(frozen=True, slots=True)
class Doors:
    """The two sockets through which this machine reaches the node."""

    gateway: socket.socket
    api: socket.socket

    @property
    def server(self) -> str:
        """The API server as seen from this machine."""
        return f"https://127.0.0.1:{self.api.getsockname()[1]}"

    def close(self) -> None:
        """This process needs them no more; the node keeps its own copies."""
        self.gateway.close()
        self.api.close()


class Node:
    """The node of one house."""

    def __init__(self, places: Places, house: House) -> None:
        self.places = places
        self.house = house

    def init_pid(self) -> int | None:
        """The first process of the living node, as this machine counts; None when there is none."""
        for process in processes.living(self.house.root):
            if process.role == "node" and is_first(process.pid):
                return process.pid
        return None

    def refuse_a_second(self) -> None:
        """DevError when a node of another state folder lives: both would want 127.0.0.1:8080 and the same cgroups."""
        if others := processes.houses_with("node") - {self.house.root}:
            where = ", ".join(sorted(str(other.parent) for other in others))
            raise DevError(
                f"another cluster runs on this machine, with its state in {where}",
                "run `make down` with the HOME (or XDG_STATE_HOME) that it was started with",
            )

    def start(self) -> None:
        """A node in fresh namespaces; what an earlier one left on disk (etcd's data) is taken up again."""
        self.refuse_covered()
        doors = open_doors()
        try:
            self.prepare(doors)
            load_modules()
            cgroups.make(CGROUP)
            command = [
                program("unshare"),
                "--fork",
                "--kill-child",
                "--pid",
                "--mount-proc",
                "--mount",
                "--net",
                "--uts",
            ]
            command += [
                "--propagation",
                "private",
                sys.executable,
                "-m",
                "dev.drivers.plain.init",
                str(self.house.root),
            ]
            sockets = [doors.gateway.fileno(), doors.api.fileno()]
            environment = {"PYTHONPATH": str(CHECKOUT), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
            processes.start(self.house.root, "node", command, env=environment, pass_fds=sockets)
        finally:
            doors.close()

    def end(self) -> None:
        """At once: the kernel ends everything in the node with its first process."""
        if (first := self.init_pid()) is not None:
            os.kill(first, signal.SIGKILL)
        processes.stop(processes.living(self.house.root), grace=0)
        cgroups.remove(CGROUP)

    def forget(self) -> None:
        """Its data; the store with the images stays."""
        doomed = self.house.root.with_suffix(".gone")
        shutil.rmtree(doomed, ignore_errors=True)  # what a killed one left of it
        if self.house.root.exists():
            # Away at once: the next start would take half of it for a whole, and lack a key or etcd's log.
            self.house.root.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)

    def inside(self, *words: str, seconds: float = 60.0) -> str:
        """Run a program among the node's mounts and in its network."""
        first = self.init_pid()
        if first is None:
            raise Missing("no node is running", "python -m dev up")
        return run(
            [program("nsenter"), f"--target={first}", "--mount", "--net", "--uts", "--", *words], seconds=seconds
        )

    def containerd(self, *words: str, seconds: float = 60.0) -> str:
        """`ctr` in Kubernetes' namespace of the node's containerd."""
        return self.inside(program("ctr"), f"--address={CONTAINERD}", "--namespace=k8s.io", *words, seconds=seconds)

    def refuse_covered(self) -> None:
        """DevError when something that the node needs lies under a folder that it covers."""
        needed = (self.house.root, self.house.store, CHECKOUT, Path(sys.prefix).resolve())
        for path in needed:
            if any(path.is_relative_to(private) for private in PRIVATE):
                raise DevError(
                    f"{path} lies under one of {', '.join(PRIVATE)}, which the node covers",
                    "move the checkout, or set XDG_STATE_HOME and XDG_CACHE_HOME to folders elsewhere",
                )

    def prepare(self, doors: Doors) -> None:
        """Every file that the node's parts read."""
        root = self.house.root
        for each in (root / "log", root / "cni", self.house.volumes, self.house.store):
            each.mkdir(parents=True, exist_ok=True)
        self.write_logins(doors.server)
        cni_binaries = folder(self.places, next(stage for stage in STAGES if stage.name == "network"))
        (root / "containerd.toml").write_text(config.containerd(self.house, program("runc"), cni_binaries))
        (root / "cni" / "10-toprope.conflist").write_text(config.cni(self.house))
        (root / "kubelet.yaml").write_text(config.kubelet(self.house))
        (root / "resolv.conf").write_text("")  # the node reaches nothing but itself
        (root / "parts.json").write_text(json.dumps(self.parts(doors), indent=2))

    def write_logins(self, server: str) -> None:
        """Keys, certificates and a kubeconfig for each that speaks to the API server."""
        root, now, local = self.house.root, datetime.now(UTC), f"https://127.0.0.1:{API_PORT}"
        write_credentials(root, HOSTS, now)
        authority = read_authority(root / "pki", "ca")
        authority.issue(Identity(f"system:node:{NODE}", ("system:nodes",), (NODE, ADDRESS)), now).write(
            root / "pki", "kubelet"
        )
        write_kubeconfig(root, "admin", server, ADMIN, now)
        inner = {
            "controller-manager": CONTROLLER_MANAGER,
            "scheduler": SCHEDULER,
            "kubelet": KUBELET,
            "kube-proxy": PROXY,
        }
        for name, identity in (*inner.items(), ("provisioner", ADMIN)):
            write_kubeconfig(root, name, local, identity, now)

    def parts(self, doors: Doors) -> list[dict[str, object]]:
        """What the node's first process keeps running; `waits_for` only saves failed starts."""
        find = partial(binary, self.places)
        plane = arguments.ControlPlane(find, API_PORT, bind="0.0.0.0", advertise=ADDRESS)
        gateway, api = doors.gateway.fileno(), doors.api.fileno()
        carried = [f"{gateway}={ADDRESS}:{GATEWAY_NODE_PORT}", f"{api}=127.0.0.1:{API_PORT}"]
        provisioner = [sys.executable, "-m", "dev.drivers.plain.provisioner", "provisioner.kubeconfig"]
        after_api = {"waits_for": "ready"}
        return [
            {"role": "etcd", "command": arguments.etcd(plane)},
            {"role": "apiserver", "command": arguments.apiserver(plane), "waits_for": ETCD},
            {"role": "containerd", "command": [program("containerd"), "--config=containerd.toml"]},
            {"role": "forward", "command": [str(find("forward")), *carried], "descriptors": [gateway, api]},
            {"role": "controller-manager", "command": arguments.controller_manager(plane), **after_api},
            {"role": "scheduler", "command": arguments.scheduler(plane), **after_api},
            {"role": "kubelet", "command": config.kubelet_command(find("kubelet"), self.house), **after_api},
            {"role": "kube-proxy", "command": config.proxy_command(find("kube-proxy")), **after_api},
            {"role": "provisioner", "command": [*provisioner, str(self.house.volumes)], **after_api},
        ]


def load_modules() -> None:
    """Kernel modules that a pod's network and layers need; a kernel that has them built in has no modprobe."""
    for module in MODULES if there("modprobe") else ():
        with suppress(DevError):  # what is really missing is said by the part that needs it
            run([program("modprobe"), module], seconds=20)


def is_first(pid: int) -> bool:
    """True for a process that is number 1 in a process namespace below ours."""
    try:
        lines = (processes.PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return False
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return len(numbers) > 1 and numbers[-1] == "1"


def open_doors() -> Doors:
    """Listening sockets of this machine; DevError when the gateway's port is taken."""
    gateway = listening([GATEWAY_PORT])
    if gateway is None:
        raise DevError(
            f"127.0.0.1:{GATEWAY_PORT} is taken by another program",
            f"`ss -ltnp 'sport = :{GATEWAY_PORT}'` names it; end it",
        )
    api = listening(API_HOST_PORTS)
    if api is None:
        gateway.close()
        raise DevError(f"all ports from {API_HOST_PORTS[0]} to {API_HOST_PORTS[-1]} of 127.0.0.1 are taken")
    return Doors(gateway, api)


def listening(ports: Sequence[int]) -> socket.socket | None:
    """A socket that listens on the first free one of these ports."""
    for port in ports:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", port))
            opened.listen(1024)
        except OSError:
            opened.close()
            continue
        return opened
    return None
