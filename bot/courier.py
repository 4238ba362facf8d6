"""A courier attends one accepted request to its end: it shows how far the song is, delivers it, and has that noted.

In: a `Ticket` and the `Answer` in which it shows. Out: exactly one message, which becomes the song, or says in one
sentence why there is none. Conventions: the message is edited, so to deliver twice is to deliver once; what does not
arrive is tried again with growing pauses for a good while. Only what arrived is noted, so whatever a courier leaves
behind (Discord is away for long, the process stops or is killed) a courier of the next start takes up. Where the
message was deleted, nobody waits any more: the song is cancelled and nothing is sent. Caveat: a courier that is told to
leave ends when its studio's updates end, or at once while it tries to deliver.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.answer import Answer, InteractionAnswer
from bot.errors import GOES_ON, UNDELIVERED, is_passing
from bot.found import Accepted, FoundAnswer
from bot.pace import Pace
from bot.progress import OVER, Progress
from bot.replies import CANCELLED, failure_text, progress_text
from engine import Studio, Update, errors

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
GIVE_UP_S = 900.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all couriers share. `making_view` and `song_view` make the rows of buttons under a song in the making and
    under a finished one; `leaving` is set when the bot is to stop; `claimed`: messages without a mark that
    were found to be somebody's.
    """

    studio: Studio
    pace: Pace
    making_view: Callable[[str], discord.ui.View]
    song_view: Callable[[str], discord.ui.View]
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    claimed: set[int] = field(default_factory=set)

    async def cancel(self, ticket: Accepted) -> bool:
        """Cancel on behalf of who asked; False when it is too late."""
        person_id = ticket.origin.person_id
        return person_id is not None and await self.studio.cancel(ticket.job_id, person_id=person_id)


class Courier:
    """`await Courier(ticket, answer, house).attend()`. `is_over`: the song is not in the making any more.

    What it says, and what it delivers, others that inherit from it may say and deliver otherwise (`bot.tutor`).
    """

    goes_on = GOES_ON
    """What is said when the bot stops meanwhile."""

    def __init__(self, ticket: Accepted, answer: Answer, house: House) -> None:
        self.ticket = ticket
        self._answer = answer
        self._house = house
        self.is_over = False
        self._gone: discord.NotFound | None = None
        self._noted_id = ticket.origin.message_id
        self._errands: set[asyncio.Task[Any]] = set()
        answer.job_id = ticket.job_id

    async def attend(self) -> None:
        """From the first word to the last. Raises what nobody can be told of: `discord.NotFound`, `Forbidden`."""
        try:
            self._note()
            await self._work(await self._open())
        except discord.HTTPException as refusal:
            if not is_passing(refusal):
                await self._give_up()
            raise
        finally:
            if self._errands:
                await asyncio.wait(self._errands)

    async def _work(self, shown: str | None) -> None:
        """From when it is shown to its end. `shown`: what the message says, if that is known."""
        if isinstance(self._answer, FoundAnswer) and self._answer.is_song:
            await self._insist(self._delivered)
            return
        last = await self._watch(shown)
        if self._gone is not None:
            raise self._gone
        await (self._say_goodbye() if last is None else self._end(last))

    async def say(self, text: str) -> None:
        """Tell the person a sentence of the error handler's."""
        await self._answer.show(text)

    # -- what is said --------------------------------------------------------------------------------------------------

    def words(self, update: Update) -> str:
        """How far it is."""
        return progress_text(update)

    def apology(self, last: Update) -> str:
        """Why there is nothing."""
        return CANCELLED if last.phase == "cancelled" else failure_text(last)

    def making_view(self) -> discord.ui.View:
        """The buttons meanwhile."""
        return self._house.making_view(self.ticket.job_id)

    def found(self, client: discord.Client) -> FoundAnswer:
        """The answer as a later process, or one whose first word was lost, finds it."""
        return FoundAnswer(client, self.ticket)

    # -- the beginning -------------------------------------------------------------------------------------------------

    async def _open(self) -> str | None:
        """Show that the request was accepted, or find where that is shown; returns what the message says, if known."""
        if isinstance(self._answer, FoundAnswer):
            await self._look(self._answer)
            return None
        text = self.words(Update(phase="queued", share=0.0))
        try:
            await self._show(text)
        except UNDELIVERED as problem:
            if not is_passing(problem):
                raise
            _log.info("the first word did not arrive: %s", problem)
            if isinstance(self._answer, InteractionAnswer):  # it takes a first answer once, and for three seconds
                self._answer = found = self.found(self._answer.client)
                await self._look(found)
            return None
        return text

    async def _look(self, answer: FoundAnswer) -> None:
        """Find the message, if there is one."""
        answer.claimed = self._house.claimed
        await self._insist(answer.look)
        self._note()

    async def _show(self, text: str) -> None:
        """Say how far the song is, with the button that cancels it."""
        await self._answer.show(text, self.making_view())
        self._note()

    def _note(self) -> None:
        """Have noted, on the side, where the request is shown, if that is new."""
        if self._answer.message_id != self._noted_id:
            self._noted_id = self._answer.message_id
            self._start(self._insist(self._note_place))

    async def _note_place(self) -> None:
        place = self._answer
        await self._house.studio.shown(self.ticket.job_id, channel_id=place.channel_id, message_id=place.message_id)

    # -- while it is made ----------------------------------------------------------------------------------------------

    async def _watch(self, shown: str | None) -> Update | None:
        """Show progress until the last update; None when the studio closes before it."""
        last: Update | None = None
        pace = self._house.pace
        limited = self._answer.channel_id if self._answer.in_channel else None
        with pace.joined(limited):
            async with Progress(
                self._show, shown=shown, gap_s=lambda: pace.gap_s(limited), gone=self._lose, words=self.words
            ) as progress:
                async for update in self._house.studio.watch(self.ticket.job_id):
                    last, self.is_over = update, update.phase in OVER
                    progress(update)
        return last if self.is_over else None

    def _lose(self, problem: discord.NotFound) -> None:
        """The message was deleted."""
        self._gone = problem
        self._start(self._insist(self._cancel))

    async def _cancel(self) -> None:
        await self._house.cancel(self.ticket)

    # -- the end -------------------------------------------------------------------------------------------------------

    async def _end(self, last: Update) -> None:
        if last.phase == "ready":
            if await self._insist(lambda: self.hand_over(last)):
                await self._insist(self._delivered)
            return
        if await self._insist(lambda: self._answer.show(self.apology(last))):
            await self._insist(lambda: self._house.studio.told(self.ticket.job_id))

    async def hand_over(self, last: Update) -> None:
        """The message becomes the song, or says why it cannot."""
        song = last.song
        assert song is not None
        try:
            await self._answer.finish(song, self._house.song_view(song.id))
        except errors.UserError as refusal:
            await self._answer.show(str(refusal))

    async def _delivered(self) -> None:
        await self._house.studio.delivered(self.ticket.job_id, reply_id=self._answer.message_id)

    async def _say_goodbye(self) -> None:
        """The bot stops; the song is handed back and goes on with the next start."""
        with suppress(*UNDELIVERED):
            await self._answer.show(self.goes_on, self.making_view())

    async def _give_up(self) -> None:
        """Nobody can be answered: the song need not be made any further, and nobody shall try again."""
        with suppress(errors.TunesmithError):
            await self._cancel()
            await self._delivered()
            await self._house.studio.told(self.ticket.job_id)

    # -- again and again -----------------------------------------------------------------------------------------------

    async def _insist(self, work: Callable[[], Awaitable[Any]]) -> bool:
        """Do it, again and again while Discord or the database is away; False when that lasts, or the bot stops."""
        pause_s, until_s = FIRST_PAUSE_S, time.monotonic() + GIVE_UP_S
        while True:
            try:
                await work()
            except (*UNDELIVERED, errors.StoreError) as problem:
                if not is_passing(problem):
                    raise
                _log.info("%s did not arrive: %s", self.ticket.job_id, problem)
            else:
                return True
            if time.monotonic() > until_s or await self._leaves_within(pause_s):
                return False
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _leaves_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._house.leaving.wait()
        return self._house.leaving.is_set()

    def _start(self, errand: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(errand, name=f"errand for {self.ticket.job_id}")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
