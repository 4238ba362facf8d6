"""The one door to the engine: a prompt goes in, is accepted, and comes out as a finished, stored song; a vote goes in,
a tally comes out.

    accept ─→ ticket ─watch─→ updates … ready ─delivered─→ done
                                      … failed, cancelled ─told─→ over

Used by the Discord process and by whoever else wants songs kept. Light: importing this module and opening a `Studio`
never loads torch, music21 or onnxruntime; those live in the workers that its executor starts. What is accepted is a row
before `accept` returns and outlives the process: `pending` tells of it after a restart. `teaching` is the same for
uploads, trainings and what a server made of them (`dispatch/teaching.py`); its tickets are watched, delivered and
cancelled like songs'. `taste` is what votes are for: duels, lists, what they have moved (`dispatch/tasting.py`).
Caveat: a song is everybody's who has its id; who may see it, whoever shows it decides.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from time import monotonic
from typing import Self

from engine.compose.naming import new_seed
from engine.compose.request import ComposeRequest
from engine.dispatch.auditor import Auditor
from engine.dispatch.dispatcher import Dispatcher
from engine.dispatch.duels import Duels
from engine.dispatch.events import Listener, StudioEvent, StudioState
from engine.dispatch.housekeeping import at_opening
from engine.dispatch.lanes import executor_of
from engine.dispatch.lesson import KINDS
from engine.dispatch.owner import Owner, hold_name
from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S, DUEL, Reception, Wish
from engine.dispatch.school import School
from engine.dispatch.shelf import stored_song
from engine.dispatch.taster import Taster
from engine.dispatch.tasting import Tasting
from engine.dispatch.teaching import Teaching
from engine.dispatch.ticket import LAST, StoredSong, Ticket, Update, ticket_of
from engine.errors import BadRequest, EngineError, NotFound
from engine.jobs import Executor
from engine.music.styles import style_names
from engine.settings import Settings
from engine.store import Origin, Store, Tally, VoteValue, place_of

OnUpdate = Callable[[Update], None]


class Studio:
    """Open with `await Studio.open(settings)`; close with `await studio.close()`. Also an async context manager."""

    def __init__(self, store: Store, executor: Executor, settings: Settings, owner: Owner) -> None:
        self._store = store
        self._executor = executor
        self._settings = settings
        self._owner = owner
        self._dispatcher = Dispatcher(store, executor, settings, owner.name)
        self._reception = Reception(store, self._dispatcher, settings)
        self._school = School(store, executor, settings, owner.name)
        self._duels = Duels(store, self._dispatcher, self._reception)
        self._taster = Taster(store, executor, self._dispatcher.tell)
        self._duels.on_revealed = self._taster.voted
        self._school.outcomes.on_published = self._taster.trials.begin
        self.teaching = Teaching(store, self._school, settings)
        self._taster.on_learnt = self.teaching.train_by_votes
        self.taste = Tasting(store, self._duels, self._taster, Auditor(store, executor))
        self._draining: asyncio.Task[None] | None = None
        self._is_closed = False

    @classmethod
    async def open(cls, settings: Settings, *, executor: Executor | None = None) -> Self:
        """Open the store, take up what is unfinished, start the workers (loading goes on in the background). Raises
        `SetupError`, and `StoreError` when the database goes away just now.

        `executor`: other workers than the settings ask for; the studio starts and closes it.
        """
        owner = hold_name(settings.data_dir)
        try:
            store = await Store.open(settings.resolved_database_url, settings.data_dir, place_of(settings))
        except BaseException:
            owner.let_go()
            raise
        studio = cls(store, executor or executor_of(settings), settings, owner)
        try:
            await studio._begin()
        except BaseException:
            await studio.close(grace_s=0)
            raise
        return studio

    async def _begin(self) -> None:
        for job in await at_opening(self._store, self._owner, most_attempts=self._settings.most_attempts):
            self._dispatcher.ends.has_failed(job)
        await self._school.take_up()
        await self._executor.start()
        self._dispatcher.start()
        self._school.start()
        self._duels.start()
        self._taster.start()

    async def drain(self, *, grace_s: float | None = None) -> None:
        """Accept and begin nothing more; let the songs in the making end and be delivered for `grace_s` seconds (the
        settings' `stop_s`); hand back the others, which are made after the next start. Who watches hears no more;
        what became of the deliveries can still be said until `close`.
        """
        if self._draining is None:
            stop = self._stop(self._settings.stop_s if grace_s is None else grace_s)
            self._draining = asyncio.create_task(stop, name="studio stop")
        await asyncio.shield(self._draining)

    async def _stop(self, grace_s: float) -> None:
        await self._taster.stop()
        await asyncio.gather(self._dispatcher.stop(grace_s=grace_s), self._school.stop(grace_s=grace_s))
        await self._duels.stop()

    async def close(self, *, grace_s: float | None = None) -> None:
        """`drain`, and free everything. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        await self.drain(grace_s=grace_s)
        await self._executor.close(grace_s=0)
        await self._dispatcher.stages.close()
        await self._store.close()
        self._owner.let_go()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def accept(self, request: ComposeRequest, *, origin: Origin, limit_bytes: int | None = None) -> Ticket:
        """Take a request: when this returns, it is kept and will be made, come what may. `limit_bytes`: the most that a
        file may have; bit rates go down until it does.

        Raises `BadRequest` when the person waits for enough songs already, `UserError` when the studio closes,
        `StoreError` when the request cannot be kept within about two seconds.
        """
        return await self._reception.accept(Wish(request=request, origin=origin, limit_bytes=limit_bytes))

    async def accept_another(
        self, song_id: str, *, origin: Origin, keep: tuple[str, ...] = (), limit_bytes: int | None = None
    ) -> Ticket:
        """Accept the stored song's request anew with a fresh seed; its files may be gone. `keep`: roles that stay as
        they are, for which its files are needed. Raises `NotFound` too.
        """
        request = ComposeRequest.from_json((await self._store.song(song_id)).request)
        if keep:
            request = ComposeRequest(prompt=request.prompt, again=song_id, keep=keep)
        request = dataclasses.replace(request, seed=new_seed())
        return await self.accept(request, origin=origin, limit_bytes=limit_bytes)

    async def watch(self, job_id: str) -> AsyncIterator[Update]:
        """How far the job is, from now on: the newest at once, then whenever it changes, about once a second. Ends
        after `ready`, `failed` or `cancelled`, or when the studio closes. Lessons and trainings are watched like songs.
        Raises `NotFound`.

        Whoever hears `ready` says `delivered` when the song was brought; of the other two, `told`.
        """
        job = await patiently(lambda: self._store.jobs.job(job_id))
        news = self._school.bulletin if job.kind in KINDS else self._dispatcher.news
        watch = await news.begin(job_id)
        try:
            async for update in watch:
                yield update
        finally:
            news.watchers.close(job_id, watch)

    async def shown(self, job_id: str, *, channel_id: int | None = None, message_id: int | None = None) -> None:
        """Remember where the job is shown. Raises `NotFound`."""
        await patiently(lambda: self._store.jobs.note(job_id, channel_id=channel_id, message_id=message_id))

    async def delivered(self, job_id: str, *, reply_id: int | None = None) -> bool:
        """The song was brought to whoever asked, by this message; that is all. False: another process brought it."""
        job = await self._dispatcher.rows.row(job_id)
        if job is not None and job.kind in KINDS:
            return await self._school.delivered(job_id, reply_id=reply_id)
        return await self._dispatcher.delivered(job_id, reply_id=reply_id)

    async def told(self, job_id: str) -> None:
        """Whoever asked was told that the job failed, or was cancelled."""
        await patiently(lambda: self._store.jobs.told(job_id))
        self._dispatcher.news.forget(job_id)
        self._school.bulletin.forget(job_id)

    async def cancel(self, job_id: str, *, person_id: int) -> bool:
        """The person does not want their song any more. False: it is not theirs, or ready, or over. Raises
        `StoreError` after about two seconds.
        """
        job = await patiently(lambda: self._store.jobs.cancel(job_id, person_id=person_id), for_s=ANSWER_S)
        if job is not None and job.kind in KINDS:
            self._school.withdraw(job)
        elif job is not None:
            self._dispatcher.withdraw(job)
        return job is not None

    async def cancel_all(self, person_id: int) -> int:
        """The person wants none of their songs any more; returns how many there were. Raises `StoreError`."""
        jobs = await patiently(lambda: self._store.jobs.cancel_all(person_id), for_s=ANSWER_S)
        for job in jobs:
            self._dispatcher.withdraw(job)
        return len(jobs)

    async def pending(self) -> tuple[Ticket, ...]:
        """Of which jobs somebody has still to hear, oldest first: those that are not over, and those that came to
        nothing and nobody was told. After a restart each is watched anew. Of duels' songs, `taste` tells.
        """
        jobs = [job for job in await patiently(self._store.jobs.pending) if DUEL not in job.payload]
        songs = await patiently(lambda: self._store.songs([job.song_id or job.id for job in jobs]))
        return tuple(ticket_of(job, songs.get(job.song_id or job.id)) for job in jobs)

    async def compose(
        self,
        request: ComposeRequest,
        *,
        origin: Origin,
        on_update: OnUpdate | None = None,
        limit_bytes: int | None = None,
    ) -> StoredSong:
        """Accept, wait, deliver. `on_update` is called on the event loop, for all but the last update. A caller who is
        cancelled cancels the song.

        Raises `UserError` for what the person can mend, else `EngineError`.
        """
        ticket = await self.accept(request, origin=origin, limit_bytes=limit_bytes)
        return await self._attended(ticket, on_update)

    async def another(
        self,
        song_id: str,
        *,
        origin: Origin,
        on_update: OnUpdate | None = None,
        keep: tuple[str, ...] = (),
        limit_bytes: int | None = None,
    ) -> StoredSong:
        """`accept_another`, wait, deliver."""
        ticket = await self.accept_another(song_id, origin=origin, keep=keep, limit_bytes=limit_bytes)
        return await self._attended(ticket, on_update)

    async def vote(self, song_id: str, *, person_id: int, value: VoteValue) -> Tally:
        """Set the person's vote; the same value again withdraws it. One's own song's in a server is kept, but not
        counted. Raises `NotFound`.
        """
        tally = await self._store.press(song_id, person_id=person_id, value=value)
        self._dispatcher.tell(StudioEvent(kind="voted", vote=tally.own))
        self._dispatcher.errands(self._taster.song_voted(song_id))
        return tally

    async def song(self, song_id: str) -> StoredSong:
        """Recall a song. Raises `NotFound`."""
        return await stored_song(self._store, song_id)

    def style_names(self) -> tuple[str, ...]:
        """Styles that can be asked for."""
        return style_names()

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on."""
        self._dispatcher.listeners.append(listener)

    async def check_database(self) -> None:
        """Ask the database whether it is there. Raises `StoreError`."""
        await self._store.check()

    async def check_files(self) -> None:
        """Write, read and remove a small file in the file store. Raises `SetupError`."""
        await self._store.files.check()

    def state(self) -> StudioState:
        """How the studio is, without asking anybody."""
        dispatcher = self._dispatcher
        return StudioState(
            queue=dict(dispatcher.counts),
            queue_age_s=monotonic() - dispatcher.counted,
            working=len(dispatcher.works),
            ready=len(dispatcher.news.delivering),
            lanes=self._executor.state(),
            stages_s=dispatcher.pace.lately_s,
            totals=dict(dispatcher.totals),
            closing=dispatcher.is_closing,
            database=dispatcher.trouble,
        )

    async def _attended(self, ticket: Ticket, on_update: OnUpdate | None) -> StoredSong:
        """Wait for a song. Raises what is told instead."""
        last: Update | None = None
        try:
            async for update in self.watch(ticket.job_id):
                if update.phase in LAST:
                    last = update
                elif on_update is not None:
                    on_update(update)
        except BaseException:
            self._dispatcher.errands(self._reception.take_back(ticket.job_id))
            raise
        if last is None:
            raise EngineError("The studio was closed before the song was ready; it is made after the next start.")
        if last.song is not None:
            await self.delivered(ticket.job_id)
            return last.song
        await self.told(ticket.job_id)
        if last.incident is None:
            raise BadRequest(last.sentence or "")
        with suppress(NotFound):
            reason = (await self._store.jobs.job(ticket.job_id)).error
            raise EngineError(f"{reason} (incident {last.incident})")
        raise EngineError(f"{last.sentence} (incident {last.incident})")
