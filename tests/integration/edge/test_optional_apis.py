"""An API, optional or our own, that the cluster lacks when the operator starts, and gets later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, running, until
from tests.support.shorteners import ROUTE
from toprope.core.objects import HTTP_ROUTE, Ref
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

ROOT = Path(__file__).parents[3]
TRAFFIC = {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["links.localhost"]}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A floor without the Gateway API, and without Toprope's own CRDs at first."""
    with Floor.start(tmp_path_factory.mktemp("bare"), pods=False) as started:
        yield started


def ready(floor: Floor, links: Ref) -> dict[str, Any]:
    said = ((floor.api.find(links.path) or {}).get("status") or {}).get("conditions") or ()
    return next((one for one in said if one["type"] == "Ready"), {})


def said(operator: OperatorProcess, words: str) -> bool:
    return any(words in line for line in operator.lines())


def applied(floor: Floor, links: Ref, spec: dict[str, Any]) -> None:
    metadata = {"name": links.name, "namespace": links.namespace}
    kind = {"apiVersion": links.resource.api_version, "kind": links.resource.kind}
    floor.api.apply({**kind, "metadata": metadata, "spec": spec})


def test_the_operator_waits_for_its_own_kinds_and_is_not_ready_meanwhile(bare: Floor, tmp_path: Path) -> None:
    links = Ref(SHORTENER_APP.resource, "default", "early")
    with running(bare.kubeconfig, tmp_path / "log", module="toprope run") as operator:
        until(
            lambda: said(
                operator,
                "it does not serve shortenerapps (toprope.dev/v1alpha1), searchindices (toprope.dev/v1alpha1) yet",
            )
        )
        assert operator.answers("/healthz")
        assert not operator.answers("/readyz")
        bare.install(ROOT / "crds")
        until(lambda: operator.answers("/readyz"))
        applied(bare, links, {})
        until(lambda: ready(bare, links))


def test_an_api_that_comes_later_is_noticed_and_used(bare: Floor, tmp_path: Path) -> None:
    bare.install(ROOT / "crds")
    links = Ref(SHORTENER_APP.resource, "default", "links")
    applied(bare, links, {"traffic": TRAFFIC})
    settings = {"module": "toprope run", "look_for_apis": "0.5"}
    with running(bare.kubeconfig, tmp_path / "log", **settings) as without:
        until(lambda: ready(bare, links).get("reason") == "ApiMissing")
        assert said(without, "the cluster has no httproutes (gateway.networking.k8s.io/v1) yet")
        bare.install_gateway()
        assert without.wait() == 0
        assert said(without, "the cluster has httproutes (gateway.networking.k8s.io/v1) now: starting again")
    with running(bare.kubeconfig, tmp_path / "log", **settings):
        until(lambda: ready(bare, links).get("status") == "True")
    assert bare.api.find(HTTP_ROUTE.path("default", ROUTE)) is not None
