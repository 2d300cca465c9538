"""All stories share one cluster; each has a namespace of its own, where `restricted` is enforced."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    command = [sys.executable, "-m", "dev", "kubeconfig"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"the local cluster is not up (make up): {done.stderr.strip()}"
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def world(kubeconfig: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    made = World(kubeconfig, name)
    made.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=true")
    made.kubectl("create", "namespace", name)
    made.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield made
    made.kubectl("delete", "namespace", name, "--wait=false")
