"""What a Prometheus would answer a backtest, from series that are stored in it."""

from collections.abc import Iterable

import numpy as np
import promql_parser as promql

from tests.support.promql.expressions import Evaluator
from tests.support.promql.series import Series, Times, every
from tests.support.promql.windows import Axis
from toprope.slo.raw import LOOKED, Raw, questions
from toprope.slo.rules import INTERVAL, Ruled


def answered(ruled: Ruled, stored: Iterable[Series], start: int, count: int) -> Raw:
    """The answers from `start` on, minute by minute."""
    at = every(INTERVAL, start + (count - 1) * INTERVAL, start)
    evaluator = Evaluator(Axis(at), stored)
    return Raw(start, count, {asked: _values(evaluator, asked) for asked in questions(ruled)})


def _values(evaluator: Evaluator, expression: str) -> list[float]:
    found = evaluator.vector(promql.parse(expression))
    if not found:
        return [float("nan")] * len(evaluator._axis.at)
    (row,) = found
    values: list[float] = np.where(row.there, row.values, np.nan).tolist()
    return values


def looked(raw: Raw) -> Times:
    """The evaluations that there would have been."""
    at = every(INTERVAL, raw.start + (raw.count - 1) * INTERVAL, raw.start)
    return at[~np.isnan(raw.answers[LOOKED])]
