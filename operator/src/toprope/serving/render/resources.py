"""CPU and memory of a container, where the user said something and where not."""

from dataclasses import dataclass
from typing import Any

from toprope.core.quantity import amount, canonical
from toprope.serving.parts import Amounts, Resources


@dataclass(frozen=True, slots=True)
class Usual:
    """What a container gets when the user says nothing."""

    cpu: str
    memory: str
    memory_limit: str


DATABASE = Usual("100m", "128Mi", "512Mi")
JOB = Usual("50m", "96Mi", "256Mi")


def resources(asked: Resources, usual: Usual) -> dict[str, Any]:
    """Requests and limits; what is left out gives way to what was said."""
    requests, limits = asked.requests or Amounts(), asked.limits or Amounts()
    request = {
        "cpu": requests.cpu or _smaller(usual.cpu, limits.cpu),
        "memory": requests.memory or _smaller(usual.memory, limits.memory),
    }
    limit = {"memory": limits.memory or _larger(usual.memory_limit, requests.memory)}
    if limits.cpu:
        limit["cpu"] = limits.cpu
    return {"requests": _canonical(request), "limits": _canonical(limit)}


def _smaller(usual: str, said: str | None) -> str:
    return min(usual, said or usual, key=amount)


def _larger(usual: str, said: str | None) -> str:
    return max(usual, said or usual, key=amount)


def _canonical(amounts: dict[str, str]) -> dict[str, str]:
    return {name: canonical(value) for name, value in amounts.items()}
