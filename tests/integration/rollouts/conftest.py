"""One rig and one operator for a whole file, with the rights that are generated for it, and a Prometheus that is not
there: no verdict of these rollouts needs it."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from tests.support.prometheus_process import free_port
from tests.support.rig.addresses import NOT_HERE, a_range, are_possible
from tests.support.rig.history import unallowed
from tests.support.rig.kubelet import Kubelet, a_kubelet
from tests.support.rig.place import RATE, SPEC, Place
from tests.support.rig.rig import Rig, a_rig
from toprope.kinds import KINDS
from toprope.schema.rbac import Account, access

ROOT = Path(__file__).parents[3]
ACCOUNT = Account("toprope-system", "toprope")
AHEAD = 3
"""Resources that are made before somebody asks for them."""
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pods of a rig have addresses of this machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not are_possible():
            item.add_marker(pytest.mark.skip(reason=NOT_HERE))


@dataclass(slots=True)
class Stage:
    """The rig, and the operator that looks after it."""

    rig: Rig
    folder: Path
    prometheus: str
    operator: OperatorProcess | None = None
    ahead: deque[Place] = field(default_factory=deque)

    def start_operator(self) -> OperatorProcess:
        """One more life."""
        user = f"system:serviceaccount:{ACCOUNT.namespace}:{ACCOUNT.name}"
        kubeconfig = self.rig.floor.kubeconfig_for(user, "system:authenticated")
        log = self.folder / "operator.log"
        return OperatorProcess(kubeconfig, log, "toprope run", prometheus_url=self.prometheus)

    def place(self) -> Place:
        """A resource of SPEC that serves, and has users."""
        while len(self.ahead) <= AHEAD:
            self.ahead.append(self.begin(SPEC))
        place = self.ahead.popleft()
        until(place.is_made)
        return place

    def begin(self, spec: dict[str, Any]) -> Place:
        """One that is made meanwhile."""
        place = Place(self.rig, f"rollout-{next(_numbers)}")
        place.crowd.rate = RATE
        place.make(spec)
        return place


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("rig")
    with a_range() as network, Floor.start(folder / "floor", pods=True, network=network) as floor:
        floor.install(ROOT / "crds")
        floor.install_gateway()
        floor.restart_controllers()
        for manifest in access(KINDS, ACCOUNT, []):
            floor.api.apply(manifest)
        with a_rig(floor) as rig:
            staged = Stage(rig, folder, f"http://127.0.0.1:{free_port()}")
            staged.operator = staged.start_operator()
            try:
                yield staged
            finally:
                staged.operator.kill()
                staged.operator.wait()


@pytest.fixture
def kubelet(stage: Stage) -> Iterator[Kubelet]:
    with a_kubelet(stage.rig.floor) as one:
        yield one


@pytest.fixture
def place(stage: Stage) -> Iterator[Place]:
    """A resource that serves; at the end nobody has had more requests than the status allowed."""
    one = stage.place()
    yield one
    assert unallowed(one.crowd.history.moments) == []
