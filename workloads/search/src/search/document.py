"""A document as everybody keeps it: cleaned, with its words and its filters, and hashes that say what changed."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.generation import as_text

LONGEST_ID = 512
LONGEST_TEXT = 500_000
LONGEST_TITLE = 10_000
MOST_VALUES, LONGEST_VALUE = 64, 256
BLANK = re.compile(r"\s+")
# Control characters but for blanks, and halves of surrogate pairs: no text has them, and Postgres takes no NUL.
UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Filters = Mapping[str, Sequence[str]]


class Unfit(Exception):
    """This is no document; the message names the member and what is wrong with it, and repeats no value."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document, fit to be kept."""

    id: str
    title: str
    body: str
    filters: Filters

    @property
    def text(self) -> str:
        """What is embedded."""
        return embedded(self.title, self.body)

    def text_digest(self) -> bytes:
        """Equal when the same text is embedded."""
        return hashlib.sha256(self.text.encode()).digest()

    def digest(self) -> bytes:
        """Equal when nothing about it differs."""
        parts = (self.id, self.title, self.body, as_text(self.filters))
        return hashlib.sha256("\0".join(parts).encode()).digest()


def embedded(title: str, body: str) -> str:
    """The text that stands for a document with this title and body."""
    return f"{title}\n{body}" if title and body else title or body


def identifier(value: Any, member: str) -> str:
    """A document's id; text, and never a number: 1910.10 and 1910.1 are two papers."""
    if isinstance(value, bool | int | float):
        raise Unfit(f"{member}: the id is a number; write it as text, for numbers lose their zeros")
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"{member}: there is no id")
    if len(value) > LONGEST_ID:
        raise Unfit(f"{member}: the id is longer than {LONGEST_ID} characters")
    if UNWANTED.search(value) or "\n" in value:
        raise Unfit(f"{member}: the id holds control characters")
    return value


def prose(value: Any, member: str) -> str:
    """A text as people write it: composed, without control characters, one blank between words."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit(f"{member}: not text")
    if len(value) > LONGEST_TEXT:
        raise Unfit(f"{member}: longer than {LONGEST_TEXT} characters")
    return BLANK.sub(" ", UNWANTED.sub(" ", unicodedata.normalize("NFC", value))).strip()


def values(value: Any, member: str) -> list[str]:
    """What a document can be filtered by: a text, a number, a truth, or a list of them."""
    found = value if isinstance(value, list) else [value]
    if len(found) > MOST_VALUES:
        raise Unfit(f"{member}: more than {MOST_VALUES} values")
    return sorted({_value(one, member) for one in found if one is not None} - {""})


def _value(value: Any, member: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    text = prose(value, member)
    if len(text) > LONGEST_VALUE:
        raise Unfit(f"{member}: a value is longer than {LONGEST_VALUE} characters")
    return text


def fit(id_: str, title: str, body: str, filters: Filters) -> Document:
    """The document; Unfit when there is nothing to find it by."""
    if not title and not body:
        raise Unfit("it has no text")
    if len(title) > LONGEST_TITLE:
        raise Unfit(f"title: longer than {LONGEST_TITLE} characters")
    if len(body) > LONGEST_TEXT:
        raise Unfit(f"text: longer than {LONGEST_TEXT} characters together")
    return Document(id_, title, body, {name: found for name, found in filters.items() if found})
