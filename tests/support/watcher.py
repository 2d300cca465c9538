"""A real Prometheus that scrapes several services and tells an Alertmanager on paper; its rules may change."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.alertmanager_on_paper import PaperAlertmanager, an_alertmanager
from tests.support.prometheus_process import PrometheusProcess, free_port


@dataclass(frozen=True, slots=True)
class Service:
    """A hundred requests a second."""

    labels: Mapping[str, str]
    """Of its pods, and so of its series."""
    bad: int = 2


class Watcher(PrometheusProcess):
    """The Prometheus; `heard` is what it told of its alerts."""

    def __init__(
        self, directory: Path, groups: Sequence[Any], targets: Sequence[Mapping[str, Any]], heard: PaperAlertmanager
    ) -> None:
        self._targets, self.heard, self._groups = targets, heard, {one["name"]: one for one in groups}
        super().__init__(directory, groups, targets)

    def start(self) -> None:
        told = {"static_configs": [{"targets": [self.heard.place]}]}
        config = {
            "global": {"scrape_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "alerting": {"alertmanagers": [told]},
            "scrape_configs": [{"job_name": "pods", "static_configs": list(self._targets)}],
        }
        (self.directory / "prometheus.yaml").write_text(yaml.safe_dump(config))
        super().start()

    def load(self, group: Mapping[str, Any]) -> None:
        """Another group, or what becomes of one, as prometheus-operator would hand it in."""
        self._groups[group["name"]] = group
        (self.directory / "rules.yaml").write_text(yaml.safe_dump({"groups": list(self._groups.values())}))
        self.process.send_signal(signal.SIGHUP)

    def firing(self, **labels: str) -> list[str]:
        """Since when alerts with these labels fire."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:
            alerts = json.load(answer)["data"]["alerts"]
        return [one["activeAt"] for one in alerts if labels.items() <= one["labels"].items()]


@contextmanager
def a_watcher(directory: Path, groups: Sequence[Any], *services: Service) -> Iterator[Watcher]:
    with ExitStack() as stack:
        heard = stack.enter_context(an_alertmanager())
        targets = []
        for service in services:
            port = free_port()
            command = [sys.executable, "-m", "tests.support.exporter", str(port), str(service.bad)]
            exporter = subprocess.Popen(command)
            stack.callback(exporter.wait, 30)
            stack.callback(exporter.kill)
            targets.append({"targets": [f"127.0.0.1:{port}"], "labels": dict(service.labels)})
        watcher = Watcher(directory, groups, targets, heard)
        stack.callback(watcher.kill)
        yield watcher
