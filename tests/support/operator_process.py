"""The operator's own process, as a test starts, asks and kills it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import yaml

from dev import processes

TINY_OPERATOR = "tests.support.tiny_operator"
PATIENCE = 60.0

T = TypeVar("T")


class OperatorProcess:
    """One life of the operator; a new one may be started after it. If the test run dies, `make down` ends it."""

    def __init__(self, kubeconfig: Path, log: Path, module: str = TINY_OPERATOR, **settings: str) -> None:
        given = {f"TOPROPE_{key.upper()}": value for key, value in settings.items()} | processes.owned()
        environment = {**os.environ, "TOPROPE_OPS_HOST": "127.0.0.1", "TOPROPE_OPS_PORT": "0", **given}
        self.log = log
        self._out = log.open("ab")
        self._start = self._out.tell()
        command = [sys.executable, "-m", *module.split()]
        self.process = subprocess.Popen(
            command, env=environment | {"TOPROPE_KUBECONFIG": str(kubeconfig)}, stdout=self._out, stderr=self._out
        )

    def kill(self) -> None:
        """SIGKILL, as the kernel or a power cut does it."""
        self.process.kill()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        code = self.process.wait(PATIENCE)
        self._out.close()
        return code

    def ops(self, path: str) -> str:
        """A page of the ops port."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def answers(self, path: str) -> bool:
        """Whether a page of the ops port says yes; False also while there is no such port yet."""
        if not self._first_line():
            return False
        try:
            return bool(self.ops(path))
        except OSError:
            return False

    @property
    def ops_port(self) -> int:
        """The port it took, from its first line."""
        return int(until(self._first_line).rsplit(" ", 1)[1])

    def lines(self) -> list[str]:
        """What it logged in this life."""
        with self.log.open("rb") as log:
            log.seek(self._start)
            return [line.decode() for line in log]

    def _first_line(self) -> str:
        told = [line for line in self.lines() if "ops port" in line]
        return str(json.loads(told[0])["message"]) if told else ""


def until(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `look` gives once that is something; TimeoutError after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError(f"nothing came of {look} within {patience:.0f} s")


@contextmanager
def running(kubeconfig: Path, log: Path, **settings: str) -> Iterator[OperatorProcess]:
    """An operator that is stopped at the end."""
    operator = OperatorProcess(kubeconfig, log, **settings)
    try:
        yield operator
    finally:
        if operator.process.poll() is None:
            operator.stop()


def plain_kubeconfig(path: Path, url: str) -> Path:
    """A kubeconfig for a plain-HTTP proxy."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "nobody"}}],
        "clusters": [{"name": "proxy", "cluster": {"server": url}}],
        "users": [{"name": "nobody", "user": {}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path
