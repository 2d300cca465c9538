"""Files that are generated and checked in: written, or compared with what stands there."""

import difflib
from collections.abc import Mapping
from pathlib import Path

import typer

from toprope.cli.say import err, fail


def put(text: str, into: Path | None, command: str, *, checked: bool) -> None:
    """The text printed, or as the file `into`: written, or only compared; `command` is what generates it."""
    if into is None:
        if checked:
            fail("--check compares a file: name it with --into.")
        typer.echo(text, nl=False)
    elif checked:
        check({into: text}, f"{command} --into {into}")
    else:
        write({into: text})


def write(files: Mapping[Path, str]) -> None:
    """Each file with its text; folders are made."""
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        err.print(f"wrote {path}", markup=False)


def check(files: Mapping[Path, str], cure: str) -> None:
    """Nothing when each file holds its text; else the difference, the `cure`, and exit code 1."""
    stale = [path for path, text in files.items() if _held(path) != text]
    for path in stale:
        lines = difflib.unified_diff(
            _held(path).splitlines(),
            files[path].splitlines(),
            f"{path} (checked in)",
            f"{path} (generated)",
            lineterm="",
        )
        err.print("\n".join(lines), markup=False)
    if stale:
        fail(f"{', '.join(map(str, stale))}: not what the models say today. Run `{cure}`.")


def _held(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
