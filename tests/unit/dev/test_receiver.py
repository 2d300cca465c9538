"""What Alertmanager sends is kept and read back."""

from collections.abc import Iterator
from threading import Thread

import httpx
import pytest

from dev.images.receiver.receiver import KEPT, Receiver


@pytest.fixture
def receiver() -> Iterator[httpx.Client]:
    server = Receiver(("127.0.0.1", 0))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
        yield client
    server.shutdown()
    thread.join()
    server.server_close()


def notification(*names: str) -> dict[str, object]:
    return {"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": name}} for name in names]}


def names(receiver: httpx.Client) -> list[str]:
    return [alert["labels"]["alertname"] for alert in receiver.get("/alerts").json()]


def test_alerts_are_read_back_in_the_order_in_which_they_came(receiver: httpx.Client) -> None:
    assert receiver.post("/alerts", json=notification("a", "b")).status_code == 200
    assert receiver.post("/alerts", json=notification("c")).status_code == 200
    assert names(receiver) == ["a", "b", "c"]
    assert all(alert["receivedAt"].endswith("+00:00") for alert in receiver.get("/alerts").json())


def test_the_last_thousand_are_kept(receiver: httpx.Client) -> None:
    receiver.post("/alerts", json=notification(*(str(number) for number in range(KEPT + 1))))
    kept = names(receiver)
    assert (len(kept), kept[0], kept[-1]) == (1000, "1", "1000")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}"])
def test_what_is_no_notification_is_refused_and_ends_nothing(receiver: httpx.Client, body: bytes) -> None:
    assert receiver.post("/alerts", content=body).status_code == 400
    assert names(receiver) == []


def test_other_paths_are_not_there(receiver: httpx.Client) -> None:
    assert receiver.get("/healthz").json() == "ok"
    assert receiver.get("/").status_code == receiver.post("/", json={}).status_code == 404
