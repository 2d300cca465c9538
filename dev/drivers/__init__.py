"""Two ways to a real Kubernetes behind one small interface; nothing above it knows which."""

from dev.drivers.driver import Driver, chosen

__all__ = ["Driver", "chosen"]
