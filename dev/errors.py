"""What can go wrong in this room, in words a person can act on.

DevError
├── Missing        a program, a right or disk space is not there
├── StepFailed     an outside command ended badly; its last lines are kept
├── NotInTime      a condition did not come true before its deadline
├── OwnedElsewhere another checkout owns the cluster of this machine
└── ApiError       the API server answered with an error
"""

from pathlib import Path


class DevError(Exception):
    """Says what failed and where; `cure` says what a person can do about it."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message}\n  cure: {cure}" if cure else message)
        self.message = message
        self.cure = cure


class Missing(DevError):
    """A program, a right or disk space is not there."""


class StepFailed(DevError):
    """An outside command ended badly."""


class NotInTime(DevError):
    """A condition did not come true before its deadline."""


class OwnedElsewhere(DevError):
    """Another checkout owns the cluster of this machine."""

    def __init__(self, owner: Path) -> None:
        super().__init__(
            f"the local cluster of this machine belongs to the checkout {owner}",
            "run `make down` there, or, when that checkout is gone, `python -m dev down --take-over` here",
        )


class ApiError(DevError):
    """The API server answered `status` (an HTTP code; 0: no answer)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"API server: {status} {message}")
        self.status = status
