"""Weights as people write them, and as parts of WHOLE."""

from decimal import Decimal

from toprope.delivery.machine.rollout import WHOLE


def percent(weight: int) -> str:
    """As a spec has it: `12.5%`."""
    return f"{Decimal(weight * 100) / WHOLE:f}%"


def parts_of(text: str) -> int:
    """Parts of WHOLE: `12.5%` are 12,500. ValueError where it is no percentage."""
    return int(Decimal(text.removesuffix("%")) * WHOLE / 100)
