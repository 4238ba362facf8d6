"""The desk between Discord and the engine: it holds the open `Studio`, and every request passes over it.

Cogs and buttons get it; it knows neither. `take` has a request accepted, and from then on a `Courier` attends it in a
task of its own; `take_up` does the same for those that a process before this one left. `leave` lets nothing new begin,
closes the studio, and waits for the couriers. Caveat: two people who vote at once would race each other's edit of the
counts. `Turns` lets one press under a message pass at a time and leaves the edit to the last one that waits, so the
newest count stands and a crowd costs few edits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import discord

from bot.answer import Answer, held_after
from bot.courier import Courier, House
from bot.errors import RESTARTING, guard
from bot.found import FoundAnswer
from engine import Origin, Tally, Ticket, errors, marked

ACCEPTED_WITHIN_S = 1.5
"""Discord waits three seconds for a first answer; where accepting takes longer than this, it gets one meanwhile."""
GOODBYE_S = 5.0
NOT_IN_THE_MAKING = "This song is not in the making any more."

_log = logging.getLogger(__name__)


class Turn:
    """The presses under one message that are being worked on. `tallies`: the newest counts, as far as those presses
    know them, by songs.
    """

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.lock = asyncio.Lock()
        self.inside = 0

    @property
    def nobody_waits(self) -> bool:
        """Whether the press that has its turn is the last one."""
        return self.inside <= 1


class Turns:
    """One press under a message at a time."""

    def __init__(self) -> None:
        self._turns: dict[int, Turn] = {}

    @asynccontextmanager
    async def turn(self, message_id: int) -> AsyncIterator[Turn]:
        """Wait for this message's turn."""
        turn = self._turns.setdefault(message_id, Turn())
        turn.inside += 1
        try:
            async with turn.lock:
                yield turn
        finally:
            turn.inside -= 1
            if turn.inside == 0:
                del self._turns[message_id]

    def is_free(self, message_id: int) -> bool:
        """Whether nobody is there."""
        return message_id not in self._turns


class Desk:
    """What a cog or a button needs of the bot."""

    def __init__(self, house: House) -> None:
        self.studio = house.studio
        self.turns = Turns()
        self._house = house
        self._couriers: dict[str, tuple[Courier, asyncio.Task[None]]] = {}

    # -- requests ------------------------------------------------------------------------------------------------------

    def check_open(self) -> None:
        """Raise `UserError` when the bot is about to leave."""
        if self._house.leaving.is_set():
            raise errors.UserError(RESTARTING)

    async def take(self, answer: Answer, accepting: Awaitable[Ticket]) -> None:
        """Have a request accepted, and attended from then on. Raises what accepting raises."""
        ticket = await held_after(answer, accepting, ACCEPTED_WITHIN_S)
        self.send(Courier(ticket, answer, self._house))

    async def take_up(self, client: discord.Client) -> None:
        """Go on with what a process before this one left."""
        for ticket in await self.studio.pending():
            if ticket.origin.channel_id is not None and ticket.job_id not in self._couriers:
                self.send(Courier(ticket, FoundAnswer(client, ticket), self._house))
        if self._couriers:
            _log.info("going on with %d requests", len(self._couriers))

    def ticket(self, job_id: str) -> Ticket | None:
        """The request, if its song is in the making."""
        return next((ticket for ticket in self._in_the_making() if ticket.job_id == job_id), None)

    def tickets_of(self, person_id: int) -> tuple[Ticket, ...]:
        """A person's songs in the making, the oldest first."""
        return tuple(ticket for ticket in self._in_the_making() if ticket.origin.person_id == person_id)

    def _in_the_making(self) -> Iterator[Ticket]:
        attended = (courier.ticket for courier, _ in self._couriers.values() if not courier.is_over)
        return (ticket for ticket in attended if isinstance(ticket, Ticket))

    async def cancel(self, ticket: Ticket) -> bool:
        """Nobody wants the song any more; its message says so. False when it is too late."""
        return await self._house.cancel(ticket)

    async def leave(self, *, grace_s: float) -> None:
        """Take nothing new; let songs end and arrive for so long; tell the people whose songs do not; close the studio.

        Safe to call twice.
        """
        self._house.leaving.set()
        await self.studio.drain(grace_s=grace_s)
        waiting = {task for _, task in self._couriers.values()}
        if waiting:
            _, waiting = await asyncio.wait(waiting, timeout=GOODBYE_S)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting, timeout=GOODBYE_S)
        await self.studio.close(grace_s=0)

    def attends(self, job_id: str) -> bool:
        """Whether a courier attends the request."""
        return job_id in self._couriers

    async def attended(self, job_id: str) -> None:
        """Wait until no courier attends the request any more, for as long as it takes to say goodbye."""
        known = self._couriers.get(job_id)
        if known is not None:
            await asyncio.wait({known[1]}, timeout=GOODBYE_S)

    def send(self, courier: Courier) -> None:
        """Let a courier attend its request from now on."""
        job_id = courier.ticket.job_id
        work = guard(courier.attend(), courier.say, restarting=courier.goes_on)
        with marked(job_id):  # a task keeps what it was begun with: what is logged in it belongs to the job
            task = asyncio.create_task(work, name=f"courier of {job_id}")
        self._couriers[job_id] = (courier, task)
        task.add_done_callback(lambda _: self._couriers.pop(job_id, None))


def origin_of(event: discord.Interaction[Any] | discord.Message) -> Origin:
    """Who asked, and where."""
    person = event.user if isinstance(event, discord.Interaction) else event.author
    return Origin(
        person_id=person.id,
        guild_id=event.guild.id if event.guild else None,
        channel_id=event.channel.id if event.channel else None,
    )


def desk_of(interaction: discord.Interaction[Any]) -> Desk:
    """The desk of the bot that a button belongs to."""
    desk = interaction.client.desk
    assert isinstance(desk, Desk)
    return desk
