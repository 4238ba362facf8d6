"""The queue: what was accepted and is not done yet. Nothing that was accepted is lost, nothing is done twice at once.

    enqueue ─→ queued ─lease─→ composing ─advance─→ rendering ─advance─→ delivering ─finish─→ done
                  ↑               │                    │                    ↑ (leased anew when its worker falls silent)
                  └─ expire, retry, hand_back ─────────┘                    fail ─→ failed      cancel ─→ cancelled

In: `NewJob`s, and the names of the workers that take them. Out: `JobRecord`s. Conventions: a job that is worked on has
an owner and a time until which it is the owner's; the owner says in time that it still lives (`heartbeat`), and every
step it reports is refused (`False`) once the job is no longer its own, be it expired or cancelled: it then stops. A
job's row and its song's change in one transaction. Which job is next, `turns.py` decides. Caveat: times are those of
the machines that ask, whose clocks must agree far better than leases are long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.errors import BadRequest, NotFound
from engine.store.database import Database
from engine.store.names import keepable
from engine.store.records import UNFINISHED, Expired, JobRecord, JobState, NewJob, done, job_record, new_song
from engine.store.tables import jobs, songs
from engine.store.turns import ORDER, QUEUED, next_turns, same_person

ENQUEUE_LOCK = 0x51756575  # any number that nobody else of this database uses
COMPOSE = ("compose",)
WAS_CANCELLED = "it was cancelled"
FELL_SILENT = "its worker fell silent"
ITS_OWNER_DIED = "the process that had it died"
FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None}
# What is given up half-way begins with composing again; a finished song is only delivered again.
FIRST_OF_STAGE = sa.case((jobs.c.state == "delivering", "delivering"), else_="queued")
CANCELLABLE: tuple[JobState, ...] = ("queued", "composing", "rendering")
OVER_IN_VAIN: tuple[JobState, ...] = ("failed", "cancelled")


class Queue:
    """Jobs in `database`. `clock`: what time it is, in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def enqueue(self, new: NewJob, *, person_limit: int | None = None) -> JobRecord:
        """Accept a job, and its song with it; the same id again changes nothing.

        Raises `BadRequest` when the person has `person_limit` unfinished jobs of this kind already.
        """
        async with self._database.writing() as connection:
            return await accept(connection, new, self._clock(), person_limit)

    async def lease(
        self,
        owner: str,
        *,
        for_s: float,
        kinds: Sequence[str] = COMPOSE,
        state: JobState = "queued",
        most: int = 1,
    ) -> tuple[JobRecord, ...]:
        """Take the next jobs, in the order of their turns, as `owner`'s for `for_s` seconds; none if none waits.

        `state`: `queued`, whose jobs become `composing`, or a later one that was let go. Two who ask at once get
        different jobs.
        """
        right_kind = jobs.c.kind == kinds[0] if len(kinds) == 1 else jobs.c.kind.in_(kinds)
        right_state = QUEUED if state == "queued" else (jobs.c.state == state) & jobs.c.lease_owner.is_(None)
        now = self._clock()
        values = {
            "state": "composing" if state == "queued" else state,
            "attempts": jobs.c.attempts + int(state != "rendering"),
            "lease_owner": owner,
            "lease_until": now + timedelta(seconds=for_s),
            "started_at": sa.func.coalesce(jobs.c.started_at, sa.literal(now, jobs.c.started_at.type)),
        }
        async with self._database.writing() as connection:
            next_ones = sa.select(jobs.c.id).where(right_kind & right_state).order_by(*ORDER).limit(most)
            ids = (await connection.execute(next_ones.with_for_update(skip_locked=True))).scalars().all()
            leased = await _rows(connection, jobs.update().where(jobs.c.id.in_(ids)).values(values).returning(jobs))
        return tuple(sorted(leased, key=lambda job: ids.index(job.id)))

    async def heartbeat(self, owner: str, job_ids: Iterable[str], *, for_s: float) -> frozenset[str]:
        """`owner` lives and works on these jobs: they stay its own for `for_s` more seconds. Returns those that do; the
        others are to be stopped.
        """
        until = self._clock() + timedelta(seconds=for_s)
        mine = _owned(owner) & jobs.c.id.in_(list(job_ids))
        kept = await self._change(mine, {"lease_until": until})
        return frozenset(job.id for job in kept)

    async def advance(
        self,
        job_id: str,
        owner: str,
        state: JobState,
        *,
        receipt: Mapping[str, Any] | None = None,
        let_go: bool = False,
    ) -> bool:
        """The job has come to `state`. `receipt`: its song is done, and this is what was made. `let_go`: whoever leases
        that state next goes on with it. False: the job is no longer `owner`'s.
        """
        values: dict[str, Any] = {"state": state, **(FREE if let_go else {})}
        if state == "delivering":  # what comes before it is not done again, so it is tried as often anew
            values["attempts"] = 0 if let_go else 1
        mine = _owned(owner) & (jobs.c.id == job_id)
        song = None if receipt is None else done(receipt)
        return bool(await self._change(mine, values, song=song))

    async def note(
        self, job_id: str, *, channel_id: int | None = None, message_id: int | None = None, reply_id: int | None = None
    ) -> None:
        """Remember where the job, and its song, is shown, as far as it is said. Raises `NotFound`."""
        said = {"channel_id": channel_id, "message_id": message_id, "reply_id": reply_id}
        known = {name: value for name, value in said.items() if value is not None}
        if not await self._change(jobs.c.id == job_id, known or {"id": job_id}):
            raise _no_job(job_id)
        place = {name: value for name, value in known.items() if name != "reply_id"}
        if place:
            theirs = sa.select(jobs.c.song_id).where(jobs.c.id == job_id)
            async with self._database.writing() as connection:
                await connection.execute(songs.update().where(songs.c.id.in_(theirs)).values(place))

    async def finish(self, job_id: str, owner: str, *, reply_id: int | None = None) -> bool:
        """The job is done, and `reply_id` brought its result. False: it is no longer `owner`'s."""
        values = self._end("done") | ({} if reply_id is None else {"reply_id": reply_id})
        return bool(await self._change(_owned(owner) & (jobs.c.id == job_id), values))

    async def fail(self, job_id: str, owner: str, error: str, *, incident: str | None = None) -> bool:
        """The job came to nothing, and so did its song if it is not done. False: it is no longer `owner`'s."""
        values = self._end("failed", error, incident)
        return bool(await self._change(_owned(owner) & (jobs.c.id == job_id), values, song=_failed(error)))

    async def retry(
        self, job_id: str, owner: str, error: str, *, most_attempts: int, incident: str | None = None
    ) -> JobRecord | None:
        """What failed may work the next time: the job waits again at its old place, or has failed for good if it was
        tried `most_attempts` times. None: it is no longer `owner`'s.
        """
        mine = _owned(owner) & (jobs.c.id == job_id)
        again = {"state": FIRST_OF_STAGE, "error": keepable(error), **FREE}
        kept = await self._change(mine & (jobs.c.attempts < most_attempts), again)
        if not kept:
            kept = await self._change(mine, self._end("failed", error, incident), song=_failed(error))
        return kept[0] if kept else None

    async def cancel(self, job_id: str, *, person_id: int | None = None) -> JobRecord | None:
        """Nobody wants the job any more, and its worker is told at its next heartbeat. `person_id`: who says so; None
        may cancel anybody's. None comes back when there was nothing to cancel: not theirs, delivering or over.
        """
        theirs = sa.true() if person_id is None else same_person(person_id)
        ended = await self._cancel(theirs & (jobs.c.id == job_id))
        return ended[0] if ended else None

    async def cancel_all(self, person_id: int, *, kinds: Sequence[str] = COMPOSE) -> tuple[JobRecord, ...]:
        """Cancel whatever the person waits for."""
        return await self._cancel(same_person(person_id) & jobs.c.kind.in_(kinds))

    async def hand_back(self, owner: str) -> tuple[JobRecord, ...]:
        """`owner` stops: its jobs wait again at their old places, and this try does not count."""
        once_less = {"attempts": sa.case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0), **FREE}
        return await self._change(_owned(owner), once_less | {"state": FIRST_OF_STAGE})

    async def expire(
        self, *, most_attempts: int, incident: str | None = None, kinds: Sequence[str] = COMPOSE
    ) -> Expired:
        """Free the jobs whose owners were silent too long. What was tried `most_attempts` times fails; what was being
        delivered waits for delivery; the rest waits at its old place.
        """
        silent = (jobs.c.lease_until < self._clock()) & jobs.c.kind.in_(kinds)
        return await self._free(silent, FELL_SILENT, most_attempts, incident)

    async def reclaim(self, owner: str, *, most_attempts: int, incident: str | None = None) -> Expired:
        """Free what `owner` left when it died, without waiting for its leases to end; the same else as `expire`. To be
        called by whoever takes over the name.
        """
        return await self._free(_owned(owner), ITS_OWNER_DIED, most_attempts, incident)

    async def owned(self, owner: str) -> tuple[JobRecord, ...]:
        """The jobs that are `owner`'s now, oldest first."""
        return await self._select(_owned(owner))

    async def take(self, job_id: str, owner: str, *, for_s: float) -> JobRecord | None:
        """Lease this one job, which waits for its delivery; None when it does not, or is somebody else's."""
        free = jobs.c.lease_owner.is_(None) | _owned(owner)
        this = (jobs.c.id == keepable(job_id)) & (jobs.c.state == "delivering") & free
        lease = {"lease_owner": owner, "lease_until": self._clock() + timedelta(seconds=for_s)}
        taken = await self._change(this, lease)
        return taken[0] if taken else None

    async def job(self, job_id: str) -> JobRecord:
        """The job's row; raises `NotFound`."""
        async with self._database.reading() as connection:
            found = await _rows(connection, sa.select(jobs).where(jobs.c.id == keepable(job_id)))
        if not found:
            raise _no_job(job_id)
        return found[0]

    async def of_song(self, song_id: str) -> tuple[JobRecord, ...]:
        """The song's jobs, oldest first."""
        return await self._select(jobs.c.song_id == keepable(song_id))

    async def unfinished(
        self, *, person_id: int | None = None, kinds: Sequence[str] | None = None
    ) -> tuple[JobRecord, ...]:
        """All jobs that are not over, oldest first; of one person, or some kinds, if named."""
        theirs = sa.true() if person_id is None else same_person(person_id)
        these = sa.true() if kinds is None else jobs.c.kind.in_(kinds)
        return await self._select(theirs & these & jobs.c.state.in_(UNFINISHED))

    async def told(self, job_id: str) -> None:
        """Whoever waited was told that the job came to nothing. Said twice, the first time counts."""
        over = jobs.c.state.in_(OVER_IN_VAIN) & jobs.c.told_at.is_(None)
        await self._change((jobs.c.id == keepable(job_id)) & over, {"told_at": self._clock()})

    async def pending(self, *, kinds: Sequence[str] = COMPOSE) -> tuple[JobRecord, ...]:
        """Jobs of which somebody has still to hear, oldest first: all that are not over, and those that came to nothing
        and nobody was told so.
        """
        untold = jobs.c.state.in_(OVER_IN_VAIN) & jobs.c.told_at.is_(None)
        return await self._select(jobs.c.kind.in_(kinds) & (jobs.c.state.in_(UNFINISHED) | untold))

    async def ahead(self, *, kind: str = "compose") -> dict[str, int]:
        """Of each queued job, how many queued ones are before it; in their order. Those being worked on count extra."""
        queued = sa.select(jobs.c.id).where(QUEUED, jobs.c.kind == kind).order_by(*ORDER)
        async with self._database.reading() as connection:
            ids = (await connection.execute(queued)).scalars().all()
        return {job_id: index for index, job_id in enumerate(ids)}

    async def position(self, job_id: str) -> int | None:
        """How many queued jobs of its kind are before this one; None if it does not wait (any more)."""
        mine = sa.select(*ORDER).where(jobs.c.id == keepable(job_id), QUEUED).subquery()
        kind = sa.select(jobs.c.kind).where(jobs.c.id == keepable(job_id)).scalar_subquery()
        before = QUEUED & (jobs.c.kind == kind) & (sa.tuple_(*ORDER) < sa.tuple_(*mine.c))
        count = sa.select(sa.func.count()).select_from(jobs).where(before).scalar_subquery()
        async with self._database.reading() as connection:
            return (await connection.execute(sa.select(count).select_from(mine))).scalar_one_or_none()

    async def counts(self, *, kinds: Sequence[str] = COMPOSE) -> dict[JobState, int]:
        """How many jobs are in each unfinished state."""
        these = jobs.c.state.in_(UNFINISHED) & jobs.c.kind.in_(kinds)
        found = sa.select(jobs.c.state, sa.func.count()).where(these).group_by(jobs.c.state)
        async with self._database.reading() as connection:
            there = {row[0]: int(row[1]) for row in await connection.execute(found)}
        return {state: there.get(state, 0) for state in UNFINISHED}

    async def forget(self, *, before: datetime) -> int:
        """Remove the rows of jobs that were over before then; songs stay. Returns how many."""
        async with self._database.writing() as connection:
            return (await connection.execute(jobs.delete().where(jobs.c.finished_at < before))).rowcount

    def _end(self, state: JobState, error: str | None = None, incident: str | None = None) -> dict[str, Any]:
        """What is set when a job is over."""
        said = {} if error is None else {"error": keepable(error), "incident": incident}
        return {"state": state, "finished_at": self._clock(), **FREE, **said}

    async def _free(
        self, where: sa.ColumnElement[bool], reason: str, most_attempts: int, incident: str | None
    ) -> Expired:
        """Take jobs from whoever had them; those that were tried often enough fail. A song that is made never does."""
        tired = where & (jobs.c.attempts >= most_attempts) & (jobs.c.state != "delivering")
        failed = await self._change(tired, self._end("failed", reason, incident), song=_failed(reason), wait=False)
        once_more = {**FREE, "error": reason, "state": FIRST_OF_STAGE}
        again = await self._change(where, once_more, wait=False)
        return Expired(again=again, failed=failed)

    async def _cancel(self, where: sa.ColumnElement[bool]) -> tuple[JobRecord, ...]:
        open_ones = where & jobs.c.state.in_(CANCELLABLE)
        return await self._change(open_ones, self._end("cancelled"), song=_failed(WAS_CANCELLED))

    async def _select(self, where: sa.ColumnElement[bool]) -> tuple[JobRecord, ...]:
        async with self._database.reading() as connection:
            return await _rows(connection, sa.select(jobs).where(where).order_by(jobs.c.created_at, jobs.c.id))

    async def _change(
        self,
        where: sa.ColumnElement[bool],
        values: Mapping[str, Any],
        *,
        song: Mapping[str, Any] | None = None,
        wait: bool = True,
    ) -> tuple[JobRecord, ...]:
        """Change jobs and, if `song` says how, their unfinished songs; returns the jobs as they are now, oldest first.

        Rows are held in the order of their ids before any is changed, so that two who change many never wait for each
        other. `wait`: for rows that somebody else holds; else they are left out.
        """
        held = sa.select(jobs.c.id).where(where).order_by(jobs.c.id).with_for_update(skip_locked=not wait)
        async with self._database.writing() as connection:
            ids = (await connection.execute(held)).scalars().all()
            if not ids:
                return ()
            update = jobs.update().where(jobs.c.id.in_(ids)).values(dict(values)).returning(jobs)
            changed = await _rows(connection, update)
            if song is not None:
                theirs = songs.c.id.in_([job.song_id for job in changed if job.song_id is not None])
                unfinished = songs.c.status == "composing"
                await connection.execute(songs.update().where(theirs & unfinished).values(dict(song)))
        return tuple(sorted(changed, key=lambda job: (job.created_at, job.id)))


async def accept(connection: AsyncConnection, new: NewJob, now: datetime, person_limit: int | None) -> JobRecord:
    """What `Queue.enqueue` does, within somebody's transaction."""
    if connection.dialect.name == "postgresql":  # SQLite's transactions exclude each other anyway
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ENQUEUE_LOCK)))
    for known in await _rows(connection, sa.select(jobs).where(jobs.c.id == new.id)):
        return known
    await _within_limit(connection, new, person_limit)
    if new.song_id is not None and new.request is not None:
        await connection.execute(new_song(new.song_id, new.request, new.origin, now))
    turns = await next_turns(connection, new.kind, new.origin)
    return (await _rows(connection, _insert(new, turns, now)))[0]


def _insert(new: NewJob, turns: tuple[int, int], now: datetime) -> sa.UpdateBase:
    return (
        jobs.insert()
        .values(
            id=new.id,
            kind=new.kind,
            song_id=new.song_id,
            person_id=new.origin.person_id,
            guild_id=new.origin.guild_id,
            channel_id=new.origin.channel_id,
            message_id=new.origin.message_id,
            payload=dict(new.payload),
            state="queued",
            person_turn=turns[0],
            guild_turn=turns[1],
            attempts=0,
            created_at=now,
        )
        .returning(jobs)
    )


async def _within_limit(connection: AsyncConnection, new: NewJob, limit: int | None) -> None:
    if limit is None:
        return
    theirs = same_person(new.origin.person_id) & (jobs.c.kind == new.kind) & jobs.c.state.in_(UNFINISHED)
    waiting = int((await connection.execute(sa.select(sa.func.count()).select_from(jobs).where(theirs))).scalar_one())
    if waiting >= limit:
        raise BadRequest(
            f"You wait for {waiting} songs already, and {limit} are the most; wait for one, or cancel one."
        )


async def _rows(connection: AsyncConnection, statement: sa.Executable) -> tuple[JobRecord, ...]:
    return tuple(job_record(row) for row in (await connection.execute(statement)).mappings())


def _owned(owner: str) -> sa.ColumnElement[bool]:
    return jobs.c.lease_owner == owner


def _failed(reason: str) -> dict[str, str]:
    return {"status": "failed", "failure": keepable(reason)}


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"There is no request {job_id[:40]!r}; it may be long over.")
