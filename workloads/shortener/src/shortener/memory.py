"""What one worker remembers of links and of slugs that no link has: least recently used goes first."""

from collections import OrderedDict
from dataclasses import dataclass

from shortener.entry import Entry


@dataclass(frozen=True, slots=True)
class Held:
    """What was found, and when the reading of it began (monotonic seconds)."""

    entry: Entry | None
    read_at: float
    kept_at: float = float("-inf")
    """When it was last kept for want of better: the database was away, and the cache was asked for a change."""


class Memory:
    """Links and misses apart, so that somebody who tries slugs cannot push out the links that are used."""

    def __init__(self, links: int, misses: int = 2_000) -> None:
        self._links: OrderedDict[str, Held] = OrderedDict()
        self._misses: OrderedDict[str, Held] = OrderedDict()
        self._sizes = (links, misses)

    def get(self, slug: str) -> Held | None:
        """What is held, however old."""
        held = self._links.get(slug)
        if held is not None:
            self._links.move_to_end(slug)
            return held
        return self._misses.get(slug)

    def put(self, slug: str, held: Held) -> None:
        """Hold it, and let the least recently used one go."""
        self.forget(slug)
        kept, size = (self._misses, self._sizes[1]) if held.entry is None else (self._links, self._sizes[0])
        kept[slug] = held
        if len(kept) > size:
            kept.popitem(last=False)

    def versions(self) -> list[tuple[str, int]]:
        """Slug and version of each link held."""
        return [(slug, held.entry.version) for slug, held in self._links.items() if held.entry is not None]

    def age(self) -> None:
        """Everything held is as good as unheard of: misses go, links stay for want of better."""
        self._misses.clear()
        for slug, held in self._links.items():
            self._links[slug] = Held(held.entry, float("-inf"))

    def forget(self, slug: str) -> None:
        """It changed, or may have."""
        self._links.pop(slug, None)
        self._misses.pop(slug, None)
