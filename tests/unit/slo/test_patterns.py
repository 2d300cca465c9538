"""Regular expressions: what every Prometheus takes, and values that they match."""

import pytest

from toprope.slo.patterns import fault, takes
from toprope.slo.samples import samples

TAKEN = [
    "", "5..|429", "GET|(?i)post", r"\pL", r"\x{41}\x42\103\_", r"a\z", "(?P<n>a)", "[[:alpha:]]+", r"\Qa.b\E+",
    "a{,5}", "[a-z--[aeiou]]", "(?s-m:a.b)(?U)c*", "[^]a]", r"[\d\pL]*", r"\QC\C\E", r"\p{Greek}\n", "(a|b){2,3}?",
    "{a}", "[(?<]",
]  # fmt: skip
REFUSED = [
    "*", "(", "a)(b", "(?x)a", "(?u)a", "(?R)", "(?!a)", "(?<n>a)", "(?P<é>a)", r"\p{Emoji}", r"\p{Tangsa}", r"\w++",
    "a{2000}", r"\C", r"\Qa", r"\Z", r"\1", "[z-a]", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("pattern", TAKEN)
def test_what_prometheus_takes_is_taken(pattern: str) -> None:
    assert fault(pattern) == ""


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_some_prometheus_refuses_is_refused_with_a_reason(pattern: str) -> None:
    assert len(fault(pattern)) > 15


def test_a_whole_value_is_matched() -> None:
    assert [takes("5..|4", value) for value in ("500", "4", "5000", "45", "")] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("5..|429", ["500", "429"]),
        ("(failed|lost)", ["failed", "lost"]),
        ("5[0-9]{2}", ["500", "511"]),
        ("a?b+c*d{2}e{1,}f{0}", ["abcdde", "abddee"]),
        (r"\Qa.b\E\.\x41\x{42}\103\n", ["a.b.ABC\n"]),
        ("(?i)post", ["post"]),
        (r"\p{Greek}", ["\u03b1"]),
        ("^(a|)$", ["a", ""]),
        ("x{3,}(?:y|z){2}", ["xxxyy", "xxxzz", "xxxxzz"]),
        (r"\bx\b|", ["x", ""]),
        (r"a\bb", []),
        (r"\p{Georgian}", []),
    ],
)
def test_values_that_an_expression_takes(pattern: str, found: list[str]) -> None:
    assert list(samples(pattern))[:1] == found[:1]
    assert set(found) <= set(samples(pattern))
    assert all(takes(pattern, one) for one in samples(pattern))


def test_samples_stay_short_and_few_whatever_is_repeated() -> None:
    assert max(len(one) for one in samples("(.{30}){33}")) <= 1024
    assert len(samples("(.|..|...)(.|..)*")) <= 24
    assert samples(f"({'a' * 200}){{100}}") == ()
