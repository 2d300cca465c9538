"""Rules that do what the maths says: many generated SLOs by the evaluator, some of them by promtool itself."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.proofs import counterexamples, drawn, kinds, refused

SPECS, AT_ONCE = 200, 25
BY_PROMTOOL = range(1, 1 + len(kinds()))
"""Each kind of story comes up. The very first one, four days behind a gateway, would take promtool two minutes."""


@pytest.mark.parametrize("first", range(0, SPECS, AT_ONCE))
def test_alerts_turn_when_the_maths_say_so(first: int) -> None:
    for number in range(first, first + AT_ONCE):
        ruled, scenario = drawn(number, kinds())
        assert not list(counterexamples(ruled, scenario)), f"{number}: {scenario.name} of {ruled}"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, str]:
    """What promtool says against each story. It uses one core: as many of them at a time as there are."""

    def told(number: int) -> str:
        ruled, scenario = drawn(number, kinds())
        against = refused(ruled, scenario, tmp_path_factory.mktemp("story"))
        return against and f"{scenario.name} of {ruled}: {against}"

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip(BY_PROMTOOL, threads.map(told, BY_PROMTOOL), strict=True))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", BY_PROMTOOL)
def test_promtool_agrees(number: int, said: Mapping[int, str]) -> None:
    assert not said[number], said[number]
