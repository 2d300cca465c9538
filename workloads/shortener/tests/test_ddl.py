import pytest

from shortener.migrate.place import PLACE
from shortener.migrations import names
from toprope_kit.migrate.ddl import Known, refusals, statements, touched
from toprope_kit.migrate.steps import Steps

STEPS = Steps(PLACE.folder)

FILLED = Known(existing=frozenset({"S.LINKS"}), filled=frozenset({"S.LINKS"}))
EMPTY = Known(existing=frozenset({"S.LINKS"}), filled=frozenset())

REFUSED = [
    ("a dropped table", "DROP TABLE s.links"),
    ("a dropped column", "ALTER TABLE s.links DROP COLUMN note"),
    ("a dropped column without the word", "ALTER TABLE s.links DROP note"),
    ("a dropped function", "DROP FUNCTION s.resolve(text)"),
    ("a dropped default", "ALTER TABLE s.links ALTER COLUMN note DROP DEFAULT"),
    ("a trigger that is not made again", "DROP TRIGGER stamp ON s.links"),
    ("emptied", "TRUNCATE s.links"),
    ("a renamed column", "ALTER TABLE s.links RENAME COLUMN note TO remark"),
    ("a renamed table", "alter table s.links rename to s.other"),
    ("a changed type", "ALTER TABLE s.links ALTER COLUMN id TYPE bigint"),
    ("a changed type, spelt out", "ALTER TABLE s.links ALTER id SET DATA TYPE numeric(10, 2)"),
    ("NOT NULL afterwards", "ALTER TABLE s.links ALTER COLUMN note SET NOT NULL"),
    ("NOT NULL without a default", "ALTER TABLE s.links ADD COLUMN kind text NOT NULL"),
    ("the second of two actions", "ALTER TABLE s.links ADD COLUMN a numeric(1, 2), DROP COLUMN b"),
    ("a dropped constraint", "ALTER TABLE s.links DROP CONSTRAINT c"),
    ("a right taken away", "REVOKE SELECT ON s.links FROM app"),
    ("row-level security, off", "ALTER TABLE s.links DISABLE ROW LEVEL SECURITY"),
    ("row-level security, on", "ALTER TABLE s.links ENABLE ROW LEVEL SECURITY"),
    ("a locked table", "LOCK TABLE s.links"),
    ("a table put in order", "CLUSTER s.links USING links_pkey"),
    ("a table packed", "VACUUM FULL s.links"),
    ("another owner", "ALTER TABLE s.links OWNER TO app"),
    ("a function somewhere else", "ALTER FUNCTION s.f(text) SET SCHEMA other"),
    ("a statement that nobody thought of", "REINDEX TABLE s.links"),
    ("hidden in a block", "DO $$ BEGIN DROP TABLE s.links; END $$"),
]
BLOCKING = [
    ("an index in the foreground", "CREATE INDEX by_note ON s.links (note)"),
    ("a unique index in the foreground", "CREATE UNIQUE INDEX ON s.links (note)"),
    ("a default for each row", "ALTER TABLE s.links ADD COLUMN t uuid NOT NULL DEFAULT gen_random_uuid()"),
    ("a default that is computed", "ALTER TABLE s.links ADD COLUMN n int DEFAULT 1 + random()"),
    ("a stored expression", "ALTER TABLE s.links ADD COLUMN l text GENERATED ALWAYS AS (lower(slug)) STORED"),
    ("an identity", "ALTER TABLE s.links ADD n bigint NOT NULL GENERATED ALWAYS AS IDENTITY"),
    ("a serial", "ALTER TABLE s.links ADD COLUMN n bigserial"),
    ("a unique column", "ALTER TABLE s.links ADD COLUMN n int UNIQUE"),
    ("a column that refers", "ALTER TABLE s.links ADD COLUMN n int REFERENCES s.tenants"),
    ("every row changed", "UPDATE s.links SET visits = 0"),
    ("every row deleted", "DELETE FROM s.links"),
    ("a constraint that is checked at once", "ALTER TABLE s.links ADD CONSTRAINT c CHECK (note <> '')"),
]
ALLOWED = [
    ("a new table", "CREATE TABLE s.tags (id int NOT NULL)"),
    ("an index on a new table", "CREATE TABLE s.tags (id int); CREATE INDEX ON s.tags (id)"),
    ("a new column", "ALTER TABLE s.links ADD COLUMN note text"),
    ("a new column with a default", "ALTER TABLE s.links ADD COLUMN kind text NOT NULL DEFAULT 'a, b'"),
    ("a default now", "ALTER TABLE s.links ADD COLUMN seen timestamptz NOT NULL DEFAULT now()"),
    ("a default with its type", "ALTER TABLE s.links ADD COLUMN more jsonb NOT NULL DEFAULT '{}'::jsonb"),
    ("a number below nothing", "ALTER TABLE s.links ADD COLUMN n int DEFAULT -1"),
    ("another default from now on", "ALTER TABLE s.links ALTER COLUMN note SET DEFAULT gen_random_uuid()"),
    ("a constraint that is checked later", "ALTER TABLE s.links VALIDATE CONSTRAINT c"),
    ("a function's setting", "ALTER FUNCTION s.f(text) SET search_path = pg_catalog, pg_temp"),
    ("a right given", "GRANT SELECT ON s.links TO app"),
    ("an index in the background", "CREATE INDEX CONCURRENTLY by_note ON s.links (note)"),
    ("a constraint for later", "ALTER TABLE s.links ADD CONSTRAINT c CHECK (note <> '') NOT VALID"),
    ("a null that is allowed again", "ALTER TABLE s.links ALTER COLUMN note DROP NOT NULL"),
    ("words in a comment", "-- DROP TABLE s.links\nSELECT 1 /* DROP TABLE s.links */"),
    ("words in a string", "COMMENT ON TABLE s.links IS 'DROP TABLE it''s; RENAME'"),
    ("words in a function", "CREATE FUNCTION s.f() RETURNS void LANGUAGE sql AS $body$ TRUNCATE s.links; $body$"),
    ("a trigger made anew", "DROP TRIGGER stamp ON s.links; CREATE TRIGGER stamp BEFORE UPDATE ON s.links"),
]


@pytest.mark.parametrize(("sentence", "ddl"), REFUSED)
def test_refused_beside_a_running_release(sentence: str, ddl: str) -> None:
    assert refusals(ddl, EMPTY), sentence


@pytest.mark.parametrize(("sentence", "ddl"), BLOCKING)
def test_refused_only_where_there_are_rows(sentence: str, ddl: str) -> None:
    assert refusals(ddl, FILLED), sentence
    assert not refusals(ddl, EMPTY), sentence


@pytest.mark.parametrize(("sentence", "ddl"), ALLOWED)
def test_allowed_beside_a_running_release(sentence: str, ddl: str) -> None:
    assert refusals(ddl, FILLED) == [], sentence


def test_a_refusal_names_the_statement_and_the_way_out() -> None:
    (refusal,) = refusals("SELECT 1; CREATE INDEX by_note ON s.links (note)", FILLED)
    assert refusal.statement == "CREATE INDEX BY_NOTE ON S.LINKS ( NOTE )"
    assert "use CONCURRENTLY" in refusal.fact


def test_statements_are_split_outside_of_bodies_and_strings() -> None:
    ddl = "CREATE FUNCTION f() AS $$ SELECT 1; SELECT 2 $$; SELECT ';'; SELECT 3"
    assert list(statements(ddl)) == ["CREATE FUNCTION F ( ) AS $$", "SELECT ''", "SELECT 3"]


def test_only_tables_that_stood_before_are_looked_at() -> None:
    ddl = "CREATE TABLE s.new (id int); CREATE INDEX ON s.new (id); ALTER TABLE s.links ADD COLUMN a int"
    assert touched(ddl) == {"S.LINKS"}


def test_of_a_statement_it_is_known_whether_it_only_takes_something_away() -> None:
    ddl = "ALTER TABLE s.links DROP COLUMN note, ALTER COLUMN id TYPE bigint, ALTER COLUMN kind SET NOT NULL"
    assert [refusal.contracts for refusal in refusals(ddl, EMPTY)] == [True, False, True]
    assert [refusal.contracts for refusal in refusals(ddl, FILLED)] == [True, False, True, False]


@pytest.mark.parametrize("head", STEPS.up_to(STEPS.newest()))
def test_every_step_of_ours_may_run_beside_the_release_before(head: str) -> None:
    for step in STEPS.after(head):
        tables = touched(step.ddl)
        found = refusals(step.ddl, Known(tables, tables))
        assert [one for one in found if not (one.contracts and step.unused_since)] == []


@pytest.mark.parametrize("head", [None, *STEPS.up_to(STEPS.newest())])
def test_each_step_is_told_apart(head: str | None) -> None:
    steps = STEPS.after(head)
    assert [*STEPS.up_to(head), *(step.name for step in steps)] == STEPS.up_to(STEPS.newest())
    assert all(f"-> {step.name}" in step.ddl and step.ddl.count("-- Running") == 1 for step in steps)


def test_what_a_step_of_ours_takes_away_is_unused_since_an_earlier_one() -> None:
    for step, since in STEPS.contractions().items():
        assert since in STEPS.up_to(step)[:-1]


def test_a_web_worker_knows_the_steps_of_its_release() -> None:
    assert names() == set(STEPS.up_to(STEPS.newest()))
