"""How commands speak: results on standard output, everything else on standard error, failures as one sentence."""

import sys
from typing import Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table

Format = Literal["text", "json"]

out = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True, highlight=False)
"""Results, for people and pipes."""

err = Console(stderr=True, soft_wrap=True, highlight=False)
"""Progress and failures."""


def unfolded(table: Table) -> Table:
    """The table as wide as it needs to be: a narrower terminal breaks its lines, and nothing is cut off."""
    table.width = Console(width=1000).measure(table).maximum
    return table


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Say why, and end the command."""
    err.print(sentence, style="bold red", markup=False)
    raise typer.Exit(code)


def age(seconds: float) -> str:
    """As kubectl says it, in one unit: `42s`, `7m`, `3h`, `12d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"
