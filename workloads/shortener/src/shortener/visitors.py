"""Who asks: the client's address behind our own proxies, and what its headers say."""

from collections.abc import Iterable
from typing import NamedTuple

HeaderPairs = Iterable[tuple[bytes, bytes]]


class Visitor(NamedTuple):
    """What a redirect reads of a request's headers."""

    address: str
    referrer: bytes
    agent: bytes
    accept: bytes
    host: bytes


def client_address(peer: str, forwarded: bytes, proxies: int) -> str:
    """The address that the outermost of our own proxies saw. What stands before it in the header anyone can write."""
    if not proxies or not forwarded:
        return peer
    hops = forwarded.decode("latin-1").split(",")
    return hops[-min(proxies, len(hops))].strip() or peer


def visitor(peer: str, headers: HeaderPairs, proxies: int) -> Visitor:
    """One look at the headers; the last of a kind wins, but forwarded addresses add up."""
    found = {b"referer": b"", b"user-agent": b"", b"accept": b"", b"host": b"", b"x-forwarded-for": b""}
    for name, value in headers:
        if name in found:
            known = found[name]
            found[name] = known + b"," + value if known and name == b"x-forwarded-for" else value
    address = client_address(peer, found[b"x-forwarded-for"], proxies)
    return Visitor(address, found[b"referer"], found[b"user-agent"], found[b"accept"], found[b"host"])


def rate_group(address: str) -> str:
    """What a limit counts as one caller: an IPv4 address, or an IPv6 network: a client has 2^64 addresses."""
    if ":" not in address:
        return address
    return ":".join(address.split(":")[:4])
