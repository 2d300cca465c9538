"""What the ops port answers."""

import socket
import time
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from tests.support.measured import AVAILABILITY, numbers
from toprope.core.measured import Measured, Numbers
from toprope.edge.probes import STUCK, Health, OpsServer, Pulse, answer
from toprope.edge.settings import Settings
from toprope.edge.telemetry import Telemetry
from toprope.io.ledger import Reading
from toprope.slo.budget import State
from toprope.slo.rules import Identity
from toprope.slo.status import standings


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
    telemetry.parted("Tiny", "Transient")
    telemetry.rang("Tiny", "Service")
    telemetry.requested("PATCH", "200")
    telemetry.watch(lambda: 1.5, lambda: 2)
    page = answer("/metrics", health(), telemetry.registry)[2].decode()
    assert 'toprope_passes_total{kind="Tiny",outcome="Done"} 1.0' in page
    assert 'toprope_partings_total{kind="Tiny",outcome="Transient"} 1.0' in page
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


def a_reading(recorded: Numbers, newest: datetime | None) -> Reading:
    measured = Measured({AVAILABILITY.name: recorded})
    standing = standings([AVAILABILITY], measured, [], datetime.now(UTC))[0]
    return Reading(Identity("shop", "Tiny", "links", AVAILABILITY.name), standing, newest)


def gauges(reading: Reading) -> dict[str, float]:
    telemetry = Telemetry()
    telemetry.watch_slos(lambda: [reading])
    whose = 'kind="Tiny",name="links",namespace="shop",slo="availability"'
    page = answer("/metrics", health(), telemetry.registry)[2].decode()
    lines = [line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("toprope_slo_")]
    return {name.replace(whose, "").replace("{}", ""): float(value) for name, value in lines}


def test_slos_are_told_in_full_precision() -> None:
    now = datetime.now(UTC)
    told = gauges(a_reading(numbers(errors={"30d": 1 / 30000, "5m": 1 / 7}, at=now), now))
    assert told["toprope_slo_attained_ratio"] == pytest.approx(1 - 1 / 30000, abs=1e-15)
    assert told["toprope_slo_budget_remaining_ratio"] == pytest.approx(1 - 1 / 30, abs=1e-15)
    assert told['toprope_slo_burn_ratio{,window="5m"}'] == 1 / 7 / 0.001
    assert [told[f'toprope_slo_state{{,state="{state}"}}'] for state in State] == [1, 0, 0, 0]
    assert 0 <= told["toprope_slo_sample_age_seconds"] < 60


def test_of_an_slo_without_data_only_its_state_is_told() -> None:
    told = gauges(a_reading(Numbers(), None))
    assert {name: value for name, value in told.items() if value} == {'toprope_slo_state{,state="NoData"}': 1}
    assert len(told) == len(State)
