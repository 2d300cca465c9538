"""No worker may forget clicks sooner than the owner ever asked for: whoever stole its password must not age them away.

That is all it holds. A worker acts for every tenant, so its role may name any of them and delete that tenant's links,
as the API does; the clicks of a link go with it.

`least_days` is written by `shortener migrate`, and no grant leads to it. It is the shortest retention that any release
was configured with, since a release that is gone back to runs no migration and must forget as it did. The owner may
raise it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

CLICK_RETENTION = """
    CREATE TABLE shortener.click_retention (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        least_days integer NOT NULL CHECK (least_days > 0)
    )
"""

FORGET = """
    CREATE OR REPLACE FUNCTION shortener.forget(retention_days integer, most integer) RETURNS boolean
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
            retention_days := greatest(retention_days, (SELECT least_days FROM shortener.click_retention));
            more := shortener.forget_clicks_before(now() - make_interval(days => retention_days), most) OR more;
        END IF;
        RETURN more;
    END $$
"""


def upgrade() -> None:
    """A table of one row, empty until it is written, and the function that heeds it."""
    op.execute(CLICK_RETENTION)
    op.execute(FORGET)
