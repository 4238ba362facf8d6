"""One answer to one person: a text that is edited while the song is made, and in the end the song itself.

Two ways in, one way to speak: `InteractionAnswer` (slash command or button) edits the interaction's own message
through its token; `MentionAnswer` replies in the channel. Files are read off the event loop. Caveat: an interaction's
token dies after 15 minutes. From shortly before on, the same message is edited as any other of the bot's own, which
needs no token but that the bot can see the channel.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import discord

from bot.errors import UNDELIVERED, whisper
from bot.replies import parts_of, song_embed, too_big_text
from engine import StoredSong, errors

TOKEN_MARGIN = datetime.timedelta(seconds=20)
TOKEN_REFUSED = frozenset({10015, 50027})
"""Discord's codes for an unknown webhook and for a dead token: a long upload can outlive the margin."""
MAY_NOT_ATTACH = "The song is ready, but I may not send it here: I need the permissions Attach Files and Embed Links."

NOBODY = discord.AllowedMentions.none()

Arguments = Callable[[], dict[str, Any]]
"""Makes an edit's keyword arguments, anew for each try: a sent `discord.File` cannot be sent again."""


class Answer(Protocol):
    """Where a person sees what becomes of their wish."""

    @property
    def message_id(self) -> int | None:
        """The message that they see; None while there is none."""

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
        """Keyword arguments for an edit."""
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
        """Turn what was said into the song. Raises `UserError` where words may be sent, but no song."""
        parcel = await _pack(song, self.limit_bytes)
        self._is_song = True
        try:
            await self._wholly(self._edit(lambda: parcel.edit_arguments(view)))
        except discord.Forbidden as refusal:
            self._is_song = False
            raise errors.UserError(MAY_NOT_ATTACH) from refusal
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

    async def _edit(self, arguments: Arguments) -> None:
        raise NotImplementedError


class MentionAnswer(_Whole):
    """Answers a message by replying to it; the reply is edited from then on."""

    def __init__(self, message: discord.Message) -> None:
        super().__init__()
        self._asked = message
        self._reply: discord.Message | None = None

    @property
    def message_id(self) -> int | None:
        """The reply's id, once there is one."""
        return self._reply.id if self._reply is not None else None

    @property
    def limit_bytes(self) -> int:
        """The server's limit, or Discord's default in a private chat."""
        return _channel_limit_bytes(self._asked.guild)

    async def _say(self, text: str) -> None:
        if self._reply is None:
            reference = self._asked.to_reference(fail_if_not_exists=False)
            self._reply = await self._asked.channel.send(text, reference=reference, allowed_mentions=NOBODY)
        else:
            await self._edit(lambda: _words(text))

    async def _edit(self, arguments: Arguments) -> None:
        assert self._reply is not None, "words come before the song"
        await self._reply.edit(**arguments())


class InteractionAnswer(_Whole):
    """Answers an interaction that has been deferred with a message of its own ("thinking").

    One that has not been deferred yet is refused: only the person who asked sees the text.
    """

    def __init__(self, interaction: discord.Interaction[discord.Client]) -> None:
        super().__init__()
        self._interaction = interaction
        self._message_id: int | None = None
        self._token_was_refused = False

    @property
    def message_id(self) -> int | None:
        """The answering message's id, once something was said."""
        return self._message_id

    @property
    def limit_bytes(self) -> int:
        """The interaction's own limit, which can be higher than the channel's, as long as its token lives."""
        own = self._interaction.filesize_limit
        return own if self._token_lives() else min(own, _channel_limit_bytes(self._interaction.guild))

    async def _say(self, text: str) -> None:
        if self._interaction.response.is_done():
            await self._edit(lambda: _words(text))
        else:
            await whisper(self._interaction, text)

    async def _edit(self, arguments: Arguments) -> None:
        message = self._channel_message()
        if message is None or self._token_lives():
            try:
                self._message_id = (await self._interaction.edit_original_response(**arguments())).id
            except discord.HTTPException as refusal:
                if message is None or refusal.code not in TOKEN_REFUSED:
                    raise
                self._token_was_refused = True
            else:
                return
        assert message is not None
        await message.edit(**arguments())

    def _token_lives(self) -> bool:
        return not self._token_was_refused and discord.utils.utcnow() < self._interaction.expires_at - TOKEN_MARGIN

    def _channel_message(self) -> discord.PartialMessage | None:
        """The answering message as one of the channel's, which no token is needed for."""
        place = self._interaction
        if self._message_id is None or place.channel_id is None:
            return None
        channel = place.client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        return channel.get_partial_message(self._message_id)


def _words(text: str) -> dict[str, Any]:
    return {"content": text, "allowed_mentions": NOBODY}


def _channel_limit_bytes(guild: discord.Guild | None) -> int:
    return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
