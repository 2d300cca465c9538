import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from toprope_kit.memory import FINISHED, STARTED
from toprope_kit.telemetry import Telemetry
from toprope_kit.worker import Worker
from workloads.kit.tests.app import SERVICE, create

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def worker() -> Worker:
    return Worker.local(SERVICE)


@pytest.fixture
def app(worker: Worker) -> Telemetry:
    return worker.wrap(create(worker))


@pytest.fixture
async def client(app: Telemetry) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


def counted(worker: Worker) -> list[tuple[str, str, int]]:
    return [(row.key.method, row.key.route, row.key.status) for row in worker.numbers.rows()]


@pytest.mark.parametrize(
    ("sentence", "method", "path", "expected"),
    [
        ("a route's template, not the path, is counted", "GET", "/abc", ("GET", "/{slug}", 302)),
        ("an included router's prefix belongs to it", "POST", "/api/v1/items/7", ("POST", "/api/v1/items/{item}", 422)),
        ("a path without a route is counted without one", "GET", "/a/b/c/d", ("GET", "", 404)),
        ("a wrong method belongs to its route", "DELETE", "/abc", ("DELETE", "/{slug}", 405)),
        ("an error that nobody expected is a 500", "GET", "/odd/boom", ("GET", "/odd/boom", 500)),
        ("an expected one has its own status", "GET", "/odd/away", ("GET", "/odd/away", 503)),
    ],
)
async def test_counts(
    sentence: str, method: str, path: str, expected: Any, client: httpx.AsyncClient, worker: Worker
) -> None:
    await client.request(method, path)
    assert counted(worker) == [expected], sentence
    assert worker.numbers.ints[STARTED[0]] == worker.numbers.ints[FINISHED[0]] == 1


async def test_a_failure_is_answered_with_its_trace_and_without_its_message(client: httpx.AsyncClient) -> None:
    answer = await client.get("/odd/boom", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.status_code == 500
    assert answer.json()["trace_id"] == TRACE
    assert "hunter2" not in answer.text


async def test_a_failure_is_logged_once_without_its_message(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/odd/boom")
    told = [record for record in caplog.records if record.exc_info]
    assert [record.name for record in told] == ["toprope.request"]
    assert "hunter2" not in told[0].getMessage()


async def test_a_closing_server_sends_its_clients_elsewhere(client: httpx.AsyncClient, app: Telemetry) -> None:
    assert "connection" not in (await client.get("/abc")).headers
    app.closing = True
    assert (await client.get("/abc")).headers["connection"] == "close"


async def test_only_errors_are_logged_by_default(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await client.get("/abc")
    await client.get("/odd/missing")
    assert [record for record in caplog.records if record.name == "toprope.request"] == []
    await client.get("/odd/away")
    assert [record.getMessage() for record in caplog.records if record.name == "toprope.request"] == ["request"]


async def test_an_app_that_stops_in_the_middle_of_its_answer_is_a_500(worker: Worker) -> None:
    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ignore(message: Any) -> None:
        return None

    scope = {"type": "http", "method": "GET", "headers": [], "path": "/"}
    await worker.wrap(half)(scope, ignore, ignore)  # type: ignore[arg-type]
    assert counted(worker) == [("GET", "", 500)]


async def test_a_client_that_leaves_is_counted_once_however_the_app_goes_on(worker: Worker) -> None:
    async def goes_on(scope: Any, receive: Any, send: Any) -> None:
        telemetry.gone(scope["toprope.request"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ignore(message: Any) -> None:
        return None

    telemetry = worker.wrap(goes_on)
    await telemetry({"type": "http", "method": "GET", "headers": [], "path": "/"}, ignore, ignore)  # type: ignore[arg-type]
    assert counted(worker) == [("GET", "", 499)]
