"""What a pod says of itself this second, and that it means what Prometheus has of the same pod."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.promql.expressions import Evaluator
from tests.support.promql.series import Series, scraped
from tests.support.promql.windows import Axis
from toprope.slo.now import PREVIEW, Count, NoSliPage, count, read
from toprope.slo.sli import Counted, Tally, sli_of
from toprope.slo.spec import Slo
from toprope_kit import metrics, sli
from toprope_kit.memory import BUCKETS, CUT, Memory, RowKey
from toprope_kit.service import Service

SERVICE = Service("shop", "", published={"redirect": ("/{slug}",), "api": ("/api/v1/*",)})
COUNTED = Counted("shop", 'pod="one"', dict(SERVICE.published))
AXIS = Axis(np.array([0], dtype=np.int64))
SLOS = [
    {"availability": {}},
    {"latency": {"threshold": "50ms"}},
    {"latency": {"threshold": "50ms", "route": "redirect"}},
    {"latency": {"threshold": "2.5s", "route": "api"}},
]
ROUTES = ("/{slug}", "/api/v1/items/{item}", "/odd")


def slo(**fields: Any) -> Slo:
    return Slo.model_validate({"name": "a", "objective": "99.9", **fields})


def a_pod(seed: int) -> Memory:
    """Every kind of answer on every route, published or not, in both classes, by two workers."""
    drawn, memory = random.Random(seed), Memory(SERVICE, 2)
    for slot in memory.slots:
        for route_class in ("main", "preview"):
            for route in ROUTES:
                for status in (200, 302, 404, 429, 499, 500, 503):
                    row = slot.row(RowKey(route_class, "GET", route, status))
                    for bucket in range(BUCKETS):
                        slot.ints[row + bucket] += drawn.choice((0, 0, 1, 7))
        slot.ints[CUT[0]], slot.ints[CUT[1]] = drawn.randrange(5), drawn.randrange(5)
    return memory


def in_prometheus(memory: Memory) -> Iterator[Series]:
    text = metrics.page(SERVICE, memory.slots, metrics.Health(2), 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield scraped(sample.name, {"pod": "one", **sample.labels}, [0.0], [sample.value])


def told(tally: Tally, evaluator: Evaluator) -> int:
    def of(selector: str) -> float:
        return sum(float(row.values[0]) for row in evaluator.vector(promql_parser.parse(selector)))

    return round(sum(map(of, tally.added)) - sum(map(of, tally.less)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fields", SLOS, ids=str)
def test_both_sources_mean_the_same(fields: dict[str, Any], seed: int) -> None:
    memory, promised = a_pod(seed), slo(**fields)
    (pods,) = sli_of(promised, COUNTED).sources
    evaluator = Evaluator(AXIS, in_prometheus(memory))
    found = count(read(orjson.dumps(sli.page(SERVICE, memory.slots, 0.0))), promised)
    assert found == Count(told(pods.total, evaluator), told(pods.bad, evaluator))
    assert found.bad > 0


def page(**route: Any) -> dict[str, Any]:
    counts = {"total": 0, "errors": 0, "gone": [0, 0, 0], "latency": [0, 0, 0], **route}
    whole = {"started": 0, "finished": 0, "cut": 0, "oldestUnfinished": 0, "routes": {"redirect": counts}}
    return {"buckets": [0.05, 1.0], "classes": {"main": whole}}


@pytest.mark.parametrize(
    ("sentence", "fields"),
    [
        ("only Prometheus reads counters of one's own", {"ratio": {"bad": "b", "total": "t"}}),
        ("the threshold is none of the buckets", {"latency": {"threshold": "100ms"}}),
    ],
)
def test_now_may_have_nothing_to_say(sentence: str, fields: dict[str, Any]) -> None:
    assert count(read(orjson.dumps(page())), slo(**fields)) is None, sentence


def test_a_class_or_a_route_that_is_not_there_counts_nothing() -> None:
    known = read(orjson.dumps(page(total=3, errors=1)))
    assert count(known, slo(availability={}), PREVIEW) is None
    assert count(known, slo(latency={"threshold": "50ms", "route": "api"})) == Count()


@pytest.mark.parametrize(
    ("sentence", "before", "now", "since"),
    [
        ("what came after", Count(10, 1), Count(15, 3), Count(5, 2)),
        ("nothing came", Count(10, 1), Count(10, 1), Count()),
        ("a process began anew", Count(10, 1), Count(4, 0), Count(4, 0)),
        ("a process began anew and was busier", Count(10, 5), Count(12, 3), Count(12, 3)),
    ],
)
def test_counts_survive_a_restart(sentence: str, before: Count, now: Count, since: Count) -> None:
    assert now.since(before) == since, sentence


@pytest.mark.parametrize(
    ("nonsense", "why"),
    [
        (b"", "the page: Invalid JSON"),
        (b"<html>", "the page: Invalid JSON"),
        (b"[]", "the page: Input should be an object"),
        (orjson.dumps(page(total=-1)), "classes.main.routes.redirect.total: "),
        (orjson.dumps(page(errors=0.5)), "classes.main.routes.redirect.errors: "),
        (orjson.dumps(page(gone=[0, 0])), "a list does not have 3 buckets"),
        (orjson.dumps(page(total=2, errors=3)), "a route has more answers than requests"),
        (orjson.dumps(page(total=2**54)), "classes.main.routes.redirect.total: "),
        (orjson.dumps(page()).replace(b'"oldestUnfinished":0', b'"oldestUnfinished":1e999'), "classes.main.oldestU"),
    ],
)
def test_what_is_no_page_is_refused(nonsense: bytes, why: str) -> None:
    with pytest.raises(NoSliPage) as refused:
        read(nonsense)
    assert str(refused.value).startswith(why)
