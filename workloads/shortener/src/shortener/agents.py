"""What is kept of a visitor: the kind of browser, whether it is a bot, the host that sent it, and a coarse network.

Nothing here can be traced to a person: no full user agent, no path or query of the referrer, no whole address.
"""

import re
from functools import lru_cache
from ipaddress import ip_network
from urllib.parse import urlsplit

from shortener.visitors import parsed

BOT = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegram|monitor|uptime|headless|lighthouse"
    r"|curl/|wget/|python-|go-http-client|java/|okhttp|libwww|httpx|axios|node-fetch",
    re.IGNORECASE,
)

# In this order: Edge and Opera call themselves Chrome as well, and Chrome calls itself Safari.
FAMILIES = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"), ("Safari/", "Safari"))  # fmt: skip

HOST = re.compile(r"^[a-z0-9._:\[\]-]{1,253}$")


@lru_cache(maxsize=2048)
def agent(header: bytes) -> tuple[str, bool]:
    """Family of the browser and whether it is a bot; no header at all is a bot."""
    text = header.decode("latin-1")
    if not text or BOT.search(text):
        return "bot", True
    return next((family for sign, family in FAMILIES if sign in text), "other"), False


@lru_cache(maxsize=2048)
def referrer(header: bytes) -> str:
    """The host that sent the visitor; empty when there is none or it is no host."""
    try:
        host = urlsplit(header.decode("latin-1")).hostname or ""
    except ValueError:
        return ""
    return host if HOST.match(host) else ""


@lru_cache(maxsize=2048)
def network(address: str) -> str:
    """The network of the address: /24 of IPv4, /48 of IPv6; empty when it is neither, whatever else it says."""
    found = parsed(address)
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False)) if found else ""
