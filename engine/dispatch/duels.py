"""Keeps duels going: two songs for one wish are made, shown blind, answered, and at last it is told whose they are.

    begin ─→ making ─both songs there─→ open ─time is over, or enough answers─→ revealed
                └─ one came to nothing, or it was called off ─→ failed

In: wishes, answers. Out: states, for whoever watches. Conventions: a duel and its two jobs are kept together or not at
all; every process that has the database sees to every duel, and the rows decide who opens and who reveals it, so that
both happen once, also after a restart; which song is left is drawn. Caveat: what another process does is seen up to
`LOOK_S` later.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from engine.compose.naming import new_song_id
from engine.dispatch.dispatcher import Dispatcher
from engine.dispatch.dueling import InVain, Making, Terms, arms_of, nobodys, pause_s, state_of
from engine.dispatch.events import StudioEvent
from engine.dispatch.loops import Loops
from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S, Reception, Wish
from engine.dispatch.shelf import stored_song
from engine.dispatch.ticket import LAST, StoredSong
from engine.dispatch.verdicts import OVER, DuelAnswer, DuelState, DuelTicket
from engine.dispatch.watching import Watch, Watchers
from engine.errors import NotFound
from engine.store import DuelRecord, DuelTally, NewDuel, Store, home_of

LOOK_S = 5.0
"""How often duels are looked at while there are any; else every minute."""
IDLE_S = 60.0
GONE = "The duel came to nothing: one of its songs is gone."
CALLED_OFF = "The duel was called off."


class Duels:
    """`start` takes up what is undecided. `on_revealed` is called with the home of a duel that was
    revealed here, and how many answers it had.
    """

    def __init__(self, store: Store, dispatcher: Dispatcher, reception: Reception) -> None:
        self._store, self._dispatcher, self._reception = store, dispatcher, reception
        self.watchers: Watchers[DuelState] = Watchers(OVER)
        self.on_revealed: Callable[[int, int], None] = lambda home, answers: None
        self._making: dict[str, tuple[Making, asyncio.Task[None]]] = {}
        self._songs: dict[str, tuple[StoredSong, StoredSong]] = {}
        self._changed = asyncio.Event()
        self._loops = Loops("duels")

    def start(self) -> None:
        """Begin to see to duels."""
        self._loops.start(self._see_to_all)

    async def stop(self) -> None:
        """See to no more; who watches hears no more. What is undecided goes on after the next start."""
        await self._loops.stop()
        self.watchers.end()
        tasks = [task for _, task in self._making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def begin(self, terms: Terms) -> DuelTicket:
        """Accept a duel. Raises `BadRequest` when the person would wait for too many songs, `UserError` when the studio
        closes, `StoreError`.
        """
        duel_id, origin = new_song_id(), terms.origin
        arms = await patiently(lambda: arms_of(self._store, origin), for_s=ANSWER_S)
        wishes = [
            Wish(request=terms.request, origin=origin, limit_bytes=terms.limit_bytes, duel_id=duel_id, arm=arm)
            for arm in arms
        ]
        left, right = await self._reception.accept_all(
            wishes,
            lambda jobs, limit: self._store.taste.add_duel(
                NewDuel(
                    id=duel_id,
                    origin=origin,
                    request=terms.request.to_json(),
                    left_id=jobs[0].id,
                    right_id=jobs[1].id,
                    minutes=terms.minutes,
                    votes_wanted=terms.votes_wanted,
                ),
                jobs,
                person_limit=limit,
            ),
        )
        self._dispatcher.tell(StudioEvent(kind="duel", outcome="begun"))
        self._changed.set()
        return DuelTicket(
            duel_id=duel_id,
            left=left,
            right=right,
            origin=origin,
            minutes=terms.minutes,
            votes_wanted=terms.votes_wanted,
        )

    async def watch(self, duel_id: str) -> Watch[DuelState]:
        """Somebody waits for this duel: they are told at once where it is. Raises `NotFound`."""
        watch = self.watchers.open(duel_id)
        try:
            await patiently(lambda: self._tell(duel_id))
        except BaseException:
            self.watchers.close(duel_id, watch)
            raise
        self._changed.set()
        return watch

    async def state(self, tally: DuelTally) -> DuelState:
        """Where a duel is, with its songs once they may be heard. Raises `StoreError`."""
        duel = tally.duel
        if duel.state == "making":
            making = self._making.get(duel.id)
            return (Making(duel) if making is None else making[0]).state()
        songs = None
        if duel.state != "failed":
            with suppress(NotFound):
                songs = await self._both(duel)
        return state_of(tally, songs)

    async def answer(self, duel_id: str, person_id: int, answer: DuelAnswer) -> DuelState:
        """A person's answer; enough of them reveal the duel. Raises `NotFound`, `BadRequest`."""
        tally = await self._store.taste.answer(duel_id, person_id, answer)
        self._dispatcher.tell(StudioEvent(kind="answered", outcome=tally.own or "withdrawn"))
        state = await self.state(tally)
        if tally.votes < tally.duel.votes_wanted:
            self._tell_all(state)
            return state
        await self.reveal(duel_id)
        return await self.state(await self._store.taste.duel(duel_id, person_id=person_id))

    async def reveal(self, duel_id: str) -> bool:
        """It is over: whoever watches is told whose songs they are. False: it was over before, or is not open yet."""
        tally = await patiently(lambda: self._store.taste.reveal(duel_id))
        await patiently(lambda: self._tell(duel_id))
        self._songs.pop(duel_id, None)
        if tally is not None:
            self._dispatcher.tell(StudioEvent(kind="duel", outcome="revealed"))
            self.on_revealed(home_of(tally.duel.origin), tally.votes)
        return tally is not None

    async def fail(self, duel: DuelRecord, sentence: str, *, incident: str | None = None) -> bool:
        """It came to nothing: its songs are not wanted any more. False: it was over before."""
        failed = await patiently(lambda: self._store.taste.fail_duel(duel.id, sentence))
        for job_id in (duel.left_id, duel.right_id):
            await self._reception.take_back(job_id)
            await patiently(functools.partial(self._store.jobs.told, job_id))
        if failed is not None:
            self._dispatcher.tell(StudioEvent(kind="duel", outcome="failed"))
            tally = await patiently(lambda: self._store.taste.duel(duel.id))
            self._tell_all(state_of(tally, None, incident=incident))
        return failed is not None

    def look(self) -> None:
        """Something changed that concerns duels."""
        self._changed.set()

    async def call_off(self, duel: DuelRecord) -> bool:
        """Nobody wants it any more. False: it is open already, or over."""
        if duel.state != "making":
            return False
        if (making := self._making.pop(duel.id, None)) is not None:
            making[1].cancel()
        return await self.fail(duel, CALLED_OFF)

    async def _see_to_all(self) -> None:
        """For ever: see to what is made, reveal what is due, tell what others did."""
        while True:
            self._changed.clear()
            undecided = await self._store.taste.open_duels()
            for duel in undecided:
                await self._see_to(duel)
            known = {duel.id for duel in undecided}
            self._songs = {duel_id: songs for duel_id, songs in self._songs.items() if duel_id in known}
            for duel_id in self.watchers:
                if duel_id not in known:
                    with suppress(NotFound):
                        await self._tell(duel_id)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s(undecided, look_s=LOOK_S, idle_s=IDLE_S)):
                    await self._changed.wait()

    async def _see_to(self, duel: DuelRecord) -> None:
        if duel.state == "making":
            if duel.id not in self._making:
                making = Making(duel)
                task = asyncio.create_task(self._make(making), name=f"duel {duel.id}")
                self._making[duel.id] = making, task
        elif duel.closes_at is not None and duel.closes_at <= datetime.now(UTC):
            await self.reveal(duel.id)
        elif duel.id in self.watchers:
            await self._tell(duel.id)

    async def _make(self, making: Making) -> None:
        """See both songs through, then open the duel."""
        duel = making.duel
        try:
            async with asyncio.TaskGroup() as group:
                both = [group.create_task(self._song(making, job_id)) for job_id in (duel.left_id, duel.right_id)]
        except* InVain as errors:
            update = errors.exceptions[0]
            assert isinstance(update, InVain)
            await self.fail(duel, update.sentence, incident=update.incident)
        except* NotFound:
            await self.fail(duel, GONE)
        else:
            if all(task.result() for task in both):
                await self._open(duel)
        finally:
            if self._making.get(duel.id, (None,))[0] is making:
                del self._making[duel.id]

    async def _song(self, making: Making, job_id: str) -> bool:
        """Wait for one song; whether it is there. Raises `InVain`, `NotFound`."""
        news = self._dispatcher.news
        watch = await news.begin(job_id)
        try:
            async for update in watch:
                making.hear(job_id, update)
                if update.phase == "ready":
                    await self._dispatcher.delivered(job_id)
                    return True
                if update.phase in LAST:
                    raise InVain(update)
                self.watchers.tell(making.duel.id, making.state())
        finally:
            news.watchers.close(job_id, watch)
        return False  # the studio closes

    async def _open(self, duel: DuelRecord) -> None:
        opened = await patiently(lambda: self._store.taste.open_duel(duel.id))
        if opened is not None:
            self._dispatcher.tell(StudioEvent(kind="duel", outcome="opened"))
        await patiently(lambda: self._tell(duel.id))
        self._changed.set()

    async def _tell(self, duel_id: str) -> None:
        """Look the duel up, and tell whoever watches. Raises `NotFound`, `StoreError`."""
        tally = await self._store.taste.duel(duel_id)
        if duel_id in self.watchers:
            self._tell_all(await self.state(tally))

    def _tell_all(self, state: DuelState) -> None:
        """What is nobody's own."""
        self.watchers.tell(state.duel_id, state if state.own is None else nobodys(state))

    async def _both(self, duel: DuelRecord) -> tuple[StoredSong, StoredSong]:
        if duel.id not in self._songs:
            left, right = await asyncio.gather(
                stored_song(self._store, duel.left_id), stored_song(self._store, duel.right_id)
            )
            self._songs[duel.id] = left, right
        return self._songs[duel.id]
