"""What models refuse, in words of ours."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from toprope.core.faults import Misplaced, faults


class Inner(BaseModel):
    word: Annotated[str, Field(pattern="^[a-z]+$", max_length=3)] = "a"


class Outer(BaseModel):
    must: int
    inner: list[Inner] = []
    one: Literal["a", "b"] = "a"
    on: bool = True
    of: Annotated[int, Field(ge=1, le=9)] = 1
    words: Annotated[dict[str, str], Field(max_length=1)] = {}
    some: Annotated[list[str], Field(min_length=1)] = ["a"]

    @model_validator(mode="after")
    def _whole(self) -> "Outer":
        if self.must == 13:
            raise Misplaced(("inner", 0, "word"), "brings bad luck")
        if self.must == 14:
            raise ValueError("brings none either")
        return self


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "spec.must: is missing"),
        ({"must": "many"}, "spec.must: 'many' is no whole number"),
        ({"must": 1.5}, "spec.must: 1.5 is no whole number"),
        ({"must": 1, "inner": {}}, "spec.inner: is no list: write its elements below it"),
        ({"must": 1, "inner": [5]}, "spec.inner[0]: holds no fields: write `field: value` below it"),
        ({"must": 1, "inner": [{"word": "A"}]}, "spec.inner[0].word: 'A' is not of the form ^[a-z]+$"),
        ({"must": 1, "inner": [{"word": "abcd"}]}, "spec.inner[0].word: is longer than 3 characters"),
        ({"must": 1, "inner": [{"word": 5}]}, 'spec.inner[0].word: must be text: write it in quotes, as "5"'),
        ({"must": 1, "inner": [{"word": None}]}, "spec.inner[0].word: has no value"),
        ({"must": 1, "inner": [{"word": {}}]}, "spec.inner[0].word: must be a single text"),
        ({"must": 1, "one": "c"}, "spec.one: 'c' is none of 'a' or 'b'"),
        ({"must": 1, "on": "maybe"}, "spec.on: 'maybe' is neither true nor false"),
        ({"must": 1, "of": 0}, "spec.of: 0 is below the least, 1"),
        ({"must": 1, "of": 10}, "spec.of: 10 is above the most, 9"),
        ({"must": 1, "words": []}, "spec.words: holds no fields: write `name: value` below it"),
        ({"must": 1, "words": {"a": "b", "c": "d"}}, "spec.words: has more than 1 elements"),
        ({"must": 1, "some": []}, "spec.some: list should have at least 1 item after validation, not 0"),
        ({"must": 13}, "spec.inner[0].word: brings bad luck"),
        ({"must": 14}, "spec: brings none either"),
    ],
)
def test_a_refusal_is_a_sentence(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(given)
    (fault,) = faults(refused.value, ("spec",))
    assert str(fault).startswith(why)


def test_a_fault_of_the_whole_stands_alone() -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate({"must": 14})
    assert [str(one) for one in faults(refused.value)] == ["brings none either"]
