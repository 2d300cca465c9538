"""What redirects are measured on: a database and a cache, ours as a pod runs it, and others under uvicorn."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from toprope_kit.auth import mint
from workloads.shortener.tests import servers
from workloads.shortener.tests.servers import CacheServer, Postgres, free_port, until

LINKS = 1_000
NO_LIMIT = str(10**9)


@dataclass
class Target:
    """One server that is measured."""

    name: str
    process: "subprocess.Popen[bytes]"
    url: str
    worker: psutil.Process
    ops: str = ""
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Microseconds of the worker's CPU for one request."""
    redirects: int = 0

    def ask(self, *words: str) -> dict[str, float]:
        """Let visitors come; what they saw."""
        before = _cpu(self.worker)
        command = [sys.executable, "-m", "bench.visitors", self.url, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        seen: dict[str, float] = json.loads(done.stdout)
        self.redirects += int(seen["redirects"])
        if seen["redirects"]:
            self.costs.append(1e6 * (_cpu(self.worker) - before) / seen["redirects"])
        return seen


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True)
class World:
    """Database, cache and environment of every server."""

    postgres: Postgres
    cache: CacheServer
    environ: Mapping[str, str]

    def recorded(self) -> int:
        """Clicks in the database."""
        both = "SELECT (SELECT count(*) FROM shortener.click_inbox) + (SELECT count(*) FROM shortener.clicks)"
        return int(self.postgres.sql(both))


@contextmanager
def world() -> Iterator[World]:
    """Migrated, with links."""
    with tempfile.TemporaryDirectory() as folder, servers.postgres() as postgres, servers.cache_server() as cache:
        credentials = Path(folder) / "credentials"
        more = {"BOOTSTRAP_KEY_FILE": str(credentials / "api-key"), "SHORTENER_ADDRESS_REQUESTS_PER_MINUTE": NO_LIMIT}
        environ = servers.environment(postgres, cache, credentials, **more)
        servers.write_credentials(credentials, api_key=mint().text)
        done = servers.shortener(servers.as_owner(environ), "migrate")
        if done.returncode:
            raise RuntimeError(done.stderr)
        postgres.sql(
            "INSERT INTO shortener.links (tenant_id, slug, target)"
            f" SELECT 1, 'bench' || n, 'https://example.org/' || n FROM generate_series(0, {LINKS - 1}) n"
        )
        yield World(postgres, cache, environ)


@contextmanager
def kit(here: World, name: str, more: Mapping[str, str]) -> Iterator[Target]:
    """The service as a pod runs it, one worker."""
    port, ops = free_port(), free_port()
    environ = {**here.environ, "PORT": str(port), "OPS_PORT": str(ops), **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "shortener"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url, operations = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ops}"
        until(lambda: says(operations + "/readyz"), f"{name} is ready", 60)
        pid = httpx.get(operations + "/healthz").json()["workers"][0]["pid"]
        yield Target(name, process, url, psutil.Process(pid), operations)
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def plain(here: World, name: str, factory: str) -> Iterator[Target]:
    """An app under uvicorn alone, with the same loop and parser."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", f"bench.redirect_apps:{factory}", "--factory", "--port", str(port),
        "--no-access-log", "--log-level", "error", "--loop", "uvloop", "--http", "httptools", "--lifespan", "on",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=dict(here.environ), stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: says(url + "/bench0", 302), f"{name} is ready", 60)
        yield Target(name, process, url, psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait(10)


def says(url: str, status: int = 200) -> bool:
    """Whether it answers with this status."""
    try:
        return httpx.get(url).status_code == status
    except httpx.HTTPError:
        return False


def number(target: Target, name: str) -> float:
    """One line of /metrics."""
    lines = httpx.get(target.ops + "/metrics").text.splitlines()
    return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))
