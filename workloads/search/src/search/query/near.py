"""The nearest documents of one generation, by its index or exactly; always `depth` of them, where there are so many.

    a filter that few documents pass ───► all of those, exactly: quicker than a walk, and nothing is missed
    no filter, or one that many pass ───► along the index, which goes on until enough passed (iterative scan)
                                             └── fewer came back than there are ──► exactly, all that pass

A filter put behind an index scan would lose rows silently; here they come, or the answer says that there are no more.
Distances are always those in full precision: what is quantised only chooses who is looked at.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from search.codecs import Vector
from search.generation import Generation
from search.query.filters import Condition, Filters, indexed, walked

FEW = 5_000
"""Documents that are compared one by one in 3 ms (384 dimensions, measured)."""

REMEMBERED, FOR_SECONDS = 1_000, 30.0
"""Filters whose counts are remembered, and for how long: they only choose the way."""

SESSION = (
    "SET hnsw.iterative_scan = relaxed_order",
    "SET hnsw.max_scan_tuples = 40000",
    # Parameters decide what a plan costs: one for all of them would be a bad one for most.
    "SET plan_cache_mode = force_custom_plan",
    # The planner overrates what a walk along the vectors costs, and then reads them all.
    "SET enable_seqscan = off",
    "SET jit = off",
)
EXACT = "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = on"


class Near(NamedTuple):
    """One document and its exact distance."""

    id: str
    distance: float


def candidates(generation: Generation, depth: int) -> int:
    """How many the index is asked for: bits tell less apart than numbers, so more are looked at more closely."""
    return {"None": depth, "Half": depth + 10, "Binary": max(100, 4 * depth)}[generation.quantization]


async def along_index(
    connection: Any, generation: Generation, vector: Vector, filters: Filters, depth: int
) -> list[Near]:
    """As the index finds them, nearest first, equal ones by id."""
    condition = walked(filters, 3)
    condition.end = f"ORDER BY {generation.order('$1')} LIMIT {candidates(generation, depth)}"
    return await _fetched(connection, generation, condition, vector, depth)


async def exactly(connection: Any, generation: Generation, vector: Vector, filters: Filters, depth: int) -> list[Near]:
    """All that pass, compared one by one; for filters that few pass."""
    return await _fetched(connection, generation, indexed(filters, 3), vector, depth)


async def exactly_all(
    connection: Any, generation: Generation, vector: Vector, filters: Filters, depth: int
) -> list[Near]:
    """The same whatever passes, in a transaction of its own without the index: what recall is measured against."""
    condition = walked(filters, 3)
    condition.end = f"ORDER BY {generation.distance('$1')} LIMIT {int(depth)}"
    async with connection.transaction(readonly=True):
        await connection.execute(EXACT)
        return await _fetched(connection, generation, condition, vector, depth)


async def _fetched(
    connection: Any, generation: Generation, condition: Condition, vector: Vector, depth: int
) -> list[Near]:
    # Walks in relaxed order come nearly sorted; so they are sorted once more, with ids for what is equally far.
    rows = await connection.fetch(
        f"""
        WITH near AS MATERIALIZED (
            SELECT id, {generation.distance("$1")} AS distance
            FROM {generation.table} WHERE {condition.where} {condition.end}
        ) SELECT id, distance FROM near ORDER BY distance, id COLLATE "C" LIMIT $2
        """,  # noqa: S608 - a checked name and our own words
        vector, depth, *condition.parameters,
    )  # fmt: skip
    return [Near(row["id"], row["distance"]) for row in rows]


class Counts:
    """How many documents pass a filter, remembered for a while; more than `FEW` are not counted on."""

    def __init__(self, generation: Generation, clock: Callable[[], float] = time.monotonic) -> None:
        self._generation = generation
        self._clock = clock
        self._known: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def of(self, connection: Any, filters: Filters) -> int:
        """At most `FEW` + 1."""
        key = repr(sorted((field, sorted(values)) for field, values in filters.items()))
        count, until = self._known.get(key, (0, 0.0))
        if self._clock() < until:
            return count
        condition = indexed(filters, 1)
        some = f"SELECT FROM {self._generation.table} WHERE {condition.where} LIMIT {FEW + 1}"
        count = int(await connection.fetchval(f"SELECT count(*) FROM ({some}) AS passing", *condition.parameters))  # noqa: S608
        self._known[key] = count, self._clock() + FOR_SECONDS
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return count


async def nearest(
    connection: Any, generation: Generation, counts: Counts, vector: Vector, filters: Filters, depth: int
) -> list[Near]:
    """The way that fits the filter."""
    if filters and await counts.of(connection, filters) <= FEW:
        return await exactly(connection, generation, vector, filters, depth)
    found = await along_index(connection, generation, vector, filters, depth)
    # A graph of many equal vectors may have parts that no way leads to, and a walk ends after so many steps.
    if len(found) < depth and len(found) < await counts.of(connection, filters):
        return await exactly_all(connection, generation, vector, filters, depth)
    return found


async def prepare(connection: Any, ef_search: int) -> None:
    """Settings of a session that searches."""
    await connection.execute("; ".join((*SESSION, f"SET hnsw.ef_search = {int(ef_search)}")))


def hit(approximate: Sequence[Near], exact: Sequence[Near]) -> bool:
    """Whether the last of the found is as near as the last of the exact: equally near ones stand for each other."""
    if len(approximate) < len(exact):
        return False
    if not exact:
        return True
    tolerance = 1e-6 * max(1.0, abs(exact[-1].distance))
    return approximate[len(exact) - 1].distance <= exact[-1].distance + tolerance


def overlap(approximate: Sequence[Near], exact: Sequence[Near]) -> float:
    """Share of the exact ones that were found, where equally near ones stand for each other."""
    if not exact:
        return 1.0
    bound = exact[-1].distance + 1e-6 * max(1.0, abs(exact[-1].distance))
    return min(len(exact), sum(1 for one in approximate if one.distance <= bound)) / len(exact)
