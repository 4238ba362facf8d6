"""Opening a database: the engine with its habits set, the schema brought up to date.

In: an SQLAlchemy URL. Out: an `AsyncEngine` whose schema is today's; a database that a newer version of the program
wrote is refused, not guessed at. Conventions: SQLite runs in WAL with foreign keys on, and every transaction takes the
write lock at its beginning, so that none fails half-way for having read first. Caveat: Alembic keeps its context in a
global, so a process opens one database at a time; several processes may open the same one at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from engine.errors import SetupError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 10_000


async def open_database(url: str) -> AsyncEngine:
    """Connect, migrate, return the engine. Raises `SetupError` with the way to mend it."""
    parsed = _parse(url)
    _make_folder(parsed)
    try:
        engine = create_async_engine(parsed)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SetupError(f"The database {_shown(parsed)} needs a driver that is not installed: {error}.") from error
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
    command.upgrade(migration_config(connection), "head")


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise SetupError(
            "The setting TUNESMITH_DATABASE_URL is no database URL; sqlite+aiosqlite:////var/lib/tunesmith/tunesmith.db"
            " would work."
        ) from None


def _shown(url: URL) -> str:
    """The URL without its password."""
    return url.render_as_string(hide_password=True)


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


def _set_sqlite_habits(engine: AsyncEngine) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
