"""The courier of a duel: one message that shows how far the two songs are, then asks, and at last tells.

In: a duel, and the `Answer` in which it shows. Out: one message. Conventions: like every courier's, what it leaves
behind goes on with the next start. While the duel is open, those who answer change the message; the reveal waits for
their turn, so that nothing overwrites it. Caveat: where the message was deleted nobody is told; a duel that was open
goes on without it, and what was answered counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import discord

from bot.answer import Answer, held_after
from bot.body import Body
from bot.courier import Courier, House
from bot.desk import ACCEPTED_WITHIN_S, Desk
from bot.duels import accepted_text, duel_body, failed_text, making_text, revealed_body, songs_of
from bot.found import FoundAnswer
from bot.marks import shows_duel, shows_songs
from bot.progress import Progress
from bot.replies import broken_text
from engine import ComposeRequest, DuelState, DuelTicket, Origin, Tally, Update, errors

DUEL_GOES_ON = "I am being restarted. This duel is kept, and goes on by itself as soon as I am back."
OVER = frozenset({"revealed", "failed"})
"""Phases after which nothing more happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """A duel as its courier has to know it. `job_id` is the duel's id; `is_over`: it ended before a courier came."""

    job_id: str
    origin: Origin
    prompt: str
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What makes rows of buttons: while the songs are made, while the duel is open, under both songs at its end."""

    making: Callable[[str], discord.ui.View]
    open: Callable[[str], discord.ui.View]
    over: Callable[[dict[str, Tally]], discord.ui.View]


class FoundDuel(FoundAnswer):
    """The message of a duel, found by its buttons. `is_told`: it has none of them, so it says how the duel ended."""

    is_told = False

    async def look(self) -> None:
        """Find the message, if there is one. Raises `discord.NotFound` when it, or its channel, was deleted."""
        message = await self._found()
        if message is not None:
            self.message_id = message.id
            self._is_song = self.shows_end(message)
            self.is_told = not self.shows_making(message) and not message.flags.loading

    def shows_making(self, message: discord.Message) -> bool:
        """Whether the message is about this duel."""
        return shows_duel(message, self.job_id or "")

    def shows_end(self, message: discord.Message) -> bool:
        """Whether the message has the two songs already."""
        return shows_songs(message, self.job_id or "")


class DuelCourier(Courier):
    """Of one duel."""

    goes_on = DUEL_GOES_ON

    def __init__(self, bout: Bout, answer: Answer, desk: Desk, house: House, stands: Stands) -> None:
        super().__init__(bout, answer, house)
        self._bout = bout
        self._desk = desk
        self._stands = stands

    def words(self, update: Update) -> str:
        """How far the songs are."""
        if update.phase == "queued":
            return accepted_text(self._bout.prompt)
        return making_text(self._making(update))

    def making_view(self) -> discord.ui.View:
        """The button that calls it off."""
        return self._stands.making(self._bout.job_id)

    def found(self, client: discord.Client) -> FoundAnswer:
        """The message as a later process finds it."""
        return FoundDuel(client, self._bout)

    async def _work(self, shown: str | None) -> None:
        """Make, ask, tell."""
        if self._bout.is_over and isinstance(self._answer, FoundDuel) and self._answer.is_told:
            await self._insist(self._delivered)
            return
        is_put_up = isinstance(self._answer, FoundAnswer) and self._answer.is_song
        last: DuelState | None = None
        async with AsyncExitStack() as stack:
            progress = await self._progress(stack, shown)
            async for state in self._house.studio.taste.duel_watch(self._bout.job_id):
                last = state
                if state.phase == "making":
                    progress(Update(phase="composing", share=state.share, eta_s=state.eta_s))
                elif not is_put_up and state.phase == "open":
                    await stack.aclose()  # an edit that still runs would come after the songs
                    is_put_up = await self._insist(lambda: self._put_up(state))  # noqa: B023 (it is awaited here)
        if self._gone is not None:
            raise self._gone
        if last is None or last.phase not in OVER:
            if not is_put_up:
                await self._say_goodbye()
            return
        await self._tell(last, is_put_up=is_put_up)

    async def _progress(self, stack: AsyncExitStack, shown: str | None) -> Progress:
        """What shows how far the songs are, until the stack is closed."""
        pace = self._house.pace
        limited = self._answer.channel_id if self._answer.in_channel else None
        stack.enter_context(pace.joined(limited))
        return await stack.enter_async_context(
            Progress(self._show, shown=shown, gap_s=lambda: pace.gap_s(limited), gone=self._lose, words=self.words)
        )

    async def _tell(self, last: DuelState, *, is_put_up: bool) -> None:
        """How it ended."""
        if last.phase == "revealed" and not is_put_up and not await self._insist(lambda: self._put_up(last)):
            return
        if await self._insist(lambda: self._reveal(last) if last.phase == "revealed" else self._say_failed(last)):
            await self._insist(self._delivered)

    async def _put_up(self, state: DuelState) -> None:
        """The message becomes the question."""
        view = self._stands.open(self._bout.job_id)
        try:
            await self._answer.become(lambda limit_bytes: duel_body(state, view, limit_bytes=limit_bytes))
        except errors.UserError as refusal:
            await self._answer.show(str(refusal))

    async def _reveal(self, state: DuelState) -> None:
        """The message tells how it ended; whoever presses meanwhile comes before, or too late."""
        body = revealed_body(state, self._stands.over(await self._tallies(state)))
        assert self._answer.message_id is not None, "what was put up is a message"
        async with self._desk.turns.turn(self._answer.message_id):
            await self._answer.put(body)

    async def _tallies(self, state: DuelState) -> dict[str, Tally]:
        """The votes for both songs as they stand."""
        origin = self._bout.origin
        taste = self._house.studio.taste
        return {song.id: (await taste.song(song.id, origin=origin)).line.tally for song in songs_of(state)}

    async def _say_failed(self, state: DuelState) -> None:
        text = failed_text(state) if state.incident is None else broken_text(state.incident)
        await self._answer.put(Body(text=text))

    # -- what is noted -------------------------------------------------------------------------------------------------

    async def _note_place(self) -> None:
        place = self._answer
        if place.channel_id is not None and place.message_id is not None:
            await self._house.studio.taste.duel_shown(
                self._bout.job_id, channel_id=place.channel_id, message_id=place.message_id
            )

    async def _delivered(self) -> None:
        await self._house.studio.taste.duel_told(self._bout.job_id)

    async def _cancel(self) -> None:
        """Whose message was deleted while the songs are made wants no duel any more."""
        with suppress(errors.UserError):
            await self._house.studio.taste.call_off(self._bout.job_id, origin=self._bout.origin)

    async def _give_up(self) -> None:
        """Nobody can be told; an open duel goes on all the same."""
        with suppress(errors.TunesmithError):
            await self._delivered()

    def _making(self, update: Update) -> DuelState:
        bout = self._bout
        return DuelState(
            duel_id=bout.job_id,
            phase="making",
            prompt=bout.prompt,
            origin=bout.origin,
            votes_wanted=0,
            share=update.share,
            eta_s=update.eta_s,
        )


class Ring:
    """Where duels are held: what a cog or a button needs of them."""

    def __init__(self, client: discord.Client, desk: Desk, house: House, stands: Stands) -> None:
        self.taste = house.studio.taste
        self.desk = desk
        self._client, self._house, self._stands = client, house, stands

    async def begin(self, answer: Answer, request: ComposeRequest, origin: Origin, **terms: int) -> None:
        """Begin a duel; it is attended from then on. `terms`: minutes, votes_wanted. Raises what that raises."""
        self.desk.check_open()
        seen = dataclasses.replace(origin, message_id=answer.message_id)
        accepting = self.taste.duel(request, origin=seen, limit_bytes=answer.limit_bytes, **terms)
        ticket: DuelTicket = await held_after(answer, accepting, ACCEPTED_WITHIN_S)
        self._send(Bout(job_id=ticket.duel_id, origin=ticket.origin, prompt=request.prompt), answer)

    async def take_up(self) -> None:
        """Go on with what a process before this one left."""
        for state in await self.taste.duel_pending():
            is_over = state.phase in OVER
            bout = Bout(job_id=state.duel_id, origin=state.origin, prompt=state.prompt, is_over=is_over)
            if state.origin.channel_id is not None and not self.desk.attends(bout.job_id):
                self._send(bout, FoundDuel(self._client, bout))

    def _send(self, bout: Bout, answer: Answer) -> None:
        self.desk.send(DuelCourier(bout, answer, self.desk, self._house, self._stands))
