"""`shortener migrate`, `migrate --check` and `rotate`, run as a pod runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from toprope_kit.auth import digest, mint, parse
from workloads.shortener.tests.conftest import KEY, World
from workloads.shortener.tests.servers import (
    as_owner,
    cache_server,
    environment,
    postgres,
    shortener,
    write_credentials,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def empty(world: World) -> World:
    world.sql("DROP SCHEMA shortener CASCADE")
    return world


def test_a_new_database_is_checked_and_migrated_and_then_nothing_is_left_to_do(empty: World) -> None:
    environ = as_owner(empty.environ())
    checked = shortener(environ, "migrate", "--check")
    assert checked.returncode == 0
    assert "CREATE TABLE shortener.links" in checked.stdout
    assert empty.sql("SELECT to_regnamespace('shortener') IS NULL") == "t"
    migrated = shortener(environ, "migrate")
    assert (migrated.returncode, migrated.stdout) == (0, "the database is at 0006\n")
    assert shortener(environ, "migrate", "--check").stdout == "-- nothing to do: the database is at 0006\n"


def test_what_is_asked_of_a_database_that_needs_no_step_is_done_all_the_same(world: World) -> None:
    world.sql("REVOKE SELECT ON shortener.links FROM app")
    done = shortener(as_owner(world.environ(BOOTSTRAP_TENANT="second")), "migrate")
    assert done.returncode == 0, done.stderr
    assert world.sql("SELECT name FROM shortener.tenants ORDER BY id") == "default\nsecond"
    assert world.sql("SELECT has_table_privilege('app', 'shortener.links', 'SELECT')") == "t"


@pytest.mark.parametrize(
    ("tenant", "key", "told"),
    [
        ("default", KEY, ""),
        ("second", KEY, "API key id first1 opens tenant default and no other; go back to tenant default"),
        ("default", mint("first1").text, "API key id first1 is in use for another secret; make a key with a new id"),
        ("second", mint("second1").text, ""),
    ],
    ids=["its own tenant", "another tenant", "another secret", "another key"],
)
def test_a_key_opens_one_tenant_for_ever(world: World, tenant: str, key: str, told: str) -> None:
    environ = as_owner(world.environ(BOOTSTRAP_TENANT=tenant, BOOTSTRAP_KEY_FILE=str(world.folder / "api-key")))
    write_credentials(world.folder, api_key=key)
    done = shortener(environ, "migrate")
    assert (done.returncode, told in done.stderr) == (1 if told else 0, True)


@pytest.mark.parametrize(
    ("sentence", "configured", "asked", "left"),
    [
        ("no sooner than was configured", ["30"], 1, "2 20"),
        ("later, when a worker says so", ["30"], 365, "2 20 40"),
        ("as a release that is gone back to", ["7", "30"], 7, "2"),
        ("as a later release", ["30", "7"], 7, "2"),
        ("never, when clicks are kept for ever", ["0"], 1, "2 20 40"),
        ("when for ever has ended", ["0", "30"], 1, "2 20"),
        ("as a release before for ever", ["7", "0"], 7, "2"),
    ],
)
def test_workers_forget_clicks(world: World, sentence: str, configured: list[str], asked: int, left: str) -> None:
    for days in configured:
        environ = world.environ(SHORTENER_CLICK_RETENTION_DAYS=days)
        assert shortener(as_owner(environ), "migrate").returncode == 0
    world.sql("CREATE TABLE shortener.clicks_200001 PARTITION OF shortener.clicks FOR VALUES FROM (MINVALUE) TO"
              " (date_trunc('month', now()) - interval '1 month')")  # fmt: skip
    world.sql("INSERT INTO shortener.clicks SELECT 1, days, now() - make_interval(days => days), '', '', false, ''"
              " FROM unnest(ARRAY[2, 20, 40]) AS days")  # fmt: skip
    while world.sql(f"SELECT shortener.forget({asked}, 1000)", "app") == "t":
        pass
    kept = world.sql("SELECT string_agg(link_id::text, ' ' ORDER BY link_id) FROM shortener.clicks")
    assert kept == left, sentence


def test_two_migrations_at_once_end_as_one(empty: World) -> None:
    command = [sys.executable, "-m", "shortener", "migrate"]
    environ = as_owner(empty.environ())
    running = [subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]


def test_a_database_ahead_of_this_release_is_left_as_it_is(world: World) -> None:
    world.sql("UPDATE shortener.schema_version SET version_num = '9999'")
    world.sql("CREATE TABLE shortener.later (); GRANT SELECT ON shortener.later TO app")
    environ = as_owner(world.environ())
    assert shortener(environ, "migrate", "--check").returncode == 0
    assert shortener(environ, "migrate").stdout == "the database is at 9999\n"
    assert world.sql("SELECT count(*) FROM shortener.later", "app") == "0"


@pytest.mark.parametrize(
    ("sentence", "more"),
    [
        ("the database does not let us in: InvalidPasswordError", {"DATABASE_PASSWORD_FILE": "wrong"}),
        ("no database after 0 s: ConnectionRefusedError", {"DATABASE_PORT": "1", "MIGRATE_WAIT": "0"}),
        ("API key file wrong holds no key of the form tr_<id>_<secret>", {"BOOTSTRAP_KEY_FILE": "wrong"}),
        ("API key file missing: No such file or directory; is the Secret mounted?", {"BOOTSTRAP_KEY_FILE": "missing"}),
        ("The environment is not right. DATABASE_PORT:", {"DATABASE_PORT": "none"}),
    ],
)
def test_a_failure_leaves_one_sentence(world: World, sentence: str, more: dict[str, str]) -> None:
    environ = as_owner(world.environ()) | more
    (world.folder / "wrong").write_text("s3cret-of-somebody")
    for name in ("DATABASE_PASSWORD_FILE", "BOOTSTRAP_KEY_FILE"):
        if more.get(name):
            environ[name] = str(world.folder / more[name])
    done = shortener(environ, "migrate")
    left = (world.folder / "termination-log").read_text()
    assert done.returncode == 1
    assert sentence in left.replace(str(world.folder) + "/", "")
    assert "\n" not in left
    assert "s3cret" not in left + done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def rotating(tmp_path: Path) -> "tuple[World, dict[str, str], str]":  # type: ignore[misc]
    """Servers of its own: the passwords of the others' must stay."""
    folder, coming = tmp_path / "credentials", mint().text
    with postgres() as server, cache_server() as cache:
        environ = as_owner(environment(server, cache, folder, BOOTSTRAP_KEY_FILE=str(folder / "api-key")))
        write_credentials(folder, api_key=KEY)
        assert shortener(environ, "migrate").returncode == 0
        nexts = {"app-password": "app-1", "owner-password": "owner-1", "cache-password": "cache-1", "api-key": coming}
        for name, content in nexts.items():
            (folder / f"{name}.next").write_text(content)
        yield World(server, cache, "app", folder), environ, coming


def test_a_rotation_can_be_repeated_and_leaves_only_what_comes_next(
    rotating: tuple[World, dict[str, str], str],
) -> None:
    world, environ, coming = rotating
    for _ in range(2):
        done = shortener(environ, "rotate")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "rotated: api key, cache password, app password, owner password\n"
    with pytest.raises(RuntimeError, match="password authentication failed"):
        world.sql("SELECT 1")
    new, old = parse(coming), parse(KEY)
    assert new is not None
    assert old is not None
    for name in ("app-password", "owner-password", "cache-password", "api-key"):
        (world.folder / f"{name}.next").rename(world.folder / name)
    assert shortener(environ, "migrate").returncode == 0
    assert shortener(environ, "rotate").stdout == "rotated: nothing, there is no .next file\n"
    assert opens(world, new.key_id, coming) == "1"
    assert opens(world, old.key_id, KEY) == ""


def opens(world: World, key_id: str, key: str) -> str:
    """The tenant that a key opens."""
    secret = digest(key.split("_", 2)[2]).hex()
    world.postgres.passwords["app"] = "app-1"
    return world.sql(f"SELECT shortener.tenant_of_key('{key_id}', '\\x{secret}')", "app")
