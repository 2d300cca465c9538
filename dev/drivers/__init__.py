"""Two ways to a real Kubernetes behind one small interface; nothing above it knows which."""

import os

from dev.drivers.driver import Driver, engine_answers
from dev.drivers.kind import Kind
from dev.drivers.plain import Plain
from dev.places import Places

__all__ = ["Driver", "chosen", "named"]


def chosen(places: Places) -> Driver:
    """kind where a Docker engine answers, else the plain driver; TOPROPE_DRIVER=kind|plain decides otherwise."""
    return Kind(places) if named(engine_answers()) == "kind" else Plain(places)


def named(engine: bool) -> str:
    """The driver of a machine where a Docker engine answers, or does not."""
    return os.environ.get("TOPROPE_DRIVER") or ("kind" if engine else "plain")
