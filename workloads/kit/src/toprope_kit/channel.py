"""What supervisor and worker say to each other: JSON lines over a socket pair.

supervisor ──► worker   one line at birth: what to run; later only the socket's end, on which the worker drains
worker ──► supervisor   a report about once a second: its phase and its readiness
"""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter

from toprope_kit.readiness import Finding
from toprope_kit.service import Service

Phase = Literal["starting", "serving", "draining", "failed"]


@dataclass(frozen=True)
class Birth:
    """What a worker process needs to know; the descriptors are open in it under the same numbers."""

    service: Service
    settings: dict[str, str | int | float]
    index: int
    workers: int
    memory_fd: int
    socket_fd: int


@dataclass(frozen=True)
class Report:
    """How a worker is. `sentence` says why it failed."""

    phase: Phase
    findings: list[Finding] = field(default_factory=list)
    sentence: str = ""

    @property
    def ready(self) -> bool:
        """It may get requests."""
        return self.phase == "serving" and not any(finding.blocks for finding in self.findings)


BIRTH = TypeAdapter(Birth)
REPORT = TypeAdapter(Report)
