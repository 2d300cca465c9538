"""What the API does with documents: shows one, writes one, takes one away. No HTTP here.

A write goes into the shared documents of this generation's source, and of every other source that a living generation
reads: a candidate with another source, or the way back, must not lose what was written meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from search import documents
from search.codecs import Vector
from search.document import Document, Unfit, fit, identifier, prose, values
from search.generation import Generation
from search.models import Body
from search.query.question import wrong
from toprope_kit.auth import bearer, parse, same
from toprope_kit.database import Database
from toprope_kit.problem import Forbidden, NotFound, Unauthorized
from toprope_kit.rotation import candidates

ONE = """
    SELECT id, title, body, filters::text AS filters, changed_at, sequence FROM search.documents
    WHERE source = $1 AND id = $2 AND NOT deleted
"""
LIVING = """
    SELECT DISTINCT source FROM search.generations WHERE state <> 'Failed' OR name = $1 ORDER BY source
"""
ABOUT = """
    SELECT generation.*, source.sequence, source.loaded_at, source.lines,
        (SELECT documents FROM search.terms WHERE terms.source = source.id AND word = '') AS counted
    FROM search.generations AS generation JOIN search.sources AS source ON source.id = generation.source
    WHERE generation.name = $1
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it is kept."""

    document: Document
    changed_at: datetime
    sequence: int


class Desk:
    """One generation's documents."""

    def __init__(self, database: Database, generation: Generation, key_file: Path | None) -> None:
        self._database = database
        self._generation = generation
        self._key_file = key_file

    def let_in(self, authorization: str | None) -> None:
        """Unauthorized without the key; Forbidden where nobody may write."""
        if self._key_file is None:
            raise Forbidden("This service takes no documents: it was given no API key.")
        presented = bearer(authorization)
        try:
            keys = [parse(text) for text in candidates(self._key_file)]
        except OSError:
            keys = []
        if not any(key is not None and same(key.digest, presented.digest) for key in keys):
            raise Unauthorized("This API key opens nothing; look whether it was rotated.")

    async def show(self, id_: str) -> Kept:
        """One document."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(ONE, self._generation.source, id_)
        if row is None:
            raise NotFound("There is no document of this id.")
        filters = orjson.loads(row["filters"])
        return Kept(Document(row["id"], row["title"], row["body"], filters), row["changed_at"], row["sequence"])

    async def vector(self, id_: str) -> Vector:
        """A document's vector; NotFound also while it has none yet."""
        async with self._database.acquire() as connection:
            found = await connection.fetchval(
                f"SELECT embedding FROM {self._generation.table} WHERE id = $1",  # noqa: S608 - a checked name
                id_,
            )
        if found is None:
            raise NotFound("There is no document of this id in the index, or it is not embedded yet.")
        return np.asarray(found)

    async def write(self, id_: str, body: Body) -> int:
        """The document is as it says, from this answer on for words, and in a moment for vectors; its number."""
        document = self._document(id_, body)
        sequence = 0
        async with self._database.transaction() as connection:
            for source in await self._living(connection):
                numbers = await documents.write(connection, source, [document], by_api=True)
                sequence = numbers[0] if source == self._generation.source else sequence
        return sequence

    async def remove(self, id_: str) -> None:
        """It is gone; NotFound when it was before."""
        gone: list[int] = []
        async with self._database.transaction() as connection:
            for source in await self._living(connection):
                gone += await documents.bury(connection, source, [id_], by_api=True)
        if not gone:
            raise NotFound("There is no document of this id.")

    async def about(self) -> Any:
        """The generation's row with its source's; NotFound when it was dropped."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(ABOUT, self._generation.name)
        if row is None:
            raise NotFound("This generation was dropped.")
        return row

    async def _living(self, connection: Any) -> list[str]:
        return [row["source"] for row in await connection.fetch(LIVING, self._generation.name)]

    def _document(self, id_: str, body: Body) -> Document:
        unknown = set(body.filters) - set(self._generation.filter_fields)
        if unknown:
            known = ", ".join(self._generation.filter_fields) or "none"
            raise wrong("filters", f"This index has the filter fields: {known}.")
        try:
            filters = {name: values(found, f"filters.{name}") for name, found in body.filters.items()}
            return fit(identifier(id_, "id"), prose(body.title, "title"), prose(body.text, "text"), filters)
        except Unfit as unfit:
            raise wrong(str(unfit).partition(":")[0], f"{unfit}.") from None
