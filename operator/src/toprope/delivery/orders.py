"""What a person orders for one rollout: annotations of the resource, each of which names the candidate.

    toprope.dev/abort | promote | pause | retry | unfreeze: <candidate revision>

An order is for one try. A revision that comes again, or is tried again, is another try, and what stood when that
began is not for it: the status remembers it. Any of them may have an id behind a slash, so that it can be given
anew; each value of `retry` is followed once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toprope.core.names import GROUP
from toprope.delivery.machine.rollout import Command, Rollout, Seen


def with_orders(seen: Seen, annotations: Mapping[str, str], before: Rollout) -> Seen:
    """With what is ordered for this try, and what stands if another one begins now."""
    return replace(
        seen,
        commands=orders(annotations, before.candidate, before.earlier_orders),
        standing=standing(annotations, seen.wanted),
        retry=retry(annotations, seen.wanted),
    )


def orders(annotations: Mapping[str, str], candidate: str | None, earlier: Sequence[str]) -> frozenset[Command]:
    """Those that name the candidate, but for the `earlier` ones."""
    return frozenset(one for one in Command if _told(annotations, one, candidate) not in (None, *earlier))


def standing(annotations: Mapping[str, str], revision: str) -> tuple[str, ...]:
    """All that name the revision, each as `promote=7d8e2c1a9`. `retry` begins a try, and is no order for it."""
    found = (_told(annotations, one, revision) for one in Command if one is not Command.RETRY)
    return tuple(one for one in found if one)


def retry(annotations: Mapping[str, str], candidate: str) -> str | None:
    """The order to try again, whole."""
    told = annotations.get(annotation(Command.RETRY), "")
    return told if names(told, candidate) else None


def annotation(command: Command) -> str:
    """What it is written in."""
    return f"{GROUP}/{command}"


def names(told: str, revision: str | None) -> bool:
    """Whether an order with this value is for that revision."""
    return told.split("/", maxsplit=1)[0] == revision


def _told(annotations: Mapping[str, str], command: Command, revision: str | None) -> str | None:
    value = annotations.get(annotation(command), "")
    return f"{command}={value}" if names(value, revision) else None
