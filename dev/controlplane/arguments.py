"""The command lines of the control plane: pure, every flag with its reason where it is not plain.

Everything runs with its house as the working folder, so that sockets and files are named relatively:
a path to a socket may have no more than 107 bytes, a house's path may be longer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SERVICES = "10.96.0.0/16"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What differs between the floor and the node."""

    binaries: Callable[[str], Path]
    """Where a binary is, by its name."""
    port: int
    bind: str = "127.0.0.1"
    advertise: str | None = None
    """The node's address; None where no pod ever calls the API server."""
    durable: bool = True
    """Whether etcd waits for the disk."""
    left_out: tuple[str, ...] = ()
    """Controllers that are not started."""


def etcd(plane: ControlPlane) -> list[str]:
    """One member that listens on sockets in its house and on no port at all."""
    return [
        str(plane.binaries("etcd")),
        "--name=toprope",
        "--data-dir=etcd",
        "--listen-client-urls=unix://etcd.sock",
        "--advertise-client-urls=http://localhost:2379",
        "--listen-peer-urls=unix://etcd-peer.sock",
        "--initial-advertise-peer-urls=http://localhost:2380",
        "--initial-cluster=toprope=http://localhost:2380",
        # The only member elects itself: waiting long for others makes only the start slow.
        "--heartbeat-interval=20",
        "--election-timeout=200",
        "--quota-backend-bytes=4294967296",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=5m",
        "--log-level=warn",
        *([] if plane.durable else ["--unsafe-no-fsync"]),
    ]


def apiserver(plane: ControlPlane) -> list[str]:
    """Reached by client certificates and service account tokens, guarded by RBAC."""
    return [
        str(plane.binaries("kube-apiserver")),
        "--etcd-servers=unix://etcd.sock",
        f"--bind-address={plane.bind}",
        f"--secure-port={plane.port}",
        *advertised(plane),
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--tls-cert-file=pki/apiserver.crt",
        "--tls-private-key-file=pki/apiserver.key",
        "--client-ca-file=pki/ca.crt",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file=pki/tokens.pub",
        "--service-account-signing-key-file=pki/tokens.key",
        *aggregation(),
        "--max-requests-inflight=1600",
        "--max-mutating-requests-inflight=800",
        "--profiling=false",
    ]


def advertised(plane: ControlPlane) -> list[str]:
    """How pods find the API server, and how it finds kubelets."""
    if plane.advertise is None:
        return ["--endpoint-reconciler-type=none"]  # a loopback address is refused as an endpoint
    return [
        f"--advertise-address={plane.advertise}",
        "--kubelet-client-certificate=pki/kubelet-client.crt",
        "--kubelet-client-key=pki/kubelet-client.key",
        "--kubelet-certificate-authority=pki/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def aggregation() -> list[str]:
    """What lets metrics-server answer as a part of the API."""
    return [
        "--requestheader-client-ca-file=pki/front-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--proxy-client-cert-file=pki/front-client.crt",
        "--proxy-client-key-file=pki/front-client.key",
        "--enable-aggregator-routing=true",
    ]


def controller_manager(plane: ControlPlane) -> list[str]:
    """One that need not be elected."""
    serving = ["--bind-address=127.0.0.1"] if plane.advertise else ["--secure-port=0"]
    return [
        str(plane.binaries("kube-controller-manager")),
        "--kubeconfig=controller-manager.kubeconfig",
        *serving,
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        "--service-account-private-key-file=pki/tokens.key",
        "--root-ca-file=pki/ca.crt",
        "--cluster-signing-cert-file=pki/ca.crt",
        "--cluster-signing-key-file=pki/ca.key",
        "--controllers=" + ",".join(["*", *(f"-{name}" for name in plane.left_out)]),
        # The defaults hold a burst of changes back for seconds.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--profiling=false",
    ]


def scheduler(plane: ControlPlane) -> list[str]:
    """One that need not be elected."""
    return [
        str(plane.binaries("kube-scheduler")),
        "--kubeconfig=scheduler.kubeconfig",
        "--authentication-kubeconfig=scheduler.kubeconfig",
        "--authorization-kubeconfig=scheduler.kubeconfig",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--profiling=false",
    ]
