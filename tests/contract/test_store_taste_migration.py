"""The step to what people like and back, with songs, votes and models in place, on every database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.store import NewDuel, NewTaste, Origin, Store, Tally
from engine.store.database import migration_config, open_database
from engine.store.migrations.versions.v0006_taste import AT_ONCE
from engine.store.tables import UtcDateTime

BEFORE = "0005"
NEW_TABLES = {"duels", "duel_votes", "favourites", "tastes", "switches", "voids"}
RECEIPTS: dict[str, Any] = {
    "jazz": {"style": "jazz", "prompt": "é ♪ \x00 '\""},
    "blend": {"style": "lofi", "blend": {"lofi": 0.6, "jazz": 0.4}},
    "unfinished": None,
    "without": {"prompt": "no style was written yet"},
    "nothing": {"style": None},
    "list": ["no", "object"],
    "long": {"style": "s" * 60},
}


async def walk(engine: AsyncEngine, way: Callable[[Config, str], None], revision: str) -> None:
    """Up or down to a version."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: way(migration_config(c), revision))


async def rows(engine: AsyncEngine, table: str) -> list[tuple[object, ...]]:
    """A table as it is."""
    async with engine.connect() as connection:
        found = await connection.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608
        return sorted((tuple(row) for row in found), key=lambda row: str(row[0]))


async def written(engine: AsyncEngine) -> None:
    """Songs, votes and a model as the version before wrote them; more songs than are read at once."""
    receipts = RECEIPTS | {f"many{number:04d}": {"style": "rock"} for number in range(AT_ONCE + 3)}
    now = sa.bindparam("now", type_=UtcDateTime())
    song = sa.text(
        "INSERT INTO songs (id, request, receipt, guild_id, person_id, created_at, status)"
        " VALUES (:id, '{}', :receipt, 5, 6, :now, 'done')"
    ).bindparams(now)
    vote = sa.text("INSERT INTO votes (song_id, person_id, value, changed_at) VALUES ('jazz', 7, 1, :now)")
    model = sa.text(
        "INSERT INTO models (id, guild_id, style, version, state, upload_ids, created_at)"
        " VALUES ('model', 5, 'jazz', 1, 'live', '[]', :now)"
    )
    async with engine.begin() as connection:
        for song_id, receipt in receipts.items():
            text = None if receipt is None else json.dumps(receipt)
            await connection.execute(song, {"id": song_id, "receipt": text, "now": datetime.now(UTC)})
        for statement in (vote, model):
            await connection.execute(statement.bindparams(now), {"now": datetime.now(UTC)})


async def test_songs_get_their_styles_and_a_step_down_leaves_everything_as_it_was(store: Store, url: str) -> None:
    engine = await open_database(url)
    await walk(engine, command.downgrade, BEFORE)
    await written(engine)
    before = {table: await rows(engine, table) for table in ("songs", "votes", "models")}
    await walk(engine, command.upgrade, "head")

    known = await store.songs([*RECEIPTS, "many0000", f"many{AT_ONCE + 2:04d}"])
    assert {song_id: song.style for song_id, song in known.items()} == {
        "jazz": "jazz", "blend": "lofi", "unfinished": None, "without": None, "nothing": None, "list": None,
        "long": "s" * 40, "many0000": "rock", f"many{AT_ONCE + 2:04d}": "rock",
    }  # fmt: skip
    assert known["jazz"].receipt == RECEIPTS["jazz"]
    assert (await store.teaching.model("model")).trial_since is None
    assert await store.votes("jazz", person_id=7) == Tally(up=1, down=0, own=1)
    assert len((await store.taste.ballot(5)).songs) == 1

    new = NewDuel(
        id="duel", origin=Origin(guild_id=5), request={}, left_id="jazz", right_id="blend", minutes=1, votes_wanted=1
    )
    await store.taste.add_duel(new)
    await store.taste.open_duel("duel")
    await store.taste.answer("duel", 7, "both")
    await store.taste.favourite("jazz", 7)
    await store.taste.save_taste(NewTaste(home=5, style="jazz", version=1, state={}, figures={}, votes=1))
    await store.taste.switch(5, "share", True)
    await store.taste.void(5, 7, by=None, reason="")
    await store.taste.begin_trial("model")
    await walk(engine, command.downgrade, BEFORE)
    assert {table: await rows(engine, table) for table in before} == before
    async with engine.connect() as connection:
        assert not NEW_TABLES & set(await connection.run_sync(lambda c: sa.inspect(c).get_table_names()))

    await walk(engine, command.upgrade, "head")
    await engine.dispose()
    assert (await store.song("jazz")).style == "jazz"
    assert (await store.taste.tastes(5), await store.taste.voids(5), await store.taste.trials()) == ({}, (), ())
