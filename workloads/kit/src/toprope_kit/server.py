"""`serve`: run a service until SIGTERM, with as many worker processes as asked for.

SIGTERM ─► readiness off ─► linger: still accepting, each answer says `connection: close`
        ─► stop accepting, finish what runs ─► drains of the service ─► exit 0      (all within the grace time)
"""

import asyncio
import logging
import sys
from typing import Annotated, Literal

from pydantic import Field

from toprope_kit import logs, termination
from toprope_kit.service import Service
from toprope_kit.settings import EnvSettings, SettingsProblem

logger = logging.getLogger(__name__)
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=600)]


class ServerSettings(EnvSettings):
    """How a service is run; the same variables for every workload."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Worker processes that share the users' port."""

    host: str = "::"
    """Address of both ports. `::` is every address, of both families where there is IPv6."""

    port: Port = 8000
    """Users' port; 0 takes a free one, which the log names."""

    ops_port: Port = 9090
    """Operations' port: health, readiness, metrics, SLI counters of all workers."""

    shutdown_grace: Seconds = 20
    """Seconds from SIGTERM until a worker that still runs is killed; keep it below the pod's own grace period."""

    shutdown_linger: Seconds = 0.5
    """Seconds after SIGTERM in which requests are still taken, so that a gateway's connections end between two."""

    stuck_after: Annotated[float, Field(ge=1, le=600)] = 10
    """A worker whose event loop has not moved for this many seconds is unhealthy; after twice that it is restarted."""

    proxy_networks: str = ""
    """Comma-separated networks of the gateways whose `X-Forwarded-For` is believed; empty believes nobody."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""

    access_log: Literal["off", "errors", "all"] = "errors"
    """Which requests are logged: none, those with 499 and 5xx, or all."""


def serve(service: Service, settings: ServerSettings | None = None) -> int:
    """Run the service; returns the process's exit code: 0 after SIGTERM, 1 when it could not run."""
    try:
        settings = settings or ServerSettings.load()
    except SettingsProblem as problem:
        return _refuse(str(problem))
    logs.configure(service.name, settings.log_level)
    from toprope_kit.keeper import CannotRun  # noqa: PLC0415  (the workers import this module, but never the supervisor)
    from toprope_kit.supervisor import Supervisor  # noqa: PLC0415

    try:
        return asyncio.run(Supervisor(service, settings).run())
    except CannotRun as cause:
        return _refuse(str(cause))
    except OSError as cause:
        return _refuse(f"Port {settings.port} or {settings.ops_port} cannot be opened: {cause.strerror}.")


def _refuse(sentence: str) -> int:
    termination.leave(sentence)
    sys.stderr.write(sentence + "\n")
    return 1
