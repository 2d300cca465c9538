"""What a worker needs before it may get requests, as a list of named checks.

A check that must hold `always` takes the pod out of the load balancer when it fails, so it is for what no request
can do without. `once` is for a dependency that the service can lose and go on without in part: it must have been
there since the worker started. `never` is only shown.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Check = Callable[[], Awaitable[None]]
Need = Literal["always", "once", "never"]


@dataclass(frozen=True)
class Finding:
    """How one check went: `error` is empty when it went well; `blocks` says whether readiness is off because of it."""

    name: str
    error: str
    blocks: bool


@dataclass
class _Named:
    name: str
    check: Check
    timeout: float
    need: Need
    was_good: bool = False


class Readiness:
    """The checks of one worker."""

    def __init__(self) -> None:
        self._checks: list[_Named] = []

    def add(self, name: str, check: Check, *, timeout: float = 1.0, need: Need = "always") -> None:
        """Ask `check` once a second; it fails by raising, or by taking longer than `timeout` seconds."""
        self._checks.append(_Named(name, check, timeout, need))

    async def look(self) -> list[Finding]:
        """Run all checks side by side."""
        return list(await asyncio.gather(*(_run(named) for named in self._checks)))


async def _run(named: _Named) -> Finding:
    try:
        async with asyncio.timeout(named.timeout):
            await named.check()
    except TimeoutError:
        error = f"no answer within {named.timeout:g} s"
    except Exception as failure:  # noqa: BLE001  (a check may fail in any way; its type is what may be told)
        error = type(failure).__qualname__
    else:
        named.was_good = True
        return Finding(named.name, "", blocks=False)
    blocks = named.need == "always" or (named.need == "once" and not named.was_good)
    return Finding(named.name, error, blocks)
