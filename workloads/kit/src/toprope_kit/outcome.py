"""How a program of ours ends: quietly, or with one sentence that a person can act on.

The sentence goes to standard error and to the container's termination log, from where Kubernetes copies it into the
pod's status. It holds no secret and no stack: foreign errors are cleaned here, once.
"""

import re
import sys

from toprope_kit import termination

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
