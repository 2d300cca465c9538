"""A question of one generation, answered: lists from the database, one ranking, one page of it.

question ─┬─► vector ─► near ──┐
          └─► stems ──► worded ┴─► ranked ─► behind the cursor ─► k rows, with their documents ─► answer
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from search.generation import Generation
from search.query import cursors, fuse, lexical, near
from search.query.fuse import Ranked
from search.query.lexical import Stem, Worded
from search.query.near import Near
from search.query.question import Question
from search.query.snippets import Snippet, snippet
from search.questions import Questions
from search.service import ASKING, SHORT
from toprope_kit.database import Database
from toprope_kit.memory import Slot

ROWS = """
    SELECT id, title, body, filters::text AS filters FROM search.documents
    WHERE source = $1 AND id = ANY($2::text[]) AND NOT deleted
"""
REMEMBERED = 10_000
SPARE = 5
"""Documents that are read beyond a page: one may have gone since the list was made."""


@dataclass(frozen=True, slots=True)
class Found:
    """One row of an answer."""

    ranked: Ranked
    title: str
    filters: Mapping[str, Sequence[str]]
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Answer:
    """One page."""

    found: Sequence[Found]
    following: str | None
    """Cursor of the next page."""
    reason: str | None
    """Why there are fewer rows than were asked for; None when there are as many."""
    seconds: Mapping[str, float]
    near: Sequence[Near] = field(repr=False)
    """The near ones as the index found them, for who wants to compare."""
    vector: Any = field(repr=False)
    """What they are near to; None where only words were looked for."""


class Engine:
    """One generation, over one pool of connections."""

    def __init__(self, generation: Generation, database: Database, questions: Questions, numbers: Slot) -> None:
        self.generation = generation
        self._database = database
        self._questions = questions
        self._numbers = numbers
        self._counts = near.Counts(generation)
        self._stems: OrderedDict[str, Sequence[Stem]] = OrderedDict()

    async def answer(self, question: Question, cursor: str | None = None) -> Answer:
        """One page of what the generation knows of it."""
        fingerprint = question.fingerprint(self.generation.name)
        after = cursors.place(cursor, fingerprint) if cursor else None
        start = time.perf_counter()
        vector, stems = await self._understood(question)
        embedded = time.perf_counter()
        close, worded = await self._lists(question, vector, stems)
        ranked = [one for one in _ranking(question, close, worded) if one.id != question.without]
        left = [one for one in ranked if after is None or one.place > after]
        found, more = await self._page(question, left, [stem.word for stem in stems])
        done = time.perf_counter()
        self._numbers.cell(ASKING).add(done - embedded)
        following = cursors.cursor(fingerprint, found[-1].ranked) if more and found else None
        reason = _reason(question, len(found), len(ranked))
        if reason is not None:
            self._numbers.cell(SHORT).add(1)
        seconds = {"embedding": embedded - start, "database": done - embedded, "total": done - start}
        return Answer(found, following, reason, seconds, close, vector)

    async def _understood(self, question: Question) -> tuple[Any, Sequence[Stem]]:
        """Its vector, where one is needed, and its stems; looked up side by side when both are new."""
        if question.mode == "lexical" or question.vector is not None:
            return question.vector, await self._stems_of(question.text)
        if question.text in self._stems:
            return await self._questions.vector(question.text), self._stems[question.text]
        return await asyncio.gather(self._questions.vector(question.text), self._stems_of(question.text))

    async def _lists(
        self, question: Question, vector: Any, stems: Sequence[Stem]
    ) -> tuple[Sequence[Near], Sequence[Worded]]:
        if question.mode == "vector":
            # The stems are for the snippets only; of a bare vector there are none.
            return await self._near(question, vector), ()
        if question.mode == "lexical":
            return (), await self._worded(question, stems)
        return await asyncio.gather(self._near(question, vector), self._worded(question, stems))

    async def _near(self, question: Question, vector: Any) -> Sequence[Near]:
        async with self._database.acquire() as connection:
            return await near.nearest(
                connection, self.generation, self._counts, vector, question.filters,
                question.depth + (question.without is not None),
            )  # fmt: skip

    async def _worded(self, question: Question, stems: Sequence[Stem]) -> Sequence[Worded]:
        async with self._database.acquire() as connection:
            return await lexical.worded(
                connection, self.generation.source, question.text, stems, question.filters, question.depth
            )

    async def _stems_of(self, text: str) -> Sequence[Stem]:
        if not text:
            return ()
        known = self._stems.get(text)
        if known is None:
            async with self._database.acquire() as connection:
                known = self._stems[text] = await lexical.stems(connection, self.generation.source, text)
            if len(self._stems) > REMEMBERED:
                self._stems.popitem(last=False)
        return known

    async def _page(self, question: Question, left: Sequence[Ranked], stems: Sequence[str]) -> tuple[list[Found], bool]:
        """The first k of them that are still there, and whether others follow."""
        found: list[Found] = []
        for start in range(0, len(left), question.k + SPARE):
            some = left[start : start + question.k + SPARE]
            rows = await self._rows([one.id for one in some])
            for place, one in enumerate(some, start):
                if one.id in rows:
                    found.append(_found(one, rows[one.id], stems))
                if len(found) == question.k:
                    return found, place + 1 < len(left)
        return found, False

    async def _rows(self, ids: Sequence[str]) -> dict[str, Any]:
        async with self._database.acquire() as connection:
            return {row["id"]: row for row in await connection.fetch(ROWS, self.generation.source, list(ids))}

    def forget(self) -> None:
        """How rare words are has changed, or may have."""
        self._stems.clear()


def _ranking(question: Question, close: Sequence[Near], worded: Sequence[Worded]) -> list[Ranked]:
    if question.mode == "vector":
        return fuse.by_vector(close)
    return fuse.by_words(worded) if question.mode == "lexical" else fuse.fused(close, worded, question.fusion)


def _found(ranked: Ranked, row: Any, stems: Sequence[str]) -> Found:
    return Found(ranked, row["title"], orjson.loads(row["filters"]), snippet(row["body"] or row["title"], stems))


def _reason(question: Question, rows: int, ranked: int) -> str | None:
    if rows >= question.k:
        return None
    if ranked >= question.depth:
        return f"Pages end after {question.depth} documents of each list; ask with a larger depth."
    if question.mode == "lexical":
        return "No more documents hold these words" + (" and pass the filter." if question.filters else ".")
    return "No more documents pass the filter." if question.filters else "There are no more documents."
