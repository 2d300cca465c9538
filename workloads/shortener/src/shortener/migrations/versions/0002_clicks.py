"""Clicks: an inbox where a worker may only insert, and an owner's function that moves them on.

    worker ──COPY──► click_inbox ──move_clicks()──► clicks (by month), click_days, click_sources

COPY FROM and row-level security exclude each other, so the inbox has none and nothing can be read from it. A batch
is announced in `click_batches` in the transaction that copies it: a retry after a lost answer finds its own name
there and copies nothing. The move deletes from the inbox and adds to the rest in one transaction: killed anywhere,
it moved all or nothing.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    """
    CREATE TABLE shortener.click_batches (
        id uuid PRIMARY KEY,
        written_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # Rows live for a second: without these settings the table is vacuumed too late and grows.
    """
    CREATE TABLE shortener.click_inbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        link_id bigint NOT NULL,
        clicked_at timestamptz NOT NULL,
        referrer text NOT NULL,
        agent text NOT NULL,
        bot boolean NOT NULL,
        network text NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)
    """,
    """
    CREATE TABLE shortener.clicks (
        tenant_id bigint NOT NULL,
        link_id bigint NOT NULL,
        clicked_at timestamptz NOT NULL,
        referrer text NOT NULL,
        agent text NOT NULL,
        bot boolean NOT NULL,
        network text NOT NULL
    ) PARTITION BY RANGE (clicked_at)
    """,
    "CREATE INDEX clicks_by_link ON shortener.clicks (link_id, clicked_at)",
    """
    CREATE TABLE shortener.click_days (
        link_id bigint NOT NULL REFERENCES shortener.links ON DELETE CASCADE,
        tenant_id bigint NOT NULL,
        day date NOT NULL,
        clicks bigint NOT NULL,
        bots bigint NOT NULL,
        PRIMARY KEY (link_id, day)
    )
    """,
    """
    CREATE TABLE shortener.click_sources (
        link_id bigint NOT NULL REFERENCES shortener.links ON DELETE CASCADE,
        tenant_id bigint NOT NULL,
        day date NOT NULL,
        kind text NOT NULL CHECK (kind IN ('referrer', 'agent')),
        source text NOT NULL,
        clicks bigint NOT NULL,
        PRIMARY KEY (link_id, day, kind, source)
    )
    """,
    # Links that were deleted and whose single clicks are still there; a deletion does not wait for a million rows.
    "CREATE TABLE shortener.gone_links (link_id bigint PRIMARY KEY)",
)

FORGET_CLICKS = (
    """
    CREATE FUNCTION shortener.forget_clicks() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    BEGIN
        INSERT INTO shortener.gone_links (link_id) VALUES (OLD.id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER forget_clicks AFTER DELETE ON shortener.links
    FOR EACH ROW EXECUTE FUNCTION shortener.forget_clicks()
    """,
)

# A partition is made beside the table and attached: CREATE … PARTITION OF would lock out every reader.
MAKE_PARTITIONS = """
    CREATE FUNCTION shortener.make_click_partitions(months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '1s'
    AS $$
    DECLARE
        first date;
        called text;
        made integer := 0;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('shortener.make_click_partitions'));
        FOR ahead IN -1 .. months_ahead LOOP
            first := date_trunc('month', now()) + make_interval(months => ahead);
            called := 'clicks_' || to_char(first, 'YYYYMM');
            CONTINUE WHEN to_regclass('shortener.' || called) IS NOT NULL;
            EXECUTE format('CREATE TABLE shortener.%I (LIKE shortener.clicks INCLUDING ALL)', called);
            EXECUTE format(
                'ALTER TABLE shortener.clicks ATTACH PARTITION shortener.%I FOR VALUES FROM (%L) TO (%L)',
                called, first::timestamptz, (first + interval '1 month')::timestamptz);
            made := made + 1;
        END LOOP;
        RETURN made;
    END $$
"""

# A worker's clock may be wrong: what lies outside the partitions is moved to their nearest edge, never lost.
MOVE_CLICKS = """
    CREATE FUNCTION shortener.move_clicks(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
    AS $$
    DECLARE
        moved integer;
    BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtext('shortener.move_clicks')) THEN
            RETURN 0;
        END IF;
        WITH taken AS (
            DELETE FROM shortener.click_inbox
            WHERE id IN (SELECT id FROM shortener.click_inbox ORDER BY id LIMIT most)
            RETURNING *
        ), known AS (
            SELECT l.tenant_id, t.link_id, t.referrer, t.agent, t.bot, t.network,
                   greatest(least(t.clicked_at, now()), date_trunc('month', now()) - interval '1 month') AS clicked_at
            FROM taken t JOIN shortener.links l ON l.id = t.link_id
        ), raw AS (
            INSERT INTO shortener.clicks (tenant_id, link_id, clicked_at, referrer, agent, bot, network)
            SELECT tenant_id, link_id, clicked_at, referrer, agent, bot, network FROM known
        ), days AS (
            INSERT INTO shortener.click_days AS d (link_id, tenant_id, day, clicks, bots)
            SELECT link_id, tenant_id, clicked_at::date, count(*) FILTER (WHERE NOT bot), count(*) FILTER (WHERE bot)
            FROM known GROUP BY 1, 2, 3
            ON CONFLICT (link_id, day) DO UPDATE SET clicks = d.clicks + excluded.clicks, bots = d.bots + excluded.bots
        ), sources AS (
            INSERT INTO shortener.click_sources AS s (link_id, tenant_id, day, kind, source, clicks)
            SELECT k.link_id, k.tenant_id, k.clicked_at::date, v.kind, v.source, count(*)
            FROM known k CROSS JOIN LATERAL (VALUES ('referrer', k.referrer), ('agent', k.agent)) AS v (kind, source)
            WHERE NOT k.bot GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT (link_id, day, kind, source) DO UPDATE SET clicks = s.clicks + excluded.clicks
        )
        SELECT count(*) INTO moved FROM taken;
        RETURN moved;
    END $$
"""

MAINTAIN = """
    CREATE FUNCTION shortener.maintain(retention_days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '1s'
    AS $$
    DECLARE
        oldest timestamptz := now() - make_interval(days => retention_days);
        gone record;
    BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtext('shortener.maintain')) THEN
            RETURN;
        END IF;
        PERFORM shortener.make_click_partitions(2);
        DELETE FROM shortener.link_changes WHERE changed_at < now() - interval '1 hour';
        DELETE FROM shortener.idempotency_keys WHERE created_at < now() - interval '1 day';
        DELETE FROM shortener.click_batches WHERE written_at < now() - interval '1 day';
        DELETE FROM shortener.clicks c USING shortener.gone_links g WHERE c.link_id = g.link_id;
        DELETE FROM shortener.gone_links;
        IF retention_days <= 0 THEN
            RETURN;
        END IF;
        FOR gone IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'shortener.clicks'::regclass
              AND c.relname < 'clicks_' || to_char(oldest, 'YYYYMM')
              AND c.relname < 'clicks_' || to_char(now() - interval '1 month', 'YYYYMM')
        LOOP
            EXECUTE format('DROP TABLE shortener.%I', gone.relname);
        END LOOP;
        DELETE FROM shortener.clicks WHERE clicked_at < oldest;
    END $$
"""

INBOX_STATE = """
    CREATE FUNCTION shortener.inbox_state() RETURNS TABLE (waiting bigint, oldest_seconds double precision)
    LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT count(*), coalesce(extract(epoch FROM now() - min(clicked_at)), 0)
        FROM (SELECT clicked_at FROM shortener.click_inbox ORDER BY id LIMIT 100000) AS head
    $$
"""


def upgrade() -> None:
    """The inbox, what it is moved to, and the first partitions."""
    for statement in (*TABLES, *FORGET_CLICKS, MAKE_PARTITIONS, MOVE_CLICKS, MAINTAIN, INBOX_STATE):
        op.execute(statement)
    for table in ("clicks", "click_days", "click_sources"):
        op.execute(f"ALTER TABLE shortener.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE shortener.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_its_tenant ON shortener.{table} USING (tenant_id = (SELECT shortener.current_tenant()))"
        )
        op.execute(
            f"CREATE POLICY of_the_owner ON shortener.{table} TO CURRENT_USER"
            " USING ((SELECT shortener.current_tenant()) IS NULL)"
        )
    op.execute("SELECT shortener.make_click_partitions(2)")
