from pathlib import Path

import pytest

from toprope_kit.rotation import candidates


def test_outside_a_rotation_there_is_one_password(tmp_path: Path) -> None:
    (tmp_path / "app-password").write_text("one\n")
    assert candidates(tmp_path / "app-password") == ["one"]


def test_during_a_rotation_the_current_one_comes_first(tmp_path: Path) -> None:
    (tmp_path / "app-password").write_text("one")
    (tmp_path / "app-password.next").write_text("two")
    assert candidates(tmp_path / "app-password") == ["one", "two"]


def test_the_same_password_is_not_tried_twice(tmp_path: Path) -> None:
    (tmp_path / "app-password").write_text("two")
    (tmp_path / "app-password.next").write_text("two\n")
    assert candidates(tmp_path / "app-password") == ["two"]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        candidates(tmp_path / "app-password")
