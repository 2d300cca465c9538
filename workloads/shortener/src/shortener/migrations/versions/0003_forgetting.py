"""Forgetting in small steps: a full table is no reason to have no partition next month.

    worker ──► partitions_ahead()
           └─► forget(), again while it says that there is more

Each call is one short transaction. `maintain()` stays for workers of the release before, and does one step of both.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

PARTITIONS_AHEAD = """
    CREATE FUNCTION shortener.partitions_ahead() RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
    AS $$ SELECT shortener.make_click_partitions(2) $$
"""

# A partition that is wholly too old is dropped; of the next ones rows are deleted by their place, oldest partition
# first. Rows stand there in the order in which they came, so old ones are found at the start.
FORGET_PARTITIONS = """
    CREATE FUNCTION shortener.forget_clicks_before(oldest timestamptz, most integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '1s'
    AS $$
    DECLARE
        called text;
        went integer;
    BEGIN
        FOR called IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'shortener.clicks'::regclass AND c.relname <= 'clicks_' || to_char(oldest, 'YYYYMM')
            ORDER BY c.relname
        LOOP
            IF called < 'clicks_' || to_char(least(oldest, now() - interval '1 month'), 'YYYYMM') THEN
                BEGIN
                    EXECUTE format('DROP TABLE shortener.%I', called);
                    CONTINUE;
                EXCEPTION WHEN lock_not_available THEN
                    -- Somebody reads it for long: its rows can go all the same.
                    NULL;
                END;
            END IF;
            EXECUTE format(
                'DELETE FROM shortener.%1$I WHERE ctid = ANY(ARRAY('
                    'SELECT ctid FROM shortener.%1$I WHERE clicked_at < $1 LIMIT $2))', called) USING oldest, most;
            GET DIAGNOSTICS went = ROW_COUNT;
            IF went = most THEN
                RETURN true;
            END IF;
        END LOOP;
        RETURN false;
    END $$
"""

FORGET_GONE = """
    CREATE FUNCTION shortener.forget_gone_links(most integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    DECLARE
        gone bigint[] := ARRAY(SELECT link_id FROM shortener.gone_links ORDER BY link_id LIMIT 1000);
        called text;
        went integer;
    BEGIN
        IF gone = '{}' THEN
            RETURN false;
        END IF;
        FOR called IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'shortener.clicks'::regclass ORDER BY c.relname
        LOOP
            EXECUTE format(
                'DELETE FROM shortener.%1$I WHERE ctid = ANY(ARRAY('
                    'SELECT ctid FROM shortener.%1$I WHERE link_id = ANY($1) LIMIT $2))', called) USING gone, most;
            GET DIAGNOSTICS went = ROW_COUNT;
            IF went = most THEN
                RETURN true;
            END IF;
        END LOOP;
        DELETE FROM shortener.gone_links WHERE link_id = ANY(gone);
        RETURN cardinality(gone) = 1000;
    END $$
"""

FORGET = """
    CREATE FUNCTION shortener.forget(retention_days integer, most integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    DECLARE
        went integer;
        more boolean := false;
        aged record;
    BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtext('shortener.maintain')) THEN
            RETURN false;
        END IF;
        FOR aged IN
            SELECT * FROM (VALUES ('link_changes', 'changed_at', interval '1 hour'),
                ('idempotency_keys', 'created_at', interval '1 day'),
                ('click_batches', 'written_at', interval '1 day')) AS v (called, at, age)
        LOOP
            EXECUTE format(
                'DELETE FROM shortener.%1$I WHERE ctid = ANY(ARRAY('
                    'SELECT ctid FROM shortener.%1$I WHERE %2$I < now() - $1 LIMIT $2))', aged.called, aged.at)
                USING aged.age, most;
            GET DIAGNOSTICS went = ROW_COUNT;
            more := more OR went = most;
        END LOOP;
        more := shortener.forget_gone_links(most) OR more;
        IF retention_days > 0 THEN
            more := shortener.forget_clicks_before(now() - make_interval(days => retention_days), most) OR more;
        END IF;
        RETURN more;
    END $$
"""

MAINTAIN = """
    CREATE OR REPLACE FUNCTION shortener.maintain(retention_days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    BEGIN
        PERFORM shortener.partitions_ahead();
        PERFORM shortener.forget(retention_days, 10000);
    END $$
"""


def upgrade() -> None:
    """Only functions: no table is touched."""
    for statement in (PARTITIONS_AHEAD, FORGET_PARTITIONS, FORGET_GONE, FORGET, MAINTAIN):
        op.execute(statement)
