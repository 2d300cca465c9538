"""Everything dies at once; the next start takes it up again. `down` leaves nothing behind, and the machine's kernel is
as it was. Both commands may be killed at any moment.

Only for the node of our own: kind's container is Docker's to keep and to remove.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import processes
from dev.build.images import version
from dev.commands import program
from dev.drivers import chosen
from dev.drivers.plain import Plain
from dev.drivers.plain.cgroups import hierarchies
from dev.drivers.plain.house import CGROUP, house
from dev.drivers.plain.init import KUBELETS
from dev.places import CHECKOUT, places
from dev.waiting import until
from tests.e2e.world import World

pytestmark = pytest.mark.skipif(not isinstance(chosen(places()), Plain), reason="kind's node is Docker's")
ROOT = house(places()).root
SEED = 20261124
SERVER = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: keeper, labels: {app: keeper}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: keeper
      image: docker.io/toprope/shortener:VERSION
      command: [python, -m, http.server, "8000", --directory, /data]
      readinessProbe: {httpGet: {path: /, port: 8000}, periodSeconds: 1}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


def dev(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev", *words], cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def killed(after: float, *words: str) -> None:
    """SIGKILL to the command alone: whatever it has started goes on without it."""
    quiet = subprocess.DEVNULL
    command = subprocess.Popen([sys.executable, "-m", "dev", *words], cwd=CHECKOUT, stdout=quiet, stderr=quiet)
    try:
        command.wait(timeout=after)
    except subprocess.TimeoutExpired:
        command.kill()
        command.wait()


def seconds_of(*words: str) -> float:
    begun = time.monotonic()
    dev(*words)
    return time.monotonic() - begun


def process(role: str) -> Path:
    """Its folder in /proc."""
    return next(processes.PROC / str(one.pid) for one in processes.living(ROOT) if one.role == role)


def cgroups_left() -> list[Path]:
    return [root / CGROUP for root in hierarchies() if (root / CGROUP).exists()]


def network_namespaces() -> set[str]:
    found = set()
    for process in processes.PROC.glob("[0-9]*"):
        try:
            found.add((process / "ns" / "net").readlink().name)
        except OSError:  # it ended meanwhile
            continue
    return found


@pytest.fixture
def here(kubeconfig: Path) -> Iterator[World]:
    """A namespace that is gone before the cluster is."""
    made = World(kubeconfig, "power-cut")
    made.kubectl("delete", "namespace", made.namespace, "--ignore-not-found", "--wait=true")
    made.kubectl("create", "namespace", made.namespace)
    yield made
    made.kubectl("delete", "namespace", made.namespace, "--wait=false")


@pytest.fixture(scope="module")
def again() -> Iterator[None]:
    """Whoever comes after these stories finds the cluster as it was."""
    yield
    subprocess.run(["make", "--silent", "up"], cwd=CHECKOUT, capture_output=True, timeout=300, check=True)


def test_what_kubelet_wants_of_the_kernel_is_shown_in_the_node_alone(kubeconfig: Path) -> None:
    mounts = (process("kubelet") / "mountinfo").read_text().splitlines()
    assert {f"/proc/sys/{name}" for name in KUBELETS} <= {mount.split()[4] for mount in mounts}
    assert "/proc/sys/kernel" not in (processes.PROC / "self" / "mountinfo").read_text()


@pytest.mark.timeout(300)
def test_after_everything_died_at_once_the_next_start_takes_it_up_again(here: World) -> None:
    here.kubectl("apply", "-f", "-", given=SERVER.replace("VERSION", version()))
    here.kubectl("wait", "--for=condition=Ready", "pod/keeper", "--timeout=60s")
    here.kubectl("exec", "keeper", "--", "python", "-c", "open('/data/word', 'w').write('kept')")
    processes.stop(processes.living(ROOT), grace=0)
    assert processes.living(ROOT) == []
    assert cgroups_left(), "the test is worth nothing when nothing was left behind"
    dev("up")
    until("the pod to run again", lambda: ready_again(here), 90)
    assert here.kubectl("exec", "keeper", "--", "cat", "/data/word") == "kept"


def ready_again(world: World) -> bool:
    pod = world.get("pod", "keeper") or {}
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return any(status["ready"] and status["restartCount"] for status in statuses)


def ready(kubeconfig: Path) -> bool:
    return World(kubeconfig, "default").kubectl("get", "nodes", "--no-headers").split()[1] == "Ready"


def assert_nothing_is_left(network: str) -> None:
    """`network` is the namespace that the node had."""
    assert processes.living(ROOT) == []
    assert cgroups_left() == []
    assert network not in network_namespaces()
    assert [each.name for each in ROOT.parent.iterdir()] == ["lock"]
    assert str(ROOT) not in (processes.PROC / "mounts").read_text()
    rules = subprocess.run([program("iptables-save")], capture_output=True, text=True, timeout=30, check=True).stdout
    assert not any(word in rules for word in ("KUBE-", "CNI-"))
    links = subprocess.run([program("ip"), "-oneline", "link"], capture_output=True, text=True, timeout=30, check=True)
    assert not any(word in links.stdout for word in ("toprope0", "cni0"))


@pytest.mark.timeout(600)
def test_down_leaves_nothing_and_may_be_repeated(again: None) -> None:
    dev("up")
    network = (process("apiserver") / "ns" / "net").readlink().name
    dev("down")
    assert_nothing_is_left(network)
    dev("down")


@pytest.mark.timeout(600)
def test_up_and_down_may_be_killed_at_any_moment(again: None, kubeconfig: Path) -> None:
    dev("down")
    whole_up, whole_down = seconds_of("up"), seconds_of("down")
    chance = random.Random(SEED)
    for _ in range(3):
        # Each goes on from where the one before was killed, so that none comes to its end.
        killed(whole_up * chance.uniform(0.05, 0.45), "up")
    dev("up")
    assert ready(kubeconfig)
    for _ in range(2):
        killed(whole_down * chance.uniform(0.3, 0.9), "down")
        dev("up")
        assert ready(kubeconfig)
    network = (process("apiserver") / "ns" / "net").readlink().name
    dev("down")
    assert_nothing_is_left(network)
