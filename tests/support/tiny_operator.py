"""The operator's process, running the kind of the tests: `python -m tests.support.tiny_operator`."""

from tests.support.tiny import TINY
from toprope.edge.process import live
from toprope.edge.settings import Settings

if __name__ == "__main__":
    live(Settings(), [TINY])
