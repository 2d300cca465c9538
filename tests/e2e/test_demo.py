"""The demo does what it says, or ends with the reason."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.e2e.world import World, a_shortener

SECONDS = 240
EXAMPLE = Path(__file__).parents[2] / "examples" / "links.yaml"


def demo(world: World, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """With the SLOs of the example."""
    manifest, example = folder / "demo.yaml", yaml.safe_load(EXAMPLE.read_text())
    manifest.write_text(yaml.safe_dump(a_shortener(world, slos=example["spec"]["slos"])))
    command = [sys.executable, "-m", "toprope", "demo", "-f", str(manifest), *words]
    environment = os.environ | {"KUBECONFIG": str(world.kubeconfig)}
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment)


def test_a_link_is_shortened_followed_and_counted(world: World, tmp_path: Path) -> None:
    told = demo(world, tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    for word in ("applied ShortenerApp", "Ready", "shortened https://", "followed it: 302", "1 visit", "READY"):
        assert word in told.stdout


def test_its_slos_come_alive(world: World, tmp_path: Path) -> None:
    told = demo(world, tmp_path, "--slos")
    assert told.returncode == 0, told.stdout + told.stderr
    for word in ("availability", "fast-redirects", "Met"):
        assert word in told.stdout


def test_a_gateway_that_does_not_answer_ends_it_with_the_reason(world: World, tmp_path: Path) -> None:
    told = demo(world, tmp_path, "--gateway", "http://127.0.0.1:1")
    assert told.returncode == 1
    assert "was not answered in 30 s" in told.stderr
