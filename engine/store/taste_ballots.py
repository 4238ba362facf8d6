"""All that was said in one place or by one person: to learn from, to hand out, to erase.

In: a home, a server, a person. Out: `BallotRows`, `ExportRows`, `PersonVotes`. Conventions: votes as they were cast,
oldest first; a song's votes belong to the song's home. Caveat: receipts are long, so they are read some at a time and
only what is named here is kept of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.store.records import Origin, SongRecord, home_of, of_home, song_record
from engine.store.tables import duel_votes, duels, favourites, songs, switches, tastes, voids, votes
from engine.store.taste_part import TastePart
from engine.store.taste_records import (
    AnswerRecord,
    BallotRows,
    Erased,
    ExportRows,
    PersonVotes,
    VoteRecord,
    answer_record,
    duel_record,
    favourite_record,
    void_record,
    vote_record,
)

HEARD = ("style", "model", "primer", "features", "taste")
"""What learning needs of a receipt."""
EXPORTED = ("title", "prompt", "style", "seed", "model", "duration_s", "tempo_bpm", "key", "meter")
AT_ONCE = 100
"""Receipts that are in memory together; meanwhile the event loop waits."""
DONE = songs.c.status == "done"
ANSWERS = sa.select(duel_votes, duels.c.left_id, duels.c.right_id).join_from(duel_votes, duels)


class Ballots(TastePart):
    """Rows of `votes`, `duel_votes` and all that they are about."""

    async def ballot(self, home: int, since: datetime | None = None, most: int = 5000) -> BallotRows:
        """What a home's taste is learnt from: its newest `most` votes, and as many answers to revealed duels; cast
        since then, if named.
        """
        cast = sa.select(votes).join_from(votes, songs).where(of_home(songs, home), DONE)
        given = ANSWERS.where(of_home(duels, home), duels.c.state == "revealed")
        if since is not None:
            cast, given = cast.where(votes.c.changed_at >= since), given.where(duel_votes.c.changed_at >= since)
        async with self._database.reading() as connection:
            their_votes = await _votes(connection, cast.order_by(*_newest(votes)).limit(most))
            answers = await _answers(connection, given.order_by(*_newest(duel_votes)).limit(most))
            void = sa.select(voids.c.person_id).where(voids.c.guild_id == home)
            return BallotRows(
                home=home,
                songs=await short_songs(connection, _about(their_votes, answers), HEARD),
                votes=their_votes,
                duels=answers,
                voided=frozenset((await connection.execute(void)).scalars()),
            )

    async def homes(self, since: datetime) -> dict[int, int]:
        """In which homes votes were cast, or duels revealed, since then, and how many."""
        where = (songs.c.guild_id, songs.c.person_id)
        cast = sa.select(*where, sa.func.count().label("votes")).join_from(votes, songs).group_by(*where)
        where = (duels.c.guild_id, duels.c.person_id)
        given = sa.select(*where, sa.func.count().label("votes")).join_from(duel_votes, duels).group_by(*where)
        found: dict[int, int] = {}
        async with self._database.reading() as connection:
            for new in (cast.where(votes.c.changed_at >= since), given.where(duels.c.revealed_at >= since)):
                for row in await connection.execute(new):
                    home = _home(row)
                    found[home] = found.get(home, 0) + int(row.votes)
        return found

    async def export(self, guild_id: int) -> ExportRows:
        """All that a server's people said, and the songs and duels of the server; of duels that are open, not yet who
        said what.
        """
        theirs = songs.c.guild_id == guild_id
        async with self._database.reading() as connection:
            ids = (await connection.execute(sa.select(songs.c.id).where(theirs, DONE))).scalars().all()
            cast = sa.select(votes).join_from(votes, songs).where(theirs, DONE).order_by(*_newest(votes))
            given = ANSWERS.where(duels.c.guild_id == guild_id, duels.c.state == "revealed")
            fought = sa.select(duels).where(duels.c.guild_id == guild_id).order_by(duels.c.created_at, duels.c.id)
            void = sa.select(voids).where(voids.c.guild_id == guild_id).order_by(voids.c.created_at, voids.c.person_id)
            return ExportRows(
                songs=await short_songs(connection, ids, EXPORTED),
                votes=await _votes(connection, cast),
                duels=tuple(map(duel_record, (await connection.execute(fought)).mappings())),
                answers=await _answers(connection, given.order_by(*_newest(duel_votes))),
                voids=tuple(map(void_record, (await connection.execute(void)).mappings())),
            )

    async def votes_of(self, person_id: int) -> PersonVotes:
        """All that one person said, anywhere."""
        starred = sa.select(favourites).where(favourites.c.person_id == person_id)
        async with self._database.reading() as connection:
            cast = sa.select(votes).where(votes.c.person_id == person_id).order_by(*_newest(votes))
            given = ANSWERS.where(duel_votes.c.person_id == person_id).order_by(*_newest(duel_votes))
            rows = await connection.execute(starred.order_by(favourites.c.created_at, favourites.c.song_id))
            return PersonVotes(
                votes=await _votes(connection, cast),
                answers=await _answers(connection, given),
                favourites=tuple(map(favourite_record, rows.mappings())),
            )

    async def erase_person(self, person_id: int) -> Erased:
        """Nothing that the person said stays, nor what was learnt of them alone. Their songs do, and so does that a
        moderator voided their votes: else who was voided would begin anew.
        """
        where_voted = sa.select(songs.c.guild_id, songs.c.person_id).join_from(votes, songs)
        where_answered = sa.select(duels.c.guild_id, duels.c.person_id).join_from(duel_votes, duels)
        async with self._database.writing() as connection:
            await self._alone(connection)
            told = [
                *await connection.execute(where_voted.where(votes.c.person_id == person_id).distinct()),
                *await connection.execute(where_answered.where(duel_votes.c.person_id == person_id).distinct()),
            ]
            gone = [
                (await connection.execute(table.delete().where(table.c.person_id == person_id))).rowcount
                for table in (votes, duel_votes, favourites)
            ]
            for table in (tastes, switches):
                await connection.execute(table.delete().where(table.c.home == person_id))
        await self._database.scrub()
        homes = set(map(_home, told))
        return Erased(votes=gone[0], answers=gone[1], favourites=gone[2], homes=tuple(sorted(homes - {person_id})))


def _home(row: Any) -> int:
    """Of whom the row's song or duel is."""
    return home_of(Origin(guild_id=row.guild_id, person_id=row.person_id))


def _newest(table: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
    return (table.c.changed_at.desc(), *(column.desc() for column in table.primary_key.columns))


async def _votes(connection: AsyncConnection, newest_first: sa.Executable) -> tuple[VoteRecord, ...]:
    return tuple(map(vote_record, (await connection.execute(newest_first)).mappings()))[::-1]


async def _answers(connection: AsyncConnection, newest_first: sa.Executable) -> tuple[AnswerRecord, ...]:
    return tuple(map(answer_record, (await connection.execute(newest_first)).mappings()))[::-1]


def _about(cast: Iterable[VoteRecord], given: Iterable[AnswerRecord]) -> Sequence[str]:
    """The songs that votes and answers are about."""
    both = (song_id for answer in given for song_id in (answer.left_id, answer.right_id))
    return sorted({*(vote.song_id for vote in cast), *both})


async def short_songs(connection: AsyncConnection, ids: Sequence[str], keys: Sequence[str]) -> tuple[SongRecord, ...]:
    """The songs that are done, oldest first, with these keys of their receipts."""
    found: list[SongRecord] = []
    for start in range(0, len(ids), AT_ONCE):
        some = sa.select(songs).where(songs.c.id.in_(ids[start : start + AT_ONCE]), DONE)
        for row in (await connection.execute(some)).mappings():
            receipt = {key: value for key, value in (row["receipt"] or {}).items() if key in keys}
            found.append(replace(song_record(row), receipt=receipt))
    return tuple(sorted(found, key=lambda song: (song.created_at, song.id)))
