"""The server as a pod runs it: real processes, real signals, real connections."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from workloads.kit.tests.programs import Service, get, log_lines, post, ready, serving
from workloads.kit.tests.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pair() -> Iterator[Service]:
    """Two workers that no test kills."""
    with ready(WORKERS="2") as service:
        yield service


def test_both_workers_serve_one_port_and_are_counted_together(pair: Service) -> None:
    before = int(pair.requests()["started"])  # type: ignore[call-overload]
    pair.finished(before)
    pids = {get(pair.url("/odd/slow?seconds=0")).json()["pid"] for _ in range(40)}
    assert pids == set(pair.workers())
    assert pair.finished(before + 40)["started"] == before + 40


def test_a_request_that_runs_is_seen_with_its_age(pair: Service) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(get, pair.url("/odd/slow?seconds=1"))
        until(lambda: float(pair.requests()["oldestUnfinished"]) > 0.2)  # type: ignore[arg-type]
        assert running.result().status_code == 200
    until(lambda: pair.requests()["oldestUnfinished"] == 0)


def test_a_client_that_does_not_end_its_body_makes_nobody_wait(pair: Service) -> None:
    before, url = int(pair.requests()["started"]), httpx.URL(pair.url("/"))  # type: ignore[call-overload]
    with socket.create_connection((url.host, url.port), timeout=5) as slow:
        headers = b"host: x\r\ncontent-type: application/json\r\ncontent-length: 9"
        slow.sendall(b"POST /api/v1/items/7 HTTP/1.1\r\n" + headers + b"\r\n\r\n{")
        until(lambda: pair.requests()["started"] == before + 1)
        # An age that was counted would be more than nothing by now.
        time.sleep(0.3)
        assert pair.requests()["finished"] == before
        assert pair.requests()["oldestUnfinished"] == 0
        slow.sendall(b'"a": 12}')
        assert slow.recv(4096).startswith(b"HTTP/1.1 4")


def test_a_client_that_gives_up_is_counted_at_once_with_its_wait(pair: Service) -> None:
    with pytest.raises(httpx.ReadTimeout):
        get(pair.url("/odd/slow?seconds=30"), timeout=0.3)
    labels = 'http_request_method="GET",http_route="/odd/slow",http_response_status_code="499"'
    name = f"http_server_request_duration_seconds_bucket{{{labels}"
    assert until(lambda: f'{name},le="2.5"}} 1' in pair.ops("metrics").text)
    assert f'{name},le="0.2"}} 0' in pair.ops("metrics").text


def test_preview_traffic_is_no_main_traffic(pair: Service) -> None:
    before = pair.requests()["started"]
    get(pair.url("/abc"), headers={"toprope-route": "preview"})
    assert pair.requests()["started"] == before
    assert pair.finished(1, "preview")["routes"]["redirect"]["total"] == 1  # type: ignore[index]


def test_the_ops_pages_are_not_on_the_users_port(pair: Service) -> None:
    assert get(pair.url("/metrics")).status_code == 302  # a slug like any other
    assert pair.ops("nothing").status_code == 404


def test_a_worker_that_dies_comes_back_and_takes_no_count_along() -> None:
    with ready(WORKERS="1") as service:
        for _ in range(3):
            get(service.url("/abc"))
        service.finished(3)
        (victim,) = service.workers()
        os.kill(victim, signal.SIGKILL)
        until(lambda: service.is_ready() and service.workers() not in ([victim], []))
        get(service.url("/abc"))
        assert service.finished(4)["routes"]["redirect"]["total"] == 4  # type: ignore[index]
        # What it held in memory is lost, and counted as lost.
        assert service.number('demo_items_lost_total{reason="killed"}') == 3
        assert service.number("demo_items_held") == 1
        assert service.number('workload_worker_restarts_total{reason="signal"}') == 1


def test_a_worker_whose_task_ends_drains_and_is_started_again(tmp_path: Path) -> None:
    mark = tmp_path / "drained"
    with ready(WORKERS="1", DRAINED=str(mark)) as service:
        (victim,) = service.workers()
        post(service.url("/odd/fail"))
        until(lambda: service.is_ready() and service.workers() not in ([victim], []))
        assert mark.exists()
        assert "_fails ended by itself" in service.says()


def test_requests_that_a_dead_worker_had_not_answered_were_cut() -> None:
    with ready(WORKERS="1") as service, ThreadPoolExecutor() as pool:
        running = pool.submit(get, service.url("/odd/slow?seconds=30"), timeout=40)
        until(lambda: service.requests()["oldestUnfinished"])
        os.kill(service.workers()[0], signal.SIGKILL)
        assert isinstance(running.exception(), httpx.TransportError)
        until(lambda: service.requests()["cut"] == 1)
        assert service.requests()["oldestUnfinished"] == 0


def test_connections_that_wait_for_a_dead_worker_are_served_by_the_next() -> None:
    with ready(WORKERS="1") as service, ThreadPoolExecutor() as pool:
        (victim,) = service.workers()
        os.kill(victim, signal.SIGSTOP)
        waiting = [pool.submit(get, service.url("/abc"), timeout=30) for _ in range(5)]
        time.sleep(0.2)  # the requests are in the socket's queue, of which nothing tells us
        os.kill(victim, signal.SIGKILL)
        assert [future.result().status_code for future in waiting] == [302] * 5


def test_a_stuck_worker_is_unhealthy_and_then_replaced() -> None:
    with ready(WORKERS="1", STUCK_AFTER="1") as service, ThreadPoolExecutor() as pool:
        pool.submit(get, service.url("/odd/stuck"), timeout=30)
        until(lambda: service.ops("healthz").status_code == 503)
        assert (service.ops("readyz").status_code, service.number("workload_ready")) == (503, 0)
        until(lambda: service.ops("healthz").status_code == 200 and service.is_ready())
        assert service.number("workload_ready") == 1
        assert service.number('workload_worker_restarts_total{reason="stuck"}') == 1
        assert "/odd" not in service.says()
        assert "in stuck" in service.says()  # where it stood


def test_sigterm_finishes_what_runs_and_drains(tmp_path: Path) -> None:
    mark = tmp_path / "drained"
    with ready(WORKERS="1", DRAINED=str(mark)) as service, ThreadPoolExecutor() as pool:
        get(service.url("/abc"))
        running = pool.submit(get, service.url("/odd/slow?seconds=1.5"), timeout=20)
        until(lambda: service.requests()["oldestUnfinished"])
        service.process.send_signal(signal.SIGTERM)
        until(lambda: not service.is_ready())
        assert running.result().status_code == 200
        assert running.result().headers["connection"] == "close"
        assert service.process.wait(20) == 0
        assert mark.read_text() == "1"


def test_sigterm_under_load_loses_no_request_that_was_taken() -> None:
    with ready(WORKERS="2", SHUTDOWN_LINGER="1") as service, ThreadPoolExecutor(8) as pool:
        started = [pool.submit(hammer, service) for _ in range(8)]
        until(lambda: int(service.requests()["started"]) > 200)  # type: ignore[call-overload]
        service.process.send_signal(signal.SIGTERM)
        ends = [future.result() for future in started]
        assert service.process.wait(20) == 0
    # A client may find the door shut; it may never be thrown out.
    assert {end for end in ends if end != "refused"} == set()


def hammer(service: Service) -> str:
    """Follow links one after the other until the server is gone; how that ended."""
    with httpx.Client(timeout=10) as client:
        while True:
            try:
                answer = client.get(service.url("/abc"))
            except httpx.ConnectError:
                return "refused"
            except httpx.TransportError as error:
                return repr(error)
            if answer.status_code != 302:
                return str(answer.status_code)


def test_a_drain_that_takes_too_long_is_ended_by_the_grace_time() -> None:
    with ready(WORKERS="1", SHUTDOWN_GRACE="2") as service, ThreadPoolExecutor() as pool:
        running = pool.submit(get, service.url("/odd/slow?seconds=60"), timeout=30)
        until(lambda: service.requests()["oldestUnfinished"])
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(10)
        assert running.exception() is not None or running.result().status_code >= 500


def test_workers_leave_when_their_supervisor_is_gone(tmp_path: Path) -> None:
    mark = tmp_path / "drained"
    with ready(WORKERS="1", DRAINED=str(mark)) as service:
        (worker,) = service.workers()
        service.stop(signal.SIGKILL)
        until(mark.exists)
        until(lambda: not Path(f"/proc/{worker}").exists())


def test_a_service_that_cannot_be_made_ends_with_a_sentence(tmp_path: Path) -> None:
    log = tmp_path / "termination"
    log.touch()
    with serving("workloads.kit.tests.app:broken", TERMINATION_LOG=str(log)) as service:
        assert service.process.wait(60) == 1
        assert log.read_text() == "workloads.kit.tests.app:broken failed with RuntimeError; the log says where."
        assert "hunter2" not in service.says()


def test_settings_that_are_wrong_end_it_with_a_sentence(tmp_path: Path) -> None:
    with serving(WORKERS="many") as service:
        assert service.process.wait(20) == 1
        assert "WORKERS: Input should be a valid integer" in service.says()


def test_a_port_that_is_taken_ends_it_with_a_sentence(pair: Service) -> None:
    with serving(PORT=str(pair.port)) as service:
        assert service.process.wait(20) == 1
        assert f"Port {pair.port} or" in service.says()


def test_every_line_it_logs_is_json(pair: Service) -> None:
    get(pair.url("/odd/boom"), headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    until(lambda: any(line.get("trace_id") == "a" * 32 for line in log_lines(pair)))
    assert len(log_lines(pair)) == len(pair.says().splitlines())
