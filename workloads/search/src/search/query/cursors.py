"""Where the next page begins: behind a score and an id, in the answer to one question and no other."""

import base64
import binascii
import struct

from search.query.fuse import Ranked
from toprope_kit.problem import BadRequest

Place = tuple[float, str]
_HEAD = struct.Struct(">8sd")


def cursor(fingerprint: bytes, last: Ranked) -> str:
    """The cursor of the page that follows this one."""
    return base64.urlsafe_b64encode(_HEAD.pack(fingerprint, last.score) + last.id.encode()).decode().rstrip("=")


def place(text: str, fingerprint: bytes) -> Place:
    """What it was made of; BadRequest for what is none, or belongs to another question or generation."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mark, score = _HEAD.unpack_from(content)
        id_ = content[_HEAD.size :].decode()
    except (ValueError, binascii.Error, struct.error):
        raise BadRequest("The cursor is not one of ours; start again without it.") from None
    if mark != fingerprint:
        raise BadRequest("The cursor belongs to another question, or to another generation; start again without it.")
    return -score, id_
