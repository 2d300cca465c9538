"""Fresh credentials: the only place where something is random."""

import secrets
import string

API_KEY = "api-key"
"""A Secret's key of this name holds an API key of our services, and so does its successor during a rotation."""

_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12


def fresh_text(key: str) -> str:
    """A value for a Secret's key that nobody can guess: 256 bits, URL-safe; an API key is `tr_<id>_<secret>`."""
    secret = secrets.token_urlsafe(32)
    if key.removesuffix(".next") != API_KEY:
        return secret
    name = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    return f"tr_{name}_{secret}"
