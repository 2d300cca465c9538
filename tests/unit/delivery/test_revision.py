from toprope.core.model import SpecModel
from toprope.delivery.revision import revision_of


class Settings(SpecModel):
    slug_length: int = 7
    reserved: list[str] = []


class NewerSettings(Settings):
    added_later: str = "its default"


def test_the_same_release_is_the_same_revision() -> None:
    assert revision_of({"image": "a", "settings": None}) == revision_of({"settings": None, "image": "a"})


def test_defaults_and_absent_parts_do_not_count() -> None:
    said = revision_of({"settings": Settings(slug_length=7), "image": ""})
    assert said == revision_of({"settings": Settings(), "image": None}) == revision_of({})


def test_a_field_added_later_moves_no_revision() -> None:
    assert revision_of({"s": NewerSettings(slug_length=9)}) == revision_of({"s": Settings(slug_length=9)})


def test_a_changed_value_is_another_revision() -> None:
    assert revision_of({"s": Settings(slug_length=8)}) != revision_of({"s": Settings()})


def test_a_revision_stays_what_it_was_in_every_release_of_toprope() -> None:
    """Frozen on purpose: another value here would start every running resource anew."""
    assert revision_of({"image": "toprope/shortener:1", "s": Settings(reserved=["a"])}) == "8bpflc55h"
