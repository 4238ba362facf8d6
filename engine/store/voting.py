"""A press on a vote button, in as few questions as the database allows: hundreds of them arrive in a second.

In: a transaction, a song, a person, a value. Out: a `Tally`. Conventions: a press sets the vote, or withdraws it if it
is there already; which votes are counted `taste_counting.py` says. What is asked is put together once, not for every
press. Caveat: PostgreSQL holds the song's row meanwhile, else it would let two presses of one person run side by side;
SQLite's transactions exclude each other anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.store.names import song_not_found
from engine.store.records import Tally, VoteValue
from engine.store.tables import songs, votes
from engine.store.taste_counting import VOTE_COUNTS, counts_for

SONG, PERSON = sa.bindparam("song", type_=sa.String), sa.bindparam("person", type_=sa.BigInteger)
HELD = sa.select(songs.c.id).where(songs.c.id == SONG).with_for_update(key_share=True)
# A row for each vote, or one without a vote.
CAST = (
    sa.select(votes.c.person_id, votes.c.value, VOTE_COUNTS.label("counts"), counts_for(PERSON).label("mine_counts"))
    .join_from(songs, votes, isouter=True)
    .where(songs.c.id == SONG)
)
WITHDRAW = votes.delete().where((votes.c.song_id == SONG) & (votes.c.person_id == PERSON))


def _set(insert: Callable[[sa.Table], Any]) -> sa.Insert:
    """Insert a vote, or change the one that is there."""
    new = insert(votes)
    changed = {name: new.excluded[name] for name in ("value", "changed_at")}
    statement: sa.Insert = new.on_conflict_do_update(index_elements=["song_id", "person_id"], set_=changed)
    return statement


SET = {"postgresql": _set(postgresql.insert), "sqlite": _set(sqlite.insert)}


async def press(connection: AsyncConnection, song_id: str, person_id: int, value: VoteValue, now: datetime) -> Tally:
    """Set or withdraw a vote; returns what it is like then. Raises `NotFound` for an unknown song."""
    its = {"song": song_id, "person": person_id}
    database = connection.dialect.name
    if database == "postgresql":
        await connection.execute(HELD, its)
    rows = (await connection.execute(CAST, its)).all()
    if not rows:
        raise song_not_found(song_id)
    others = [row for row in rows if row.person_id not in (None, person_id)]
    if any(row.person_id == person_id and row.value == value for row in rows):
        await connection.execute(WITHDRAW, its)
        return _tally(others, None, True)
    row = {"song_id": song_id, "person_id": person_id, "value": value, "changed_at": now}
    await connection.execute(SET[database], row)
    return _tally(others, value, bool(rows[0].mine_counts))


async def count(connection: AsyncConnection, song_id: str, person_id: int | None) -> Tally:
    """The votes as they are; none for an unknown song."""
    rows = (await connection.execute(CAST, {"song": song_id, "person": person_id})).all()
    own = next((row for row in rows if row.value is not None and row.person_id == person_id), None)
    others = [row for row in rows if row.value is not None and row.person_id != person_id]
    return _tally(others, None, True) if own is None else _tally(others, own.value, bool(own.counts))


def _tally(others: Sequence[sa.Row[Any]], own: VoteValue | None, own_counts: bool) -> Tally:
    values = [row.value for row in others if row.counts]
    if own is not None and own_counts:
        values.append(own)
    return Tally(up=values.count(1), down=values.count(-1), own=own, own_counts=own_counts)
