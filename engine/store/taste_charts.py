"""Songs as people know them again: the best of a home, one's own, favourites.

In: whose, which style, since when. Out: `RatedSong`s. Conventions: songs that are done, with the votes that count
(`taste_counting.py`); the best are those with the highest lower bound of how often they are liked, then the newer ones.
Caveat: votes weigh the same here, whoever cast them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.store.names import checked_id, song_not_found
from engine.store.records import of_home, song_record
from engine.store.tables import favourites, songs, votes
from engine.store.taste_counting import VOTE_COUNTS, how_many
from engine.store.taste_part import TastePart
from engine.store.taste_ranking import lower_bound
from engine.store.taste_records import RatedSong

LEAST = 3
"""Votes that a song needs to be ranked."""
DONE = songs.c.status == "done"
UP = how_many(VOTE_COUNTS & (votes.c.value == 1)).label("up")
DOWN = how_many(VOTE_COUNTS & (votes.c.value == -1)).label("down")


class Charts(TastePart):
    """Rows of `songs` and `favourites`."""

    async def top(
        self, home: int, style: str | None = None, since: datetime | None = None, limit: int = 10
    ) -> tuple[RatedSong, ...]:
        """The best songs of a home, the best first; of one style, or made since then, if named. Left out are songs with
        fewer than `LEAST` votes, and those that no more people like than dislike.
        """
        where = of_home(songs, home) & DONE
        if style is not None:
            where &= songs.c.style == style
        if since is not None:
            where &= songs.c.created_at >= since
        counted = sa.select(songs.c.id, songs.c.created_at, UP, DOWN).join_from(songs, votes).where(where)
        counted = counted.group_by(songs.c.id, songs.c.created_at).having((UP + DOWN >= LEAST) & (UP > DOWN))
        async with self._database.reading() as connection:
            rows = (await connection.execute(counted)).all()
            best = sorted(rows, key=lambda row: (lower_bound(row.up, row.down), row.created_at, row.id), reverse=True)
            return await _rated(connection, [row.id for row in best[:limit]])

    async def songs_of(
        self, person_id: int, guild_id: int | None, limit: int = 10, before: datetime | None = None, *, skip: int = 0
    ) -> tuple[RatedSong, ...]:
        """What the person asked for in this server (None: alone with the bot), the newest first; made before then, or
        without the first `skip`, if named.
        """
        same_place = songs.c.guild_id.is_(None) if guild_id is None else songs.c.guild_id == guild_id
        theirs = sa.select(songs.c.id).where(DONE, songs.c.person_id == person_id, same_place)
        if before is not None:
            theirs = theirs.where(songs.c.created_at < before)
        newest = theirs.order_by(songs.c.created_at.desc(), songs.c.id.desc()).limit(limit).offset(skip)
        async with self._database.reading() as connection:
            return await _rated(connection, (await connection.execute(newest)).scalars().all())

    async def favourite(self, song_id: str, person_id: int) -> bool:
        """A person's star: keeps the song in mind, or not any more if it was. Returns whether it is. Raises
        `NotFound`.
        """
        mine = (favourites.c.song_id == song_id) & (favourites.c.person_id == person_id)
        row = {"song_id": song_id, "person_id": person_id, "created_at": self._clock()}
        held = sa.select(songs.c.id).where(songs.c.id == checked_id(song_id)).with_for_update(key_share=True)
        async with self._database.writing() as connection:
            if (await connection.execute(held)).one_or_none() is None:
                raise song_not_found(song_id)
            if (await connection.execute(favourites.delete().where(mine))).rowcount:
                return False
            await connection.execute(favourites.insert().values(row))
            return True

    async def favourites(self, person_id: int, limit: int = 10, *, skip: int = 0) -> tuple[RatedSong, ...]:
        """What the person keeps in mind, wherever it was made, the latest first; without the first `skip`."""
        theirs = sa.select(favourites.c.song_id).where(favourites.c.person_id == person_id)
        latest = theirs.order_by(favourites.c.created_at.desc(), favourites.c.song_id).limit(limit).offset(skip)
        async with self._database.reading() as connection:
            return await _rated(connection, (await connection.execute(latest)).scalars().all())


async def _rated(connection: AsyncConnection, ids: Sequence[str]) -> tuple[RatedSong, ...]:
    """The songs in this order."""
    counted = sa.select(songs.c.id, UP, DOWN).join_from(songs, votes).where(songs.c.id.in_(ids)).group_by(songs.c.id)
    found = {row.id: (int(row.up), int(row.down)) for row in await connection.execute(counted)}
    rows = (await connection.execute(sa.select(songs).where(songs.c.id.in_(ids)))).mappings()
    records = {row["id"]: song_record(row) for row in rows}
    pairs = [(records[song_id], *found.get(song_id, (0, 0))) for song_id in ids if song_id in records]
    return tuple(RatedSong(record=song, up=up, down=down, bound=lower_bound(up, down)) for song, up, down in pairs)
