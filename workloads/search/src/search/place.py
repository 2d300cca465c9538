"""Where things stand in the database; shared by Alembic's environment and the programs around it."""

from pathlib import Path

from toprope_kit.migrate.place import Place

SCHEMA = "search"
PLACE = Place(SCHEMA, Path(__file__).parent / "migrations")
