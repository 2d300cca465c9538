"""Downloads over HTTP that cannot be led astray.

The address that a resource names is its author's own business. Where a server then redirects to is not: from inside
a cluster, such a hop could reach what no outsider may. So a redirect to another origin must lead to public addresses
only; the name is looked up once, and the connection goes to the very address that was looked at.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from toprope_kit.outcome import Failure, Refused

HOPS = 5
TIMEOUT = 60.0
MOVED = frozenset({301, 302, 303, 307, 308})
PORTS = {"http": 80, "https": 443}


class AddressRefused(Refused):
    """A redirect leads to where it must not."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what an author named, or a redirect."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: SplitResult) -> "Origin":
        """Refused when it is no address of HTTP."""
        if url.scheme not in PORTS or not url.hostname:
            raise AddressRefused("the source redirects to something that is no HTTP address")
        try:
            return cls(url.scheme, url.hostname, url.port or PORTS[url.scheme])
        except ValueError as error:
            raise AddressRefused("the source's address has no proper port") from error

    def addresses(self, *, public: bool) -> list[str]:
        """Where the host is; AddressRefused when one of its addresses is not public and has to be."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Failure(f"the source's host {self.host} is not known: {error.strerror}") from error
        addresses = [str(entry[4][0]) for entry in found]
        if public and not all(ipaddress.ip_address(address.split("%")[0]).is_global for address in addresses):
            raise AddressRefused(f"the source redirects to {self.host}, which is not a public address")
        return addresses


@contextmanager
def opened(address: str) -> Iterator[http.client.HTTPResponse]:
    """The answer at the end of all redirects; a Failure says why there is none."""
    named = Origin.of(urlsplit(address))
    url = address
    for _ in range(HOPS):
        parts = urlsplit(url)
        origin = Origin.of(parts)
        connection = _connected(origin, origin.addresses(public=origin != named))
        # The connection is closed when both are: an answer keeps its own hold on the socket.
        with closing(connection), closing(_asked(connection, parts)) as answer:
            if answer.status == 200:
                yield answer
                return
            if answer.status not in MOVED or not (target := answer.getheader("Location")):
                raise _unusable(answer.status)
            url = urljoin(url, target)
    raise Refused(f"the source redirects more than {HOPS} times")


def _unusable(status: int) -> Failure:
    # A client's error stays one however often it is asked again; a server's may pass.
    kind = Refused if 400 <= status < 500 and status not in (408, 429) else Failure
    return kind(f"the source answers with status {status}")


def _connected(origin: Origin, addresses: list[str]) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(origin.host, origin.port, timeout=TIMEOUT)
    for number, address in enumerate(addresses, 1):
        try:
            plain = socket.create_connection((address, origin.port), timeout=TIMEOUT)
            break
        except OSError as error:
            if number == len(addresses):
                raise Failure(
                    f"the source's host {origin.host} does not answer: {error.strerror or 'no answer'}"
                ) from error
    if origin.scheme == "https":
        try:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=origin.host)
        except OSError as error:
            raise Failure(f"the source's host {origin.host} cannot prove its name: {type(error).__name__}") from error
    connection.sock = plain
    return connection


def _asked(connection: http.client.HTTPConnection, url: SplitResult) -> http.client.HTTPResponse:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"the source's host {connection.host} broke off: {type(error).__name__}") from error
