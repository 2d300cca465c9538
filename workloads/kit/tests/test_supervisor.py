import socket

import pytest

from toprope_kit.connection import plain
from toprope_kit.server import ServerSettings
from toprope_kit.supervisor import bound

# A machine without IPv6 has one family to be reached by.
REACHED = ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]


@pytest.mark.parametrize("address", REACHED)
def test_a_pod_is_reached_by_every_family_that_its_node_has(address: str) -> None:
    (door,) = bound(ServerSettings().host, 0, 1)
    with door:
        door.listen()
        with socket.create_connection((address, door.getsockname()[1]), timeout=5):
            pass


@pytest.mark.parametrize(
    ("shown", "client"),
    [(("::ffff:192.0.2.1", 5), ("192.0.2.1", 5)), (("2001:db8::1", 5), ("2001:db8::1", 5)), (None, None)],
)
def test_a_client_is_called_by_its_own_family(shown: tuple[str, int] | None, client: tuple[str, int] | None) -> None:
    assert plain(shown) == client
