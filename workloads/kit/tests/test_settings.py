import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from toprope_kit.cache import CacheSettings
from toprope_kit.database import DatabaseSettings

LOAD = "from {module} import {name}; print(repr({name}.load()))"


def load(module: str, name: str, **environment: str) -> str:
    """What a program with this environment prints of its settings: the settings, or its error's last line."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD.format(module=module, name=name)],
        env={"PYTHONPATH": os.environ.get("PYTHONPATH", "") or os.pathsep.join(sys.path), **environment},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text("redis://:hunter2@cache:6379/0\n")
    said = load("toprope_kit.cache", "CacheSettings", CACHE_URI_FILE=str(tmp_path / "uri"))
    assert "CacheSettings(cache_uri=SecretStr" in said
    assert "hunter2" not in said


def test_a_wrong_value_is_named_and_not_repeated() -> None:
    said = load("toprope_kit.database", "DatabaseSettings", DATABASE_HOST="db", DATABASE_POOL_SIZE="hunter2")
    assert "DATABASE_POOL_SIZE" in said
    assert "hunter2" not in said


def test_a_missing_file_is_named() -> None:
    said = load("toprope_kit.cache", "CacheSettings", CACHE_URI_FILE="/nowhere/uri")
    assert said.endswith("A settings file cannot be read: No such file or directory (/nowhere/uri).")


def test_a_database_has_one_way_in(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either DATABASE_HOST or DATABASE_URI_FILE"):
        DatabaseSettings(database_host="db", database_uri_file=tmp_path)


def test_time_outs_have_bounds() -> None:
    with pytest.raises(ValueError, match="cache_timeout"):
        CacheSettings(cache_uri=SecretStr("redis://cache"), cache_timeout=60)
