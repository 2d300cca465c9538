import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from dev import processes
from dev.drivers.plain.house import house
from dev.drivers.plain.node import Node
from dev.errors import DevError
from dev.floor import orphans, ports
from dev.places import CHECKOUT, Places
from dev.waiting import until

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF_PROGRAM = """
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("deaf").touch()
time.sleep(600)
"""
TEST_RUN = """
import pathlib, time
from tests.support.operator_process import OperatorProcess
nowhere = pathlib.Path("/dev/null")
print(OperatorProcess(nowhere, nowhere, "http.server --bind 127.0.0.1 0").process.pid, flush=True)
time.sleep(600)
"""
DEAF = [sys.executable, "-c", DEAF_PROGRAM]


def test_a_houses_processes_are_found_by_their_mark_and_ended(tmp_path: Path) -> None:
    house, other = tmp_path / "house", tmp_path / "house2"
    child, stranger = processes.start(house, "one", FOREVER), processes.start(other, "one", FOREVER)
    assert processes.living(house) == [processes.Process(child.pid, "one")]
    processes.stop(processes.living(house), grace=5)
    assert child.wait(timeout=5) != 0
    assert processes.living(house) == []
    assert stranger.poll() is None
    processes.stop(processes.living(other), grace=0)
    stranger.wait(timeout=5)


def test_a_node_refuses_to_be_the_second_of_a_machine(tmp_path: Path) -> None:
    first, second = (Places(tmp_path / name / "cache", tmp_path / name / "state") for name in ("first", "second"))
    living = processes.start(house(first).root, "node", FOREVER)
    try:
        with pytest.raises(DevError, match=f"its state in .*{first.state}"):
            Node(second, house(second)).refuse_a_second()
    finally:
        living.kill()
        living.wait(timeout=5)


def test_who_does_not_listen_is_ended_after_its_grace(tmp_path: Path) -> None:
    child = processes.start(tmp_path, "deaf", DEAF)
    until("it to be deaf", (tmp_path / "deaf").exists, 10)
    processes.stop(processes.living(tmp_path), grace=0.1)
    assert child.wait(timeout=5) == -9


def test_what_a_process_prints_is_kept(tmp_path: Path) -> None:
    processes.start(tmp_path, "teller", [sys.executable, "-c", "print('why')"]).wait(timeout=10)
    assert (tmp_path / "log" / "teller.log").read_text() == "why\n"


def test_stopping_what_is_gone_is_no_error(tmp_path: Path) -> None:
    child = processes.start(tmp_path, "gone", [sys.executable, "-c", ""])
    child.wait(timeout=10)
    processes.stop([processes.Process(child.pid, "gone")], grace=1)
    assert processes.born(child.pid) == ""


def test_a_floor_whose_owner_is_gone_is_swept_and_others_stay(tmp_path: Path) -> None:
    folder, kept, lost = tmp_path / "floors", tmp_path / "kept", tmp_path / "lost"
    owner = subprocess.Popen(FOREVER)
    orphans.claim(folder, kept, 1, os.getpid())
    orphans.claim(folder, lost, 2, owner.pid)
    orphan = processes.start(lost, "etcd", FOREVER)
    owner.kill()
    owner.wait(timeout=5)
    assert orphans.sweep(folder) == [lost]
    assert orphan.wait(timeout=5) == -9
    assert orphans.sweep(folder) == []


def test_an_operator_ends_with_the_test_run_that_started_it_and_others_stay(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", TEST_RUN], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    kept = subprocess.Popen(FOREVER, env=os.environ | processes.owned())
    with owner.stdout or nullcontext() as told:
        orphan = int(next(iter(told or ())))
    processes.sweep()
    assert processes.born(orphan)
    owner.kill()
    owner.wait(timeout=5)
    orphans.sweep(tmp_path)
    assert processes.born(orphan) == ""
    assert kept.poll() is None
    kept.kill()
    kept.wait(timeout=5)


def test_two_floors_never_get_the_same_port(tmp_path: Path) -> None:
    first, second = ports.reserve(tmp_path), ports.reserve(tmp_path)
    assert first.number != second.number
    assert ports.claimed(tmp_path, first.number) is None
    first.release()
    again = ports.claimed(tmp_path, first.number)
    assert again is not None
    again.release()
    second.release()
