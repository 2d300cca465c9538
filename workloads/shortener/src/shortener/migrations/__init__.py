"""The database's history, oldest first; Alembic walks it, `shortener migrate` starts it."""
