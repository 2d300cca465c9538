"""A Prometheus that answers well, badly, or not at all."""

from pathlib import Path

import pytest

from tests.support.prometheus_on_paper import Page, matrix, on_paper, success
from toprope.io.prometheus import LARGEST, Prometheus, RangeSeries, Series, TooMuch, Unseen, reached

UP = {"__name__": "up", "job": "links"}


async def test_the_newest_sample_of_each_series_is_read() -> None:
    async with on_paper(matrix((UP, [[30.0, "0"], [60.5, "1"]]))) as (paper, prometheus):
        assert await prometheus.newest("up[90s]", 61.25) == [Series(UP, 1.0, 60.5)]
    assert (paper.asked[0]["path"], paper.asked[0]["query"]) == ("/prom/api/v1/query", "up[90s]")
    assert paper.asked[0]["time"] == "61.250"


async def test_an_expression_is_read() -> None:
    page = success({"resultType": "vector", "result": [{"metric": UP, "value": [60, "0.25"]}]})
    async with on_paper(page) as (_, prometheus):
        assert await prometheus.values("up / 4", 61) == [Series(UP, 0.25, 60.0)]


async def test_a_range_is_read() -> None:
    async with on_paper(matrix((UP, [[30, "0"], [60.5, "1"]]))) as (paper, prometheus):
        assert await prometheus.ranged("up", 30, 61, 30.5) == [RangeSeries(UP, [(30.0, 0.0), (60.5, 1.0)])]
    asked = paper.asked[0]
    assert (asked["path"], asked["query"]) == ("/prom/api/v1/query_range", "up")
    assert (asked["start"], asked["end"], asked["step"]) == ("30.000", "61.000", "30.500")


async def test_its_clock_is_read() -> None:
    async with on_paper(success({"resultType": "scalar", "result": [61.5, "61.5"]})) as (_, prometheus):
        assert await prometheus.clock() == 61.5


async def test_rule_groups_are_read_with_what_is_wrong_in_them() -> None:
    rules = [
        {"name": "a", "health": "ok"},
        {"name": "b", "lastError": "many-to-many"},
        {"name": "c", "lastError": "too late"},
    ]
    page = success({"groups": [{"name": "bad", "rules": rules}, {"name": "good", "rules": []}]})
    async with on_paper(page) as (paper, prometheus):
        assert await prometheus.groups(["bad", "good"]) == {"bad": "b: many-to-many", "good": None}
    assert paper.asked[0]["rule_group[]"] == ["bad", "good"]


async def test_the_token_is_read_anew_for_each_request(tmp_path: Path) -> None:
    token = tmp_path / "token"
    async with on_paper(success({"storageRetention": "15d"}), token_file=token) as (paper, prometheus):
        for text in ("one\n", "two\n"):
            token.write_text(text)
            assert await prometheus.retention() == "15d"
    assert [asked["Authorization"] for asked in paper.asked] == ["Bearer one", "Bearer two"]


async def test_a_token_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with on_paper(success({}), token_file=tmp_path / "token") as (_, prometheus):
        with pytest.raises(Unseen, match="FileNotFoundError"):
            await prometheus.clock()


NONSENSE = {
    "500": (Page("oh dear", 500), "answers 500 with what is no answer"),
    "HTML": (Page("<html>Welcome</html>"), "answers 200 with what is no answer"),
    "nothing": (Page(""), "no answer"),
    "a list": (Page("[]"), "no answer"),
    "null": (Page("null"), "no answer"),
    "a redirection": (Page("", 302), "answers 302"),
    "its own error": (Page('{"status":"error","errorType":"bad_data","error":"no"}', 400), "answers 400, bad_data: no"),
    "no data": (Page('{"status":"success"}'), "no answer"),
    "another type": (success({"resultType": "scalar", "result": [1, "1"]}), "a shape of its own: ValueError"),
    "no samples": (matrix((UP, [])), "IndexError"),
    "no number": (matrix((UP, [[1, "one"]])), "ValueError"),
    "no series": (success({"resultType": "matrix", "result": [1]}), "TypeError"),
    "no list": (success({"resultType": "matrix", "result": None}), "TypeError"),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_not_believed(name: str) -> None:
    page, words = NONSENSE[name]
    async with on_paper(page) as (_, prometheus):
        with pytest.raises(Unseen, match=words):
            await prometheus.newest("up[90s]", 61)


@pytest.mark.parametrize(
    "page",
    [success({"resultType": "vector", "result": []}), matrix((UP, [[1]])), matrix((UP, [[1, "one"]]))],
    ids=["another type", "no value", "no number"],
)
async def test_a_range_that_is_none_is_not_believed(page: Page) -> None:
    async with on_paper(page) as (_, prometheus):
        with pytest.raises(Unseen, match="a shape of its own: ValueError"):
            await prometheus.ranged("up", 0, 60, 30)


async def test_an_answer_without_end_is_refused() -> None:
    async with on_paper(Page(b" " * (LARGEST + 1))) as (_, prometheus):
        with pytest.raises(Unseen, match="larger than 64 MiB"):
            await prometheus.clock()


async def test_nobody_there() -> None:
    async with Prometheus(reached("http://127.0.0.1:1")) as prometheus:
        with pytest.raises(Unseen, match="did not answer: ClientConnectorError"):
            await prometheus.clock()


async def test_nobody_answers() -> None:
    async with on_paper(Page(hangs=True), patience=0.1) as (_, prometheus):
        with pytest.raises(TooMuch, match="did not answer: TimeoutError"):
            await prometheus.clock()


REFUSALS = {
    "too slow": (503, "timeout", "query timed out in expression evaluation", TooMuch),
    "too large": (422, "execution", "query processing would load too many samples into memory", TooMuch),
    "impossible": (422, "execution", "many-to-many matching not allowed", Unseen),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_is_too_much_is_told_from_what_never_will_be_answered(name: str) -> None:
    status, kind, words, error = REFUSALS[name]
    body = f'{{"status":"error","errorType":"{kind}","error":"{words}"}}'
    async with on_paper(Page(body, status)) as (_, prometheus):
        with pytest.raises(Unseen, match=f"answers {status}, {kind}: {words}") as raised:
            await prometheus.clock()
    assert raised.type is error
