import asyncio

import pytest

from toprope_kit.readiness import Finding, Need, Readiness


class Dependency:
    failing = False

    async def check(self) -> None:
        if self.failing:
            raise ConnectionError("secret-host refused hunter2")


@pytest.mark.parametrize(
    ("sentence", "need", "was_good", "blocks"),
    [
        ("always: no request can do without it", "always", True, True),
        ("once: it must have been there", "once", False, True),
        ("once: after that it may be lost", "once", True, False),
        ("never: it is only shown", "never", False, False),
    ],
)
async def test_a_failing_check(sentence: str, need: Need, was_good: bool, blocks: bool) -> None:
    readiness, dependency = Readiness(), Dependency()
    readiness.add("database", dependency.check, need=need)
    dependency.failing = not was_good
    await readiness.look()
    dependency.failing = True
    assert await readiness.look() == [Finding("database", "ConnectionError", blocks)], sentence


async def test_a_check_that_does_not_come_back_has_failed() -> None:
    readiness = Readiness()
    readiness.add("cache", asyncio.Event().wait, timeout=0.01)  # type: ignore[arg-type]
    assert await readiness.look() == [Finding("cache", "no answer within 0.01 s", blocks=True)]


async def test_a_good_check_says_nothing() -> None:
    readiness = Readiness()
    readiness.add("database", Dependency().check)
    assert await readiness.look() == [Finding("database", "", blocks=False)]
