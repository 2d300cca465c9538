"""How a program of ours ends: quietly, or with one sentence that a person can act on.

The sentence goes to standard error and to the container's termination log, from where Kubernetes copies it into the
pod's status. It holds no secret and no stack: foreign errors are cleaned here, once.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence

from toprope_kit import termination
from toprope_kit.settings import SettingsProblem

CREDENTIALS = re.compile(r"(?i)://[^/@\s]+@|\b(password|secret|key)\s*[=:]\s*\S+")
LONGEST = 400


class Failure(Exception):
    """Ends the program with this sentence: what, where, cause and cure."""

    exit_code = 1


class Refused(Failure):
    """It must not be done as things stand: another try does not help, and whoever started us need not make one."""

    exit_code = 3


def cleaned(error: BaseException) -> str:
    """One line about a foreign error: its kind and the first line of what it says, without credentials."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {CREDENTIALS.sub('…', first)}"[:LONGEST].rstrip(": ")


def fail(sentence: str, exit_code: int = Failure.exit_code) -> int:
    """Say it where it will be read; gives the exit code."""
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    termination.leave(sentence)
    return exit_code


def console_of(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Run the program that the words name, as the parser's default `program`; the exit code."""
    arguments = parser.parse_args(list(words))
    program: Callable[[argparse.Namespace], int] = arguments.program
    try:
        return program(arguments)
    except Failure as failure:
        return fail(str(failure), failure.exit_code)
    except SettingsProblem as problem:
        return fail(str(problem))
    except Exception as error:  # noqa: BLE001 - the border: whatever it was, a person reads one sentence
        return fail(f"{parser.prog} {' '.join(words)} failed: {cleaned(error)}")
