"""Learns what homes like, in a worker, whenever they voted: soon, but not at every vote, and nothing twice.

    vote ─→ (enough new ones, or quiet for a while) ─→ ballot ─"taste"─→ tastes kept, trials decided
    start, and now and then ─→ homes with votes newer than what was learnt of them ─↑

In: homes. Out: rows of tastes, verdicts on trials, events. Conventions: learning begins from all votes every time, so
that what a dead process had in mind is found again by comparing times, and a ballot that was learnt from already is
known by its mark; one home is learnt at a time, and rests in proportion to what that took, so that a busy one does not
take a worker for itself. Caveat: belongs to one event loop; of two processes that learn the same, one is kept.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from engine.dispatch.ballots import MARK, ballot_of, mark_of, rows_of
from engine.dispatch.events import StudioEvent
from engine.dispatch.lanes import TASTE
from engine.dispatch.loops import Loops
from engine.dispatch.parcel import packed
from engine.dispatch.patience import patiently
from engine.dispatch.trials import Trials
from engine.errors import NotFound, StoreError, TunesmithError
from engine.jobs import Executor
from engine.store import HOME, BallotRows, ModelRecord, Store, TasteRecord, home_of
from engine.taste.ballot import Learnt

ENOUGH = 5
"""So many new votes are learnt from at once; fewer, when nobody voted for `QUIET_S`."""
QUIET_S = 60.0
LOOK_S = 60.0
LOOK_BACK = timedelta(days=30)
RETRY_S = 60.0
REST = 9.0
"""How many times as long as its learning took a home rests."""
MOST_SHARED, SHARED_VOTES = 16, 1000
"""Of how many homes that share their votes others learn, and of how many of their votes each."""
MOST_REMEMBERED = 10_000
"""Songs of which it is remembered whose they are."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pending:
    """A home that has something new: how much, and when it is learnt (by `time.monotonic`)."""

    votes: int = 0
    due: float = math.inf


class Taster:
    """`start`, then tell it of `voted` homes; `stop` in the end. `tell`: who counts events."""

    def __init__(self, store: Store, executor: Executor, tell: Callable[[StudioEvent], None]) -> None:
        self._store, self._executor, self._tell = store, executor, tell
        self.trials = Trials(store, tell)
        self.on_learnt: Callable[[int, str], Awaitable[object]] | None = None
        """Told of each style of a server that was learnt anew: whether to train is not decided here."""
        self._pending: dict[int, Pending] = {}
        self._rested: dict[int, float] = {}
        self._marks: dict[int, str] = {}
        self._homes: OrderedDict[str, int] = OrderedDict()
        self._changed = asyncio.Event()
        self._loops = Loops("taster")

    def start(self) -> None:
        """Begin to learn."""
        self._loops.start(self._learn_all, self._look)

    async def stop(self) -> None:
        """Learn no more; what is not learnt is, after the next start."""
        await self._loops.stop()

    def voted(self, home: int, votes: int = 1) -> None:
        """Somebody voted, or took a vote back."""
        waiting = self._pending.setdefault(home, Pending())
        waiting.votes += votes
        self._put_off(home, waiting, 0.0 if waiting.votes >= ENOUGH else QUIET_S)

    async def song_voted(self, song_id: str) -> None:
        """Somebody voted on this song, or took a vote back."""
        if song_id not in self._homes:
            with suppress(NotFound, StoreError):  # what is missed here, looking finds
                self._homes[song_id] = home_of((await self._store.song(song_id)).origin)
            while len(self._homes) > MOST_REMEMBERED:
                self._homes.popitem(last=False)
        if song_id in self._homes:
            self.voted(self._homes[song_id])

    def hurry(self, home: int) -> None:
        """Learn as soon as may be: votes were voided, or erased."""
        self._put_off(home, self._pending.setdefault(home, Pending(votes=ENOUGH)), 0.0)

    async def learn(self, home: int) -> int | None:
        """Learn from all votes of a home, and return how many tastes are new; None where nothing changed since the last
        time. Raises what the worker raises, and `StoreError`.
        """
        taste = self._store.taste
        rows, tastes, trials = await taste.ballot(home), await taste.tastes(home), await taste.trials(home)
        mark = await asyncio.to_thread(mark_of, rows, trials)
        if mark == self._marks.get(home) or _is_learnt(tastes, mark):
            return None
        make = partial(_packed_ballot, rows, tastes, trials, await self._shared(home))
        answer = await self._executor.submit(TASTE, await asyncio.to_thread(make))
        learnt = await asyncio.to_thread(Learnt.from_json, answer)
        await self.trials.rule(trials, learnt.rulings)  # first, for what is kept is not learnt again
        await self._keep(home, learnt, tastes, mark)
        self._marks[home] = mark
        if self.on_learnt is not None and (home == HOME or any(song.origin.guild_id == home for song in rows.songs)):
            for style in learnt.tastes:
                await self.on_learnt(home, style)
        return len(learnt.tastes)

    def _put_off(self, home: int, waiting: Pending, for_s: float) -> None:
        waiting.due = max(monotonic() + for_s, self._rested.get(home, 0.0))
        self._changed.set()

    async def _learn_all(self) -> None:
        """For ever: learn what is due."""
        while True:
            self._changed.clear()
            home = min(self._pending, key=lambda home: self._pending[home].due, default=None)
            wait_s = LOOK_S if home is None else self._pending[home].due - monotonic()
            if home is not None and wait_s <= 0:
                await self._attend(home, self._pending.pop(home))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    async def _attend(self, home: int, waiting: Pending) -> None:
        """Learn one home; what goes wrong is tried again."""
        began = monotonic()
        outcome, count = "failed", None
        try:
            count = await self.learn(home)
            outcome = "unchanged" if count is None else "done"
        except TunesmithError as error:
            if not isinstance(error, StoreError):
                incident = secrets.token_hex(4)
                log.error("incident %s: a taste was not learnt: %s", incident, error, exc_info=error)
            self._put_off(home, self._pending.setdefault(home, waiting), RETRY_S)
        finally:
            took_s = monotonic() - began
            self._rested = {other: until for other, until in self._rested.items() if until > began}
            self._rested[home] = monotonic() + REST * took_s
            self._tell(StudioEvent(kind="learnt", outcome=outcome, seconds=took_s, count=count or 0))

    async def _look(self) -> None:
        """For ever: find what other processes, or dead ones, left to be learnt; end trials that nobody decides."""
        back = LOOK_BACK
        while True:
            for home in await self._store.taste.unlearnt(datetime.now(UTC) - back):
                if home not in self._pending:
                    self.voted(home)
            back = 2 * timedelta(seconds=LOOK_S + QUIET_S)
            await self.trials.end_overdue()
            await asyncio.sleep(LOOK_S)

    async def _shared(self, home: int) -> list[BallotRows]:
        """What other homes let this one learn from."""
        taste = self._store.taste
        others = [other for other in await taste.sharing() if other != home]
        return [await taste.ballot(other, most=SHARED_VOTES) for other in others[:MOST_SHARED]]

    async def _keep(self, home: int, learnt: Learnt, before: Mapping[str, TasteRecord], mark: str) -> None:
        """What was learnt is in force; styles without any vote have no taste any more."""
        for row in await asyncio.to_thread(rows_of, home, learnt, mark):
            await patiently(partial(self._store.taste.save_taste, row))
        for style in before:
            if style not in learnt.tastes:
                await patiently(partial(self._store.taste.forget_tastes, home, style))


def _packed_ballot(
    rows: BallotRows, tastes: Mapping[str, TasteRecord], trials: tuple[ModelRecord, ...], shared: list[BallotRows]
) -> dict[str, object]:
    return packed(ballot_of(rows, tastes=tastes, trials=trials, shared=shared).to_json())


def _is_learnt(tastes: Mapping[str, TasteRecord], mark: str) -> bool:
    return bool(tastes) and all(record.figures.get(MARK) == mark for record in tastes.values())
