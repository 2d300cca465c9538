"""What the ops port answers."""

import socket
import time
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from toprope.edge.probes import STUCK, Health, OpsServer, Pulse, answer
from toprope.edge.settings import Settings
from toprope.edge.telemetry import Telemetry


def health(*, beat: float = 0.0, oldest: float = 0.0, ready: bool = True) -> Health:
    return Health(Pulse(time.monotonic() - beat, ready), lambda: oldest, 180.0)


def test_a_living_process_is_well() -> None:
    assert answer("/healthz", health(), CollectorRegistry())[0] == 200


def test_a_loop_that_stands_still_is_ill() -> None:
    code, _, body = answer("/healthz", health(beat=STUCK + 5), CollectorRegistry())
    assert code == 503
    assert body.startswith(b"The event loop has stood still for 2")


def test_a_pass_that_never_ends_is_ill() -> None:
    code, _, body = answer("/healthz", health(oldest=181.0), CollectorRegistry())
    assert (code, body) == (503, b"A pass has been running for 181 s; 180 s are the limit.")


def test_ready_is_said_after_the_first_lists() -> None:
    assert answer("/readyz", health(ready=False), CollectorRegistry())[0] == 503
    assert answer("/readyz", health(), CollectorRegistry())[0] == 200


def test_metrics_name_passes_bells_and_requests() -> None:
    telemetry = Telemetry()
    telemetry.passed("Tiny", "Done", 0.01)
    telemetry.rang("Tiny", "Service")
    telemetry.requested("PATCH", "200")
    telemetry.watch(lambda: 1.5, lambda: 2)
    page = answer("/metrics", health(), telemetry.registry)[2].decode()
    assert 'toprope_passes_total{kind="Tiny",outcome="Done"} 1.0' in page
    assert 'toprope_bells_total{kind="Tiny",why="Service"} 1.0' in page
    assert 'toprope_api_requests_total{code="200",verb="PATCH"} 1.0' in page
    assert "toprope_oldest_unfinished_pass_seconds 1.5" in page
    assert 'toprope_pass_duration_seconds_count{kind="Tiny"} 1.0' in page


# A machine without IPv6 has one family to be reached by.
REACHED = ["127.0.0.1", *(["[::1]"] if socket.has_dualstack_ipv6() else [])]


@pytest.mark.parametrize("address", REACHED)
def test_the_port_answers_both_families_from_a_thread_of_its_own(address: str) -> None:
    server = OpsServer((Settings().ops_host, 0), health(), CollectorRegistry())
    try:
        with urlopen(f"http://{address}:{server.port}/healthz", timeout=5) as said:
            assert said.read() == b"ok"
    finally:
        server.close()
