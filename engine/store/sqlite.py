"""SQLite's driver, safe to cancel: a connection given up in the middle of a statement is closed, once, whatever comes.

In: connections of `aiosqlite`. Out: their end. Caveat: `aiosqlite`'s own dialect stops the connection's thread when
whoever closes it is cancelled too; the closing then waits for a thread that is gone, for ever, and keeps the event loop
from ending.
"""

from __future__ import annotations

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.util.concurrency import in_greenlet

NAME = "sqlite+cancelsafe"


class CancelSafe(SQLiteDialect_aiosqlite):
    """As its base, but for how connections end."""

    supports_statement_cache = True

    def do_terminate(self, dbapi_connection: DBAPIConnection) -> None:
        """Close it, so that cancelling ends the wait and not the closing; outside a coroutine, stop its thread."""
        if in_greenlet():
            dbapi_connection.close()
        else:
            super().do_terminate(dbapi_connection)


def make_known() -> None:
    """Let SQLAlchemy know what `NAME` in a URL means."""
    registry.register(NAME.replace("+", "."), __name__, CancelSafe.__name__)
