"""What the store promises on every database."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from engine.errors import NotFound, SetupError
from engine.store import NewJob, Origin, Queue, Store, Tally
from engine.store.database import Database, migration_config, open_database
from engine.store.tables import UtcDateTime, metadata

REQUEST = {"prompt": "chill lofi 60s ♪", "seed": None}
RECEIPT = {"id": "song1", "seed": 2**62, "files": {"audio": "a.mp3"}}
ORIGIN = Origin(person_id=2**63 - 1, guild_id=2, channel_id=3, message_id=4)
ROOT = Path(__file__).parents[2]


async def test_a_finished_song_comes_back_as_it_was_kept(store: Store) -> None:
    before = datetime.now(UTC)
    await store.begin("song1", REQUEST, ORIGIN)
    await store.finish("song1", RECEIPT)
    record = await store.song("song1")
    assert (record.request, record.receipt, record.origin, record.status) == (REQUEST, RECEIPT, ORIGIN, "done")
    assert record.created_at.tzinfo is UTC
    assert before <= record.created_at <= datetime.now(UTC)


async def test_a_song_that_is_being_composed_has_no_receipt(store: Store) -> None:
    await store.begin("song1", REQUEST, Origin())
    record = await store.song("song1")
    assert (record.receipt, record.status, record.origin) == (None, "composing", Origin())


async def test_a_failed_song_says_why(store: Store) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    await store.fail("song1", "the synthesiser failed")
    record = await store.song("song1")
    assert (record.status, record.failure) == ("failed", "the synthesiser failed")


async def test_an_unknown_song_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="'nothing'"):
        await store.song("nothing")
    with pytest.raises(NotFound, match="'nothing'"):
        await store.press("nothing", person_id=1, value=1)
    with pytest.raises(NotFound, match="'nothing'"):
        await store.finish("nothing", RECEIPT)
    assert await store.votes("nothing") == Tally(up=0, down=0, own=None)


async def test_a_person_has_one_vote_that_can_be_changed_and_withdrawn(store: Store) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    assert await store.press("song1", person_id=7, value=1) == Tally(up=1, down=0, own=1)
    assert await store.press("song1", person_id=8, value=1) == Tally(up=2, down=0, own=1)
    assert await store.press("song1", person_id=7, value=-1) == Tally(up=1, down=1, own=-1)
    assert await store.press("song1", person_id=7, value=-1) == Tally(up=1, down=0, own=None)
    assert await store.votes("song1", person_id=8) == Tally(up=1, down=0, own=1)


async def test_votes_of_different_songs_are_apart(store: Store) -> None:
    for name in ("song1", "song2"):
        await store.begin(name, REQUEST, ORIGIN)
    await store.press("song1", person_id=7, value=1)
    assert await store.press("song2", person_id=7, value=-1) == Tally(up=0, down=1, own=-1)


async def test_many_people_voting_at_once_are_all_counted(store: Store) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    await asyncio.gather(*(store.press("song1", person_id=p, value=1 if p % 3 else -1) for p in range(30)))
    assert await store.votes("song1") == Tally(up=20, down=10, own=None)


async def test_one_person_pressing_twice_at_once_ends_without_a_vote(store: Store) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    for _ in range(5):
        await asyncio.gather(*(store.press("song1", person_id=7, value=1) for _ in range(2)))
        assert await store.votes("song1", person_id=7) == Tally(up=0, down=0, own=None)


async def test_everything_is_there_after_closing_and_opening_again(store: Store, url: str, tmp_path: Path) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    await store.finish("song1", RECEIPT)
    await store.press("song1", person_id=7, value=1)
    await store.close()
    again = await Store.open(url, tmp_path)
    assert (await again.song("song1")).receipt == RECEIPT
    assert await again.votes("song1", person_id=7) == Tally(up=1, down=0, own=1)
    await again.close()


async def test_several_processes_may_open_a_fresh_database_at_once(url: str, tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from engine.store import Origin, Store
async def main(name):
    store = await Store.open({url!r}, Path({str(tmp_path)!r}))
    await store.begin(name, {{}}, Origin())
    await store.press(name, person_id=1, value=1)
    await store.close()
asyncio.run(main(sys.argv[1]))
"""
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, f"song{i}", cwd=ROOT) for i in range(3)
    ]
    assert [await process.wait() for process in running] == [0, 0, 0]
    store = await Store.open(url, tmp_path)
    assert [(await store.votes(f"song{i}")).up for i in range(3)] == [1, 1, 1]
    await store.close()


async def test_the_migrations_lead_to_the_tables_of_the_code(url: str) -> None:
    engine = await open_database(url)

    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with engine.begin() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_the_migrations_can_be_walked_back_and_forth(url: str) -> None:
    engine = await open_database(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(migration_config(c), "base"))
        names = await connection.run_sync(lambda c: sa.inspect(c).get_table_names())
        assert set(names) <= {"alembic_version"}
        await connection.run_sync(lambda c: command.upgrade(migration_config(c), "head"))
    await engine.dispose()


async def test_a_step_back_and_forth_keeps_songs_and_votes(store: Store, url: str) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    await store.press("song1", person_id=7, value=1)
    engine = await open_database(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(migration_config(c), "0001"))
        await connection.run_sync(lambda c: command.upgrade(migration_config(c), "head"))
    await engine.dispose()
    assert (await store.song("song1")).origin == Origin(person_id=2**63 - 1, guild_id=2, channel_id=3)
    assert (await store.votes("song1")).up == 1


async def test_every_step_up_and_down_keeps_what_its_tables_hold(url: str) -> None:
    """Rows as the oldest version wrote them, carried to the newest and back."""
    engine = await open_database(url)

    async def walk(way: Callable[[Config, str], None], revision: str) -> None:
        async with engine.begin() as connection:
            await connection.run_sync(lambda c: way(migration_config(c), revision))

    async def rows(table: str) -> list[tuple[object, ...]]:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608

    async def tables() -> set[str]:
        async with engine.connect() as connection:
            return set(await connection.run_sync(lambda c: sa.inspect(c).get_table_names())) - {"alembic_version"}

    await walk(command.downgrade, "0001")
    async with engine.begin() as connection:
        song = "INSERT INTO songs (id, request, created_at, status, failure) VALUES ('old1', '{}', :now, 'done', 'ü')"
        await connection.execute(sa.text(song).bindparams(sa.bindparam("now", datetime.now(UTC), UtcDateTime())))
        vote = "INSERT INTO votes (song_id, person_id, value, changed_at) VALUES ('old1', 7, 1, :now)"
        await connection.execute(sa.text(vote).bindparams(sa.bindparam("now", datetime.now(UTC), UtcDateTime())))
    songs, votes = await rows("songs"), await rows("votes")
    await walk(command.upgrade, "0002")
    assert [row[: len(songs[0])] for row in await rows("songs")] == songs
    await walk(command.upgrade, "0003")
    async with engine.begin() as connection:
        for name, state in (("job1", "failed"), ("job2", "queued")):
            job = (
                "INSERT INTO jobs (id, kind, song_id, payload, state, person_turn, guild_turn, attempts, created_at,"
                " finished_at) VALUES (:id, 'compose', 'old1', '{}', :state, 0, 0, 1, :now, :now)"
            )
            now = sa.bindparam("now", datetime.now(UTC), UtcDateTime())
            await connection.execute(sa.text(job).bindparams(now, id=name, state=state))
        left = "INSERT INTO songs (id, request, created_at, status) VALUES ('left', '{}', :now, 'composing')"
        await connection.execute(sa.text(left).bindparams(sa.bindparam("now", datetime.now(UTC), UtcDateTime())))
    jobs = await rows("jobs")
    await walk(command.upgrade, "0004")
    queue = Queue(Database(engine))
    assert [job.id for job in await queue.pending()] == ["job2"]
    assert (await queue.job("job1")).told_at == (await queue.job("job1")).finished_at
    async with engine.begin() as connection:
        assert (
            await connection.execute(sa.text("SELECT status FROM songs WHERE id = 'left'"))
        ).scalar_one() == "failed"
        await connection.execute(sa.text("DELETE FROM songs WHERE id = 'left'"))
    kept = await queue.enqueue(NewJob(id="job3", kind="compose", payload={"a": "ü"}, song_id="old1"))
    assert (await queue.pending())[-1] == kept
    await walk(command.downgrade, "0003")
    assert sorted(row for row in await rows("jobs") if row[0] != "job3") == sorted(jobs)
    await walk(command.downgrade, "0002")
    assert await tables() == {"songs", "votes"}
    await walk(command.upgrade, "head")
    assert await rows("jobs") == []
    await walk(command.downgrade, "0001")
    assert (await rows("songs"), await rows("votes")) == (songs, votes)
    await walk(command.downgrade, "base")
    assert await tables() == set()
    await engine.dispose()


@pytest.mark.parametrize("song_id", ["a\x00bcd", "x" * 100, "UPPER", "; DROP TABLE songs", "\ud800abc"])
async def test_an_id_that_no_database_could_keep_is_not_found_on_any(store: Store, song_id: str) -> None:
    for attempt in (
        store.song(song_id),
        store.press(song_id, person_id=1, value=1),
        store.finish(song_id, RECEIPT),
        store.begin(song_id, REQUEST, ORIGIN),
        store.jobs.job(song_id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await store.jobs.of_song(song_id) == ()
    assert await store.jobs.position(song_id) is None


async def test_texts_of_all_kinds_come_back_alike_from_every_database(store: Store) -> None:
    odd = {"prompt": "é\u0000 ♪ 🎵 '\"; --", "deep": [1, 2.5, None, True, {"": ""}]}
    await store.begin("song1", odd, ORIGIN)
    await store.fail("song1", "NUL \x00 and half \ud800 a character")
    record = await store.song("song1")
    assert record.request == odd
    assert record.failure == "NUL \ufffd and half ? a character"


@pytest.mark.parametrize("plain", ["sqlite", "postgresql"])
async def test_a_url_without_a_driver_gets_ours(plain: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/db" if plain == "sqlite" else request.getfixturevalue("postgres").fresh_url()
    assert url.startswith(f"{plain}://")
    store = await Store.open(url, tmp_path)
    await store.begin("song1", REQUEST, ORIGIN)
    await store.close()


async def test_the_database_itself_refuses_a_vote_of_another_value(store: Store, url: str) -> None:
    await store.begin("song1", REQUEST, ORIGIN)
    engine = await open_database(url)
    with pytest.raises(sa.exc.IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(
                sa.text(
                    "INSERT INTO votes (song_id, person_id, value, changed_at) VALUES ('song1', 1, 2, '2026-01-01')"
                )
            )
    await engine.dispose()


async def test_sqlite_runs_in_wal(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'db.sqlite'}"
    await (await Store.open(url, tmp_path)).close()
    with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"this is no database, it only has the name of one" * 99)
    with pytest.raises(SetupError, match=r"database sqlite:///.*db cannot be opened .*TUNESMITH_DATABASE_URL"):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / 'db'}")


async def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    engine = await open_database(url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(SetupError, match="another version of tunesmith"):
        await open_database(url)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=r"file/below for the database cannot be made"):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'below' / 'db'}")


@pytest.mark.parametrize("bad", ["nonsense", "mystery+driver://host/db"])
async def test_a_database_url_that_makes_no_sense_is_a_setup_error(bad: str) -> None:
    with pytest.raises(SetupError):
        await open_database(bad)


def test_times_are_kept_in_utc_and_naive_ones_refused() -> None:
    column = UtcDateTime()
    noon_in_oslo = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert column.process_bind_param(noon_in_oslo, sa.create_mock_engine("sqlite://", print).dialect).hour == 10
    with pytest.raises(ValueError, match="no time zone"):
        column.process_bind_param(datetime(2026, 7, 1), sa.create_mock_engine("sqlite://", print).dialect)
