"""Trials whose pods are objects of a real API server: what becomes of them there is what is believed of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from dev.errors import ApiError
from dev.floor import Floor
from dev.waiting import until
from tests.support.trials import CANDIDATE, STABLE, PaperPod, Scene, Stage, a_stage
from toprope.core.objects import LEASE, NODE, POD
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.trial import FaultReason, Looked
from toprope.io.api import MERGE, Api
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection, from_kubeconfig
from toprope.io.now.nodes import LEASES
from toprope.io.store import Store
from toprope.kinds import KINDS
from toprope.schema.rbac import Account, access

ACCOUNT = Account("toprope-system", "toprope-looks")


@dataclass(slots=True)
class Kubelet:
    """Writes what becomes of pods to the API server."""

    floor: Floor
    namespace: str
    uids: dict[str, str] = field(default_factory=dict)

    def put(self, pod: PaperPod) -> None:
        """The pod is born and runs."""
        told = pod.manifest()
        metadata = {"name": told["metadata"]["name"], "namespace": self.namespace, "labels": dict(pod.labels)}
        container = {"name": "web", "image": "web"}
        spec = {"containers": [container], "automountServiceAccountToken": False, **told["spec"]}
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        until("the namespace's service account", lambda: self._is_made(made), 60)
        self.say(pod)

    def say(self, pod: PaperPod, **more: Any) -> None:
        """Its status as it is now."""
        container = {"image": "web", "imageID": "", **pod.manifest()["status"]["containerStatuses"][0]}
        status = {"phase": "Running", "podIP": pod.address, "podIPs": [{"ip": pod.address}], **more}
        self._write(f"{self.path(pod)}/status", {"status": {"containerStatuses": [container], **status}})

    def end(self, pod: PaperPod, reason: str) -> None:
        """Its container ended and is started again."""
        pod.restarts += 1
        moment = "2026-01-01T12:00:00Z"
        ended = {"reason": reason, "exitCode": 137, "startedAt": moment, "finishedAt": moment}
        pod.status["container"] = {"lastState": {"terminated": ended}}
        self.say(pod)

    def path(self, pod: PaperPod) -> str:
        return POD.path(self.namespace, f"web-{pod.uid}")

    def node(self, name: str, ready: str = "True") -> None:
        """A node with a lease."""
        self.floor.api.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        self._write(f"{NODE.path('', name)}/status", {"status": {"conditions": [{"type": "Ready", "status": ready}]}})
        self.renew(name, 0)

    def renew(self, name: str, second: int) -> None:
        """Its lease, at that second."""
        spec = {"holderIdentity": name, "renewTime": f"2026-01-01T12:00:{second:02}.000000Z"}
        metadata = {"name": name, "namespace": LEASES}
        self.floor.api.apply({"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": metadata, "spec": spec})

    def _is_made(self, made: dict[str, Any]) -> bool:
        with suppress(ApiError):
            self.floor.api.apply(made)
            return True
        return False

    def _write(self, path: str, patch: dict[str, Any]) -> None:
        self.floor.api.request("PATCH", path, patch, MERGE)


@pytest.fixture
def kubelet(floor: Floor, namespace: str) -> Kubelet:
    return Kubelet(floor, namespace)


@pytest.fixture(scope="module")
def limited(floor: Floor) -> Connection:
    """The way of an operator that has the rights that are generated for it."""
    for manifest in access(KINDS, ACCOUNT, []):
        floor.api.apply(manifest)
    user = f"system:serviceaccount:{ACCOUNT.namespace}:{ACCOUNT.name}"
    return from_kubeconfig(floor.kubeconfig_for(user, "system:authenticated"))


@asynccontextmanager
async def staged(kubelet: Kubelet, way: Connection, **more: Any) -> AsyncIterator[Stage]:
    async with Api(way, lambda verb, code: None) as api:
        cluster = ApiCluster(api, Store(lambda owner, why: None, [], []))
        async with a_stage(Scene(cluster, kubelet.put, kubelet.namespace), **more) as stage:
            yield stage


def is_seen(looked: Looked) -> bool:
    return looked.at is not None and not looked.blind


async def test_requests_of_both_revisions_are_counted(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pods = [await stage.pod(side, good=1000) for side in (CANDIDATE, STABLE, STABLE)]
        stage.ask()
        await stage.until(is_seen)
        pods[0].good += 10
        pods[1].good += 50
        pods[2].bad += 1
        looked = await stage.later()
        assert (looked.candidate, looked.stable, looked.source) == (Counts(10, 0), Counts(51, 1), "Pods")
        late = await stage.pod(CANDIDATE, good=4)
        assert (await stage.until(lambda looked: late.asked)).candidate == Counts(14, 0)


async def test_memory_that_ran_out_fails_the_candidate(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pod, _ = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        kubelet.end(pod, "OOMKilled")
        fault = (await stage.until(lambda looked: looked.fault)).fault
        assert fault
        assert (fault.reason, fault.message) == (
            FaultReason.CRASHES,
            "Pod web-new-1 restarted once in this rollout: its last end was OOMKilled, exit code 137.",
        )
        assert stage.hands.beats < 1015


async def test_memory_that_ran_out_on_both_sides_fails_nobody(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        kubelet.end(other, "OOMKilled")
        kubelet.end(pod, "OOMKilled")
        witness = await stage.pod(CANDIDATE)
        assert (await stage.until(lambda looked: witness.asked)).fault is None


async def test_a_node_that_began_anew_fails_nobody(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        kubelet.end(pod, "Unknown")
        witness = await stage.pod(CANDIDATE)
        assert (await stage.until(lambda looked: witness.asked)).fault is None


async def test_readiness_that_is_lost_fails_the_candidate(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        pod.ready = False
        kubelet.say(pod)
        fault = (await stage.until(lambda looked: looked.fault)).fault
        assert fault
        assert fault.reason is FaultReason.LOST_READINESS


@pytest.mark.parametrize("how", ["deleted", "evicted", "ended with its node"])
async def test_a_pod_that_is_taken_away_fails_nobody(how: str, kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        kubelet.node("drained")
        pod = await stage.pod(CANDIDATE, node="drained")
        await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        pod.fails, pod.ready = "cuts", False
        take_away(kubelet, pod, how)
        for _ in range(12):
            looked = await stage.later()
        assert (looked.fault, stage.rung) == (None, [])


def take_away(kubelet: Kubelet, pod: PaperPod, how: str) -> None:
    if how == "deleted":
        kubelet.floor.api.request("DELETE", kubelet.path(pod))
    elif how == "evicted":
        kubelet.say(pod, conditions=[{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}])
    else:
        kubelet.say(pod, phase="Failed", reason="NodeShutdown")


@pytest.mark.parametrize("lives", [True, False])
async def test_a_silent_pod_fails_the_candidate_only_while_its_node_lives(
    lives: bool, kubelet: Kubelet, limited: Connection
) -> None:
    node = f"{kubelet.namespace}-{'alive' if lives else 'dead'}"
    async with staged(kubelet, limited, nodes=True) as stage:
        kubelet.node(node)
        pod = await stage.pod(CANDIDATE, node=node)
        await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        pod.fails = "cuts"
        for second in range(14):
            if lives and second % 10 == 9:
                kubelet.renew(node, second)
            looked = await stage.later()
        reason = looked.fault.reason if looked.fault else None
        assert reason is (FaultReason.DOES_NOT_ANSWER if lives else None)


async def test_another_operator_goes_on_where_the_first_one_died(kubelet: Kubelet, connection: Connection) -> None:
    async with staged(kubelet, connection) as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.until(is_seen)
        for _ in range(12):
            pod.good, other.good = pod.good + 2000, other.good + 18000
            looked = await stage.later()
        assert looked.judged["availability"].verdict is Verdict.PASS
        async with staged(kubelet, connection) as second:
            second.hands.move(60)
            second.ask(kept=looked.kept, ops_port=stage.port)
            assert second.ask().judged["availability"].verdict is Verdict.PASS
            await second.until(is_seen)
            pod.bad += 300
            other.good += 10_000
            found = await second.later()
            assert found.judged["availability"].verdict is Verdict.FAIL
            assert len(second.rung) == 1
