"""Rules that do what the maths says: many generated SLOs by the evaluator, some of them by promtool itself."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.promql.promtool import program
from tests.support.proofs import counterexamples, drawn, kinds
from toprope.slo.proof import promtool_test
from toprope.slo.rules import group

SPECS, AT_ONCE = 200, 25
BY_PROMTOOL = 16


@pytest.mark.parametrize("first", range(0, SPECS, AT_ONCE))
def test_alerts_turn_when_the_maths_say_so(first: int) -> None:
    for number in range(first, first + AT_ONCE):
        ruled, scenario = drawn(number, kinds())
        assert not list(counterexamples(ruled, scenario)), f"{number}: {scenario.name} of {ruled}"


@pytest.mark.parametrize("number", range(BY_PROMTOOL))
def test_promtool_agrees(number: int, tmp_path: Path) -> None:
    # The one with days of clean past takes promtool half a minute.
    ruled, scenario = drawn(number, [name for name in kinds() if name != "clean-past"])
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group(ruled)]}), encoding="utf-8")
    test = tmp_path / "test.yaml"
    test.write_text(yaml.safe_dump(promtool_test(ruled, scenario, "rules.yaml"), width=100_000), encoding="utf-8")
    done = subprocess.run(
        [program() or "promtool", "test", "rules", str(test)], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, f"{scenario.name} of {ruled}: {done.stdout}{done.stderr}"
