"""What we take of users' selectors, promtool takes: one that it refuses would take the whole rule file with it."""

import random
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.promql import promtool
from tests.support.proofs import ruled_of
from tests.unit.slo.test_patterns import REFUSED, TAKEN
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.patterns import fault
from toprope.slo.proof import promtool_test
from toprope.slo.rules import group
from toprope.slo.selectors import Unparsable, within
from toprope.slo.spec import Ratio
from toprope.slo.stories import Scenario
from toprope.slo.windows import HOUR

PIECES = re.findall(
    r"\S+",
    r"""
a 5 . \d \W \pL \PN \p{Greek} \p{^Lu} \p{Kawi} \p{Emoji} \C \Q \E \Qa.b\E \z \Z \A ^ $ \b \1 \0 \012 \x41
\x{41} \x{110000}
\_ \é \q ( ) (?: (?i) (?s-m) (?U) (?x) (?P<n> (?<n> (?P<é> (?= (?> | * + ? +? ** { } {2} {2,} {,3} {3,2} {1001} {40}
[a-z] [^a] []a] [ [] [[:alpha:]] [[:foo:]] [a-\d] [z-a] [\pL] [\C] [\Q] [a&&b] [[a]] ] é " ^* () (|a)
""",
)
SELECTORS = re.findall(
    r"\S+",
    r"""
x x{} x#{ {"a.b"} x{"a.b"="c"} x{a='\''} x{a="\'"} x{a=`\d`} x{a="\d"} x{a="\xff"} x{a="\xc3\xa9"}
x{a="\101\u00e9\U0001F600"}
x{a="\ud800"} x{a="b",} x{,} sum{a='b'} inf{a='b'} on{a='b'} by{on='b',by='c'} start offset{a='b'} bool x{__name__="y"}
{__name__=~"x|y"} x{é='b'} x{a:b='c'} a:b{a='c'} x{a=""} {a=""} x{a="é"} atan2{a='b'} group_left{a='b'}
""",
)


def refused(expressions: list[str], folder: Path) -> set[str]:
    """Those that promtool refuses."""
    rules = [{"record": f"r{number}", "expr": one} for number, one in enumerate(expressions)]
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]}, allow_unicode=True), encoding="utf-8")
    command = [promtool.program() or "promtool", "check", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return {expressions[int(number)] for number in re.findall(r'"r(\d+)": could not parse', done.stderr)}


def matching(pattern: str) -> str:
    return f"x{{a=~`{pattern}`}}"


@pytest.mark.parametrize("seed", range(3))
def test_expressions_that_we_take_are_taken(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    drawn = [
        *PIECES,
        *TAKEN,
        *REFUSED[:-1],
        *("".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(4000)),
    ]
    tried = {matching(one): fault(one) for one in drawn}
    theirs = refused(list(tried), tmp_path)
    assert [one for one, why in tried.items() if not why and one in theirs] == []
    missed = [one for one, why in tried.items() if why and one not in theirs]
    assert [one for one in missed if "{1000}" not in one] == [], "what Prometheus takes is taken, but for what is huge"


def held(text: str) -> str | None:
    try:
        return within(Ratio(bad=text, total="x"), "shop").bad
    except Unparsable:
        return None


def test_selectors_that_we_take_are_taken(tmp_path: Path) -> None:
    taken = {text: found for text in SELECTORS if (found := held(text))}
    assert refused(list(taken.values()), tmp_path) == set()
    theirs = refused(SELECTORS, tmp_path)
    assert [text for text in SELECTORS if text not in taken and text not in theirs] == [r'x{a="\xff"}']


@pytest.mark.parametrize(
    ("bad", "total"),
    [
        (r'jobs_total{why="say \"no\", \\ or\n{so}"}', "jobs_total"),
        (r"jobs_total{code=~`(5..|4[0-9]{2})`,code!~`50.`}", "jobs_total"),
        ('{__name__=~"(failed|lost)_total",queue!=""}', '{__name__="asked_total",queue!~"b.*"}'),
    ],
)
def test_an_slo_of_any_selectors_is_proved(bad: str, total: str, tmp_path: Path) -> None:
    ruled = ruled_of({"name": "a", "objective": "99", "window": "7d", "ratio": {"bad": bad, "total": total}})
    assert ruled is not None
    outage = Scenario("outage", Traffic([Phase(HOUR, 20, 0), Phase(HOUR, 20, 1)]))
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group(ruled)]}), encoding="utf-8")
    test = tmp_path / "test.yaml"
    test.write_text(yaml.safe_dump(promtool_test(ruled, outage, "rules.yaml"), width=100_000), encoding="utf-8")
    command = [promtool.program() or "promtool", "test", "rules", str(test)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
