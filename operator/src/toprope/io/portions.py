"""What expressions came to over days, asked for in portions that a Prometheus can bear.

    an expression ─► a day of it ─► the next day ─► …  ─► its values, a minute apart
                          │
                          └─ too much at once: half as long from here on, down to three hours

One question at a time: others use that Prometheus too.
"""

from array import array
from collections.abc import Callable, Sequence
from math import isfinite, nan

from toprope.io.prometheus import Prometheus, TooMuch, Unseen
from toprope.slo.raw import Raw
from toprope.slo.rules import INTERVAL

PORTION, LEAST = 1440, 180
"""Evaluations that are asked for at once. Prometheus tells 11,000 at most."""
PATIENCE = 30.0
"""Seconds that a portion may take."""

Told = Callable[[float], None]
"""Hears, after each answer, which share of all is there."""


async def in_portions(prometheus: Prometheus, expressions: Sequence[str], start: int, count: int, told: Told) -> Raw:
    """The values of each expression at `count` evaluations, the first at `start` (seconds since 1970).

    Unseen where there is no answer; TooMuch where not even the smallest portion is answered.
    """
    answers: dict[str, array[float]] = {}
    for number, expression in enumerate(expressions):
        answers[expression] = values = array("d", [nan]) * count
        done, length = 0, PORTION
        while done < count:
            size = min(length, count - done)
            try:
                await _put(values, prometheus, expression, start, range(done, done + size))
            except TooMuch as error:
                if length <= LEAST:
                    raise _too_much(error, expression) from error
                length //= 2
                continue
            done += size
            told((number + done / count) / len(expressions))
    return Raw(start, count, answers)


async def _put(values: "array[float]", prometheus: Prometheus, expression: str, start: int, which: range) -> None:
    first, last = (start + one * INTERVAL for one in (which[0], which[-1]))
    found = await prometheus.ranged(expression, first, last, INTERVAL)
    if len(found) > 1:
        raise Unseen(f"Prometheus answers {len(found)} series where only one can be: {expression}")
    for at, value in found[0].points if found else ():
        number = round((at - start) / INTERVAL)
        if number in which and isfinite(value):
            values[number] = value


def _too_much(error: TooMuch, expression: str) -> TooMuch:
    hours = LEAST * INTERVAL // 3600
    return TooMuch(f"{str(error).rstrip('.')}. Not even {hours} hours at once can be had of {expression}")
