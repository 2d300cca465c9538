"""What the pods of one side have counted since the trial began: sums that only rise, whatever becomes of the pods."""

from collections.abc import Collection, Mapping

from toprope.slo.now import Count, Page, count
from toprope.slo.spec import Slo


class Sums:
    """Of one side. A pod that was there when the trial began counts from its first page on, a later one from zero."""

    def __init__(self) -> None:
        self._first: frozenset[str] | None = None
        self._pages: dict[str, Page] = {}

    def listed(self, uids: Collection[str]) -> None:
        """These are there now; the others are not forgotten by the sums."""
        if self._first is None:
            self._first = frozenset(uids)
        self._pages = {uid: page for uid, page in self._pages.items() if uid in uids}

    def grown(self, pages: Mapping[str, Page], slos: Mapping[str, Slo]) -> Mapping[str, Count]:
        """What came since the look before, by SLO; one is missing where no page has anything to say of it."""
        found: dict[str, Count] = {}
        for uid, page in pages.items():
            for name, slo in slos.items():
                if (now := count(page, slo)) is not None:
                    found[name] = found.get(name, Count()) + self._since(uid, page, now, slo)
        self._pages |= pages
        return found

    def _since(self, uid: str, page: Page, now: Count, slo: Slo) -> Count:
        before = self._pages.get(uid)
        if before is None:
            return Count() if self._first is None or uid in self._first else now
        if before.boot != page.boot:
            return now
        then = count(before, slo)
        # Where it had nothing to say before, this only says where counting begins.
        return now.since(then) if then else Count()
