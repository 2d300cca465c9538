"""Notices a tug of war: a child that somebody changes back, or deletes, as often as it is put right.

It is held in memory only: forgotten, it is noticed anew within a second.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from toprope.core.objects import Ref

AT_ONCE = 5
"""How often the same is written again before it counts as a tug of war."""
FIRST_BREATH, LONGEST_BREATH = timedelta(seconds=0.1), timedelta(seconds=10)
CALM = timedelta(seconds=30)
"""After which a write is no answer to the one before. Longer than two of the longest breaths."""


@dataclass(frozen=True, slots=True)
class Tug:
    """A child that is written again and again."""

    ref: Ref
    breath: timedelta
    """How long to leave it to the other side: doubled with each write."""


@dataclass(slots=True)
class _Written:
    digest: str
    at: datetime
    repeats: int = 0


@dataclass(slots=True)
class _Writes:
    last: datetime
    by_child: dict[Ref, _Written] = field(default_factory=dict)


class Tugs:
    """Remembers what was written lately, of all resources."""

    def __init__(self) -> None:
        self._writes: OrderedDict[Ref, _Writes] = OrderedDict()

    def after(self, owner: Ref, written: Mapping[Ref, str], now: datetime) -> Tug | None:
        """Called after each pass with what it applied and a digest of each; the first child, by name, that is
        contested.
        """
        self._forget(now)
        if written:
            self._note(owner, written, now)
        writes = self._writes.get(owner)
        by_child = writes.by_child.items() if writes else ()
        contested = [(str(ref), ref, one) for ref, one in by_child if one.repeats >= AT_ONCE and now - one.at < CALM]
        if not contested:
            return None
        _, ref, one = min(contested, key=lambda found: found[0])
        return Tug(ref, min(LONGEST_BREATH, FIRST_BREATH * (1 << min(one.repeats - AT_ONCE, 10))))

    def _note(self, owner: Ref, written: Mapping[Ref, str], now: datetime) -> None:
        writes = self._writes.setdefault(owner, _Writes(now))
        self._writes.move_to_end(owner)
        writes.last = now
        for ref, digest in written.items():
            before = writes.by_child.get(ref)
            again = before is not None and before.digest == digest and now - before.at < CALM
            writes.by_child[ref] = _Written(digest, now, before.repeats + 1 if before and again else 0)

    def _forget(self, now: datetime) -> None:
        while self._writes and now - next(iter(self._writes.values())).last >= CALM:
            self._writes.popitem(last=False)
