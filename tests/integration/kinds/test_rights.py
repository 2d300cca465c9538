"""What the plain life of a resource does not touch, under exactly the rights that are generated: nothing is refused."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dev.floor import Floor
from tests.integration.kinds.conftest import NO_CLOUD_NATIVE_PG, cloud_native_pg
from tests.integration.kinds.test_kill_points import serves
from tests.support.engine import is_observed
from tests.support.operator_process import OperatorProcess, plain_kubeconfig, running, until
from tests.support.proxy import Proxy, a_proxy
from toprope.core.conditions import timestamp
from toprope.core.names import ROTATE_CREDENTIALS
from toprope.core.objects import CLAIM, CNPG_CLUSTER, SECRET, ApiResource
from toprope.io.api import MERGE
from toprope.io.credentials import from_kubeconfig
from toprope.kinds import KINDS
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.schema.rbac import Account, access
from toprope.serving.rotation import SINCE, SPREAD

ACCOUNT = Account("toprope-system", "toprope-limited")
GROWING = {"storageClassName": "growing", "reclaim": "Delete"}


@dataclass(frozen=True, slots=True)
class Limited:
    """An operator that a ClusterRole limits, the namespace it looks after, and the proxy that counts its refusals."""

    floor: Floor
    namespace: str
    proxy: Proxy
    operator: OperatorProcess

    def apply(self, name: str, spec: dict[str, Any], **notes: str) -> None:
        kind = SHORTENER_APP.resource
        metadata = {"name": name, "namespace": self.namespace, "annotations": notes}
        self.floor.api.apply({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})

    def find(self, resource: ApiResource, name: str) -> dict[str, Any]:
        return self.floor.api.find(resource.path(self.namespace, name)) or {}

    def patch(self, resource: ApiResource, name: str, patch: dict[str, Any], part: str = "") -> None:
        self.floor.api.request("PATCH", resource.path(self.namespace, name) + part, patch, MERGE)

    def is_settled(self, name: str) -> bool:
        live = self.find(SHORTENER_APP.resource, name)
        return "status" in live and is_observed(live) and serves(live)

    def states(self, name: str, condition: str) -> str:
        said = self.find(SHORTENER_APP.resource, name).get("status", {}).get("conditions", ())
        return next((str(one["status"]) for one in said if one["type"] == condition), "")

    def refusals(self) -> list[str]:
        """What RBAC said no to, kopf's requests included."""
        said = [line for line in self.operator.lines() if "forbidden" in line.lower()]
        return said + [f"{self.proxy.answers[403]} answers of 403"] * (self.proxy.answers[403] > 0)


@pytest.fixture(scope="module")
def limited(furnished: Floor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Limited]:
    namespace = "limited"
    furnished.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for manifest in access(KINDS, ACCOUNT, []):
        furnished.api.apply(manifest)
    user = f"system:serviceaccount:{ACCOUNT.namespace}:{ACCOUNT.name}"
    login = furnished.kubeconfig_for(user, "system:authenticated")
    directory = tmp_path_factory.mktemp("limited")
    with a_proxy(from_kubeconfig(login)) as proxy:
        kubeconfig = plain_kubeconfig(directory / "kubeconfig", proxy.url)
        with running(
            kubeconfig, directory / "log", module="toprope run", namespaces=namespace, log_level="DEBUG"
        ) as operator:
            yield Limited(furnished, namespace, proxy, operator)


def test_a_release_that_also_grows_its_storage(limited: Limited) -> None:
    limited.apply("grows", {"database": {"embedded": {**GROWING, "storage": "1Gi"}}})
    until(lambda: limited.is_settled("grows"))
    first = limited.find(SHORTENER_APP.resource, "grows")["status"]["revision"]["stable"]
    limited.apply("grows", {"database": {"embedded": {**GROWING, "storage": "2Gi"}}, "settings": {"slugLength": 9}})
    until(lambda: limited.is_settled("grows"))
    assert limited.find(SHORTENER_APP.resource, "grows")["status"]["revision"]["stable"] != first
    assert limited.find(CLAIM, "grows-database")["spec"]["resources"]["requests"]["storage"] == "2Gi"
    assert limited.refusals() == []


def test_credentials_that_rotate(limited: Limited) -> None:
    limited.apply("rotates", {})
    until(lambda: limited.is_settled("rotates"))
    before = limited.find(SECRET, "rotates-credentials")["data"]
    limited.apply("rotates", {}, **{ROTATE_CREDENTIALS: "monday"})
    until(lambda: limited.states("rotates", "CredentialsRotated") == "False")
    # The wait stands on the Secret: two minutes are leapt over there, and the resource rings the bell.
    since = timestamp(datetime.now(UTC) - SPREAD - timedelta(seconds=1))
    limited.patch(SECRET, "rotates-credentials", {"metadata": {"annotations": {SINCE: since}}})
    limited.apply("rotates", {"replicas": {"max": 4}}, **{ROTATE_CREDENTIALS: "monday"})
    until(lambda: limited.states("rotates", "CredentialsRotated") == "True")
    after = limited.find(SECRET, "rotates-credentials")["data"]
    assert not set(before.values()) & set(after.values())
    assert limited.refusals() == []
    said = "\n".join(limited.operator.lines())
    assert said
    assert not [key for secret in (before, after) for key, value in secret.items() if is_told(value, said)]


def is_told(value: str, said: str) -> bool:
    """Whether a Secret's value stands in a text, as it is or as the API shows it."""
    return value in said or b64decode(value).decode() in said


def test_a_deletion_that_takes_the_data_with_it(limited: Limited) -> None:
    limited.apply("goes", {"database": {"embedded": {"reclaim": "Delete"}}})
    until(lambda: limited.is_settled("goes"))
    limited.floor.api.request("DELETE", SHORTENER_APP.resource.path(limited.namespace, "goes"))
    until(lambda: not limited.find(SHORTENER_APP.resource, "goes"))
    assert not limited.find(SECRET, "goes-credentials")
    # The claim's own protection lets go of it when no pod uses it.
    until(lambda: not limited.find(CLAIM, "goes-database"))
    assert limited.refusals() == []


@pytest.mark.skipif(cloud_native_pg() is None, reason=NO_CLOUD_NATIVE_PG)
def test_a_cluster_of_cloud_native_pg_that_grows(limited: Limited) -> None:
    part = {"instances": 1, "storage": "1Gi"}
    limited.apply("clustered", {"database": {"cloudNativePG": part}})
    until(lambda: limited.find(CNPG_CLUSTER, "clustered-database"))
    limited.patch(CNPG_CLUSTER, "clustered-database", {"status": {"readyInstances": 1}}, "/status")
    until(lambda: limited.is_settled("clustered"))
    limited.apply("clustered", {"database": {"cloudNativePG": {"instances": 2, "storage": "2Gi"}}})
    until(lambda: limited.find(CNPG_CLUSTER, "clustered-database")["spec"]["instances"] == 2)
    assert limited.find(CNPG_CLUSTER, "clustered-database")["spec"]["storage"]["size"] == "2Gi"
    limited.floor.api.request("DELETE", SHORTENER_APP.resource.path(limited.namespace, "clustered"))
    until(lambda: not limited.find(SHORTENER_APP.resource, "clustered"))
    assert limited.find(CNPG_CLUSTER, "clustered-database")
    assert limited.refusals() == []
