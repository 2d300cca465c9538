"""Rules of the repository that no linter knows."""

import re
import subprocess
from pathlib import Path

import pytest

from toprope import __version__

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
REGISTRY = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    return listed.stdout.splitlines()


def test_the_folder_operator_is_no_package_or_it_would_shadow_the_standard_librarys() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_no_test_lies_below_the_folder_operator() -> None:
    assert not list((ROOT / "operator").rglob("test_*.py"))


def test_there_are_locks() -> None:
    assert {"dev.txt", "operator.txt", "shortener.txt"} <= {path.name for path in LOCKS}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_no_download_address(lock: Path) -> None:
    assert REGISTRY.findall(lock.read_text()) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_of_a_lock_has_a_hash(lock: Path) -> None:
    pins = re.split(r"\n(?=[a-zA-Z0-9])", lock.read_text().strip())
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("name", ["Dockerfile"])
def test_no_image_names_a_package_registry(name: str) -> None:
    files = [ROOT / path for path in tracked() if Path(path).name == name]
    assert [str(path) for path in files if REGISTRY.search(path.read_text())] == []


def test_the_operators_deployment_runs_the_operator_of_this_version() -> None:
    manifest = (ROOT / "dev" / "manifests" / "operator" / "operator.yaml").read_text()
    assert re.findall(r"image: (\S+)", manifest) == [f"docker.io/toprope/operator:{__version__}"]


def test_generated_files_and_state_are_not_checked_in() -> None:
    assert [path for path in tracked() if path.endswith((".pyc", ".log", ".kubeconfig"))] == []


def test_nothing_is_installed_whose_hash_is_not_locked() -> None:
    ours = [path for path in tracked() if path.startswith("dev/") or path.endswith("Dockerfile")]
    lines = [line for path in ours for line in (ROOT / path).read_text(errors="replace").splitlines()]
    installing = [line for line in lines if re.search(r"""\bpip"?,? "?install\b""", line)]
    assert len(installing) >= 7
    assert [line for line in installing if "--require-hashes" not in line] == []


PURE = ("core/", "delivery/", "schema/", "slo/", "kinds/", "kind.py", "ports.py")


def test_what_is_decided_and_rendered_asks_nobody_what_time_it_is() -> None:
    package = "operator/src/toprope/"
    pure = [path for path in tracked() if path.startswith(tuple(package + room for room in PURE))]
    asking = [path for path in pure if re.search(r"\b(now|utcnow|today)\(\)", (ROOT / path).read_text())]
    assert len(pure) > 80
    assert asking == []
