"""The database's program on empty, used, foreign, shared and full volumes."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from workloads.kit.tests.postgres import Volume, postgres, serving_postgres, volume
from workloads.kit.tests.waiting import until

pytestmark = pytest.mark.integration
COUNT = "SELECT count(*) FROM notes"


@pytest.fixture
def place() -> Iterator[Volume]:
    with volume() as place:
        yield place


def test_a_new_cluster_has_what_the_app_needs_and_no_more(place: Volume) -> None:
    with serving_postgres(place):
        assert str(place.sql("SHOW server_version")).startswith("18.")
        assert place.sql("SELECT extversion FROM pg_extension WHERE extname = 'vector'", "app") == "0.8.5"
        assert place.sql("SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles "
                         "WHERE rolname = 'app'") is False  # fmt: skip
        assert place.sql("SHOW password_encryption") == "scram-sha-256"
        assert place.sql("SHOW data_checksums") == "on"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            place.sql("CREATE TABLE notes (note text)", "app")
        with pytest.raises(asyncpg.InvalidPasswordError):
            place.sql("SELECT 1", "app", password="wrong")


def test_only_the_one_who_made_the_cluster_is_above_row_level_security_and_comes_in_by_the_socket(
    place: Volume,
) -> None:
    above = "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper OR rolbypassrls OR rolreplication"
    with serving_postgres(place):
        assert place.sql(above) == "postgres"
        assert place.sql("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = 'owner'") is False
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            place.sql("SELECT 1", "postgres", password="any")
        assert place.as_superuser("SELECT current_user") == "postgres"


def test_who_runs_the_server_can_save_all_of_the_data(place: Volume) -> None:
    with serving_postgres(place):
        place.sql("CREATE TABLE notes AS SELECT 42 AS note")
        place.sql("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        place.sql("ALTER TABLE notes FORCE ROW LEVEL SECURITY")
        assert "COPY public.notes (note) FROM stdin;\n42\n" in place.at_socket("pg_dump")


def test_the_owner_changes_its_own_password_and_the_apps(place: Volume) -> None:
    with serving_postgres(place):
        place.sql("ALTER ROLE app PASSWORD 'app-1'")
        place.sql("ALTER ROLE CURRENT_USER PASSWORD 'owner-1'")
        assert place.sql("SELECT 1", "app", password="app-1") == 1
        assert place.sql("CREATE SCHEMA shortener", password="owner-1") is None
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            place.sql("ALTER ROLE app BYPASSRLS", password="owner-1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            place.sql("COPY (SELECT 1) TO PROGRAM 'true'", password="owner-1")


def test_a_later_start_keeps_the_data_and_changes_no_password(place: Volume) -> None:
    with serving_postgres(place) as program:
        place.sql("CREATE TABLE notes AS SELECT 1 AS note")
        assert program.stop() == 0
    old = (place.folder / "secrets/owner-password").read_text()
    place.secret("owner-password", "another")
    with serving_postgres(place):
        assert place.sql(COUNT, password=old) == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            place.sql(COUNT)


def test_a_server_that_was_killed_comes_back_with_what_was_committed(place: Volume) -> None:
    with serving_postgres(place) as program:
        place.sql("CREATE TABLE notes AS SELECT 1 AS note")
        subprocess.run(["pkill", "-KILL", "-P", str(program.process.pid)], check=True)
        program.process.wait(10)
    with serving_postgres(place):
        assert place.sql(COUNT) == 1


def test_a_making_that_was_cut_short_begins_anew(place: Volume) -> None:
    with postgres(place) as program:
        until((place.folder / "volume/.pgdata.new/base").exists)
        program.stop(signal.SIGKILL)
    assert not (place.folder / "volume/pgdata").exists()
    with serving_postgres(place):
        assert place.sql("SELECT 1", "app") == 1


def test_a_volume_with_something_else_on_it_is_refused(place: Volume) -> None:
    (place.folder / "volume/pgdata").mkdir()
    (place.folder / "volume/pgdata/holiday.jpg").touch()
    with postgres(place) as program:
        assert program.process.wait(20) == 1
        assert "holds no cluster: empty it, or mount the right volume." in program.says()
    assert (place.folder / "volume/pgdata/holiday.jpg").exists()


def test_a_cluster_of_another_version_is_refused(place: Volume) -> None:
    (place.folder / "volume/pgdata").mkdir()
    (place.folder / "volume/pgdata/PG_VERSION").write_text("17\n")
    with postgres(place) as program:
        assert program.process.wait(20) == 1
        assert "The volume holds Postgres 17, this is 18" in program.says()


def test_a_missing_secret_is_said_and_leaves_nothing_behind(place: Volume) -> None:
    place.secret("app-password", None)
    with postgres(place) as program:
        assert program.process.wait(20) == 1
        assert "app-password cannot be read" in program.says()
    assert not (place.folder / "volume/pgdata").exists()


def test_two_servers_never_share_a_volume(place: Volume) -> None:
    with serving_postgres(place) as first, postgres(place) as second:
        until(lambda: second.process.poll() is None)
        assert first.stop() == 0
        # The one that waited takes over when the first has let go.
        until(place.accepts)
        assert place.sql("SELECT 1", "app") == 1


def test_no_password_and_no_row_is_logged(place: Volume) -> None:
    with serving_postgres(place) as program:
        with pytest.raises(asyncpg.DuplicateObjectError):
            place.sql("CREATE ROLE app PASSWORD 'hunter2'")
        place.sql("CREATE TABLE notes AS SELECT 'hunter2' AS note")
        place.sql("CREATE UNIQUE INDEX ON notes (note)")
        with pytest.raises(asyncpg.UniqueViolationError):
            place.sql("INSERT INTO notes VALUES ('hunter2')")
        assert "already exists" in program.says()
        assert "hunter2" not in program.says()


def mounted(place: Volume, size: str, *options: str) -> None:
    target = str(place.folder / "volume")
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join((f"size={size}", *options)), "tmpfs", target], check=True)
    os.chown(target, 65534, 65534)


@pytest.fixture
def small(place: Volume) -> Iterator[Volume]:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("a volume of a fixed size needs the right to mount one")
    mounted(place, "250m")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place.folder / "volume")], check=True)


def fill(rows: int) -> str:
    return f"INSERT INTO notes SELECT repeat(md5(random()::text), 30) FROM generate_series(1, {rows})"


def fill_up(place: Volume) -> None:
    # In sips: who writes faster than the space is looked at is the other test's case.
    for _ in range(2000):
        place.sql(fill(200))


def is_read_only(place: Volume) -> bool:
    return place.sql("SHOW default_transaction_read_only") == "on"


def test_a_volume_that_fills_up_becomes_read_only_and_recovers(small: Volume) -> None:
    with serving_postgres(small):
        small.sql("CREATE TABLE notes AS SELECT 'kept' AS note")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            fill_up(small)
        assert int(str(small.sql(COUNT))) > 3000
        mounted_again(small)
        until(lambda: not is_read_only(small))
        small.sql(fill(1))


def test_a_volume_that_fills_up_at_once_does_not_end_the_server(small: Volume) -> None:
    with serving_postgres(small) as program:
        small.sql("CREATE TABLE notes AS SELECT 'kept' AS note")
        with pytest.raises((asyncpg.PostgresError, OSError)):
            small.sql(fill(300_000))
        until(small.accepts)
        assert program.process.poll() is None
        until(lambda: is_read_only(small))
        assert small.sql(COUNT) == 1
        mounted_again(small)
        until(lambda: not is_read_only(small))
        small.sql(fill(1))


def mounted_again(place: Volume) -> None:
    """The claim has grown."""
    target = str(place.folder / "volume")
    subprocess.run(["mount", "-o", "remount,size=600m", target], check=True)
    assert Path(target).is_dir()
