"""A link as a redirect needs it, and what becomes of a visit. Pure: time comes as an argument."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import orjson

Headers = tuple[tuple[bytes, bytes], ...]


class Outcome(Enum):
    """What becomes of a visit."""

    GO = "go"
    """To the target, and it counts."""

    ASK_PASSWORD = "ask-password"  # noqa: S105 - a word for a person, no password
    """Only with the password."""

    ADMIT = "admit"
    """The database decides: the link has a visit limit."""

    NOT_YET = "not-yet"
    ENDED = "ended"
    DISABLED = "disabled"


def redirect_headers(target: str) -> Headers:
    """302 and not to be kept: a browser that remembers would hide later visits and changes."""
    return ((b"location", target.encode("latin-1")), (b"cache-control", b"no-store"), (b"content-length", b"0"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One link; times are seconds since the epoch."""

    link_id: int
    version: int
    target: str
    fallback_target: str | None = None
    valid_from: float | None = None
    valid_until: float | None = None
    visit_limit: int | None = None
    password_hash: str | None = None
    enabled: bool = True
    plain: bool = field(init=False)
    headers: Headers = field(init=False)

    def __post_init__(self) -> None:
        """What every visit would compute anew."""
        conditions = (self.valid_from, self.valid_until, self.visit_limit, self.password_hash)
        object.__setattr__(self, "plain", self.enabled and all(condition is None for condition in conditions))
        object.__setattr__(self, "headers", redirect_headers(self.target))

    def outcome(self, now: float) -> Outcome:
        """What becomes of a visit now; in this order, so that a password is never asked in vain."""
        if not self.enabled:
            return Outcome.DISABLED
        if self.valid_from is not None and now < self.valid_from:
            return Outcome.NOT_YET
        if self.valid_until is not None and now >= self.valid_until:
            return Outcome.ENDED
        if self.password_hash is not None:
            return Outcome.ASK_PASSWORD
        return Outcome.GO if self.visit_limit is None else Outcome.ADMIT


FIELDS = (
    "link_id", "version", "target", "fallback_target", "valid_from", "valid_until", "visit_limit", "password_hash",
    "enabled",
)  # fmt: skip


def from_row(row: Any) -> Entry:
    """The row of `shortener.resolve`."""
    values = {name: row[name] for name in FIELDS}
    for name in ("valid_from", "valid_until"):
        moment: datetime | None = values[name]
        values[name] = moment.timestamp() if moment else None
    return Entry(**values)


def packed(entry: Entry) -> bytes:
    """For the cache."""
    return orjson.dumps([getattr(entry, name) for name in FIELDS])


def unpacked(content: bytes) -> Entry | None:
    """From the cache; None when another release packed it differently."""
    try:
        values = orjson.loads(content)
        return Entry(**dict(zip(FIELDS, values, strict=True)))
    except (ValueError, TypeError):
        return None
