"""Where the next page begins: behind a score and an id, in the answer to one question and no other."""

import base64
import binascii
import struct
from hashlib import blake2b

from search.query.fuse import Ranked
from toprope_kit.problem import BadRequest

Place = tuple[float, str]
MARK = 8
_SCORE = struct.Struct(">d")


def cursor(fingerprint: bytes, last: Ranked) -> str:
    """The cursor of the page that follows this one."""
    content = _SCORE.pack(last.score) + last.id.encode()
    return base64.urlsafe_b64encode(_mark(content, fingerprint) + content).decode().rstrip("=")


def place(text: str, fingerprint: bytes) -> Place:
    """What it was made of; BadRequest for what is none, or belongs to another question or generation."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mark, content = content[:MARK], content[MARK:]
        (score,) = _SCORE.unpack_from(content)
        id_ = content[_SCORE.size :].decode()
    except (ValueError, binascii.Error, struct.error):
        raise BadRequest("The cursor is not one of ours; start again without it.") from None
    if mark != _mark(content, fingerprint):
        raise BadRequest("The cursor belongs to another question, or to another generation; start again without it.")
    return -score, id_


def _mark(content: bytes, fingerprint: bytes) -> bytes:
    return blake2b(content, digest_size=MARK, key=fingerprint).digest()
