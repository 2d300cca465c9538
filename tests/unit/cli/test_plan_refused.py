"""What the API server has against a manifest, as `toprope plan` says it: rules between fields only it knows."""

from typing import Any

import pytest

from tests.support.planning import Place
from toprope.core.places import path_of, where_of


def invalid(*causes: tuple[str, str]) -> tuple[int, dict[str, Any]]:
    told = [{"field": field, "message": message} for field, message in causes]
    return 422, {"reason": "Invalid", "message": "it is invalid", "details": {"causes": told}}


async def test_what_it_refuses_has_its_line_and_ends_with_1(place: Place) -> None:
    place.refuses = invalid(("spec.replicas", "min must not be above max"), ("spec.slos[0].name", "no"))
    shown = await place.plan({"replicas": {"min": 2, "max": 3}})
    assert shown.exit_code == 1
    assert "-: line 1, spec.replicas: min must not be above max" in shown.stderr
    assert "-: line 1, spec.slos[0].name: no" in shown.stderr
    # The plan is good all the same.
    assert "spec.replicas.min: 1 → 2" in shown.stdout


async def test_a_refusal_without_causes_is_said_whole(place: Place) -> None:
    place.refuses = 400, {"reason": "BadRequest", "message": "strict decoding error"}
    shown = await place.plan({})
    assert (shown.exit_code, "strict decoding error" in shown.stderr) == (1, True)


async def test_what_has_no_type_is_refused_though_the_answer_is_500(place: Place) -> None:
    place.refuses = 500, {"message": 'failed to create typed patch object: duplicate entries for key [name="a"]'}
    shown = await place.plan({})
    assert (shown.exit_code, "duplicate entries" in shown.stderr) == (1, True)


async def test_a_server_that_is_ill_is_compared_with_nothing(place: Place) -> None:
    place.refuses = 503, {"message": "not today"}
    shown = await place.plan({})
    assert (shown.exit_code, "Not compared with what lives" in shown.stderr) == (0, True)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, {"reason": "Forbidden", "message": "you may not"}),
        (404, {"reason": "NotFound", "message": "no such namespace", "details": {"name": "default"}}),
        (404, {"message": "404 page not found"}),
    ],
)
async def test_who_may_not_ask_has_his_plan(place: Place, status: int, said: dict[str, Any]) -> None:
    place.refuses = status, said
    shown = await place.plan({})
    assert shown.exit_code == 0
    assert "Whether the API server would take it is not known" in shown.stderr


@pytest.mark.parametrize("where", [(), ("spec",), ("spec", "slos", 0, "objective"), ("a", 12, 3, "b")])
def test_a_path_is_the_way_that_it_says(where: tuple[str | int, ...]) -> None:
    assert where_of(path_of(where)) == where
