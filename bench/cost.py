"""What a load costs in CPU: the operator, and the API server that answers it."""

from dataclasses import dataclass

import psutil

from dev import processes
from dev.floor import Floor


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in milliseconds."""

    operator: float
    apiserver: float
    everything: float
    """Of the operator and all processes of the floor; what watches them is not in it."""

    def since(self, before: "Cost", count: int) -> "Cost":
        """For each of `count` resources."""
        return Cost(
            (self.operator - before.operator) / count,
            (self.apiserver - before.apiserver) / count,
            (self.everything - before.everything) / count,
        )


def cost_of(floor: Floor, operator: int) -> Cost:
    """Up to now; `operator` is its process id."""
    ours = _spent(operator)
    by_role = {one.role: _spent(one.pid) for one in processes.living(floor.directory)}
    return Cost(ours, by_role["apiserver"], ours + sum(by_role.values()))


def _spent(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system) * 1000
