"""An answer that goes on where a process before this one stopped: a `Ticket` goes in, its message is found and edited.

Where the message's id is not known (the process died between sending and noting it) the channel's latest messages are
searched for the job's button, then for an "is thinking…" to the same person; where there is none, a new message is
sent, with the job's id as an enforced nonce.
Caveat: without the permission Read Message History nothing is found, and the nonce alone prevents a second message.
"""

from __future__ import annotations

from typing import Protocol

import discord

from bot.answer import Answer
from bot.body import Body
from bot.marks import shows_making, shows_song
from engine import Origin, Ticket

SEARCHED_MESSAGES = 200


class Accepted(Protocol):
    """What a courier has to know of a ticket."""

    @property
    def job_id(self) -> str:
        """The request's id."""

    @property
    def origin(self) -> Origin:
        """Who asked, and where it is shown."""


class FoundAnswer(Answer):
    """Answers in the channel that a ticket names."""

    def __init__(self, client: discord.Client, ticket: Accepted) -> None:
        super().__init__(client, channel_id=ticket.origin.channel_id, guild_id=ticket.origin.guild_id)
        self.message_id = ticket.origin.message_id
        self.job_id = ticket.job_id
        self.claimed: set[int] = set()
        """Messages without a mark that others found to be theirs; shared by all who look for theirs at once."""
        self._person_id = ticket.origin.person_id
        self._limit_bytes = ticket.limit_bytes if isinstance(ticket, Ticket) else None

    @property
    def limit_bytes(self) -> int:
        """What the song's files were made for."""
        return self._limit_bytes or super().limit_bytes

    @property
    def is_song(self) -> bool:
        """Whether `look` saw the finished song: it was delivered, and that was not noted any more."""
        return self._is_song

    async def look(self) -> None:
        """Find the message, if there is one. Raises `discord.NotFound` when it, or its channel, was deleted."""
        message = await self._found()
        if message is not None:
            self.message_id = message.id
            self._is_song = self.shows_end(message)

    def shows_making(self, message: discord.Message) -> bool:
        """Whether the message shows the request while it is worked on."""
        return shows_making(message, self.job_id or "")

    def shows_end(self, message: discord.Message) -> bool:
        """Whether the message is what the request became."""
        return shows_song(message, self.job_id or "")

    async def _found(self) -> discord.Message | None:
        assert self.channel_id is not None, "only what is shown on Discord is looked for there"
        channel = self._channel(self.channel_id)
        try:
            if self.message_id is not None:
                return await channel.fetch_message(self.message_id)
            thinking: discord.Message | None = None
            async for message in channel.history(limit=SEARCHED_MESSAGES):
                if self.shows_making(message) or self.shows_end(message):
                    return message
                if self._may_be_mine(message):
                    thinking = message
            if thinking is not None and thinking.id not in self.claimed:
                self.claimed.add(thinking.id)
                return thinking
        except discord.Forbidden:
            pass  # it may not read there; it may be allowed to write all the same
        return None

    def _may_be_mine(self, message: discord.Message) -> bool:
        """Whether it says "is thinking…" to the same person, and is nobody else's yet: as good as this one's then."""
        asked = message.interaction_metadata
        is_theirs = asked is not None and asked.user.id == self._person_id
        return message.flags.loading and is_theirs and message.id not in self.claimed

    async def _create(self, body: Body) -> int:
        assert self.channel_id is not None
        return (await self._channel(self.channel_id).send(**body.send_arguments(nonce=self.job_id))).id
