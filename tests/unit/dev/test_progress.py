import io

import pytest

from dev.progress import Step, spoken, step


@pytest.mark.parametrize(
    ("sentence", "current", "now", "line"),
    [
        ("what and how long", Step("load", begun=0), 4.2, "load, 4 s"),
        ("what is usual serves first", Step("load", usual_seconds=60, begun=0), 4, "load, 4 s, about 56 s left"),
        (
            "then the pace decides",
            Step("build", 10, 99, 5, "etcd", begun=0),
            60,
            "build, 5 of 10, etcd, 1 min 0 s, about 1 min 0 s left",
        ),
        ("an estimate that was too short is dropped", Step("load", usual_seconds=5, begun=0), 9, "load, 9 s"),
    ],
)
def test_a_step_says_where_it_stands(sentence: str, current: Step, now: float, line: str) -> None:
    assert current.line(now) == line


def test_a_log_gets_plain_lines_and_the_outcome() -> None:
    out = io.StringIO()
    with step("load", out=out):
        pass
    assert out.getvalue() == "load: done in 0 s\n"


def test_a_failure_is_said_with_its_time() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), step("load", out=out):
        raise ValueError("no")
    assert out.getvalue() == "load: failed after 0 s\n"


def test_minutes_are_spoken_as_minutes() -> None:
    assert [spoken(seconds) for seconds in (0, 59.9, 112)] == ["0 s", "59 s", "1 min 52 s"]
