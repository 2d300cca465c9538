"""What every service's `env.py` says to Alembic."""

from alembic import context

from toprope_kit.migrate.place import VERSION_TABLE, Place


def run(place: Place) -> None:
    """Take the steps, each in a transaction of its own, or print them when there is no connection."""
    connection = context.config.attributes.get("connection")
    context.configure(
        connection=connection,
        dialect_name=None if connection is not None else "postgresql",
        version_table=VERSION_TABLE,
        version_table_schema=place.schema,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
