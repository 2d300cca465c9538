"""What a person orders for one rollout: annotations of the resource, each of which names the candidate.

    toprope.dev/abort | promote | pause | retry | unfreeze: <candidate revision>

An order is for one try: the one that is under way, or that comes with it in one write. A revision that comes again, or
is tried again, is another try; so the status remembers what stood when a try was over, or when nobody wanted that
revision. Any order may have an id behind a slash, so that it can be given anew; each value of `retry` is followed once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toprope.core.names import GROUP
from toprope.delivery.machine.moved import is_shared
from toprope.delivery.machine.rollout import Command, Rollout, Seen

_LONGEST = 64
"""Characters of an order that tell it from others: it goes into the status."""


def with_orders(seen: Seen, annotations: Mapping[str, str], before: Rollout) -> Seen:
    """With all orders that stand, and those that are for this try. While the candidate has requests they are for it,
    whatever the spec wants by now."""
    tried = before.candidate if before.candidate and is_shared(before) else seen.wanted
    return replace(
        seen,
        commands=orders(annotations, tried, before.earlier_orders),
        standing=tuple(_written(annotations).values()),
        addressed={one: tuple(_written(annotations, one).values()) for one in (tried, seen.wanted)},
        retry=retry(annotations, seen.wanted),
    )


def orders(annotations: Mapping[str, str], revision: str | None, earlier: Sequence[str]) -> frozenset[Command]:
    """Those that name the revision, but for the `earlier` ones. `retry` begins a try, and is no order for it."""
    return frozenset(one for one, told in _written(annotations, revision).items() if told not in earlier)


def retry(annotations: Mapping[str, str], revision: str) -> str | None:
    """The order to try again, whole."""
    told = annotations.get(annotation(Command.RETRY), "")
    return told if names(told, revision) else None


def annotation(command: Command) -> str:
    """What it is written in."""
    return f"{GROUP}/{command}"


def names(told: str, revision: str | None) -> bool:
    """Whether an order with this value is for that revision."""
    return told.split("/", maxsplit=1)[0] == revision


def _written(annotations: Mapping[str, str], revision: str | None = None) -> dict[Command, str]:
    """Each as `promote=7d8e2c1a9`; without a revision all of them."""
    told = {one: annotations.get(annotation(one), "") for one in Command if one is not Command.RETRY}
    return {
        one: f"{one}={value[:_LONGEST]}"
        for one, value in told.items()
        if value and (revision is None or names(value, revision))
    }
