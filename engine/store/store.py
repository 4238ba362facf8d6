"""Songs and votes, kept: what was asked, what came out, who liked it.

In: JSON requests and receipts, votes. Out: `SongRecord`, `Tally`. Conventions: a song is `composing` until it is `done`
or `failed`; a person has at most one vote a song, and which are counted `taste_counting.py` says; all times are UTC.
Caveat: songs that are made for a job change with it (`queue.py`); `begin`, `finish` and `fail` are for those that are
made without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, get_args

import sqlalchemy as sa

from engine.store import voting
from engine.store.database import Database, open_database
from engine.store.files import FilesPlace, FileStore
from engine.store.names import Space, checked_id, keepable, song_not_found
from engine.store.opening import open_files
from engine.store.queue import Queue
from engine.store.records import Origin, SongRecord, Tally, VoteValue, done, new_song, song_record
from engine.store.scratch import Scratch
from engine.store.tables import songs
from engine.store.taste import Taste
from engine.store.teaching import Teaching

SPACES: tuple[Space, ...] = get_args(Space)
MOST_IDS = 500
"""In one question."""


class Store:
    """Open with `await Store.open(url, data_dir)`, close with `await store.close()`.

    `jobs`: the queue. `teaching`: what servers taught. `taste`: what people like. `scratch`: where this machine makes
    songs. `files`: where finished ones are kept; `space` has the places of other things.
    """

    def __init__(self, database: Database, spaces: Mapping[Space, FileStore], data_dir: Path) -> None:
        self._database = database
        self._spaces = spaces
        self.jobs = Queue(database)
        self.teaching = Teaching(database)
        self.taste = Taste(database)
        self.scratch = Scratch(data_dir)
        self.files = spaces["songs"]

    @classmethod
    async def open(cls, url: str, data_dir: Path, place: FilesPlace | None = None) -> Self:
        """Connect and bring the schema up to date; raises `SetupError`. `place`: where files are kept, if not in the
        data folder.
        """
        spaces = {space: open_files(place or FilesPlace(), data_dir, space) for space in SPACES}
        return cls(Database(await open_database(url)), spaces, data_dir)

    def space(self, space: Space) -> FileStore:
        """Where the files of songs, uploads or models are kept."""
        return self._spaces[space]

    async def check(self) -> None:
        """Ask the database whether it is there; raises `StoreError`. Of files, `files.check` tells."""
        await self._database.check()

    async def close(self) -> None:
        """Give back all connections. Safe to call twice."""
        await self._database.close()

    async def begin(self, song_id: str, request: Mapping[str, Any], origin: Origin) -> None:
        """A song is being composed."""
        async with self._database.writing() as connection:
            await connection.execute(new_song(song_id, request, origin, datetime.now(UTC)))

    async def finish(self, song_id: str, receipt: Mapping[str, Any]) -> None:
        """The song is done; raises `NotFound` if it was never begun."""
        await self._end(song_id, **done(receipt))

    async def fail(self, song_id: str, reason: str) -> None:
        """The song came to nothing; raises `NotFound` if it was never begun."""
        await self._end(song_id, status="failed", failure=keepable(reason))

    async def song(self, song_id: str) -> SongRecord:
        """The song's row; raises `NotFound`."""
        async with self._database.reading() as connection:
            row = (
                (await connection.execute(sa.select(songs).where(songs.c.id == checked_id(song_id))))
                .mappings()
                .one_or_none()
            )
        if row is None:
            raise song_not_found(song_id)
        return song_record(row)

    async def songs(self, song_ids: Sequence[str]) -> dict[str, SongRecord]:
        """The rows of several songs; unknown ones are left out."""
        found: dict[str, SongRecord] = {}
        async with self._database.reading() as connection:
            for start in range(0, len(song_ids), MOST_IDS):
                some = sa.select(songs).where(songs.c.id.in_(song_ids[start : start + MOST_IDS]))
                rows = (await connection.execute(some)).mappings()
                found.update((row["id"], song_record(row)) for row in rows)
        return found

    async def press(self, song_id: str, *, person_id: int, value: VoteValue) -> Tally:
        """A person's vote button: sets the vote, or withdraws it if it is `value` already. Raises `NotFound`."""
        async with self._database.writing() as connection:
            return await voting.press(connection, checked_id(song_id), person_id, value, datetime.now(UTC))

    async def votes(self, song_id: str, *, person_id: int | None = None) -> Tally:
        """The song's votes as they are (no votes for an unknown song)."""
        async with self._database.reading() as connection:
            return await voting.count(connection, song_id, person_id)

    async def _end(self, song_id: str, **values: Any) -> None:
        async with self._database.writing() as connection:
            changed = await connection.execute(songs.update().where(songs.c.id == checked_id(song_id)).values(**values))
        if changed.rowcount == 0:
            raise song_not_found(song_id)
