"""Where Alembic gets its connection: from the kit, which holds the lock; or none, when only the DDL is asked for."""

from shortener.migrate.place import PLACE
from toprope_kit.migrate import environment

environment.run(PLACE)
