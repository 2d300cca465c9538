"""What a person orders for one rollout: annotations of the resource, each of which names the candidate, so that none
hits another one. It stands until it is taken away.

    toprope.dev/abort | promote | pause | retry | unfreeze: <candidate revision>

`retry` may have an id behind a slash, so that it can be given more than once; each value is followed once.
"""

from collections.abc import Mapping

from toprope.core.names import GROUP
from toprope.delivery.machine.rollout import Command


def orders(annotations: Mapping[str, str], candidate: str) -> frozenset[Command]:
    """Those that name the candidate."""
    return frozenset(one for one in Command if _names(annotations.get(annotation(one), ""), candidate))


def retry(annotations: Mapping[str, str], candidate: str) -> str | None:
    """The order to try again, whole."""
    told = annotations.get(annotation(Command.RETRY), "")
    return told if _names(told, candidate) else None


def annotation(command: Command) -> str:
    """What it is written in."""
    return f"{GROUP}/{command}"


def _names(told: str, candidate: str) -> bool:
    return told.split("/", maxsplit=1)[0] == candidate
