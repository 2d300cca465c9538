import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pytest

from dev.build import debian
from dev.commands import program, run
from dev.errors import Missing, NotInTime, StepFailed
from dev.manifest import documents, has_condition
from dev.waiting import until


def test_a_program_counts_by_whoever_installed_it() -> None:
    assert debian.missing(lambda name: True) == []
    assert debian.missing(lambda name: name not in {"containerd", "ctr", "runc"}) == ["containerd", "runc"]


def test_a_service_may_not_start_while_packages_are_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with debian.services_asleep(policy), pytest.raises(StepFailed, match="ended with 101"):
        run([policy, "containerd", "start"], seconds=5)
    assert not policy.exists()


def test_a_policy_that_is_there_already_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("theirs")
    with debian.services_asleep(policy):
        assert policy.read_text() == "theirs"
    assert policy.read_text() == "theirs"


def test_a_policy_that_a_killed_run_left_is_deleted(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text(debian.ASLEEP)
    assert debian.left_behind(policy)
    with debian.services_asleep(policy):
        assert policy.exists()
    assert not policy.exists()


def test_what_an_interrupted_installation_left_is_configured_first() -> None:
    assert [words[1:3] for words in debian.commands(["runc"])] == [
        ["--configure", "-a"],
        ["update", "-q"],
        ["install", "-y"],
    ]
    assert [words[1:3] for words in debian.commands([])] == [["--configure", "-a"]]


@pytest.mark.parametrize("number", debian.ENDING, ids=lambda number: number.name)
def test_an_installation_is_not_cut_off_by_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    policy, events = tmp_path / "policy-rc.d", list[str]()

    def obeyed(number: int, frame: FrameType | None) -> None:
        events.append("obeyed" if not policy.exists() else "too early")

    before = signal.signal(number, obeyed)
    try:
        with debian.to_its_end(), debian.services_asleep(policy):
            signal.raise_signal(number)
            events.append("ended")
    finally:
        signal.signal(number, before)
    assert events == ["ended", "obeyed"]


def test_a_program_in_a_session_of_its_own_hears_no_ctrl_c() -> None:
    asks = [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"]
    assert run(asks, seconds=10, own_session=True) == "True\n"


def test_a_failing_program_is_quoted_with_its_last_words() -> None:
    with pytest.raises(StepFailed, match="ended with 3:\n    because"):
        run(["sh", "-c", "echo because >&2; exit 3"], seconds=10)


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(StepFailed, match=r"did not end in 0\.1 s"):
        run(["sleep", "60"], seconds=0.1)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Missing, match="no-such-program"):
        program("no-such-program")


def test_waiting_ends_with_the_first_true_value_or_in_time() -> None:
    answers = iter([None, "yes"])
    assert until("an answer", lambda: next(answers), 5, pause=0) == "yes"
    with pytest.raises(NotInTime, match="waited 0 s for an answer"):
        until("an answer", lambda: None, 0)


def test_what_was_reported_in_an_earlier_life_does_not_count() -> None:
    said = {"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-01-01T12:00:00Z"}
    node = {"status": {"conditions": [said]}}
    assert has_condition(node, "Ready")
    assert has_condition(node, "Ready", datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert not has_condition(node, "Ready", datetime(2026, 1, 1, 12, 1, tzinfo=UTC))
    assert not has_condition({}, "Ready")


def test_manifests_are_read_from_files_and_folders_in_order(tmp_path: Path) -> None:
    (tmp_path / "2.yaml").write_text("kind: C\n")
    (tmp_path / "1.yaml").write_text("kind: A\n---\n---\nkind: B\n")
    assert [each["kind"] for each in documents(tmp_path)] == ["A", "B", "C"]
    assert [each["kind"] for each in documents(tmp_path / "2.yaml")] == ["C"]
