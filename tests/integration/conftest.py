"""One integration floor for the whole run (one a worker under xdist), a namespace for each test."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.floor import Floor
from tests.support.tiny import TINY
from toprope.io.credentials import Connection, from_kubeconfig
from toprope.schema.crd import custom_resource_definition

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything below this folder stands on the floor."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A real API server with controllers; Jobs complete and Deployments are ready at once, without pods."""
    with Floor.start(tmp_path_factory.mktemp("floor"), pods=False) as started:
        crd = tmp_path_factory.mktemp("crds") / "tinies.yaml"
        crd.write_text(yaml.safe_dump(custom_resource_definition(TINY)))
        started.install(crd)
        started.restart_controllers()
        yield started


@pytest.fixture(scope="session")
def connection(floor: Floor) -> Connection:
    """An administrator's way to the floor's API server."""
    return from_kubeconfig(floor.kubeconfig)


@pytest.fixture
def namespaces(floor: Floor) -> Callable[[], str]:
    """Makes fresh namespaces. They stay: tearing them down would cost more than they do."""

    def fresh() -> str:
        name = f"t{next(_numbers)}-{os.getpid()}"
        manifest: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        floor.api.apply(manifest)
        return name

    return fresh


@pytest.fixture
def namespace(namespaces: Callable[[], str]) -> str:
    """A fresh namespace."""
    return namespaces()
