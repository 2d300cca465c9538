"""Passwords that change under a running program.

A password is a file in a mounted Secret. During a rotation its successor stands beside it as `<name>.next`; which of
the two the server takes at a given moment only the server knows, so both are tried, the current one first. Files are
read for every new connection, never kept.
"""

import contextlib
from pathlib import Path


def candidates(path: Path) -> list[str]:
    """The passwords to try, in order; OSError when the current one cannot be read."""
    found = [path.read_text().strip()]
    successor = path.with_name(f"{path.name}.next")
    # A Secret's files are swapped as a whole: the successor may vanish between two looks.
    with contextlib.suppress(FileNotFoundError):
        found.append(successor.read_text().strip())
    return [password for password in dict.fromkeys(found) if password]
