"""Opening a database: the engine with its habits set, the schema brought up to date.

In: an SQLAlchemy URL. Out: an `AsyncEngine` whose schema is today's, or a `Database` around it; a database that a newer
version of the program wrote is refused, not guessed at. Conventions: SQLite runs in WAL with foreign keys on, and every
writing transaction takes the write lock at its beginning, so that none fails half-way for having read first; PostgreSQL
is asked whether a connection still lives before it is used, so that a restart of the server costs no more than the
requests of that time. Caveat: Alembic keeps its context in a global, so a process opens one database at a time; several
processes may open the same one at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from engine.errors import SetupError, StoreError
from engine.store import sqlite

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 10_000
SCRUB_MS = 500
CONNECT_S = 5.0
STATEMENT_S = 30.0
DRIVERS = {
    "sqlite": sqlite.NAME,
    "sqlite+aiosqlite": sqlite.NAME,
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
MIGRATION_LOCK = 0x54756E65  # any number that nobody else of this database uses
# Of PostgreSQL's classes of errors: connection lost, out of resources, shut down or starting.
PASSING_STATES = ("08", "53", "57P")
PASSING_NAMES = ("SQLITE_BUSY", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN")


class Database:
    """Transactions on an open database. What fails because the server is away or full is a `StoreError`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite lets one write at a time and makes the others poll; those of this process wait in line instead.
        self._line = nullcontext() if self.is_postgresql else asyncio.Lock()

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL; else it is SQLite."""
        return self._engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end, rolled back on an error."""
        with _told():
            async with self._line, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A look at the database as it is at one moment, which keeps nobody from writing."""
        with _told():
            async with self._engine.connect() as connection:
                await connection.execution_options(reading=True)
                yield connection

    async def check(self) -> None:
        """Ask whether it is there; raises `StoreError`. An SQLite file that was taken away still answers whoever has it
        open, but what is written then is lost, so it counts as gone.
        """
        path = self._engine.url.database
        if not self.is_postgresql and path and path != ":memory:" and not await asyncio.to_thread(Path(path).is_file):
            raise StoreError(f"The database file {Path(path).name} is gone from its folder.")
        async with self.reading() as connection:
            await connection.execute(sa.select(sa.literal(1)))

    async def scrub(self) -> None:
        """Let what was changed not lie on the disk as it was: SQLite's log is written home and emptied, unless somebody
        reads just then. (What SQLite deletes it overwrites; PostgreSQL keeps old rows until it vacuums.)
        """
        if self.is_postgresql:
            return
        with _told():
            async with self._line, self._engine.connect() as connection:
                await connection.execution_options(bare=True)
                for statement in (f"busy_timeout={SCRUB_MS}", "wal_checkpoint(TRUNCATE)", f"busy_timeout={BUSY_MS}"):
                    await connection.exec_driver_sql(f"PRAGMA {statement}")

    async def close(self) -> None:
        """Give back all connections. Safe to call twice."""
        await self._engine.dispose()


async def open_database(url: str) -> AsyncEngine:
    """Connect, migrate, return the engine. Raises `SetupError` with the way to mend it."""
    parsed = _parse(url)
    _make_folder(parsed)
    sqlite.make_known()
    try:
        engine = create_async_engine(parsed, **_habits(parsed))
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SetupError(
            f"The database {_shown(parsed)} needs a driver that is not installed ({error}); `pip install"
            " 'tunesmith[cluster]'` brings the one for PostgreSQL."
        ) from error
    if engine.dialect.name == "sqlite":
        _set_sqlite_habits(engine)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    except CommandError as error:
        await engine.dispose()
        raise SetupError(
            f"The database {_shown(parsed)} was written by another version of tunesmith ({error}); update tunesmith, or"
            " name another database in TUNESMITH_DATABASE_URL."
        ) from error
    except (DBAPIError, OSError) as error:
        await engine.dispose()
        reason = getattr(error, "orig", None) or error
        raise SetupError(
            f"The database {_shown(parsed)} cannot be opened ({reason}); check it, or name another one in"
            " TUNESMITH_DATABASE_URL."
        ) from error
    return engine


def migration_config(connection: Connection) -> Config:
    """Alembic's config for the steps in `migrations/`, run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's transactions exclude each other anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    command.upgrade(migration_config(connection), "head")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SetupError(
            "The setting TUNESMITH_DATABASE_URL is no database URL; sqlite+aiosqlite:////var/lib/tunesmith/tunesmith.db"
            " or postgresql://user:password@host/database would work."
        ) from None
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def _shown(url: URL) -> str:
    """The URL as people know it: without its password, and without our drivers."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _make_folder(url: URL) -> None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"The folder {folder} for the database cannot be made ({error.strerror}); make it writable, or name another"
            " one in TUNESMITH_DATA_DIR."
        ) from error


def _habits(url: URL) -> dict[str, Any]:
    """How connections are made and kept, by database."""
    if url.drivername != "postgresql+asyncpg":
        return {}
    return {
        "pool_pre_ping": True,
        "pool_timeout": CONNECT_S,
        "connect_args": {
            "timeout": CONNECT_S,
            "command_timeout": STATEMENT_S,
            "server_settings": {"application_name": "tunesmith"},
        },
    }


def _set_sqlite_habits(engine: AsyncEngine) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        habits = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
        for pragma in (f"busy_timeout={BUSY_MS}", *habits):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "invalidate")
    def _on_invalidate(connection: Any, _record: Any, _error: Any) -> None:
        connection.rollback()  # else a cancelled statement keeps the write lock as long as its traceback is kept

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("bare", False):
            connection.exec_driver_sql("BEGIN" if options.get("reading", False) else "BEGIN IMMEDIATE")


@contextmanager
def _told() -> Iterator[None]:
    """Say in one sentence what went wrong when the database is away, busy or full; other errors pass."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError("The database is too busy: no connection came free in time.") from error
    except DBAPIError as error:
        if not _passes(error):
            raise
        raise StoreError(f"The database cannot be reached or written ({error.orig}).") from error
    except OSError as error:
        raise StoreError(f"The database cannot be reached ({error}).") from error


def _passes(error: DBAPIError) -> bool:
    """Whether the error is the server's state rather than the statement's fault."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    name = str(getattr(error.orig, "sqlite_errorname", None) or "")
    return error.connection_invalidated or state.startswith(PASSING_STATES) or name.startswith(PASSING_NAMES)
