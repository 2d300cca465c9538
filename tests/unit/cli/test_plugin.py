"""`kubectl toprope`: the same commands, by another door."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_both_names_are_one_program() -> None:
    scripts = tomllib.loads((ROOT / "operator" / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["kubectl-toprope"] == scripts["toprope"]


def test_kubectl_finds_the_one_of_the_checkout(tmp_path: Path) -> None:
    folders = [str(ROOT / "dev"), str(Path(sys.executable).parent), os.environ["PATH"]]
    world = {**os.environ, "PATH": os.pathsep.join(folders), "PYTHON": sys.executable, "KUBECONFIG": str(tmp_path)}
    shown = subprocess.run(
        ["kubectl", "toprope", "status", "--help"], env=world, capture_output=True, text=True, check=True, timeout=60
    )
    assert "Usage: kubectl toprope status" in shown.stdout
