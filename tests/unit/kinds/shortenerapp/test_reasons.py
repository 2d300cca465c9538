"""Every reason that a person may grep is said by some branch, and some test hears it."""

from pathlib import Path

import toprope.kinds
import toprope.serving
from toprope.serving.reasons import Reason

HERE = Path(__file__).parents[1]
ROOMS = [Path(place) for room in (toprope.serving, toprope.kinds) for place in room.__path__]


def test_every_reason_is_said() -> None:
    code = "".join(one.read_text() for room in ROOMS for one in room.rglob("*.py") if one.name != "reasons.py")
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in code] == []


def test_every_reason_is_tested() -> None:
    tests = "".join(one.read_text() for one in HERE.rglob("test_*.py") if one.name != Path(__file__).name)
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in tests] == []
