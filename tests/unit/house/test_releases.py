"""The page about releases has every word that a rollout may say, and every order."""

from pathlib import Path

import pytest

from toprope.cli.rollout.orders import ORDERS
from toprope.delivery.gate.verdict import Reason as GateReason
from toprope.delivery.history import Outcome
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import Phase
from toprope.delivery.tells import Turn
from toprope.delivery.trial import FaultReason

PAGE = (Path(__file__).parents[3] / "docs" / "releases.md").read_text()


@pytest.mark.parametrize(
    "words", [Phase, Reason, GateReason, FaultReason, Outcome, Turn], ids=lambda one: one.__module__
)
def test_every_word_is_explained(words: type[Phase | Reason | GateReason | FaultReason | Outcome | Turn]) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [word for word in words if not any(f"`{word}`" in row.split("|")[1] for row in rows)] == []


def test_every_order_is_explained() -> None:
    assert [order.name for order in ORDERS if f"| `toprope {order.name} NAME` |" not in PAGE] == []
