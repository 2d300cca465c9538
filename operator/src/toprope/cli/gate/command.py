"""`toprope gate`: counts in, verdicts out, a line each."""

import os
import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer
from pydantic import TypeAdapter, ValidationError

from toprope.cli.gate.lines import Broken, line_of
from toprope.cli.gate.runs import Run, answer
from toprope.cli.say import fail
from toprope.delivery.gate.rules import Rules
from toprope.slo.spec import Objective
from toprope.slo.windows import budget_of

_STDIN = Path("-")


def gate(
    objective: Annotated[str, typer.Option(help="Percentage of good requests, as 99.9.")],
    file: Annotated[Path, typer.Argument(help="Lines of JSON; - is standard input.")] = _STDIN,
    fail_burn_rate: Annotated[
        float, typer.Option(help="A candidate that burns its error budget so many times too fast is bad.")
    ] = 4.0,
    slos: Annotated[int, typer.Option(min=1, help="SLOs that judge the candidate; they share the false alarms.")] = 1,
) -> None:
    """Say after each line of counts whether a candidate is bad: Pass, Fail or Undecided, with evidence.

    Counts only rise, as counters do; judged is what came between two lines of a run, beside what stable had in the
    same time. A count that fell has begun anew. Without `stable` (null, or left out) the objective alone decides. Fail
    is final, Pass may still become Fail. Any number of runs, in any mixture. Of 200 candidates within their budget, or
    no worse than stable, at most one fails; of 200 bad ones at most one passes, however often one looks. Exit code 2
    names the line that is broken.

    Example: echo '{"run": "a", "t": 12.0, "candidate": {"total": 1000, "bad": 2}, "stable": {"total": 9000, "bad": 1}}'
    | toprope gate --objective 99.9 --fail-burn-rate 4
    """
    rules = Rules(_budget(objective), _burn_rate(fail_burn_rate, objective), slos)
    try:
        with _opened(file) as lines:
            _answered(rules, lines)
    except BrokenPipeError:
        # Whoever read has enough; what Python flushes at its end must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as failure:
        fail(f"{file}: {failure}", code=2)


def _budget(objective: str) -> float:
    try:
        return float(budget_of(TypeAdapter(Objective).validate_python(objective)))
    except (ValidationError, InvalidOperation):
        fail(f"--objective {objective}: the percentage of good requests, above 0 and below 100, as 99.9.", code=2)


def _burn_rate(rate: float, objective: str) -> float:
    most = 1 / float(1 - Decimal(objective) / 100)
    if not 1 < rate <= most:
        fail(
            f"--fail-burn-rate {rate:g}: above 1, for at 1 the budget just lasts, and at most {most:g}: with every "
            f"request bad an objective of {objective} burns no faster.",
            code=2,
        )
    return rate


def _opened(file: Path) -> BinaryIO:
    return typer.get_binary_stream("stdin") if file == _STDIN else file.open("rb")


def _answered(rules: Rules, lines: Iterable[bytes]) -> None:
    runs: dict[str, Run] = {}
    out = typer.get_binary_stream("stdout")
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            told = answer(rules, runs, line_of(text))
        except Broken as broken:
            fail(f"line {number}: {broken}", code=2)
        out.write(orjson.dumps(told) + b"\n")
        out.flush()
