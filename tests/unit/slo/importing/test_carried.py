"""What is the same for SLOs of every other tool: names, bounds, broken files, and that they have rules."""

from typing import Any

import pytest
import yaml

from tests.support.foreign import (
    a_sloth,
    an_openslo,
    events,
    only,
    rate,
    told,
)
from toprope.core.places import LeftOut, Place
from toprope.slo.importing import openslo, sloth
from toprope.slo.importing.carried import Carried, judged
from toprope.slo.spec import Slo

MARK = yaml.Mark("a file", 0, 0, 0, "", 0)


def test_what_our_spec_refuses_is_left_out() -> None:
    read = sloth.read(a_sloth(events(rate("a"), rate(f'a{{b="{"c" * 1024}"}}'))))
    assert (read.slos, "slos[0]: would be no SLO of Toprope: ratio.total" in told(read)) == ([], True)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("Grinding Fast", "grinding-fast"), ("a--b", "a--b"), ("x" * 41, f"{'x' * 33}-t4rwfj"), ("_é_", "")],
)
def test_names_become_ours(name: str, ours: str) -> None:
    read = sloth.read(a_sloth().replace("grinding", name))
    assert [slo.name for slo in read.slos] == ([ours] if ours else [])
    assert ("slos[0].name:" in told(read)) == (name != ours)


def test_of_two_equal_names_the_second_is_told() -> None:
    text = a_sloth()
    read = sloth.read(text + text[text.index("- name") :])
    assert (len(read.slos), "slos[1]: would be the second SLO called grinding" in told(read)) == (1, True)


def test_the_seventeenth_slo_is_carried_and_told() -> None:
    text = a_sloth()
    one = text[text.index("- name") :]
    read = sloth.read(text + "".join(one.replace("grinding", f"g{number}") for number in range(16)))
    assert (len(read.slos), "is one more than the 16 SLOs" in told(read)) == (17, True)


def test_a_description_that_is_too_long_is_told() -> None:
    read = sloth.read(a_sloth(more=f"description: {'x' * 1025}\n"))
    assert ("description" in only(read), "longer than 1024" in told(read)) == (False, True)


def test_a_description_that_fits_is_carried() -> None:
    assert only(sloth.read(a_sloth(more="description: Flour in time.\n")))["description"] == "Flour in time."


def test_a_service_that_several_slos_name_is_one() -> None:
    two = an_openslo() + "---\n" + an_openslo().replace("grinding", "sieving")
    assert openslo.read(two).services == ["mill"]


def test_an_slo_may_name_no_service() -> None:
    read = openslo.read(an_openslo().replace("  service: mill\n", ""))
    assert (len(read.slos), read.services) == (1, [])


def test_what_is_told_twice_of_one_place_is_told_once() -> None:
    read, place = Carried(), Place(yaml.SequenceNode("", [], MARK, MARK), "slos")
    read.tell(place, "is empty")
    read.tell(place, "is empty")
    assert told(read) == "line 1, slos: is empty"


def test_a_selector_that_names_a_namespace_says_where_the_resource_must_be() -> None:
    read = sloth.read(a_sloth(events(rate('a{namespace="b",c="d"}'), rate('a{namespace="b"}'))))
    assert "names namespace b: the resource must be in it" in told(read)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# a\n---\n", "line 1: holds nothing"),
        ("a: [", "line 1: is no YAML"),
        ("a: 1\nb: {\n", "line 3: is no YAML"),
        ("a: \x00", "line 1: is no text that YAML allows"),
        ("[" * 600, "line 1: is nested too deep"),
    ],
)
@pytest.mark.parametrize("read", [openslo.read, sloth.read])
def test_a_broken_file_says_where(read: Any, text: str, why: str) -> None:
    with pytest.raises(LeftOut, match=why):
        read(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("5", "line 1: holds no fields"),
        ("\nslos: []\nslos: []", "line 2, slos: stands twice, again in line 3"),
        ("version: [1]", "line 1, version: must be a single value"),
        ("version: prometheus/v1\nslos: [{}]", "line 2, slos[0].name: is missing"),
        (an_openslo(), "line 1: is not Sloth's: expected `version: prometheus/v1`"),
    ],
)
def test_a_document_of_another_shape_says_what_is_expected(text: str, why: str) -> None:
    assert why in told(sloth.read(text))


def test_sloths_file_is_no_openslo() -> None:
    assert "line 1: is not OpenSLO v1" in told(openslo.read(a_sloth()))


def test_imported_slos_have_rules() -> None:
    (promise,) = judged(sloth.read(a_sloth()).slos, "shop", "mill", "https://example.org")
    assert promise.ruled is not None
    assert promise.ruled.identity.labels == {"namespace": "shop", "kind": "Service", "name": "mill", "slo": "grinding"}
    assert Slo.model_validate(only(sloth.read(a_sloth()))) == promise.slo


def test_an_slo_whose_bad_events_are_all_but_the_good_ones_can_be_proved() -> None:
    (promise,) = judged(openslo.read(an_openslo()).slos, "shop", "mill", "https://example.org")
    assert promise.ruled is not None
    good, bad = promise.ruled.sli.sources[0].examples
    assert (good.name, good.by_good, good.by_bad) == ('done_total{namespace="shop",job="mill",result="ok"}', 1, 0)
    assert (bad.name, bad.by_good, bad.by_bad) == ('done_total{namespace="shop",job="mill"}', 0, 1)
