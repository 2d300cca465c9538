"""Runs the operator with all kinds that there are."""

from toprope.edge.process import live
from toprope.edge.settings import Settings
from toprope.kinds import KINDS


def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT, or until an optional API appears that the operator has to watch too."""
    live(settings, KINDS)
