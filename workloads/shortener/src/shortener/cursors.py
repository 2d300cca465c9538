"""Cursors of lists: where the next page begins, in words that tell a client nothing.

    id, 0 ─► four rounds of Feistel, keyed by database and tenant ─► 16 bytes ─► base64

Ids count the links of all tenants: whoever read two of them would know how many the others made meanwhile. A cursor
that we did not make holds something else than 0 beside its id.
"""

import base64
import binascii
from hashlib import blake2b

from toprope_kit.problem import BadRequest

ROUNDS = 4
"""As many as make it a strong permutation (Luby and Rackoff)."""


def cursor(before: int, key: bytes) -> str:
    """The cursor of the page that stays below this id; `key` is at most 64 bytes."""
    left, right = before.to_bytes(8), bytes(8)
    for number in range(ROUNDS):
        left, right = right, _mixed(left, right, number, key)
    return base64.urlsafe_b64encode(left + right).decode().rstrip("=")


def before(text: str, key: bytes) -> int:
    """The id that it was made of; BadRequest for a cursor that we did not make for this tenant."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        content = b""
    left, right = content[:8], content[8:]
    if len(content) == 16:
        for number in reversed(range(ROUNDS)):
            left, right = _mixed(right, left, number, key), left
    found = int.from_bytes(left)
    # Whole: base64 has several spellings of the same bytes.
    if right != bytes(8) or cursor(found, key) != text:
        raise BadRequest("The cursor is not one of ours; start again without it.")
    return found


def _mixed(one: bytes, other: bytes, number: int, key: bytes) -> bytes:
    word = blake2b(other, digest_size=8, key=key, person=bytes([number])).digest()
    return bytes(a ^ b for a, b in zip(one, word, strict=True))
