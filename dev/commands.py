"""Runs outside programs: each with a time-out, its output kept for the moment it fails."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.errors import Missing, StepFailed

KEPT_LINES = 15


def program(name: str) -> str:
    """The full path of an installed program; /usr/sbin is looked at even when PATH leaves it out."""
    found = shutil.which(name, path=search_path())
    if found is None:
        raise Missing(f"the program {name} is not installed", "`python -m dev doctor` says what would be installed")
    return found


def there(name: str) -> bool:
    """True when a program is installed."""
    return shutil.which(name, path=search_path()) is not None


def search_path() -> str:
    """PATH and the folders that it leaves out where one is not root."""
    return f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


def run(
    command: Sequence[str | Path],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    own_session: bool = False,
) -> str:
    """Its standard output; StepFailed with the last lines when it fails or takes longer than `seconds`.

    In a session of its own it does not hear a Ctrl-C that is meant for us.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
            start_new_session=own_session,
        )
    except subprocess.TimeoutExpired as slow:
        raise StepFailed(f"`{shortened(words)}` did not end in {seconds:g} s") from slow
    if done.returncode:
        raise StepFailed(f"`{shortened(words)}` ended with {done.returncode}:\n{tail(done.stderr or done.stdout)}")
    return done.stdout


def tail(text: str) -> str:
    """The last lines of a program's output, indented for a message."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-KEPT_LINES:])


def shortened(words: Sequence[str]) -> str:
    """A command as a message names it: long ones are cut."""
    whole = " ".join(words)
    return whole if len(whole) <= 120 else f"{whole[:117]}..."


def beside_python(name: str) -> Path:
    """A program that a wheel put beside the interpreter that runs this."""
    found = Path(sys.executable).parent / name
    if not found.exists():
        raise Missing(
            f"{name} is not beside {sys.executable}", "run through `make`, which uses the project's environment"
        )
    return found
