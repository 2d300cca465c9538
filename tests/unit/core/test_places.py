"""Values of a file know where they stand."""

import pytest

from toprope.core.places import LeftOut, Place, Where, documents

TEXT = """\
a:
  b: [1, {c: 2}]
base: &base {d: 3, e: 4}
own:
  <<: *base
  d: 5
"""


def place(text: str = TEXT) -> Place:
    (found,) = documents(text, "write something")
    return found


@pytest.mark.parametrize(
    ("where", "note"),
    [
        ((), "line 1: x"),
        (("a", "b", 1, "c"), "line 2, a.b[1].c: x"),
        (("a", "missing", "b"), "line 2, a.missing.b: x"),
        (("a", "b", 7), "line 2, a.b[7]: x"),
        (("a", "b", "c"), "line 2, a.b.c: x"),
        (("own", "d"), "line 6, own.d: x"),
    ],
)
def test_a_field_is_found_or_what_is_around_it(where: Where, note: str) -> None:
    assert str(place().at(where).note("x")) == note


def test_a_file_is_read_as_python_has_it() -> None:
    read = place()
    assert read.value() == {"a": {"b": [1, {"c": 2}]}, "base": {"d": 3, "e": 4}, "own": {"d": 5, "e": 4}}
    assert str(read.at(("own", "d")).note("x")) == "line 6, own.d: x", "what overrides counts, not what is merged in"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\nb: {c: 1, c: 2}", "line 2, b.c: stands twice, again in line 2"),
        ("a: !!int x", "line 1: holds what is none of its kind"),
        ("a: 2024-99-99", "line 1: holds what is none of its kind: month must be in 1..12"),
        ("a:\n- !thing x", "line 2: is no YAML: could not determine a constructor"),
        ("# nothing", "line 1: holds nothing: write something"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, why: str) -> None:
    with pytest.raises(LeftOut, match=f"^{why}"):
        place(text).value()


def test_what_holds_itself_is_walked_once() -> None:
    assert len(place("a: &a [*a]").value()["a"]) == 1
