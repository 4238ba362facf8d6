"""Whose turn it is: the place that a new job takes in the queue, so that nobody waits for one eager person.

In: a job's kind and origin. Out: `(person turn, guild turn)`; the least pair is next, then the oldest. Each person has
one job a round, the person turn; within a round servers take turns, the guild turn. Whoever has waited for nothing yet
joins the round that is being served (start-time fair queueing: Goyal, Vin and Cheng, 1997), unless `ROUND` jobs of it
have begun: then it is closed, so that ever new people cannot hold up the others' second songs for ever. People without
a server count as a server each. Caveat: to be called by one enqueuer at a time, so within its transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.store.records import Origin
from engine.store.tables import jobs

ROUND = 64

# A literal, for only then do the databases see that the index of what is queued serves.
QUEUED = jobs.c.state == sa.literal_column("'queued'")
STARTED = jobs.c.started_at.is_not(None)
ORDER = (jobs.c.person_turn, jobs.c.guild_turn, jobs.c.created_at, jobs.c.id)


async def next_turns(connection: AsyncConnection, kind: str, origin: Origin) -> tuple[int, int]:
    """The place of a new job of this kind and origin."""
    same_kind = jobs.c.kind == kind
    served, waiting = await _ends(connection, jobs.c.person_turn, same_kind)
    clock = max(served, waiting - 1, 0)
    if await _begun(connection, same_kind & (jobs.c.person_turn == clock)) >= ROUND:
        clock += 1
    own = await _last(connection, jobs.c.person_turn, same_kind & same_person(origin.person_id))
    person_turn = max(clock, own + 1)
    in_round = same_kind & (jobs.c.person_turn == person_turn)
    served, waiting = await _ends(connection, jobs.c.guild_turn, in_round)
    own = await _last(connection, jobs.c.guild_turn, in_round & _same_server(origin))
    return person_turn, max(served, waiting - 1, own + 1, 0)


def same_person(person_id: int | None) -> sa.ColumnElement[bool]:
    """The condition that a job is this person's; whoever uses the command line is one person."""
    return jobs.c.person_id.is_(None) if person_id is None else jobs.c.person_id == person_id


def _same_server(origin: Origin) -> sa.ColumnElement[bool]:
    if origin.guild_id is not None:
        return jobs.c.guild_id == origin.guild_id
    return jobs.c.guild_id.is_(None) & same_person(origin.person_id)


async def _ends(connection: AsyncConnection, turn: sa.Column[int], where: sa.ColumnElement[bool]) -> tuple[int, int]:
    """The last turn that was begun, and the first that waits; −1 for none."""
    served = sa.select(sa.func.max(turn)).where(where, STARTED).scalar_subquery()
    waiting = sa.select(sa.func.min(turn)).where(where, QUEUED).scalar_subquery()
    row = (await connection.execute(sa.select(sa.func.coalesce(served, -1), sa.func.coalesce(waiting, -1)))).one()
    return row[0], row[1]


async def _last(connection: AsyncConnection, turn: sa.Column[int], where: sa.ColumnElement[bool]) -> int:
    """The last turn that is taken, served or not; −1 for none. What was cancelled before it began took none."""
    found = await connection.execute(sa.select(sa.func.coalesce(sa.func.max(turn), -1)).where(where, QUEUED | STARTED))
    return int(found.scalar_one())


async def _begun(connection: AsyncConnection, where: sa.ColumnElement[bool]) -> int:
    """How many jobs of a round have begun; counting ends at `ROUND`."""
    some = sa.select(jobs.c.id).where(where, STARTED).limit(ROUND).subquery()
    return int((await connection.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())
