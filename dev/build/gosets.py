"""Which binaries are built from which Go module, and in what order they are needed.

Adding one: its module into the go.mod of a set (or a set of its own, when it cannot share versions),
`go mod tidy` there, and a line here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

GO = "1.27.3"
GO_MODULES = Path(__file__).resolve().parent.parent / "go"
KUBERNETES = "v1.34.4"
GATEWAY_API = "sigs.k8s.io/gateway-api"
CNI = "github.com/containernetworking/plugins/plugins"


@dataclass(frozen=True, slots=True)
class Tool:
    """One binary: its name and the package that is its main."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Manifests:
    """Files of a Go module that are kept beside the binaries."""

    module: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """One place in a file of a Go module that is changed before it is compiled."""

    module: str
    path: str
    pattern: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Binaries that are needed at the same time and are linked with the same version."""

    name: str
    module: str
    """Folder of the Go module."""
    tools: tuple[Tool, ...]
    version_flags: str = ""
    usual_seconds: int = 60
    """On two cores from an empty cache, after the stages before it; for the first estimate of the time left."""
    compiled_with: str = ""
    """The module whose compiled packages it takes over; empty: its own."""
    manifests: Manifests | None = None
    patches: tuple[Patch, ...] = ()
    in_images: bool = False
    """Whether they run in images alone, and are Linux's whatever the machine; else they are the machine's own."""

    @property
    def key(self) -> str:
        """Changes when anything that goes into these binaries does."""
        own = [tool.package for tool in self.tools if tool.package.startswith("./")]
        more = "".join(f" {each}" for each in (self.manifests, self.patches) if each)
        return fingerprint(self.module, own, f"{self.tools} {self.version_flags}{more}")

    @property
    def scratch(self) -> str:
        """Folder of Go's caches."""
        return self.compiled_with or self.module


def fingerprint(module: str, own_packages: list[str] | None = None, more: str = "") -> str:
    """A short hash of a module's locked versions, of packages of ours in it, of Go's version and of `more`."""
    root = GO_MODULES / module
    own = [file for name in own_packages or () for file in root.glob(f"{name}/*.go")]
    files = [root / "go.mod", root / "go.sum", *own]
    digest = hashlib.sha256(f"{GO} {more}".encode())
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def kubernetes(*names: str) -> tuple[Tool, ...]:
    """Commands of Kubernetes itself."""
    return tuple(Tool(name, f"k8s.io/kubernetes/cmd/{name}") for name in names)


def kubernetes_version() -> str:
    """What the binaries call themselves; without it a kubelet says v0.0.0 and is refused."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    base = "k8s.io/component-base/version"
    return f"-X {base}.gitVersion={KUBERNETES} -X {base}.gitMajor={major} -X {base}.gitMinor={minor}"


STAGES = (
    Stage("etcd", "cluster", (Tool("etcd", "go.etcd.io/etcd/server/v3"),), usual_seconds=45),
    Stage(
        "control",
        "cluster",
        kubernetes("kube-apiserver", "kube-controller-manager"),
        kubernetes_version(),
        usual_seconds=290,
    ),
    Stage(
        "node",
        "cluster",
        kubernetes("kube-scheduler", "kubelet", "kube-proxy"),
        kubernetes_version(),
        usual_seconds=40,
    ),
    Stage(
        "network",
        "cluster",
        (
            Tool("bridge", f"{CNI}/main/bridge"),
            Tool("loopback", f"{CNI}/main/loopback"),
            Tool("host-local", f"{CNI}/ipam/host-local"),
            Tool("portmap", f"{CNI}/meta/portmap"),
            Tool("coredns", "./coredns"),
            Tool("forward", "./forward"),
            Tool("pause", "./pause"),
        ),
        usual_seconds=15,
    ),
)
"""In the order in which a first start needs them; the floor needs the first two."""

PROMETHEUS_VERSION, PROMETHEUS_OPERATOR_VERSION = "3.5.0", "0.85.0"
PROMETHEUS_MODULE = "github.com/prometheus/prometheus"
OPERATOR_MODULE = "github.com/prometheus-operator/prometheus-operator"
OPERATOR_KINDS = ("prometheuses", "prometheusrules", "podmonitors", "servicemonitors", "probes")
"""Those that the operator needs for Prometheus; the other half are large and for what does not run here."""
PROMETHEUS = Stage(
    "prometheus",
    "monitoring",
    (Tool("prometheus", f"{PROMETHEUS_MODULE}/cmd/prometheus"),),
    f"-X github.com/prometheus/common/version.Version={PROMETHEUS_VERSION}",
    usual_seconds=70,
    compiled_with="cluster",
    patches=(
        # As delivered it compiles the libraries of twenty clouds.
        Patch(
            PROMETHEUS_MODULE,
            "plugins/plugins.go",
            r"import \(.*\)",
            f'import _ "{PROMETHEUS_MODULE}/discovery/kubernetes"',
        ),
        # Written for the client of Kubernetes 1.32.
        Patch(
            PROMETHEUS_MODULE,
            "discovery/kubernetes/kubernetes.go",
            r"DefaultWatchErrorHandler\(r,",
            "DefaultWatchErrorHandler(context.TODO(), r,",
        ),
    ),
    in_images=True,
)
PROMETHEUS_OPERATOR = Stage(
    "prometheus-operator",
    "monitoring",
    (
        Tool("prometheus-operator", f"{OPERATOR_MODULE}/cmd/operator"),
        Tool("prometheus-config-reloader", f"{OPERATOR_MODULE}/cmd/prometheus-config-reloader"),
    ),
    f"-X github.com/prometheus/common/version.Version={PROMETHEUS_OPERATOR_VERSION}",
    usual_seconds=50,
    compiled_with="cluster",
    manifests=Manifests(
        OPERATOR_MODULE,
        tuple(f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml" for kind in OPERATOR_KINDS),
    ),
    in_images=True,
)
MONITORING = (PROMETHEUS, PROMETHEUS_OPERATOR)
"""Built when the first link is shortened: nothing before waits for it."""

METRICS = Stage(
    "metrics",
    "metrics",
    (Tool("metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server"),),
    "-X k8s.io/client-go/pkg/version.gitVersion=v0.9.0",
    usual_seconds=200,
    in_images=True,
)
"""Built last: nothing but autoscaling waits for it."""

KIND = Stage("kind", "kind", (Tool("kind", "sigs.k8s.io/kind"),), usual_seconds=40)
"""Only where a Docker engine answers."""

FLOOR = STAGES[:2]
"""What an integration floor needs."""
EVERYTHING = (*STAGES, *MONITORING, METRICS)
