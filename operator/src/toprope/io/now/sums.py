"""What the pods of one side have counted since the trial began: sums that only rise, whatever becomes of the pods."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from toprope.slo.now import Count, Page, count
from toprope.slo.spec import Slo

Slos = Mapping[str, Slo]
Counts = Mapping[str, Count]
"""By SLO; one is missing where there is nothing to say of it."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The last page of a pod."""

    page: Page
    counts: Counts


class Sums:
    """Of one side. A pod that was there when the trial began counts from its first page on, a later one from zero."""

    def __init__(self) -> None:
        self._first: frozenset[str] | None = None
        self._last: dict[str, _Last] = {}
        self._slos: Slos = {}

    def listed(self, uids: Collection[str]) -> None:
        """These are there now; the others are not forgotten by the sums."""
        if self._first is None:
            self._first = frozenset(uids)
        self._last = {uid: last for uid, last in self._last.items() if uid in uids}

    def grown(self, pages: Mapping[str, Page], slos: Slos) -> Counts:
        """What came since the look before."""
        if slos is not self._slos:
            # They may count something else than before.
            self._last = {uid: _last(last.page, slos) for uid, last in self._last.items()}
            self._slos = slos
        found: dict[str, Count] = {}
        for uid, page in pages.items():
            now = _last(page, slos)
            for name, counted in now.counts.items():
                found[name] = found.get(name, Count()) + self._since(uid, page, name, counted)
            self._last[uid] = now
        return found

    def _since(self, uid: str, page: Page, name: str, now: Count) -> Count:
        last = self._last.get(uid)
        if last is None:
            return Count() if self._first is None or uid in self._first else now
        if last.page.boot != page.boot:
            return now
        before = last.counts.get(name)
        # Where it had nothing to say before, this only says where counting begins.
        return now.since(before) if before else Count()


def _last(page: Page, slos: Slos) -> _Last:
    counted = {name: count(page, slo) for name, slo in slos.items()}
    return _Last(page, {name: one for name, one in counted.items() if one is not None})
