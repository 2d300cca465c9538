"""Where things stand in the database; shared by Alembic's environment and the programs around it."""

SCHEMA = "shortener"
VERSION_TABLE = "schema_version"
LOCK = 0x746F70726F7065  # "toprope": one migration at a time on a database
