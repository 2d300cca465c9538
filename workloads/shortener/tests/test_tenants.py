"""What the database itself keeps apart: asked as the role that the web pods have, past all of our code."""

import pytest

from workloads.shortener.tests.conftest import World
from workloads.shortener.tests.servers import as_owner, shortener

pytestmark = pytest.mark.integration

AS_FIRST = "SELECT set_config('toprope.tenant', '1', true);"
AS_SECOND = "SELECT set_config('toprope.tenant', '2', true);"
OURS = (
    "INSERT INTO shortener.links (slug, target) VALUES ('ours', 'https://example.org');"
    " INSERT INTO shortener.idempotency_keys (key, request_digest) VALUES ('once', 'x')"
)


def values(printed: str) -> list[str]:
    """What psql printed, without the line of the set_config before it."""
    return printed.splitlines()[1:]


@pytest.fixture
def two(world: World) -> World:
    """Two tenants; the first has a link, with a click, and an answer kept for a repeated request."""
    world.sql("INSERT INTO shortener.tenants (name) VALUES ('second')")
    world.sql(f"BEGIN; {AS_FIRST} {OURS}; COMMIT", "app")
    world.sql("INSERT INTO shortener.click_inbox (link_id, clicked_at, referrer, agent, bot, network)"
              " VALUES (1, now(), '', '', false, '')", "app")  # fmt: skip
    world.sql("SELECT shortener.move_clicks(10)", "app")
    return world


@pytest.mark.parametrize("table", ["links", "idempotency_keys", "clicks", "click_days", "click_sources"])
def test_rows_exist_for_their_tenant_alone(two: World, table: str) -> None:
    count = f"SELECT count(*) > 0 FROM shortener.{table}"
    assert values(two.sql(f"BEGIN; {AS_FIRST} {count}", "app")) == ["t"]
    assert values(two.sql(f"BEGIN; {AS_SECOND} {count}", "app")) == ["f"]
    assert two.sql(count, "app") == "f"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shortener.links SET enabled = false RETURNING 1",
        "DELETE FROM shortener.links RETURNING 1",
        "UPDATE shortener.idempotency_keys SET answer = '{}' RETURNING 1",
    ],
)
def test_another_tenants_rows_cannot_be_touched(two: World, statement: str) -> None:
    assert values(two.sql(f"BEGIN; {AS_SECOND} {statement}", "app")) == []


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("a link for another tenant", "INSERT INTO shortener.links (tenant_id, slug, target) VALUES (1, 'x', 'y')"),
        (
            "an answer for another tenant",
            "INSERT INTO shortener.idempotency_keys (tenant_id, key, request_digest) VALUES (1, 'x', 'y')",
        ),
        ("a link given away", "UPDATE shortener.links SET tenant_id = 1"),
        ("other tenants", "SELECT * FROM shortener.tenants"),
        ("hashes of keys", "SELECT * FROM shortener.api_keys"),
        ("the inbox", "SELECT * FROM shortener.click_inbox"),
        ("the inbox, emptied", "DELETE FROM shortener.click_inbox"),
        ("what changed elsewhere", "SELECT * FROM shortener.link_changes"),
        ("row-level security itself", "ALTER TABLE shortener.links DISABLE ROW LEVEL SECURITY"),
        ("partitions at will", "SELECT shortener.make_click_partitions(100)"),
        ("a shorter retention", "UPDATE shortener.click_retention SET least_days = 1"),
        ("clicks of any age", "SELECT shortener.forget_clicks_before(now(), 1000)"),
    ],
)
def test_denied_to_the_web_pods(two: World, sentence: str, statement: str) -> None:
    two.sql(f"BEGIN; {AS_SECOND} INSERT INTO shortener.links (slug, target) VALUES ('b', 'c'); COMMIT", "app")
    with pytest.raises(RuntimeError, match=r"denied|must be owner|row-level security"):
        two.sql(f"BEGIN; {AS_SECOND} {statement}", "app")


def test_whoever_moves_clicks_moves_those_of_all(two: World) -> None:
    two.sql("INSERT INTO shortener.click_inbox (link_id, clicked_at, referrer, agent, bot, network)"
            " VALUES (1, now(), '', '', false, '')", "app")  # fmt: skip
    two.sql(f"BEGIN; {AS_SECOND} SELECT shortener.move_clicks(10); COMMIT", "app")
    assert two.sql("SELECT clicks FROM shortener.click_days") == "2"


# A table of the system's name, before the system's own: what `forget` would find in it, it would drop as the owner.
SHADOWS = """
    CREATE TEMP TABLE pg_inherits (inhrelid oid, inhparent oid);
    INSERT INTO pg_temp.pg_inherits SELECT 1, 'shortener.clicks'::regclass;
    CREATE TEMP TABLE pg_class (oid oid, relname name);
    INSERT INTO pg_temp.pg_class VALUES (1, 'clicks_0');
    GRANT SELECT ON pg_temp.pg_inherits, pg_temp.pg_class TO PUBLIC;
    SELECT shortener.forget(1, 100)
"""


def test_a_temporary_table_misleads_no_function_of_the_owner(world: World) -> None:
    world.sql("CREATE TABLE shortener.clicks_0 (clicked_at timestamptz, link_id bigint)")
    world.sql(SHADOWS, "app")
    assert world.sql("SELECT to_regclass('shortener.clicks_0')") == "shortener.clicks_0"


def test_the_web_pods_make_no_temporary_tables(world: World) -> None:
    may = "SELECT has_database_privilege('app', current_database(), 'TEMPORARY')"
    assert world.sql(may) == "t"
    assert shortener(as_owner(world.environ()), "migrate").returncode == 0
    assert world.sql(may) == "f"


def test_there_is_no_grant_on_a_single_partition(world: World) -> None:
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'shortener.clicks'::regclass"
    granted = (
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'shortener.clicks'::regclass"
        " AND has_table_privilege('app', inhrelid, 'SELECT, INSERT, UPDATE, DELETE')"
    )
    assert int(world.sql(partitions)) == 4
    assert world.sql(granted) == "0"


def test_every_function_that_crosses_tenants_pins_its_search_path_to_its_end(world: World) -> None:
    loose = (
        "SELECT proname FROM pg_proc WHERE pronamespace = 'shortener'::regnamespace AND prosecdef"
        " AND NOT coalesce(proconfig::text, '') LIKE '%search_path=pg_catalog, pg_temp%'"
    )
    assert world.sql(loose) == ""


def test_nobody_who_takes_part_is_above_row_level_security(world: World) -> None:
    above = "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper OR rolbypassrls"
    assert world.sql(above) == "postgres"
    owners = "SELECT DISTINCT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'shortener'::regnamespace"
    assert world.sql(owners) == "owner"


def test_the_owner_is_told_to_grant_what_it_may_not_make_itself(world: World) -> None:
    environ = world.environ(APP_ROLE="postgres")
    done = shortener(as_owner(environ), "migrate")
    assert done.returncode == 1
    assert "role postgres is above row-level security" in done.stderr
