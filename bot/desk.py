"""The desk between Discord and the engine: it holds the open `Studio`, and every song in the making passes over it.

Cogs and buttons get it; it knows neither. `deliver` shows a song's progress and answers with the song; a person has at
most `MOST_AT_ONCE` in the making, so that nobody fills the queue alone. `send_home` ends all that is in the making,
which `bot.errors.guard` tells the people who wait, and lets nothing new begin. Caveat: two people who vote at once
would race each other's edit of the counts. `VoteTurns` lets one vote of a song pass at a time and leaves the edit to
the last one that waits, so the newest count stands and a crowd costs few edits.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord

from bot.answer import Answer
from bot.errors import RESTARTING
from bot.progress import MIN_GAP_S, Progress
from engine import Origin, StoredSong, Studio, Update, errors

Making = Callable[[Origin, Callable[[Update], None]], Awaitable[StoredSong]]
"""Starts the making of a song; called with who asked and where it shows, and with the function that takes updates."""

MOST_AT_ONCE = 3
"""Songs that one person may have in the making."""

GOODBYE_S = 5.0


class VoteTurns:
    """One vote of a song at a time."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._inside: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, song_id: str) -> AsyncIterator[VoteTurns]:
        """Wait for this song's turn."""
        lock = self._locks.setdefault(song_id, asyncio.Lock())
        self._inside[song_id] = self._inside.get(song_id, 0) + 1
        try:
            async with lock:
                yield self
        finally:
            self._inside[song_id] -= 1
            if self._inside[song_id] == 0:
                del self._inside[song_id], self._locks[song_id]

    def nobody_waits(self, song_id: str) -> bool:
        """Whether the vote that has its turn is the last one."""
        return self._inside.get(song_id, 0) <= 1


class Desk:
    """What a cog or a button needs of the bot."""

    def __init__(self, studio: Studio, *, edit_gap_s: float = MIN_GAP_S) -> None:
        self.studio = studio
        self.votes = VoteTurns()
        self._edit_gap_s = edit_gap_s
        self._making: dict[asyncio.Task[Any], Origin] = {}
        self._is_leaving = False

    async def deliver(
        self, answer: Answer, origin: Origin, make: Making, view_of: Callable[[str], discord.ui.View]
    ) -> None:
        """Have a song made while its progress shows, then answer with it; `view_of` makes the buttons for its id.

        Raises `UserError` as `admit` does.
        """
        self.admit(origin)
        task = asyncio.current_task()
        assert task is not None
        self._making[task] = origin
        try:
            async with Progress(answer.show, min_gap_s=self._edit_gap_s) as progress:
                song = await make(dataclasses.replace(origin, message_id=answer.message_id), progress)
            await answer.finish(song, view_of(song.id))
        finally:
            del self._making[task]

    async def send_home(self) -> None:
        """Cancel what is in the making, and give the people who wait the time to be told."""
        self._is_leaving = True
        waiting = set(self._making)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting, timeout=GOODBYE_S)

    def admit(self, origin: Origin) -> None:
        """Raise `UserError` when the person has enough songs in the making, or the bot is about to leave."""
        if self._is_leaving:
            raise errors.UserError(RESTARTING)
        if sum(other.person_id == origin.person_id for other in self._making.values()) >= MOST_AT_ONCE:
            raise errors.UserError(
                f"You have {MOST_AT_ONCE} songs in the making already; ask again when one of them is done."
            )


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
