"""Requests, and how many of them were bad."""

from dataclasses import dataclass

from toprope.delivery.gate.maths import Number


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of one side; of many runs at once where the numbers are arrays."""

    total: Number = 0.0
    bad: Number = 0.0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.total + other.total, self.bad + other.bad)


NONE = Counts()


def grown(before: Counts | None, now: Counts) -> Counts:
    """What came since the look before, by counters that only rise; one that fell has begun anew at nothing.

    The first look says only where counting begins.
    """
    if before is None:
        return NONE
    if now.total < before.total or now.bad < before.bad:
        return now
    return Counts(now.total - before.total, now.bad - before.bad)
