"""Who asks: the client's address behind our own proxies, and what its headers say."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

HeaderPairs = Iterable[tuple[bytes, bytes]]


class Visitor(NamedTuple):
    """What a redirect reads of a request's headers."""

    address: str
    referrer: bytes
    agent: bytes
    accept: bytes
    host: bytes


def outermost(forwarded: bytes, proxies: int) -> str:
    """What the outermost of our own proxies wrote, or nothing. What stands before it in the header anyone can write."""
    if not proxies:
        return ""
    hops = forwarded.decode("latin-1").split(",")
    return hops[-min(proxies, len(hops))].strip()


def client_address(peer: str, forwarded: bytes, proxies: int) -> str:
    """The address that the outermost of our own proxies saw."""
    return outermost(forwarded, proxies) or peer


def visitor(peer: str, headers: HeaderPairs, proxies: int) -> Visitor:
    """One look at the headers; the last of a kind wins, but forwarded addresses add up."""
    found = {b"referer": b"", b"user-agent": b"", b"accept": b"", b"host": b"", b"x-forwarded-for": b""}
    for name, value in headers:
        if name in found:
            known = found[name]
            found[name] = known + b"," + value if known and name == b"x-forwarded-for" else value
    address = client_address(peer, found[b"x-forwarded-for"], proxies)
    return Visitor(address, found[b"referer"], found[b"user-agent"], found[b"accept"], found[b"host"])


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address in what a proxy writes: also with a port, in brackets, with a zone; None when it is no address."""
    text = text.strip(' "')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 as ::ffff:192.0.2.1.
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


@lru_cache(maxsize=4096)
def rate_group(address: str) -> str:
    """What a limit counts as one caller: an IPv4 address, or a /64 of IPv6, all of which a client has to itself.

    What is no address is one caller together, however it is written.
    """
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found or "unknown")
