"""One counter that exists, for proofs: what a selector would find in a Prometheus."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """One counter, and how requests move it."""

    name: str
    """With all its labels."""
    by_good: int
    """By how much one good request moves it."""
    by_bad: int
    """By how much one bad request moves it."""
