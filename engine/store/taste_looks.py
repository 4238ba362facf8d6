"""Looks at what is there: what one person said of some songs, songs with too few votes, duels that ended, all that is
kept of a person.

In: a person, a home, songs. Out: records. Conventions: as in the other parts. Caveat: a person's songs come without
what was measured of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.names import keepable
from engine.store.records import SongRecord, VoteValue, of_home
from engine.store.tables import duels, favourites, songs, uploads, voids, votes
from engine.store.taste_ballots import EXPORTED, short_songs
from engine.store.taste_charts import DONE, DOWN, LEAST, UP
from engine.store.taste_counting import VOTE_COUNTS
from engine.store.taste_part import TastePart
from engine.store.taste_records import DuelRecord, VoidRecord, duel_record, void_record
from engine.store.teaching_records import UploadRecord
from engine.store.teaching_uploads import upload_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWord:
    """What a person said of a song. `vote`: None for none; `counts`: whether it is among the song's counts."""

    vote: VoteValue | None
    counts: bool
    is_favourite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKept:
    """What is kept of a person beside their votes. Of songs, the receipts have `taste_ballots.EXPORTED` alone."""

    songs: tuple[SongRecord, ...]
    duels: tuple[DuelRecord, ...]
    uploads: tuple[UploadRecord, ...]
    voids: tuple[VoidRecord, ...]


class Looks(TastePart):
    """Rows of all tables about songs and votes, and of `uploads`."""

    async def own_words(self, person_id: int, song_ids: Sequence[str]) -> dict[str, OwnWord]:
        """What the person said of these songs; those of which they said nothing are left out."""
        known = [keepable(song_id) for song_id in song_ids]
        cast = sa.select(votes.c.song_id, votes.c.value, VOTE_COUNTS.label("counts")).join_from(votes, songs)
        cast = cast.where(votes.c.person_id == person_id, votes.c.song_id.in_(known))
        starred = sa.select(favourites.c.song_id)
        starred = starred.where(favourites.c.person_id == person_id, favourites.c.song_id.in_(known))
        async with self._database.reading() as connection:
            said = {row.song_id: (row.value, bool(row.counts)) for row in await connection.execute(cast)}
            stars = set((await connection.execute(starred)).scalars())
        words = {song_id: (*said.get(song_id, (None, True)), song_id in stars) for song_id in {*said, *stars}}
        return {
            song_id: OwnWord(vote=vote, counts=counts, is_favourite=star)
            for song_id, (vote, counts, star) in words.items()
        }

    async def unranked(self, home: int, style: str | None = None, since: datetime | None = None) -> int:
        """How many songs `top` leaves out that have votes, but too few."""
        where = of_home(songs, home) & DONE
        if style is not None:
            where &= songs.c.style == style
        if since is not None:
            where &= songs.c.created_at >= since
        counted = sa.select(songs.c.id).join_from(songs, votes).where(where).group_by(songs.c.id)
        few = counted.having((UP + DOWN < LEAST) & (UP + DOWN > 0)).subquery()
        async with self._database.reading() as connection:
            return int((await connection.execute(sa.select(sa.func.count()).select_from(few))).scalar_one())

    async def ended_duels(self, since: datetime) -> tuple[DuelRecord, ...]:
        """The duels that were begun or revealed since then, and are over, oldest first."""
        lately = sa.func.coalesce(duels.c.revealed_at, duels.c.created_at) >= since
        over = sa.select(duels).where(duels.c.state.in_(("revealed", "failed")), lately)
        async with self._database.reading() as connection:
            rows = (await connection.execute(over.order_by(duels.c.created_at, duels.c.id))).mappings()
            return tuple(map(duel_record, rows))

    async def kept_of(self, person_id: int) -> PersonKept:
        """What a person asked for and taught, anywhere, and where their votes are void; oldest first."""
        asked = sa.select(songs.c.id).where(songs.c.person_id == person_id, DONE)
        begun = sa.select(duels).where(duels.c.person_id == person_id).order_by(duels.c.created_at, duels.c.id)
        taught = sa.select(uploads).where(uploads.c.person_id == person_id)
        void = sa.select(voids).where(voids.c.person_id == person_id).order_by(voids.c.created_at, voids.c.guild_id)
        async with self._database.reading() as connection:
            ids = (await connection.execute(asked)).scalars().all()
            return PersonKept(
                songs=await short_songs(connection, ids, EXPORTED),
                duels=tuple(map(duel_record, (await connection.execute(begun)).mappings())),
                uploads=await upload_rows(connection, taught.order_by(uploads.c.created_at, uploads.c.id)),
                voids=tuple(map(void_record, (await connection.execute(void)).mappings())),
            )
