"""A real Prometheus and what it scrapes, as processes of a test: the local cluster's, or $TOPROPE_PROMETHEUS."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import yaml

from dev.build.binaries import binary
from dev.build.gosets import PROMETHEUS
from dev.places import places
from tests.support.operator_process import until


def program() -> str:
    """Where Prometheus is."""
    return os.environ.get("TOPROPE_PROMETHEUS") or str(binary(places(), "prometheus", (PROMETHEUS,)))


def free_port() -> int:
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class PrometheusProcess:
    """One Prometheus; it may be killed and started again over the same data.

    Files `rules-*.yaml` that lie in the directory are rules, too.
    """

    def __init__(
        self, directory: Path, groups: Sequence[Any], targets: Sequence[Any], *flags: str, retention: str = "15d",
        scrape: str = "1s",
    ) -> None:  # fmt: skip
        self.directory, self.port, self.flags, self.retention = directory, free_port(), flags, retention
        self.url = f"http://127.0.0.1:{self.port}"
        (directory / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
        config = {
            "global": {"scrape_interval": scrape},
            "rule_files": ["rules*.yaml"],
            "scrape_configs": [{"job_name": "pods", "static_configs": list(targets)}],
        }
        (directory / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self.start()

    def start(self) -> None:
        with (self.directory / "prometheus.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    program(),
                    f"--config.file={self.directory / 'prometheus.yaml'}",
                    f"--storage.tsdb.path={self.directory / 'data'}",
                    f"--storage.tsdb.retention.time={self.retention}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    *self.flags,
                ],
                stdout=log,
                stderr=log,
            )
        until(self.is_ready, 180)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def query(self, expression: str) -> list[Any]:
        """What it answers itself."""
        fields = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{fields}", timeout=10) as answer:
            result: list[Any] = json.load(answer)["data"]["result"]
            return result

    def hang(self) -> None:
        """It takes connections and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextmanager
def a_prometheus(directory: Path, groups: Sequence[Any], **labels: str) -> Iterator[PrometheusProcess]:
    """It scrapes one exporter, whose series carry `labels`."""
    port = free_port()
    with ExitStack() as stack:
        exporter = subprocess.Popen([sys.executable, "-m", "tests.support.exporter", str(port)])
        stack.callback(exporter.wait, 30)
        stack.callback(exporter.kill)
        prometheus = PrometheusProcess(directory, groups, [{"targets": [f"127.0.0.1:{port}"], "labels": labels}])
        stack.callback(prometheus.kill)
        yield prometheus


@contextmanager
def a_memory(directory: Path, *flags: str, retention: str = "15d") -> Iterator[PrometheusProcess]:
    """It scrapes nobody: all that it has lies in `directory / "data"` already."""
    prometheus = PrometheusProcess(directory, [], [], *flags, retention=retention)
    try:
        yield prometheus
    finally:
        prometheus.kill()
