"""What the role of the web pods may do, whole: said again after every migration, so that it is never half granted.

There is no grant on a single partition: a partition has no row-level security of its own.
"""

from collections.abc import Iterator

from shortener.migrate.place import SCHEMA
from toprope_kit.migrate.place import quoted

TABLES = {
    "links": "SELECT, INSERT, UPDATE, DELETE",
    "idempotency_keys": "SELECT, INSERT, UPDATE",
    "clicks": "SELECT",
    "click_days": "SELECT",
    "click_sources": "SELECT",
    "click_inbox": "INSERT",
    "click_batches": "INSERT",
    "contractions": "SELECT",
    "identity": "SELECT",
    "schema_version": "SELECT",
}
FUNCTIONS = (
    "current_tenant()",
    "resolve(text)",
    "admit(bigint)",
    "tenant_of_key(text, bytea)",
    "changes_since(double precision)",
    "move_clicks(integer)",
    "maintain(integer)",
    "partitions_ahead()",
    "forget(integer, integer)",
    "inbox_state()",
)


def grants(role: str, database: str) -> Iterator[str]:
    """The statements, in order; to be run in one transaction as the owner."""
    app = quoted(role)
    # Nothing of ours makes a temporary table. Who does not own the database takes nothing away, and is only warned.
    yield f"REVOKE TEMPORARY ON DATABASE {quoted(database)} FROM PUBLIC, {app}"
    yield f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC, {app}"
    yield f"REVOKE ALL ON ALL ROUTINES IN SCHEMA {SCHEMA} FROM PUBLIC, {app}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {app}"
    yield f"GRANT USAGE ON SEQUENCE {SCHEMA}.link_version TO {app}"
    for table, rights in TABLES.items():
        yield f"GRANT {rights} ON {SCHEMA}.{table} TO {app}"
    for function in FUNCTIONS:
        yield f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {app}"
