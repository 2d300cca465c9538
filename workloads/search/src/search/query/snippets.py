"""The part of a text that a question is about, and where in it the question's words stand.

Marks are places, not markup: what a document says is never put into a page as anything but text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

LENGTH = 240
READ = 20_000
"""Characters of a text that are looked through."""

ENDINGS = "s|es|ed|ing|ly|d|er|ers|al|ion|ions|ity|ive|ness|e"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text; `marks` are pairs of start and end, counted in Unicode code points."""

    text: str
    marks: Sequence[tuple[int, int]]


def snippet(text: str, stems: Sequence[str]) -> Snippet:
    """The piece with the most different words of the question; the beginning where there is none."""
    text = text[:READ]
    found = [(match.start(), match.end(), match.lastindex) for match in forms(tuple(stems)).finditer(text)]
    start = _word_start(text, _best(found))
    end = min(len(text), start + LENGTH)
    if end < len(text):
        # Not in the middle of a word, unless there is only one.
        end = max(text.rfind(" ", start, end), start + LENGTH // 2)
    marks = [(left - start, right - start) for left, right, _ in found if left >= start and right <= end]
    return Snippet(text[start:end], marks)


@lru_cache(maxsize=1024)
def forms(stems: tuple[str, ...]) -> re.Pattern[str]:
    """Words that may be of these stems: nearly what the database's own stemmer says, and much quicker."""
    return re.compile("|".join(rf"\b({_form(stem)})\b" for stem in stems) or r"(?!)", re.IGNORECASE)


def _form(stem: str) -> str:
    escaped = re.escape(stem)
    if stem.endswith("i"):
        # study, studies, studied: the stem of all is studi.
        return rf"{re.escape(stem[:-1])}(?:y|ies|ied|ying|i\w*)"
    return rf"{escaped}\w*" if len(stem) > 4 else rf"{escaped}(?:{ENDINGS})?"


def _best(found: Sequence[tuple[int, int, int | None]]) -> int:
    best, most = 0, 0
    for left, _, _ in found:
        kinds = len({stem for start, end, stem in found if left <= start and end <= left + LENGTH - 40})
        if kinds > most:
            best, most = left, kinds
    return best


def _word_start(text: str, place: int) -> int:
    """A little before the place, where a word begins."""
    if place < 40:
        return 0
    return text.find(" ", place - 40, place) + 1 or place
