"""Where Alembic gets its connection: from the caller, who holds the lock; or none, when only the DDL is asked for."""

from alembic import context

from shortener.migrate.place import SCHEMA
from toprope_kit.migrate.place import VERSION_TABLE

connection = context.config.attributes.get("connection")
context.configure(
    connection=connection,
    dialect_name=None if connection is not None else "postgresql",
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
