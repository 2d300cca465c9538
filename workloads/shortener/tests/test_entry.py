from dataclasses import replace

import pytest

from shortener.entry import Entry, Outcome, packed, unpacked
from shortener.lookup import HEARD_LIFE, UNHEARD_LIFE, servable
from shortener.memory import Held, Memory

PLAIN = Entry(link_id=1, version=7, target="https://example.org/")
NOW = 1_000.0


@pytest.mark.parametrize(
    ("sentence", "entry", "outcome"),
    [
        ("a plain link goes", PLAIN, Outcome.GO),
        ("before it opens", replace(PLAIN, valid_from=NOW + 1), Outcome.NOT_YET),
        ("as soon as it opens", replace(PLAIN, valid_from=NOW), Outcome.GO),
        ("as soon as it ends", replace(PLAIN, valid_until=NOW), Outcome.ENDED),
        ("a limit is the database's business", replace(PLAIN, visit_limit=1), Outcome.ADMIT),
        ("a password is asked before a visit is taken", replace(PLAIN, visit_limit=1, password_hash="x"),
         Outcome.ASK_PASSWORD),
        ("an ended link asks no password", replace(PLAIN, valid_until=1, password_hash="x"), Outcome.ENDED),
        ("disabled wins", replace(PLAIN, enabled=False, valid_from=NOW + 1, password_hash="x"), Outcome.DISABLED),
    ],
)  # fmt: skip
def test_what_becomes_of_a_visit(sentence: str, entry: Entry, outcome: Outcome) -> None:
    assert entry.outcome(NOW) is outcome, sentence


def test_only_a_link_without_conditions_is_plain() -> None:
    assert PLAIN.plain
    for conditional in (
        replace(PLAIN, enabled=False),
        replace(PLAIN, valid_until=1),
        replace(PLAIN, valid_from=1),
        replace(PLAIN, visit_limit=1),
        replace(PLAIN, password_hash="x"),
    ):
        assert not conditional.plain


def test_a_link_survives_the_cache_and_what_another_release_packed_does_not() -> None:
    whole = replace(PLAIN, fallback_target="https://f.example/", valid_until=5.5, visit_limit=3)
    assert unpacked(packed(whole)) == whole
    assert unpacked(b"[1]") is None
    assert unpacked(b"{") is None


LINK, MISS = Held(PLAIN, 0.0), Held(None, 0.0)


@pytest.mark.parametrize(
    ("sentence", "held", "fresh", "age", "served"),
    [
        ("just read", LINK, False, 0.1, True),
        ("unheard of for too long", LINK, False, UNHEARD_LIFE, False),
        ("every change would have been heard", LINK, True, 60, True),
        ("not for ever", LINK, True, HEARD_LIFE, False),
        ("just kept", Held(PLAIN, 0.0, kept_at=60), False, 60.1, True),
        ("kept a moment ago", Held(PLAIN, 0.0, kept_at=60), False, 61, False),
        ("what was kept is not heard of", Held(PLAIN, 0.0, kept_at=HEARD_LIFE), True, HEARD_LIFE + 1, False),
        ("a miss is believed while we hear", MISS, True, 60, True),
    ],
)
def test_what_is_remembered_is_served(sentence: str, held: Held, fresh: bool, age: float, served: bool) -> None:
    assert servable(held, fresh, age) is served, sentence


def test_the_least_recently_used_link_goes_first_and_misses_push_no_link_out() -> None:
    memory = Memory(links=2, misses=1)
    memory.put("a", LINK)
    memory.put("b", LINK)
    assert memory.get("a") is LINK
    memory.put("c", LINK)
    memory.put("x", MISS)
    memory.put("y", MISS)
    assert [memory.get(slug) for slug in "abcxy"] == [LINK, None, LINK, None, MISS]


def test_after_a_gap_links_are_kept_but_not_believed() -> None:
    memory = Memory(links=2)
    memory.put("a", LINK)
    memory.put("x", MISS)
    memory.age()
    held = memory.get("a")
    assert held is not None
    assert held.entry is PLAIN
    assert not servable(held, True, NOW)
    assert memory.get("x") is None
