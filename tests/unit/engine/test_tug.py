"""When writes to a child are a tug of war, and when they are not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.tiny import TINY
from toprope.core.objects import SERVICE, Ref
from toprope.engine.tug import AT_ONCE, CALM, FIRST_BREATH, LONGEST_BREATH, Tug, Tugs

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINKS = Ref(TINY.resource, "shop", "links")
WEB = Ref(SERVICE, "shop", "links-web")


def pulled(times: int, apart: timedelta, digest: Callable[[int], str] = lambda turn: "a") -> tuple[Tugs, Tug | None]:
    tugs, tug = Tugs(), None
    for turn in range(times):
        tug = tugs.after(LINKS, {WEB: digest(turn)}, NOW + turn * apart)
    return tugs, tug


@pytest.mark.parametrize(
    ("sentence", "times", "apart", "digest", "breath"),
    [
        ("a few repairs are none", AT_ONCE, 0.05, lambda turn: "a", None),
        ("one more is one", AT_ONCE + 1, 0.05, lambda turn: "a", FIRST_BREATH),
        ("each makes the breath longer", AT_ONCE + 4, 0.05, lambda turn: "a", 8 * FIRST_BREATH),
        ("up to a bound", 100, 10, lambda turn: "a", LONGEST_BREATH),
        ("repairs far apart are none", 100, 30, lambda turn: "a", None),
        ("a spec that moves on is none", 100, 0.05, str, None),
    ],
)
def test_the_same_write_again_and_again(
    sentence: str, times: int, apart: float, digest: Callable[[int], str], breath: timedelta | None
) -> None:
    _, tug = pulled(times, timedelta(seconds=apart), digest)
    assert tug == (Tug(WEB, breath) if breath else None)


def test_it_is_over_when_nobody_pulled_for_a_while() -> None:
    tugs, tug = pulled(AT_ONCE + 1, timedelta(0))
    assert tugs.after(LINKS, {}, NOW + CALM - timedelta(seconds=1)) == tug
    assert tugs.after(LINKS, {}, NOW + CALM) is None


def test_it_is_nobody_elses() -> None:
    tugs, _ = pulled(AT_ONCE + 1, timedelta(0))
    assert tugs.after(Ref(TINY.resource, "shop", "other"), {}, NOW) is None
