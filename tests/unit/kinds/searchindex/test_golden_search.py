"""Whole specs and all that becomes of them; after a change on purpose: python -m tests.support.golden <the folder>."""

from pathlib import Path

import pytest

from tests.support.golden import cases, out_of, rendered

FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", cases(FOLDER), ids=lambda case: case.name)
def test_a_spec_becomes_what_it_became(case: Path) -> None:
    assert rendered(case) == out_of(case).read_text(encoding="utf-8")
