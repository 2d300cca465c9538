"""`toprope gate`, as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.unit.cli.test_commands import ROOT, run

GATE = ("gate", "--objective", "99.9", "--fail-burn-rate", "4")
Pair = tuple[float, float]


def line(t: float, candidate: Pair, stable: Pair | None = (0, 0), name: str = "a") -> str:
    beside = None if stable is None else {"total": stable[0], "bad": stable[1]}
    return json.dumps(
        {"run": name, "t": t, "candidate": {"total": candidate[0], "bad": candidate[1]}, "stable": beside}
    )


def gated(*lines: str, words: tuple[str, ...] = GATE) -> Result:
    return run(*words, given="\n".join(lines))


def answers(*lines: str) -> list[dict[str, Any]]:
    told = gated(*lines)
    assert told.exit_code == 0, told.output
    return [json.loads(each) for each in told.stdout.splitlines()]


def verdicts(*lines: str) -> list[str]:
    return [f"{told['verdict']} {told['reason']}" for told in answers(*lines)]


def test_each_line_is_answered_with_its_evidence() -> None:
    first, second = answers(line(12, (1000, 2), (9000, 1)), line(13.5, (2000, 29), (18_000, 4)))
    assert (first["verdict"], first["reason"]) == ("Undecided", "NoRequests")
    assert (second["run"], second["t"], second["verdict"], second["reason"]) == ("a", 13.5, "Fail", "WorseThanStable")
    assert second["evidence"]["candidate"] == {"total": 1000, "bad": 27}
    assert second["evidence"]["message"] == (
        "27 bad of 1,000, stable had 3 of 9,000 in the same time: at least 3 times worse, sure to 1 in 200"
    )


def test_runs_do_not_know_each_other() -> None:
    begun = [line(0, (0, 0), name=name) for name in "ab"]
    broken, healthy = line(1, (100, 90), (900, 0)), line(1, (100, 0), (900, 0), name="b")
    assert verdicts(*begun, broken, healthy)[2:] == ["Fail WorseThanStable", "Undecided GatheringEvidence"]


def test_fail_is_final_and_pass_is_not() -> None:
    given = [line(0, (0, 0)), line(10, (9000, 1), (90_000, 9)), line(20, (18_000, 900), (180_000, 18))]
    assert verdicts(*given, line(900, (99_000, 900), (990_000, 18))) == [
        "Undecided NoRequests", "Pass EnoughSeen", "Fail WorseThanStable", "Fail WorseThanStable",
    ]  # fmt: skip


@pytest.mark.parametrize("stable", ["null", "{}"])
def test_without_stable_the_objective_decides(stable: str) -> None:
    given = (
        f'{{"run":"a","t":{t},"candidate":{{"total":{200 * t},"bad":{20 * t}}},"stable":{stable}}}' for t in (0, 1)
    )
    assert verdicts(*given) == ["Undecided NoStable", "Fail NoStable"]


def test_stable_may_be_left_out_and_lines_may_be_empty() -> None:
    assert verdicts('{"run": "a", "t": 1, "candidate": {"total": 1, "bad": 0}}', "", "  ") == ["Undecided NoStable"]


def test_a_gap_in_stables_counts_is_not_held_against_the_candidate() -> None:
    given = [line(0, (0, 0)), line(10, (100, 0), (900, 0)), line(20, (200, 0), None)]
    # Meanwhile the world was ill; what stable had then is left out as well.
    back = [line(30, (300, 0), (2700, 90)), line(40, (1300, 50), (11_700, 540))]
    assert verdicts(*given, *back)[2:] == ["Undecided NoStable", "Undecided GatheringEvidence", "Undecided WorldIll"]


def test_a_count_that_fell_has_begun_anew() -> None:
    told = answers(line(0, (5000, 100)), line(1, (300, 0)), line(2, (600, 0)))
    assert told[-1]["evidence"]["candidate"] == {"total": 600, "bad": 0}


def test_looks_may_come_at_one_time_and_after_any_gap() -> None:
    given = [line(-5, (0, 0)), line(-5, (10, 0), (90, 0)), line(1e6, (20, 0), (180, 0))]
    assert [told["evidence"]["candidate"]["total"] for told in answers(*given)] == [0, 10, 20]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "line 2: no JSON ("),
        ("[1]", "line 2: [1] is no object; write one a line, as {"),
        ('{"run": 1}', "line 2: run: 1 is no name; write text that all lines of a rollout share"),
        ('{"run": "a", "t": true}', "line 2: t: true is no time; write seconds, as 12.0"),
        (
            '{"run": "a", "t": 1}',
            "line 2: candidate: nothing is no count; leave out the line while nobody can count it",
        ),
        (
            '{"run": "a", "t": 1, "candidate": {"total": 1, "bad": -1}}',
            "line 2: candidate.bad: -1 is no count; write how many there were since counting began",
        ),
        (line(1, (1, 2)), "line 2: candidate.bad: 2 of 1 requests; total counts all of them, bad ones too"),
        (line(1, (1, 0), (1, 2)), "line 2: stable.bad: 2 of 1 requests; total counts all of them, bad ones too"),
        (
            '{"run": "a", "t": 1, "candidate": {"total": 1, "bad": 0}, "stable": "' + 99 * "x" + '"}',
            f'line 2: stable: "{56 * "x"}... is no count; write null while nobody can count it',
        ),
        (line(-1, (1, 0)), "line 2: t: -1 after 0; the lines of run 'a' go forward in time"),
    ],
)
def test_a_broken_line_is_named_with_field_cause_and_cure(given: str, said: str) -> None:
    told = gated(line(0, (0, 0)), given, line(1, (1, 0)))
    assert told.exit_code == 2
    assert said in told.stderr
    assert len(told.stdout.splitlines()) == 1, "the lines before it are answered, those after it are not"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gate", "--objective", "100"), "--objective 100: the percentage of good requests, above 0 and below 100"),
        (("gate", "--objective", "many"), "--objective many: the percentage of good requests"),
        ((*GATE[:3], "--fail-burn-rate", "1"), "--fail-burn-rate 1: above 1, for at 1 the budget just lasts"),
        (("gate", "--objective", "80"), ""),
        (
            ("gate", "--objective", "70"),
            "and at most 3.33333: with every request bad an objective of 70 burns no faster",
        ),
        ((*GATE, "/nowhere/at/all"), "/nowhere/at/all: "),
    ],
)
def test_what_cannot_be_asked_is_refused(words: tuple[str, ...], said: str) -> None:
    told = gated(words=words)
    assert told.exit_code == (2 if said else 0)
    assert said in told.stderr


def test_a_file_is_read_as_standard_input_is(tmp_path: Path) -> None:
    file = tmp_path / "counts"
    file.write_text(line(0, (0, 0)))
    assert run(*GATE, str(file)).stdout == gated(line(0, (0, 0))).stdout


def test_a_line_is_answered_before_the_next_one_comes() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator" / "src")}
    with subprocess.Popen(
        [sys.executable, "-m", "toprope", *GATE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as gate:
        assert gate.stdin
        assert gate.stdout
        for t in (0, 1):
            gate.stdin.write(line(t, (t, 0)) + "\n")
            gate.stdin.flush()
            assert json.loads(gate.stdout.readline())["t"] == t
        gate.stdout.close()
        # Nobody reads any more: no traceback, whatever comes.
        gate.stdin.write(line(2, (2, 0)) + "\n")
        gate.stdin.close()
    assert gate.returncode == 0


def test_an_operator_does_not_load_numpy() -> None:
    code = "import sys, toprope.cli.app, toprope.delivery.gate.words as words; sys.exit('numpy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator" / "src")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
