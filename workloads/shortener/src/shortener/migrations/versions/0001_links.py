"""Tenants, keys and links; what crosses from one tenant to all is a function that returns one row.

Row-level security is forced on every table of tenants. Its rule knows two kinds of session: one that names its
tenant (`toprope.tenant`, set for one transaction) sees that tenant's rows, whoever it is; the owner without a tenant
sees all, which is what the functions below and later migrations are.
"""

from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    # Names the cache's entries: two databases on one cache never mix.
    "CREATE TABLE shortener.identity (id uuid NOT NULL DEFAULT gen_random_uuid())",
    "INSERT INTO shortener.identity DEFAULT VALUES",
    """
    CREATE TABLE shortener.tenants (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE CHECK (name <> ''),
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE shortener.api_keys (
        id text PRIMARY KEY,
        tenant_id bigint NOT NULL REFERENCES shortener.tenants ON DELETE CASCADE,
        digest bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "CREATE SEQUENCE shortener.link_version",
    """
    CREATE TABLE shortener.links (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id bigint NOT NULL DEFAULT shortener.current_tenant() REFERENCES shortener.tenants ON DELETE CASCADE,
        slug text NOT NULL UNIQUE,
        target text NOT NULL CHECK (length(target) <= 2048),
        fallback_target text CHECK (length(fallback_target) <= 2048),
        valid_from timestamptz,
        valid_until timestamptz,
        visit_limit bigint CHECK (visit_limit > 0),
        visits bigint NOT NULL DEFAULT 0,
        password_hash text,
        enabled boolean NOT NULL DEFAULT true,
        version bigint NOT NULL DEFAULT nextval('shortener.link_version'),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (valid_from < valid_until)
    )
    """,
    "CREATE INDEX links_by_tenant ON shortener.links (tenant_id, id)",
    "CREATE INDEX links_by_target ON shortener.links (tenant_id, hashtextextended(target, 0))",
    """
    CREATE TABLE shortener.idempotency_keys (
        tenant_id bigint NOT NULL DEFAULT shortener.current_tenant() REFERENCES shortener.tenants ON DELETE CASCADE,
        key text NOT NULL,
        request_digest bytea NOT NULL,
        answer jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, key)
    )
    """,
    # What a cache must forget: replayed by a worker that could not write to the cache for a while.
    """
    CREATE TABLE shortener.link_changes (
        version bigint PRIMARY KEY,
        slug text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX link_changes_by_age ON shortener.link_changes (changed_at)",
)

CURRENT_TENANT = """
    CREATE FUNCTION shortener.current_tenant() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('toprope.tenant', true), '')::bigint $$
"""

FUNCTIONS = (
    """
    CREATE FUNCTION shortener.resolve(wanted text) RETURNS TABLE (
        link_id bigint, version bigint, target text, fallback_target text, valid_from timestamptz,
        valid_until timestamptz, visit_limit bigint, password_hash text, enabled boolean
    )
    LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT id, version, target, fallback_target, valid_from, valid_until, visit_limit, password_hash, enabled
        FROM shortener.links WHERE slug = wanted
    $$
    """,
    """
    CREATE FUNCTION shortener.admit(wanted bigint) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        UPDATE shortener.links SET visits = visits + 1
        WHERE id = wanted AND enabled AND visits < visit_limit
          AND (valid_from IS NULL OR valid_from <= now()) AND (valid_until IS NULL OR now() < valid_until)
        RETURNING true
    $$
    """,
    """
    CREATE FUNCTION shortener.tenant_of_key(key_id text, presented bytea) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT tenant_id FROM shortener.api_keys
        WHERE id = key_id AND digest = presented AND revoked_at IS NULL AND (expires_at IS NULL OR now() < expires_at)
    $$
    """,
    """
    CREATE FUNCTION shortener.changes_since(seconds double precision) RETURNS TABLE (slug text, version bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT slug, max(version) FROM shortener.link_changes
        WHERE changed_at > now() - make_interval(secs => seconds) GROUP BY slug
    $$
    """,
)

TRIGGERS = (
    """
    CREATE FUNCTION shortener.stamp_link() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    BEGIN
        NEW.version := nextval('shortener.link_version');
        NEW.updated_at := now();
        RETURN NEW;
    END $$
    """,
    # Counting a visit is no change of the link: it names only `visits`, so neither trigger fires.
    """
    CREATE TRIGGER stamp_link
    BEFORE UPDATE OF slug, target, fallback_target, valid_from, valid_until, visit_limit, password_hash, enabled
    ON shortener.links FOR EACH ROW EXECUTE FUNCTION shortener.stamp_link()
    """,
    """
    CREATE FUNCTION shortener.announce_link() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    DECLARE
        told text := CASE WHEN TG_OP = 'DELETE' THEN OLD.slug ELSE NEW.slug END;
        at_version bigint := CASE WHEN TG_OP = 'DELETE' THEN nextval('shortener.link_version') ELSE NEW.version END;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            INSERT INTO shortener.link_changes (version, slug) VALUES (at_version, told);
        END IF;
        PERFORM pg_notify('shortener_links', at_version || ' ' || told);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER announce_link
    AFTER INSERT OR DELETE
    OR UPDATE OF slug, target, fallback_target, valid_from, valid_until, visit_limit, password_hash, enabled
    ON shortener.links FOR EACH ROW EXECUTE FUNCTION shortener.announce_link()
    """,
)


def upgrade() -> None:
    """Everything that a link needs to be made, found and forgotten."""
    op.execute(CURRENT_TENANT)
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS):
        op.execute(statement)
    for table in ("links", "idempotency_keys"):
        op.execute(f"ALTER TABLE shortener.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE shortener.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_its_tenant ON shortener.{table} USING (tenant_id = (SELECT shortener.current_tenant()))"
        )
        op.execute(
            f"CREATE POLICY of_the_owner ON shortener.{table} TO CURRENT_USER"
            " USING ((SELECT shortener.current_tenant()) IS NULL)"
        )
