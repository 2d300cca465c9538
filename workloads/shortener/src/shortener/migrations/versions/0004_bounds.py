"""Bounds: of what workers may forget, of the referrers that are counted by day, and of what the inbox may hold.

No worker may forget clicks sooner than the owner ever asked for: whoever stole its password must not age them away.
That is all it holds. A worker acts for every tenant, so its role may name any of them and delete that tenant's links,
as the API does; the clicks of a link go with it.

`least_days` is written by `shortener migrate`, and no grant leads to it. It is the shortest retention that any release
was configured with, since a release that is gone back to runs no migration and must forget as it did. It is null where
the owner keeps clicks for ever: then no worker may forget any. A number of days is shorter than that and beats it, from
the migration on that names one. The owner may raise it, for ever with `UPDATE … SET least_days = NULL`.

The host of a referrer is what a client says it is. Of each link and day the first hundred hosts are counted by their
name, in one move those with the most clicks first; all later ones together as `other`. `click_days` knows how many are
named. They stay as long as the other sums by day do: the API promises them for any day. What is longer than a host can
be is cut, since a row too long for an index would stop every later move.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

HOSTS = "ALTER TABLE shortener.click_days ADD COLUMN hosts integer NOT NULL DEFAULT 0"

CLICK_RETENTION = """
    CREATE TABLE shortener.click_retention (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        least_days integer CHECK (least_days > 0)
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
        IF retention_days > 0 AND NOT EXISTS (SELECT FROM shortener.click_retention WHERE least_days IS NULL) THEN
            retention_days := greatest(retention_days, (SELECT least_days FROM shortener.click_retention));
            more := shortener.forget_clicks_before(now() - make_interval(days => retention_days), most) OR more;
        END IF;
        RETURN more;
    END $$
"""

# The questions for known hosts are scalar, so that the planner cannot answer them by a scan of all there are.
MOVE_CLICKS = """
    CREATE OR REPLACE FUNCTION shortener.move_clicks(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
    AS $$
    DECLARE
        moved integer;
    BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtext('shortener.move_clicks')) THEN
            RETURN 0;
        END IF;
        -- Who named a tenant would see its links alone, and the clicks of all others would go uncounted.
        PERFORM set_config('toprope.tenant', '', true);
        WITH taken AS (
            DELETE FROM shortener.click_inbox
            WHERE id IN (SELECT id FROM shortener.click_inbox ORDER BY id LIMIT most)
            RETURNING *
        ), known AS (
            SELECT l.tenant_id, t.link_id, left(t.referrer, 253) AS referrer, left(t.agent, 253) AS agent, t.bot,
                   left(t.network, 253) AS network,
                   greatest(least(t.clicked_at, now()), date_trunc('month', now()) - interval '1 month') AS clicked_at
            FROM taken t JOIN shortener.links l ON l.id = t.link_id
        ), raw AS (
            INSERT INTO shortener.clicks (tenant_id, link_id, clicked_at, referrer, agent, bot, network)
            SELECT tenant_id, link_id, clicked_at, referrer, agent, bot, network FROM known
        ), counted AS (
            SELECT k.link_id, k.tenant_id, k.clicked_at::date AS day, v.kind, v.source, count(*) AS clicks
            FROM known k CROSS JOIN LATERAL (VALUES ('referrer', k.referrer), ('agent', k.agent)) AS v (kind, source)
            WHERE NOT k.bot GROUP BY 1, 2, 3, 4, 5
        ), met AS (
            SELECT c.*, c.kind = 'referrer' AND c.source NOT IN ('', 'other') AND (
                SELECT true FROM shortener.click_sources s
                WHERE s.link_id = c.link_id AND s.day = c.day AND s.kind = c.kind AND s.source = c.source
            ) IS NULL AS new
            FROM counted c
        ), ranked AS (
            SELECT m.*, CASE WHEN new THEN
                row_number() OVER (PARTITION BY link_id, day, new ORDER BY clicks DESC, source) + coalesce((
                    SELECT d.hosts FROM shortener.click_days d WHERE d.link_id = m.link_id AND d.day = m.day), 0)
                END AS rank
            FROM met m
        ), sources AS (
            INSERT INTO shortener.click_sources AS s (link_id, tenant_id, day, kind, source, clicks)
            SELECT link_id, tenant_id, day, kind, CASE WHEN rank > 100 THEN 'other' ELSE source END, sum(clicks)
            FROM ranked GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT (link_id, day, kind, source) DO UPDATE SET clicks = s.clicks + excluded.clicks
        ), named AS (
            SELECT link_id, day, count(*) AS hosts FROM ranked WHERE rank <= 100 GROUP BY 1, 2
        ), visited AS (
            SELECT link_id, tenant_id, clicked_at::date AS day,
                   count(*) FILTER (WHERE NOT bot) AS clicks, count(*) FILTER (WHERE bot) AS bots
            FROM known GROUP BY 1, 2, 3
        ), days AS (
            INSERT INTO shortener.click_days AS d (link_id, tenant_id, day, clicks, bots, hosts)
            SELECT v.link_id, v.tenant_id, v.day, v.clicks, v.bots, coalesce(n.hosts, 0)
            FROM visited v LEFT JOIN named n USING (link_id, day)
            ON CONFLICT (link_id, day) DO UPDATE
            SET clicks = d.clicks + excluded.clicks, bots = d.bots + excluded.bots, hosts = d.hosts + excluded.hosts
        )
        SELECT count(*) INTO moved FROM taken;
        RETURN moved;
    END $$
"""


def upgrade() -> None:
    """A table of one row, empty until it is written, a column more, and the functions that heed them."""
    for statement in (CLICK_RETENTION, HOSTS, FORGET, MOVE_CLICKS):
        op.execute(statement)
