"""The integration floor: real API server, etcd and controllers; pods and routes answered at once."""

from dev.floor.fates import Fate, Outcome
from dev.floor.floor import Floor, end

__all__ = ["Fate", "Floor", "Outcome", "end"]
