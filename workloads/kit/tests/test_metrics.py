from itertools import chain

from prometheus_client.parser import text_string_to_metric_families

from toprope_kit.memory import OLDEST, Memory, RowKey
from toprope_kit.metrics import Health, page
from workloads.kit.tests.app import AGE, LOST, SERVICE, WRITTEN

HEALTH = Health(workers=2, ready=True, restarts={"stuck": 1}, checks={"database": False}, resident_bytes=7)


def a_memory() -> Memory:
    memory = Memory(SERVICE, 2)
    for index, slot in enumerate(memory.slots):
        at = slot.row(RowKey("main", "GET", '/{a"b}', 200))
        slot.ints[at + 3] += 1 + index
        slot.reals[at + 22] += 0.25
        slot.cell(WRITTEN).add(10)
        slot.cell(AGE).set(index)
    return memory


def samples(memory: Memory, now: float = 0.0) -> dict[str, float]:
    families = text_string_to_metric_families(page(SERVICE, memory.slots, HEALTH, now))
    found = chain.from_iterable(family.samples for family in families)
    return {" ".join([s.name, *(f"{k}={v}" for k, v in s.labels.items() if k != "http_route")]): s.value for s in found}


def test_all_workers_add_up() -> None:
    found = samples(a_memory())
    labels = "http_request_method=GET http_response_status_code=200"
    assert found[f"http_server_request_duration_seconds_count {labels}"] == 3
    assert found[f"http_server_request_duration_seconds_sum {labels}"] == 0.5
    assert found[f"http_server_request_duration_seconds_bucket {labels} le=0.005"] == 0
    assert found[f"http_server_request_duration_seconds_bucket {labels} le=0.01"] == 3
    assert found[f"http_server_request_duration_seconds_bucket {labels} le=+Inf"] == 3
    assert found["demo_items_written_total"] == 20


def test_a_gauge_of_the_largest_shows_the_largest() -> None:
    assert samples(a_memory())["demo_items_age_seconds"] == 1


def test_labels_of_a_number_are_shown() -> None:
    memory = a_memory()
    memory.slots[0].cell(LOST).add(2)
    assert samples(memory)["demo_items_lost_total reason=killed"] == 2


def test_the_oldest_unfinished_request_of_all_workers_is_shown() -> None:
    memory = a_memory()
    memory.slots[1].reals[OLDEST[0]] = 90.0
    assert samples(memory, now=100.0)["http_server_oldest_unfinished_seconds route_class=main"] == 10


def test_health_stands_beside_the_counters() -> None:
    found = samples(a_memory())
    assert (found["workload_workers"], found["workload_ready"]) == (2, 1)
    assert found["workload_worker_restarts_total reason=stuck"] == 1
    assert found["workload_check_ok check=database"] == 0
    assert found["process_resident_memory_bytes"] == 7
