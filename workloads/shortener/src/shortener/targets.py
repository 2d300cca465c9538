"""Targets: where a link may lead. Nothing is looked up or fetched: a name that does not resolve today may tomorrow."""

from urllib.parse import urlsplit

from toprope_kit.problem import Unprocessable

# A chain through another shortener hides the real target from everyone who would judge it.
SHORTENERS = frozenset({
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly", "shorturl.at", "t.co",
    "t.ly", "tiny.cc", "tinyurl.com", "v.gd",
})  # fmt: skip


def host_of(url: str) -> str:
    """The host in lower case, without port and final dot; empty when there is none."""
    return (urlsplit(url).hostname or "").rstrip(".").lower()


def checked(target: str, own_hosts: frozenset[str], field: str = "body.target") -> str:
    """The target itself; Unprocessable with the field when a link must not lead there."""
    host = host_of(target)
    if host in own_hosts:
        raise Unprocessable("A link must not lead to this service: it would run in a circle.", field=field)
    if host.removeprefix("www.") in SHORTENERS:
        raise Unprocessable(f"{host} is a link shortener itself; give the address it leads to.", field=field)
    if "@" in urlsplit(target).netloc:
        raise Unprocessable("A target must not carry a user name: it is used to fake hosts.", field=field)
    return target
