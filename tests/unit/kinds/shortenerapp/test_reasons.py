"""Every reason that a person may grep is said by some branch, and some test hears it."""

from pathlib import Path

import toprope.kinds.shortenerapp as room
from toprope.kinds.shortenerapp.reasons import Reason

HERE = Path(__file__).parent
ROOM = Path(room.__file__).parent


def test_every_reason_is_said() -> None:
    code = "".join(one.read_text() for one in ROOM.rglob("*.py") if one.name != "reasons.py")
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in code] == []


def test_every_reason_is_tested() -> None:
    tests = "".join(one.read_text() for one in HERE.rglob("test_*.py") if one.name != Path(__file__).name)
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in tests] == []
