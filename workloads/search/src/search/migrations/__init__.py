"""The database's history, oldest first; Alembic walks it, `search migrate` starts it. Steps only add."""
