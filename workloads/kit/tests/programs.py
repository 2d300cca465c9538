"""Real programs for the tests: the kit's server, and the entry points of the database and cache images."""

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from workloads.kit.tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]
PATHS = ("workloads/kit/src", "workloads/postgres/src", ".")
PYTHONPATH = os.pathsep.join(str(ROOT / path) for path in PATHS)
# Without it httpx reads all certificates of the world for each request, 50 ms of CPU.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
get = functools.partial(httpx.get, verify=NO_TLS)
post = functools.partial(httpx.post, verify=NO_TLS)
# initdb wants a user with a name, and Postgres none that may do everything.
NOBODY = 65534


def free_port() -> int:
    """A port on which nobody listens right now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Program:
    """A running program with its output in a file."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def says(self) -> str:
        """Everything it has printed so far."""
        return self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20) -> int:
        """Signal it and wait; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextlib.contextmanager
def running(command: list[str], environment: Mapping[str, str], **options: object) -> Iterator[Program]:
    """Run a program for the length of the block; ended with SIGKILL if it still runs then."""
    folder = Path(tempfile.mkdtemp(prefix="toprope-test-"))
    try:
        with (folder / "output").open("wb") as output:
            environment = {"PATH": os.environ["PATH"], "TERMINATION_LOG": str(folder / "termination"), **environment}
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, **options)  # type: ignore[call-overload]
        yield Program(process, folder / "output")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


class Service(Program):
    """The kit's server with the demonstration app."""

    port: int
    ops_port: int

    def url(self, path: str) -> str:
        """A page for users."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ops(self, page: str) -> httpx.Response:
        """A page of the ops port."""
        return get(f"http://127.0.0.1:{self.ops_port}/{page}", timeout=5)

    def is_ready(self) -> bool:
        """It says so itself."""
        with contextlib.suppress(httpx.TransportError):
            return self.ops("readyz").status_code == 200
        return False

    def workers(self) -> list[int]:
        """Process ids of the living workers."""
        return [worker["pid"] for worker in self.ops("healthz").json()["workers"] if worker["pid"]]

    def requests(self, route_class: str = "main") -> dict[str, object]:
        """The class of requests in /sli."""
        found: dict[str, object] = self.ops("sli").json()["classes"][route_class]
        return found

    def finished(self, count: int, route_class: str = "main") -> dict[str, object]:
        """The same as soon as `count` are finished: one counts when its last byte has left, and a reader is quicker."""
        until(lambda: self.requests(route_class)["finished"] == count)
        return self.requests(route_class)

    def number(self, name: str) -> float:
        """One number of /metrics."""
        lines = [line for line in self.ops("metrics").text.splitlines() if line.startswith(name)]
        return float(lines[0].split()[-1])


@contextlib.contextmanager
def serving(factory: str = "workloads.kit.tests.app:create", **environment: str) -> Iterator[Service]:
    """The demonstration service on free ports, not awaited."""
    code = (
        "import sys, dataclasses; from toprope_kit.server import serve; from workloads.kit.tests.app import SERVICE;"
        f"sys.exit(serve(dataclasses.replace(SERVICE, factory={factory!r})))"
    )
    ports = {"HOST": "127.0.0.1", "PORT": str(free_port()), "OPS_PORT": str(free_port())}
    settings = ports | {"PYTHONPATH": PYTHONPATH, "SHUTDOWN_LINGER": "0.2"} | environment
    with running([sys.executable, "-c", code], settings) as program:
        service = Service(program.process, program.output)
        service.port, service.ops_port = int(settings["PORT"]), int(settings["OPS_PORT"])
        yield service


@contextlib.contextmanager
def ready(**environment: str) -> Iterator[Service]:
    """The demonstration service, when it is ready."""
    with serving(**environment) as service:
        until(service.is_ready)
        yield service


def log_lines(program: Program) -> list[dict[str, object]]:
    """The JSON lines among what a program has printed."""
    return [orjson.loads(line) for line in program.says().splitlines() if line.startswith("{")]


def packaged(package: str) -> Path:
    """The folder of an installed package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """An empty folder in which a program without privileges may work."""
    folder = Path(tempfile.mkdtemp(prefix="toprope-test-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
