"""The part of a text that a question is about, and where in it the question's words stand.

Marks are places, not markup: what a document says is never put into a page as anything but text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = 240
READ = 20_000
"""Characters of a text that are looked through."""

WORD = re.compile(r"\w+")
ENDINGS = ("", "s", "es", "ed", "ing", "ly", "d", "er", "ers", "al", "ion", "ions", "ity", "ive", "ness", "e")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text; `marks` are pairs of start and end, counted in Unicode code points."""

    text: str
    marks: Sequence[tuple[int, int]]


def snippet(text: str, stems: Sequence[str]) -> Snippet:
    """The piece with the most different words of the question; the beginning where there is none."""
    text = text[:READ]
    found = [(match.start(), match.end(), stem) for match in WORD.finditer(text) if (stem := _stem(match[0], stems))]
    start = _best(found)
    start = _word_start(text, start)
    end = min(len(text), start + LENGTH)
    if end < len(text):
        # Not in the middle of a word, unless there is only one.
        end = max(text.rfind(" ", start, end), start + LENGTH // 2)
    marks = [(left - start, right - start) for left, right, _ in found if left >= start and right <= end]
    return Snippet(text[start:end], marks)


def _stem(word: str, stems: Sequence[str]) -> str | None:
    folded = word.casefold()
    return next((stem for stem in stems if _is_form(folded, stem)), None)


def _is_form(word: str, stem: str) -> bool:
    """Whether the word may be one of the stem's: nearly what the database's own stemmer says, and much quicker."""
    if not word.startswith(stem[:-1] if len(stem) > 2 else stem):
        return False
    if word.startswith(stem) and (word[len(stem) :] in ENDINGS or len(stem) > 4):
        return True
    # study, studies, studied: the stem of all is studi.
    return stem.endswith("i") and word[len(stem) - 1 :] in ("y", "ies", "ied", "ying")


def _best(found: Sequence[tuple[int, int, str]]) -> int:
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
