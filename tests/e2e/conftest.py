"""All stories share one cluster; each has a namespace of its own, where `restricted` is enforced.

It bears another name in each run: Prometheus and Alertmanager remember those of earlier runs for long.
"""

import subprocess
import sys
import time
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
    story = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    made = World(kubeconfig, f"{story}-{int(time.time()):x}")
    made.kubectl("delete", "namespace", "-l", f"story={story}", "--wait=true")
    made.kubectl("create", "namespace", made.namespace)
    marks = ("pod-security.kubernetes.io/enforce=restricted", f"story={story}")
    made.kubectl("label", "namespace", made.namespace, *marks)
    yield made
    made.kubectl("delete", "namespace", made.namespace, "--wait=false")
