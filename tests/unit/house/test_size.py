"""The size gate counts what a reader has to read."""

from pathlib import Path

from dev.house.size import functions, report


def sizes(text: str, name: str = "room.py") -> list[int]:
    return [one.lines for one in functions(Path(name), text)]


def test_docstrings_blank_lines_and_comments_are_not_counted() -> None:
    assert sizes('def a():\n    """One.\n\n    Two.\n    """\n\n    # why\n    return 1\n') == [2]


def test_methods_count_and_nested_functions_belong_to_what_holds_them() -> None:
    assert sizes("class A:\n    def a(self):\n        def b():\n            return 1\n        return b\n") == [4]


def a_function(lines: int, name: str = "a") -> str:
    return f"def {name}():\n" + "    x = 1\n" * (lines - 1)


def found(folder: Path, name: str, text: str) -> list[str]:
    folder.joinpath(name).write_text(text)
    return list(report([folder / name], folder).broken)


def test_a_function_on_the_bound_passes_but_spoils_the_median(tmp_path: Path) -> None:
    assert found(tmp_path, "room.py", a_function(50)) == [
        "the median function has 50 lines; at most 8",
        "one function of ten has more than 50 lines; at most 30",
    ]


def test_a_longer_function_is_named(tmp_path: Path) -> None:
    assert found(tmp_path, "room.py", a_function(51))[0] == "room.py:1 a: 51 lines; a function has at most 50"


def test_a_test_is_half_as_long(tmp_path: Path) -> None:
    text = a_function(26, "test_a") + a_function(2, "b")
    assert found(tmp_path, "test_room.py", text)[0] == "test_room.py:1 test_a: 26 lines; a test has at most 25"


def test_a_file_has_an_end(tmp_path: Path) -> None:
    assert found(tmp_path, "room.py", "x = 1\n" * 401) == ["room.py: 401 lines; a file has at most 400"]


def test_a_long_file_is_warned_of(tmp_path: Path) -> None:
    tmp_path.joinpath("room.py").write_text("x = 1\n" * 301)
    found = report([tmp_path / "room.py"], tmp_path)
    assert (found.broken, len(found.warned)) == ([], 1)


def test_tests_do_not_count_for_the_median(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    assert found(tmp_path, "tests/test_room.py", a_function(25, "test_a")) == []
