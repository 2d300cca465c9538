"""Selectors that users write: held in their namespace, or refused with a sentence before Prometheus does."""

import time

import pytest

from toprope.slo.selectors import Unparsable, within
from toprope.slo.spec import Ratio


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("jobs_total", 'jobs_total{namespace="shop"}'),
        ("jobs_total{}", 'jobs_total{namespace="shop"}'),
        ("jobs_total # of all kinds }", 'jobs_total{namespace="shop"}'),
        ('jobs_total{a="b", c=~"d.*"}', 'jobs_total{namespace="shop",a="b",c=~"d.*"}'),
        ("jobs_total{a!='b',c!~'d\\'s'}", 'jobs_total{namespace="shop",a!="b",c!~"d\'s"}'),
        (r'jobs_total{a="q\"u\\o\nte"}', r'jobs_total{namespace="shop",a="q\"u\\o\nte"}'),
        (r"jobs_total{a=~`5\d\d`}", r'jobs_total{namespace="shop",a=~"5\\d\\d"}'),
        (r'jobs_total{a="\x41\u00e9\U0001f600\101\t\xc3\xa9"}', 'jobs_total{namespace="shop",a="Aé😀A\té"}'),
        ('{__name__="jobs_total"}', '{namespace="shop",__name__="jobs_total"}'),
        ('{a!=""}', '{namespace="shop",a!=""}'),
        ('{"jobs.total"}', '{namespace="shop",__name__="jobs.total"}'),
        ('jobs_total{namespace=~"shop|mall"}', 'jobs_total{namespace="shop",namespace=~"shop|mall"}'),
    ],
)
def test_counters_of_ones_own_are_held_in_their_namespace(written: str, held: str) -> None:
    assert within(Ratio(bad=written, total=written), "shop") == Ratio(bad=held, total=held)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("jobs_total{", "is no PromQL"),
        ("sum(jobs_total)", "must be a plain selector"),
        ("jobs_total[5m]", "must be a plain selector"),
        ("jobs_total offset 5m", "may hold neither"),
        ("jobs_total @ 100", "may hold neither"),
        ('jobs_total{a="b" or c="d"}', "may hold neither"),
        ('jobs_total{namespace="other"}', "matches nothing: .* and that is shop; leave `namespace` out"),
        ('jobs_total{namespace!~"s.*"}', "matches nothing"),
        ('jobs_total{"l.x"="y"}', "the label 'l.x' is quoted"),
        ('jobs_total{""="y"}', "the label '' is quoted"),
        ('jobs_total{é="y"}', "'é' may stand in strings only"),
        (r'jobs_total{a="\d"}', r"\\d in a string is no escape"),
        (r"""jobs_total{a='\"'}""", "in a string is no escape"),
        (r'jobs_total{a="\ud800"}', "is no text"),
        (r'jobs_total{a="\xff"}', "is no text"),
        (r'jobs_total{a="\U00110000"}', "in a string is no escape"),
        (
            'jobs_total{a=~"a{2000}"}',
            r"the regular expression 'a\{2000\}' of label a is refused: invalid repetition size",
        ),
    ],
)
def test_what_is_no_plain_selector_is_refused_with_its_field(written: str, why: str) -> None:
    with pytest.raises(Unparsable, match=why) as refused:
        within(Ratio(bad="jobs_total", total=written), "shop")
    assert str(refused.value).startswith(f"ratio.total {written!r}")


def test_no_selector_takes_long() -> None:
    """One that backtracks would take days for the first, and a compiler without a bound long for the second."""
    began = time.monotonic()
    within(Ratio(bad=f'x{{a!="{"x" * 900}",a!~"(x+x+)+y|z"}}', total='x{a=~"(x+x+)+y|z"}'), "shop")
    with pytest.raises(Unparsable, match="too large"):
        within(Ratio(bad="x{a=~`" + r"(\pL{30}){33}" * 70 + "`}", total="x"), "shop")
    assert time.monotonic() - began < 5
