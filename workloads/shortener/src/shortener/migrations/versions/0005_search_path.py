"""Functions that run as the owner find the system's tables before a caller's temporary ones.

A search path that does not name `pg_temp` begins with it. Whoever may make temporary tables could lay a `pg_class` of
its own before the system's, and have `forget()` drop any table as the owner. Named at the end, it is asked last.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

AS_OWNER = (
    "resolve(text)",
    "admit(bigint)",
    "tenant_of_key(text, bytea)",
    "changes_since(double precision)",
    "stamp_link()",
    "announce_link()",
    "forget_clicks()",
    "make_click_partitions(integer)",
    "move_clicks(integer)",
    "maintain(integer)",
    "inbox_state()",
    "partitions_ahead()",
    "forget_clicks_before(timestamptz, integer)",
    "forget_gone_links(integer)",
    "forget(integer, integer)",
)


def upgrade() -> None:
    """Only settings of functions: no table is touched."""
    for function in AS_OWNER:
        op.execute(f"ALTER FUNCTION shortener.{function} SET search_path = pg_catalog, pg_temp")
