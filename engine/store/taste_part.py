"""What every part of `store.taste` stands on: the database, the clock, a lock.

Conventions: parts are classes that `taste.py` puts together; none knows another. Caveat: the lock is one for all homes,
so what is done under it is short.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.store.database import Database

TASTE_LOCK = 0x54617374  # any number that nobody else of this database uses


class TastePart:
    """Some of the tables. `clock`: what time it is, in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def _alone(self, connection: AsyncConnection) -> None:
        """Nobody else does so until this transaction ends; SQLite's transactions exclude each other anyway."""
        if self._database.is_postgresql:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TASTE_LOCK)))
