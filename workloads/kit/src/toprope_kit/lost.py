"""The errors that mean: the database is not there just now, and the same may work later."""

import asyncpg

from toprope_kit import database

LOST = (database.DatabaseAway, asyncpg.InterfaceError, *database.LOST)
