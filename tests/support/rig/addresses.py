"""Addresses for pods that have no network: of a whole range each one is this machine's own (Linux calls it AnyIP).

EndpointSlices refuse 127/8, so the range is one that nobody routes: 198.18/15 is kept for benchmarks (RFC 2544). A
floor takes an eighth of it. The claim is a lock that the kernel lets go of when its holder ends, however it ends, so a
route that is there without one is a dead run's.
"""

import fcntl
import ipaddress
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dev.errors import DevError
from dev.places import places

RANGES = tuple(ipaddress.IPv4Network("198.18.0.0/15").subnets(new_prefix=18))
NOT_HERE = "the route that makes a range of addresses this machine's own takes root and iproute2"


def are_possible() -> bool:
    """Whether this process may make such a route."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def a_range() -> Iterator[str]:
    """Addresses (`198.18.64.0/18`) that are this machine's, and nobody else's, for as long as the context lasts."""
    folder = places().floors / "ranges"
    folder.mkdir(parents=True, exist_ok=True)
    for one in RANGES:
        with (folder / f"{one.network_address}.claim").open("wb") as claim:
            if _is_taken(claim) or _others(one):
                continue
            _ip("route", "replace", "local", str(one), "dev", "lo")
            try:
                yield str(one)
            finally:
                _ip("route", "del", "local", str(one), "dev", "lo")
            return
    raise DevError("every range below 198.18.0.0/15 is in use", "wait for another run, or see ip route show table all")


def _is_taken(claim: Any) -> bool:
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _others(mine: ipaddress.IPv4Network) -> list[str]:
    """Routes of somebody else's into the range."""
    found = json.loads(_ip("-json", "-4", "route", "show", "table", "all"))
    ways = [(route, route["dst"]) for route in found if route["dst"] != "default"]
    return [
        where
        for route, where in ways
        if ipaddress.ip_network(where, strict=False).overlaps(mine) and not _is_ours(route, str(mine))
    ]


def _is_ours(route: dict[str, Any], mine: str) -> bool:
    return (route.get("type"), route["dst"], route.get("dev")) == ("local", mine, "lo")


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=10)
    if done.returncode:
        raise DevError(f"ip {' '.join(words)}: {done.stderr.strip()}", NOT_HERE)
    return done.stdout
