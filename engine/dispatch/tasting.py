"""The studio's door for whoever votes: the best songs, one's own, duels, what votes have moved, who votes how.

    songs ─→ top, song, my_songs, favourites        duel ─→ ticket ─duel_watch─→ … open ─answer─→ … revealed
    votes ─→ report, switch, audit, void, restore   people ─→ export, my_data, forget_me

In: ids, answers, names of switches. Out: values of `verdicts.py`, files as bytes. Conventions: `Origin` says who asks
and where, and with it whose taste it is (`home_of`); what belongs to another home is not found, unless it is the
person's own. Whether somebody is a moderator, whoever calls knows. Raises `BadRequest` and `NotFound` for what a person
can mend, `StoreError`. Caveat: a song of a duel is not shown by itself before the reveal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from engine.compose.request import ComposeRequest
from engine.dispatch.auditor import Auditor
from engine.dispatch.dossiers import exported, told_of_person
from engine.dispatch.dueling import Terms
from engine.dispatch.duels import Duels
from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S
from engine.dispatch.reporting import report_of
from engine.dispatch.songlines import PAGE, Shelves
from engine.dispatch.taster import Taster
from engine.dispatch.verdicts import (
    Audit,
    DataFormat,
    DuelAnswer,
    DuelState,
    DuelTicket,
    ForgottenPerson,
    Period,
    Recalled,
    SongPage,
    TasteReport,
    Top,
)
from engine.errors import BadRequest, NotFound
from engine.store import HOME, DuelTally, Origin, Store, SwitchName, home_of

MINUTES, VOTES_WANTED = 60, 10
"""Of a duel, if nothing else is said."""
TOLD_WITHIN = timedelta(days=1)
NOT_HERE = "There is no duel {!r} here."
NOT_THEIRS = "Whoever asked for the duel may end it, or a moderator."
NO_SERVER = "Votes can be voided in a server; here they are all your own."


class Tasting:
    """Over one store, the duels, and whoever learns."""

    def __init__(self, store: Store, duels: Duels, taster: Taster, auditor: Auditor) -> None:
        self._store, self._duels, self._taster, self._auditor = store, duels, taster, auditor
        self._shelves = Shelves(store)
        self._told: set[str] = set()

    async def top(self, *, origin: Origin, style: str | None = None, period: Period = "all", limit: int = PAGE) -> Top:
        """The best songs of this home, by how often they are liked at least."""
        return await self._shelves.top(origin, style, period, limit)

    async def song(self, song_id: str, *, origin: Origin) -> Recalled:
        """A song of this home, or one's own from anywhere, and how it stands."""
        return await self._shelves.recalled(song_id, origin)

    async def my_songs(self, *, origin: Origin, page: int = 0) -> SongPage:
        """What the person asked for here, the newest first."""
        return await self._shelves.own(origin, page)

    async def favourite(self, song_id: str, *, origin: Origin) -> bool:
        """The person's star: keeps the song in mind, or not any more if it was; returns whether it is."""
        return await self._shelves.star(song_id, origin)

    async def favourites(self, *, origin: Origin, page: int = 0) -> SongPage:
        """What the person keeps in mind, wherever it was made, the latest first."""
        return await self._shelves.starred(origin, page)

    async def duel(
        self,
        request: ComposeRequest,
        *,
        origin: Origin,
        minutes: float = MINUTES,
        votes_wanted: int = VOTES_WANTED,
        limit_bytes: int | None = None,
    ) -> DuelTicket:
        """Begin a duel: two songs for one request, to be compared blind, for so many minutes or until so many people
        answered. Raises `UserError` when the studio closes, `BadRequest` when the person would wait for too many songs.
        """
        terms = Terms(
            request=request,
            origin=origin,
            minutes=round(minutes),
            votes_wanted=votes_wanted,
            limit_bytes=limit_bytes,
        )
        return await self._duels.begin(terms)

    async def duel_watch(self, duel_id: str) -> AsyncGenerator[DuelState, None]:
        """Where the duel is: the newest at once, then whenever it changes. Ends after `revealed` or `failed`, or when
        the studio closes. Raises `NotFound`.
        """
        watch = await self._duels.watch(duel_id)
        try:
            async for state in watch:
                yield state
        finally:
            self._duels.watchers.close(duel_id, watch)

    async def duel_shown(self, duel_id: str, *, channel_id: int | None, message_id: int | None) -> None:
        """Remember where the duel is shown. Raises `NotFound`."""
        note = partial(self._store.taste.note_duel, duel_id, channel_id=channel_id, message_id=message_id)
        await patiently(note)

    async def duel_pending(self) -> tuple[DuelState, ...]:
        """The duels that go on, and those that ended within a day and of which nobody was `duel_told` since the studio
        was opened: after a restart each is watched anew. Oldest first.
        """
        going_on = await patiently(self._store.taste.open_duels)
        over = await patiently(lambda: self._store.taste.ended_duels(datetime.now(UTC) - TOLD_WITHIN))
        states = []
        for duel in (*over, *going_on):
            if duel.id not in self._told:
                with suppress(NotFound):
                    states.append(await self._duels.state(await self._store.taste.duel(duel.id)))
        return tuple(states)

    async def duel_told(self, duel_id: str) -> None:
        """How the duel ended is shown."""
        self._told.add(duel_id)

    async def answer(self, duel_id: str, *, person_id: int, answer: DuelAnswer) -> DuelState:
        """A person's answer; the same again withdraws it. Raises `BadRequest` unless the duel is open, `NotFound`."""
        return await self._duels.answer(duel_id, person_id, answer)

    async def reveal(self, duel_id: str, *, origin: Origin, moderator: bool = False) -> DuelState:
        """End an open duel at once: whoever asked for it may, and moderators. Raises `NotFound`, `BadRequest`."""
        tally = await self._own_duel(duel_id, origin, moderator=moderator)
        if tally.duel.state == "making":
            raise BadRequest("This duel is still being made; calling it off would work.")
        await self._duels.reveal(duel_id)
        return await self._duels.state(await self._store.taste.duel(duel_id))

    async def call_off(self, duel_id: str, *, origin: Origin, moderator: bool = False) -> bool:
        """Nobody wants a duel any more whose songs are still made; the same people may say so. False: it is too late.
        Raises `NotFound`, `BadRequest`.
        """
        return await self._duels.call_off((await self._own_duel(duel_id, origin, moderator=moderator)).duel)

    async def report(self, *, origin: Origin, style: str | None = None) -> TasteReport:
        """What votes have moved in this home, of all styles or of one."""
        return await report_of(self._store, home_of(origin), style)

    async def switch(self, name: SwitchName, is_on: bool, *, origin: Origin) -> TasteReport:
        """Turn something on or off that votes move; for moderators. Raises `BadRequest` for an unknown name."""
        home = home_of(origin)
        turn = partial(self._store.taste.switch, home, name, is_on, by=origin.person_id)
        await patiently(turn, for_s=ANSWER_S)
        if name == "canary" and not is_on:
            await self._taster.trials.end_all(home)
        return await report_of(self._store, home, None)

    async def audit(self, *, origin: Origin) -> Audit:
        """Who votes here and how; for moderators."""
        return await self._auditor.audit(home_of(origin))

    async def void(self, person_id: int, *, origin: Origin, reason: str = "") -> None:
        """A person's votes count nothing here from now on, and what was learnt from them is learnt anew; for
        moderators. Raises `BadRequest` in a private chat.
        """
        home = _server(origin)
        void = partial(self._store.taste.void, home, person_id, by=origin.person_id, reason=reason)
        await patiently(void, for_s=ANSWER_S)
        self._taster.hurry(home)

    async def restore(self, person_id: int, *, origin: Origin) -> bool:
        """A person's votes count again; False: they did."""
        home = _server(origin)
        gone = await patiently(lambda: self._store.taste.restore(home, person_id), for_s=ANSWER_S)
        self._taster.hurry(home)
        return gone is not None

    async def export(self, *, origin: Origin, form: DataFormat) -> bytes:
        """All votes, duels and songs of a server in UTF-8, people as ids; for moderators. Raises `BadRequest` in a
        private chat, where `my_data` has the same.
        """
        home = _server(origin)
        return await asyncio.to_thread(exported, await self._store.taste.export(home), form)

    async def my_data(self, person_id: int) -> bytes:
        """All that is kept of a person, as JSON in UTF-8."""
        said, kept = await self._store.taste.votes_of(person_id), await self._store.taste.kept_of(person_id)
        alone = await self._store.taste.tastes(person_id)
        return await asyncio.to_thread(told_of_person, person_id, said, kept, alone)

    async def forget_me(self, person_id: int) -> ForgottenPerson:
        """Nothing that the person said stays; what was learnt from it is learnt anew without. Their songs stay."""
        erased = await patiently(lambda: self._store.taste.erase_person(person_id))
        for home in (*erased.homes, person_id):
            self._taster.hurry(home)
        self._duels.look()
        return ForgottenPerson(votes=erased.votes, answers=erased.answers, favourites=erased.favourites)

    async def _own_duel(self, duel_id: str, origin: Origin, *, moderator: bool) -> DuelTally:
        """The duel, if whoever asks may end it."""
        tally = await patiently(lambda: self._store.taste.duel(duel_id), for_s=ANSWER_S)
        duel = tally.duel
        if home_of(duel.origin) != home_of(origin):
            raise NotFound(NOT_HERE.format(duel_id[:40]))
        if not moderator and duel.origin.person_id != origin.person_id:
            raise BadRequest(NOT_THEIRS)
        return tally


def _server(origin: Origin) -> int:
    """The server where somebody moderates. Raises `BadRequest` in a private chat."""
    if origin.guild_id is None and origin.person_id is not None:
        raise BadRequest(NO_SERVER)
    return HOME if origin.guild_id is None else origin.guild_id
