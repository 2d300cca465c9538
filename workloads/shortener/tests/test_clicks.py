"""No click twice, none lost without being counted."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from shortener.clicks import Click, Clicks, Inbox, Row
from shortener.service import BUFFERED, FULL, INVALID, RETRIED, SERVICE, WRITTEN
from shortener.store import Store
from toprope_kit.database import Database, DatabaseAway
from toprope_kit.memory import Slot
from toprope_kit.worker import Worker
from workloads.shortener.tests.conftest import World

CLICK = Click(1, 1_700_000_000.0, b"https://news.example/a", b"Mozilla/5.0 Firefox/140.0", "192.0.2.7")
BAD = CLICK._replace(link_id=2**63)


class Faulty:
    """Remembers batches; raises what it is told to, once each."""

    def __init__(self, *errors: Exception) -> None:
        self.batches: dict[UUID, list[Row]] = {}
        self.errors = list(errors)

    async def write(self, batch: UUID, rows: list[Row]) -> None:
        self.batches[batch] = rows
        if self.errors:
            raise self.errors.pop(0)


class Picky:
    """Takes a batch whole or not at all, as COPY does; what `BAD` becomes it never takes."""

    def __init__(self, error: Exception) -> None:
        self.taken = 0
        self.error = error

    async def write(self, _batch: UUID, rows: list[Row]) -> None:
        if any(row[0] == BAD.link_id for row in rows):
            raise self.error
        self.taken += len(rows)


def numbers() -> Slot:
    return Worker.local(SERVICE).numbers


async def drained(inbox: Inbox, visits: list[Click], slot: Slot, size: int = 10_000) -> None:
    one = Clicks(inbox, slot, size)
    for click in visits:
        one.add(click)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(one.run())
        await one.drain()
        running.cancel()


async def test_a_drain_writes_everything() -> None:
    inbox, slot = Faulty(), numbers()
    await drained(inbox, [CLICK] * 2_500, slot)
    assert sum(map(len, inbox.batches.values())) == 2_500
    assert (slot.cell(WRITTEN).value, slot.cell(BUFFERED).value) == (2_500, 0)


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    inbox, slot = Faulty(), numbers()
    await drained(inbox, [CLICK] * 30, slot, size=20)
    assert (slot.cell(WRITTEN).value, slot.cell(FULL).value) == (20, 10)


async def test_a_lost_batch_is_written_again_under_its_name() -> None:
    inbox, slot = Faulty(DatabaseAway("away"), OSError(), asyncpg.DiskFullError()), numbers()
    await drained(inbox, [CLICK] * 10, slot)
    assert len(inbox.batches) == 1
    assert (slot.cell(WRITTEN).value, slot.cell(RETRIED).value) == (10, 3)


@pytest.mark.parametrize(
    "error",
    [asyncpg.CharacterNotInRepertoireError(), asyncpg.CheckViolationError(), OverflowError(), TypeError()],
    ids=lambda error: type(error).__name__,
)
async def test_of_a_refused_batch_only_the_bad_rows_are_dropped(error: Exception) -> None:
    inbox, slot = Picky(error), numbers()
    await drained(inbox, [CLICK] * 700 + [BAD] + [CLICK] * 598 + [BAD] * 2 + [CLICK], slot)
    assert (inbox.taken, slot.cell(WRITTEN).value) == (1_299, 1_299)
    assert (slot.cell(INVALID).value, slot.cell(RETRIED).value, slot.cell(BUFFERED).value) == (3, 0, 0)


@pytest.mark.integration
async def test_a_batch_that_comes_twice_counts_once(world: World) -> None:
    link(world)
    async with store(world) as clicks:
        batch, rows = uuid4(), [(1, datetime.now(UTC), "", "Firefox", False, "")] * 3
        await asyncio.gather(*(clicks.write(batch, rows) for _ in range(4)))
        moved = await asyncio.gather(*(clicks.move_clicks(100) for _ in range(4)))
        assert sum(moved) == 3
        await clicks.write(batch, rows)
        assert await clicks.move_clicks(100) == 0
    assert world.sql("SELECT clicks FROM shortener.click_days") == "3"


@pytest.mark.integration
async def test_the_database_takes_all_but_the_bad_rows(world: World) -> None:
    world.sql("ALTER TABLE shortener.click_inbox ADD CHECK (network <> '203.0.113.0/24')")
    slot = numbers()
    async with store(world) as inbox:
        await drained(inbox, [CLICK, BAD, CLICK._replace(address="203.0.113.9"), CLICK], slot)
    assert world.sql("SELECT count(*) FROM shortener.click_inbox") == "2"
    assert (slot.cell(WRITTEN).value, slot.cell(INVALID).value) == (2, 2)


@pytest.mark.integration
async def test_a_day_names_a_hundred_referrers_and_counts_all(world: World) -> None:
    link(world)
    sent = [[*["big.example"] * 3, *["", "other"] * 2, *(f"{n}.example" for n in range(80))],
            [*["late.example"] * 2, *(f"{n}.example" for n in range(40, 200))]]  # fmt: skip
    async with store(world) as clicks:
        for referrers in sent:
            batch, rows = uuid4(), [(1, datetime.now(UTC), host, "Firefox", False, "") for host in referrers]
            for _ in range(2):
                await clicks.write(batch, rows)
                await clicks.move_clicks(1_000)
    counted = world.sql("SELECT source, clicks FROM shortener.click_sources WHERE kind = 'referrer'").splitlines()
    by_source = {source: int(visits) for source, visits in (line.split("|") for line in counted)}
    assert len(by_source.keys() - {"", "other"}) == 100
    assert sum(by_source.values()) == sum(map(len, sent))
    assert (by_source["big.example"], by_source["late.example"], by_source["50.example"], by_source[""]) == (3, 2, 2, 2)
    assert by_source["other"] == 2 + 102


@pytest.mark.integration
async def test_what_is_too_long_for_an_index_stops_no_move(world: World) -> None:
    link(world)
    long = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) n)"
    world.sql("INSERT INTO shortener.click_inbox (link_id, clicked_at, referrer, agent, bot, network)"
              f" VALUES (1, now(), {long}, {long}, false, {long})", "app")  # fmt: skip
    async with store(world) as clicks:
        await clicks.write(uuid4(), [(1, datetime.now(UTC), "news.example", "Firefox", False, "")])
        assert await clicks.move_clicks(100) == 2
    assert world.sql("SELECT clicks FROM shortener.click_days") == "2"
    assert world.sql("SELECT max(length(source)) FROM shortener.click_sources") == "253"


@pytest.mark.integration
async def test_a_wrong_clock_loses_nothing(world: World) -> None:
    link(world)
    now = datetime.now(UTC)
    rows = [(1, now + days, "", "", False, "") for days in (timedelta(400), timedelta(-400), timedelta(0))]
    async with store(world) as clicks:
        await clicks.write(uuid4(), rows)
        assert await clicks.move_clicks(100) == 3
    assert world.sql("SELECT sum(clicks) FROM shortener.click_days") == "3"


@pytest.mark.integration
async def test_clicks_of_a_deleted_link_go_with_it(world: World) -> None:
    link(world)
    async with store(world) as clicks:
        row = (1, datetime.now(UTC), "", "", False, "")
        await clicks.write(uuid4(), [row])
        await clicks.move_clicks(100)
        await clicks.write(uuid4(), [row])
        world.sql("DELETE FROM shortener.links")
        assert await clicks.move_clicks(100) == 1
        await clicks.maintain(90)
    assert (
        world.sql("SELECT (SELECT count(*) FROM shortener.clicks) + (SELECT count(*) FROM shortener.click_days)") == "0"
    )


@pytest.mark.integration
async def test_single_clicks_go_after_their_retention_and_their_sums_stay(world: World) -> None:
    link(world)
    old = world.sql("SELECT shortener.make_click_partitions(0); CREATE TABLE shortener.clicks_202001 PARTITION OF"
                    " shortener.clicks FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');"
                    " INSERT INTO shortener.clicks VALUES (1, 1, '2020-01-05', '', '', false, '');"
                    " SELECT to_regclass('shortener.clicks_202001')")  # fmt: skip
    assert old.endswith("clicks_202001")
    async with store(world) as clicks:
        await clicks.write(uuid4(), [(1, datetime.now(UTC), "", "", False, "")])
        await clicks.move_clicks(100)
        await clicks.maintain(30)
    assert world.sql("SELECT to_regclass('shortener.clicks_202001') IS NULL") == "t"
    assert world.sql("SELECT count(*) FROM shortener.clicks") == "1"


@pytest.mark.integration
async def test_many_clicks_are_forgotten_in_steps(world: World) -> None:
    world.sql("INSERT INTO shortener.clicks SELECT 1, 1, now() - interval '2 days', '', '', false, ''"
              " FROM generate_series(1, 2500); INSERT INTO shortener.gone_links VALUES (2);"
              " INSERT INTO shortener.clicks SELECT 1, 2, now(), '', '', false, '' FROM generate_series(1, 1500);"
              " INSERT INTO shortener.clicks VALUES (1, 1, now(), '', '', false, '')")  # fmt: skip
    left = []
    while world.sql("SELECT shortener.forget(1, 1000)", "app") == "t":
        left.append(int(world.sql("SELECT count(*) FROM shortener.clicks")))
    assert left == [4001 - 2000, 4001 - 3500]
    assert world.sql("SELECT count(*) FROM shortener.clicks") == "1"
    assert world.sql("SELECT count(*) FROM shortener.gone_links") == "0"


@pytest.mark.integration
async def test_partitions_stand_ahead_also_when_nothing_can_be_forgotten(world: World) -> None:
    world.sql("DROP TABLE shortener.clicks_" + world.sql("SELECT to_char(now() + interval '2 months', 'YYYYMM')"))
    world.sql("CREATE OR REPLACE FUNCTION shortener.forget(retention_days integer, most integer) RETURNS boolean"
              " LANGUAGE sql AS 'SELECT (1 / 0) = 1'")  # fmt: skip
    async with store(world) as clicks:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await clicks.maintain(1)
    assert world.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'shortener.clicks'::regclass") == "4"


@pytest.mark.integration
def test_workers_of_the_release_before_find_their_function(world: World) -> None:
    world.sql("SELECT shortener.maintain(30)", "app")


def link(world: World) -> None:
    world.sql("INSERT INTO shortener.links (tenant_id, slug, target) VALUES (1, 'a', 'https://example.org')")


class store:  # noqa: N801 - reads as a word in a with
    """A store on the world's database."""

    def __init__(self, world: World) -> None:
        self.database = Database(world.configuration().database)

    async def __aenter__(self) -> Store:
        await self.database.open()
        return Store(self.database)

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()
