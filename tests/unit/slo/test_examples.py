"""Counters for proofs, found for selectors that somebody wrote."""

import pytest

from toprope.slo.examples import examples


@pytest.mark.parametrize(
    ("bad", "total", "found"),
    [
        ('x{a="1"}', "x", [("x{}", 1, 0), ('x{a="1"}', 0, 1)]),
        ('x{a="1"}', 'x{a=~"1|2"}', [('x{a="2"}', 1, 0), ('x{a="1"}', 0, 1)]),
        ("failed_total", "jobs_total", [("jobs_total{}", 1, 1), ("failed_total{}", 0, 1)]),
        ('x{a=~"5..|499"}', 'x{a!~"1..",b!="c"}', [("x{}", 1, 0), ('x{a="500"}', 0, 1)]),
        ('x{a=~"(5..|429)"}', 'x{a=~".+"}', [('x{a="0"}', 1, 0), ('x{a="500"}', 0, 1)]),
        ('x{a=~"5..",a!~"50."}', 'x{a=~"5.."}', [('x{a="500"}', 1, 0), ('x{a="511"}', 0, 1)]),
        ('x{a!=""}', "x", [("x{}", 1, 0), ('x{a="other"}', 0, 1)]),
        ('x{a!="ok"}', "x", [('x{a="ok"}', 1, 0), ("x{}", 0, 1)]),
        (r'x{a="say \"no\" \\\n"}', "x", [("x{}", 1, 0), (r'x{a="say \"no\" \\\n"}', 0, 1)]),
        ('{__name__="x"}', "y", [("y{}", 1, 1), ("x{}", 0, 1)]),
        ('{__name__="x.y"}', "y", [("y{}", 1, 1), ('{__name__="x.y"}', 0, 1)]),
        ('{__name__=~"x|y",a="1"}', '{__name__=~"x|y"}', [("x{}", 1, 0), ('x{a="1"}', 0, 1)]),
        ('x{a=~"[0-9]+"}', "y", [("y{}", 1, 1), ('x{a="0"}', 0, 1)]),
        ('{a="1"}', "y", [("y{}", 1, 0), ('y{a="1"}', 0, 1)]),
        ('{a="1"}', '{b="1"}', [('events_total{b="1"}', 1, 0), ('events_total{a="1",b="1"}', 0, 1)]),
        ('x{a="1",a="2"}', "y", []),
        ('x{a="1"}', 'y{a="1",a="2"}', []),
        ("x", "x", []),
    ],
)
def test_examples_of_counters_of_ones_own(bad: str, total: str, found: list[tuple[str, int, int]]) -> None:
    assert [(one.name, one.by_good, one.by_bad) for one in examples(bad, total)] == found
