"""Duels: two songs for one request, blind, and what people say of them.

    add_duel ─→ making ─open_duel─→ open ─reveal─→ revealed        making, open ─fail_duel─→ failed

In: `NewDuel`s, answers. Out: `DuelRecord`s and `DuelTally`s. Conventions: a duel is added along with the jobs of its
songs, all or nothing; a person has one answer a duel, which can be changed, and withdrawn by giving it again, until it
is revealed; of several who reveal at once one does, and the others get None. Caveat: whether both songs are done, and
whether it is time, is not known here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.errors import BadRequest, NotFound
from engine.store.names import keepable
from engine.store.queue import accept
from engine.store.records import NewJob
from engine.store.tables import duel_votes, duels, songs
from engine.store.taste_counting import ANSWER_COUNTS
from engine.store.taste_part import TastePart
from engine.store.taste_records import Answer, DuelRecord, DuelState, DuelTally, NewDuel, duel_record

UNDECIDED: tuple[DuelState, ...] = ("making", "open")
WHY_NOT = {"making": "is still being made", "revealed": "is over", "failed": "came to nothing"}


class Duels(TastePart):
    """Rows of `duels` and `duel_votes`."""

    async def add_duel(
        self, new: NewDuel, jobs: Sequence[NewJob] = (), *, person_limit: int | None = None
    ) -> DuelRecord:
        """Accept a duel, and the jobs that make its songs with it; the same id again changes nothing.

        Raises `BadRequest`, and keeps nothing, when the person would wait for more than `person_limit` songs.
        """
        row = {field.name: getattr(new, field.name) for field in dataclasses.fields(NewDuel) if field.name != "origin"}
        row |= dataclasses.asdict(new.origin) | {"state": "making", "created_at": self._clock()}
        async with self._database.writing() as connection:
            for job in jobs:
                await accept(connection, job, self._clock(), person_limit)
            for known in await _duels(connection, sa.select(duels).where(duels.c.id == keepable(new.id))):
                return known
            return (await _duels(connection, duels.insert().values(row).returning(duels)))[0]

    async def duel(self, duel_id: str, *, person_id: int | None = None) -> DuelTally:
        """The duel as it stands, and what this person said. Raises `NotFound`."""
        async with self._database.reading() as connection:
            return await _tally(connection, duel_id, person_id)

    async def open_duels(self) -> tuple[DuelRecord, ...]:
        """All that are being made or open, of whatever server, oldest first."""
        undecided = sa.select(duels).where(duels.c.state.in_(UNDECIDED)).order_by(duels.c.created_at, duels.c.id)
        async with self._database.reading() as connection:
            return await _duels(connection, undecided)

    async def note_duel(self, duel_id: str, *, channel_id: int | None, message_id: int | None) -> None:
        """Remember which message shows it, and its songs. Raises `NotFound`."""
        place = {"channel_id": channel_id, "message_id": message_id}
        duel = await self._change(duel_id, (), **place)
        if duel is None:
            raise no_duel(duel_id)
        async with self._database.writing() as connection:
            both = songs.c.id.in_([duel.left_id, duel.right_id])
            await connection.execute(songs.update().where(both).values(place))

    async def open_duel(self, duel_id: str) -> DuelRecord | None:
        """Both songs are there, and people may answer from now on. None when that was so before, or it failed."""
        async with self._database.writing() as connection:
            mine = (duels.c.id == keepable(duel_id)) & (duels.c.state == "making")
            for duel in await _duels(connection, sa.select(duels).where(mine).with_for_update(key_share=True)):
                left = sa.select(songs.c.style).where(songs.c.id == duel.left_id)
                values = {
                    "state": "open",
                    "style": duel.style or (await connection.execute(left)).scalar_one(),
                    "closes_at": self._clock() + timedelta(minutes=duel.minutes),
                }
                return (await _duels(connection, duels.update().where(mine).values(values).returning(duels)))[0]
        return None

    async def fail_duel(self, duel_id: str, reason: str) -> DuelRecord | None:
        """The duel came to nothing. None when it is over already."""
        return await self._change(duel_id, UNDECIDED, state="failed", failure=keepable(reason))

    async def answer(self, duel_id: str, person_id: int, answer: Answer) -> DuelTally:
        """A person's button: sets the answer, or withdraws it if it is this one already. Raises `NotFound`, and
        `BadRequest` when the duel is not open.
        """
        mine = (duel_votes.c.duel_id == duel_id) & (duel_votes.c.person_id == person_id)
        row = {"duel_id": duel_id, "person_id": person_id, "answer": answer, "changed_at": self._clock()}
        # The duel's row is held meanwhile, so that nobody answers after it was revealed.
        held = sa.select(duels.c.state).where(duels.c.id == keepable(duel_id)).with_for_update(key_share=True)
        async with self._database.writing() as connection:
            state = (await connection.execute(held)).scalar_one_or_none()
            if state is None:
                raise no_duel(duel_id)
            if state != "open":
                raise BadRequest(f"This duel {WHY_NOT[state]}; another one would work.")
            gone = await connection.execute(duel_votes.delete().where(mine).returning(duel_votes.c.answer))
            if gone.scalar_one_or_none() != answer:
                await connection.execute(duel_votes.insert().values(row))
            return await _tally(connection, duel_id, person_id)

    async def reveal(self, duel_id: str) -> DuelTally | None:
        """The duel is over, and this is how it ended. None when it is not open: whoever revealed it tells of it."""
        async with self._database.writing() as connection:
            mine = (duels.c.id == keepable(duel_id)) & (duels.c.state == "open")
            values = {"state": "revealed", "revealed_at": self._clock()}
            changed = await connection.execute(duels.update().where(mine).values(values))
            return await _tally(connection, duel_id, None) if changed.rowcount else None

    async def _change(self, duel_id: str, states: Sequence[DuelState], **values: object) -> DuelRecord | None:
        where = duels.c.id == keepable(duel_id)
        if states:
            where &= duels.c.state.in_(states)
        async with self._database.writing() as connection:
            changed = await _duels(connection, duels.update().where(where).values(values).returning(duels))
        return changed[0] if changed else None


def no_duel(duel_id: str) -> NotFound:
    """The error for an unknown duel."""
    return NotFound(f"There is no duel {duel_id[:40]!r}; one of its songs may have been removed.")


async def _duels(connection: AsyncConnection, statement: sa.Executable) -> tuple[DuelRecord, ...]:
    return tuple(duel_record(row) for row in (await connection.execute(statement)).mappings())


async def _tally(connection: AsyncConnection, duel_id: str, person_id: int | None) -> DuelTally:
    """The duel's answers; raises `NotFound`."""
    found = await _duels(connection, sa.select(duels).where(duels.c.id == keepable(duel_id)))
    if not found:
        raise no_duel(duel_id)
    joined = duel_votes.join(duels, duels.c.id == duel_votes.c.duel_id)
    given = sa.select(duel_votes.c.person_id, duel_votes.c.answer, ANSWER_COUNTS.label("counts")).select_from(joined)
    rows = (await connection.execute(given.where(duels.c.id == found[0].id))).all()
    counted = [row.answer for row in rows if row.counts]
    return DuelTally(
        duel=found[0],
        left=counted.count("left"),
        right=counted.count("right"),
        both=counted.count("both"),
        neither=counted.count("neither"),
        own=next((row.answer for row in rows if row.person_id == person_id), None),
    )
