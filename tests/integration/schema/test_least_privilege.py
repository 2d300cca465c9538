"""The operator lives under exactly the rights that are generated for it: nothing that it does is refused."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import processes
from dev.floor import Floor
from toprope.kinds import KINDS
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.schema.rbac import Account, access

ROOT = Path(__file__).parents[3]
EXAMPLE = yaml.safe_load((ROOT / "examples" / "links.yaml").read_text())
SECONDS = 60.0


def until(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not look():
        assert time.monotonic() < deadline, f"{what}: not in {SECONDS:g} s"
        time.sleep(0.1)


class Watched:
    """One ShortenerApp in a namespace of its own."""

    def __init__(self, floor: Floor, namespace: str) -> None:
        self.api = floor.api
        self.namespace = namespace
        self.path = SHORTENER_APP.resource.path(namespace, EXAMPLE["metadata"]["name"])

    def apply(self, **spec: Any) -> None:
        metadata = EXAMPLE["metadata"] | {"namespace": self.namespace}
        self.api.apply(EXAMPLE | {"metadata": metadata, "spec": EXAMPLE["spec"] | spec})

    def serves(self) -> bool:
        live = self.api.get(self.path)
        said = live.get("status") or {}
        facts = {(one["type"], one["status"], one["observedGeneration"]) for one in said.get("conditions") or ()}
        current = live["metadata"]["generation"]
        return {("Ready", "True", current), ("Reconciled", "True", current)} <= facts

    def stable(self) -> str:
        return str(self.api.get(self.path)["status"]["revision"]["stable"])


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One with pods: a release moves only to a revision that has endpoints."""
    with Floor.start(tmp_path_factory.mktemp("floor-with-pods")) as started:
        yield started


@pytest.fixture
def operator_log(floor: Floor, namespace: str, tmp_path: Path) -> Iterator[Path]:
    """The log of an operator that has a Role in one namespace and nothing else."""
    floor.install(ROOT / "crds")
    floor.install_gateway()
    floor.restart_controllers()
    for manifest in access(KINDS, Account("toprope-system", "toprope"), [namespace]):
        floor.api.apply(manifest)
    login = floor.kubeconfig_for("system:serviceaccount:toprope-system:toprope", "system:authenticated")
    settings = {"KUBECONFIG": str(login), "NAMESPACES": namespace, "OPS_HOST": "127.0.0.1", "OPS_PORT": "0"}
    environment = os.environ | {f"TOPROPE_{name}": value for name, value in settings.items()} | processes.owned()
    log = tmp_path / "operator.log"
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", "toprope", "run"], cwd=ROOT, env=environment, stdout=file, stderr=file
        ) as operator,
    ):
        yield log
        operator.terminate()


def test_nothing_that_the_operator_does_is_refused(floor: Floor, namespace: str, operator_log: Path) -> None:
    links = Watched(floor, namespace)
    links.apply()
    until(links.serves, "the first release serves")
    first = links.stable()
    # Nobody comes here, and a gate that sees nobody passes nobody.
    links.apply(settings={"slugLength": 9}, rollout={"strategy": "Immediate"})
    until(lambda: links.stable() != first and links.serves(), "the second release serves")
    links.api.request("DELETE", links.path)
    until(lambda: links.api.find(links.path) is None, "the resource is gone")
    log = operator_log.read_text()
    assert [line for line in log.splitlines() if "forbidden" in line.lower() or " 403 " in line] == []
    assert "0 objects in the store" in log
