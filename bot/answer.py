"""One answer to one person: a text that is edited while the song is made, and in the end the song itself.

Two ways in, one way to speak: `InteractionAnswer` (slash command or button) edits the interaction's own message
through its token; `MentionAnswer` replies in the channel. Files are read off the event loop. Caveat: an interaction's
token dies after 15 minutes. Shortly before, the answer moves to a message of its own in the channel, and everything
later goes there.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Coroutine
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import discord

from bot.errors import UNDELIVERED
from bot.replies import parts_of, song_embed, too_big_text
from engine import StoredSong

TOKEN_MARGIN = datetime.timedelta(seconds=20)
MOVED = "This takes longer than Discord lets me write here; it goes on in a new message below."

NOBODY = discord.AllowedMentions.none()


class Answer(Protocol):
    """Where a person sees what becomes of their wish."""

    @property
    def limit_bytes(self) -> int:
        """The largest file that may be attached."""

    async def show(self, text: str) -> None:
        """Make the message say `text` and nothing else."""

    async def finish(self, song: StoredSong, view: discord.ui.View) -> None:
        """Make the message the song."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A song ready to be sent: its card, and (file name, bytes) of what fits."""

    embed: discord.Embed
    files: tuple[tuple[str, bytes], ...]

    def edit_arguments(self, view: discord.ui.View) -> dict[str, Any]:
        """Keyword arguments for an edit; files are opened anew, because a sent `discord.File` cannot be sent again."""
        files = [discord.File(BytesIO(data), filename=name) for name, data in self.files]
        return {"content": None, "embed": self.embed, "attachments": files, "view": view, "allowed_mentions": NOBODY}


async def _pack(song: StoredSong, limit_bytes: int) -> _Parcel:
    files: list[tuple[str, bytes]] = []
    notes: list[str] = []
    with_picture = False
    for what, name, path in parts_of(song):
        data = await asyncio.to_thread(path.read_bytes)
        if len(data) > limit_bytes:
            notes.append(too_big_text(what, len(data), limit_bytes))
            continue
        files.append((name, data))
        with_picture = with_picture or what == "picture"
    embed = song_embed(song, notes=tuple(notes), with_picture=with_picture)
    return _Parcel(embed=embed, files=tuple(files))


class _Whole:
    """One request to Discord at a time, each to its end: a caller who is cancelled does not cut a request in two.

    Without it, a reply could be sent and yet not be known, and the next word would become a second message; or a song
    that a person already sees would be overwritten by words about a restart.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._is_song = False

    async def show(self, text: str) -> None:
        """Say `text` and nothing else; not over a song that has been sent."""
        if not self._is_song:
            await self._wholly(self._say(text))

    async def finish(self, song: StoredSong, view: discord.ui.View) -> None:
        """Turn what was said into the song."""
        parcel = await _pack(song, self.limit_bytes)
        self._is_song = True
        try:
            await self._wholly(self._hand_over(parcel.edit_arguments(view)))
        except UNDELIVERED:
            self._is_song = False
            raise

    async def _wholly(self, request: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._in_turn(request))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if task.done() and not task.cancelled():
                task.exception()  # taken note of: the cancellation is what counts
            raise

    async def _in_turn(self, request: Coroutine[Any, Any, None]) -> None:
        async with self._turn:
            await request

    @property
    def limit_bytes(self) -> int:
        """The largest file that may be attached."""
        raise NotImplementedError

    async def _say(self, text: str) -> None:
        raise NotImplementedError

    async def _hand_over(self, arguments: dict[str, Any]) -> None:
        raise NotImplementedError


class MentionAnswer(_Whole):
    """Answers a message by replying to it; the reply is edited from then on."""

    def __init__(self, message: discord.Message) -> None:
        super().__init__()
        self._asked = message
        self._reply: discord.Message | None = None

    @property
    def limit_bytes(self) -> int:
        """The server's limit, or Discord's default in a private chat."""
        guild = self._asked.guild
        return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES

    async def _say(self, text: str) -> None:
        if self._reply is None:
            reference = self._asked.to_reference(fail_if_not_exists=False)
            self._reply = await self._asked.channel.send(text, reference=reference, allowed_mentions=NOBODY)
        else:
            await self._reply.edit(content=text, allowed_mentions=NOBODY)

    async def _hand_over(self, arguments: dict[str, Any]) -> None:
        if self._reply is None:
            await self._say("🎼")
        assert self._reply is not None
        await self._reply.edit(**arguments)


class InteractionAnswer(_Whole):
    """Answers an interaction that has been deferred with a message of its own ("thinking")."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        super().__init__()
        self._interaction = interaction
        self._moved: discord.Message | None = None

    @property
    def limit_bytes(self) -> int:
        """The interaction's own limit, which can be higher than the server's."""
        return self._interaction.filesize_limit

    async def _say(self, text: str) -> None:
        if not self._token_dies():
            await self._interaction.edit_original_response(content=text, allowed_mentions=NOBODY)
        elif self._moved is None:
            await self._move(text)
        else:
            await self._moved.edit(content=text, allowed_mentions=NOBODY)

    async def _hand_over(self, arguments: dict[str, Any]) -> None:
        if not self._token_dies():
            await self._interaction.edit_original_response(**arguments)
            return
        moved = self._moved or await self._move("🎼")
        await moved.edit(**arguments)

    def _token_dies(self) -> bool:
        return self._moved is not None or discord.utils.utcnow() >= self._interaction.expires_at - TOKEN_MARGIN

    async def _move(self, text: str) -> discord.Message:
        """Open the channel message; the old one says so while its token still lives."""
        channel = self._interaction.channel
        assert isinstance(channel, discord.abc.Messageable)
        self._moved = await channel.send(text, allowed_mentions=NOBODY)
        if not self._interaction.is_expired():
            await self._interaction.edit_original_response(content=MOVED, allowed_mentions=NOBODY)
        return self._moved
