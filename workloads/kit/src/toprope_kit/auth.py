"""API keys: `tr_<id>_<secret>`, shown once, stored as a hash.

The id finds the row, the secret opens it. A secret is random and long, so one SHA-256 is enough: a slow hash protects
secrets that people choose. Comparing takes the same time wherever two digests differ.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from toprope_kit.problem import Unauthorized

KEY = re.compile(r"tr_([a-z0-9]{4,32})_([A-Za-z0-9_-]{32,128})")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class PresentedKey:
    """A well-formed key that somebody sent; whether it opens anything is for the store to say."""

    key_id: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True)
class MintedKey:
    """A new key. `text` is for its owner's eyes, once; `digest` (32 bytes) is what is stored."""

    key_id: str
    text: str = field(repr=False)
    digest: bytes = field(repr=False)


def mint(key_id: str | None = None) -> MintedKey:
    """A new key with 256 bits of secret."""
    key_id = key_id or "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return MintedKey(key_id, f"tr_{key_id}_{secret}", digest(secret))


def parse(text: str) -> PresentedKey | None:
    """The key in a text, or None when it is not one of ours."""
    found = KEY.fullmatch(text)
    return PresentedKey(found[1], digest(found[2])) if found else None


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(one, other)


def bearer(authorization: str | None) -> PresentedKey:
    """The key of an `Authorization: Bearer …` header; Unauthorized when there is none or it is malformed."""
    scheme, _, text = (authorization or "").partition(" ")
    key = parse(text.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Unauthorized("Send an API key as 'Authorization: Bearer tr_...'.")
    return key
