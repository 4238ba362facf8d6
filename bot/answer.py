"""One answer to one person: a message that is edited while the song is made, and in the end becomes the song.

Three ways in, one way to speak: `InteractionAnswer` (slash command or button) edits the interaction's own message
through its token; `MentionAnswer` replies in the channel; `FoundAnswer` (`bot.found`) goes on where a process before
this one stopped. Conventions: a message that is sent by the bot's own hand carries the job's id as an enforced nonce,
so that a request which is repeated because its answer was lost does not become a second message. Caveat: an
interaction's token dies after 15 minutes. From shortly before on, the same message is edited as any other of the bot's
own, which needs no token but that the bot can see the channel.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import discord

from bot.body import Body, song_body
from bot.errors import UNDELIVERED, whisper
from engine import StoredSong, errors

TOKEN_MARGIN = datetime.timedelta(seconds=20)
TOKEN_REFUSED = frozenset({10015, 50027})
"""Discord's codes for an unknown webhook and for a dead token: a long upload can outlive the margin."""
ANSWERED_ALREADY = 40060
"""The first answer arrived, although its own answer was lost and discord.py sent it once more."""
TOO_LARGE = 40005
MAY_NOT_ATTACH = "The song is ready, but I may not send it here: I need the permissions Attach Files and Embed Links."
DEFAULT_LIMIT_BYTES = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES


class Answer:
    """Where a person sees what becomes of their wish.

    One request to Discord at a time, each to its end: a caller who is cancelled does not cut a request in two. Without
    that, a reply could be sent and yet not be known, and the next word would become a second message; or a song that a
    person already sees would be overwritten by words about a restart.
    """

    def __init__(self, client: discord.Client, *, channel_id: int | None, guild_id: int | None) -> None:
        self.client = client
        self.channel_id = channel_id
        self.guild_id = guild_id
        self.message_id: int | None = None
        self.job_id: str | None = None
        self._turn = asyncio.Lock()
        self._is_song = False

    @property
    def limit_bytes(self) -> int:
        """The largest file that may be attached: the server's limit, or Discord's default in a private chat."""
        guild = self.client.get_guild(self.guild_id) if self.guild_id is not None else None
        return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES

    @property
    def in_channel(self) -> bool:
        """Whether edits count against the channel's rate limit, which all messages in it share."""
        return True

    async def hold(self) -> None:
        """Show at once that something will come, where Discord asks for that."""

    async def tell(self, text: str) -> None:
        """Say `text` to the person instead of taking their wish."""
        await self.show(text)

    async def show(self, text: str, view: discord.ui.View | None = None) -> None:
        """Make the message say `text` and nothing else; not over a song that has been sent."""
        if not self._is_song:
            await self._wholly(self._put(Body(text=text, view=view)))

    async def finish(self, song: StoredSong, view: discord.ui.View) -> None:
        """Make the message the song. Raises `UserError` where words may be sent, but no song."""
        await self.become(lambda limit_bytes: song_body(song, view, limit_bytes=limit_bytes))

    async def become(self, made: Callable[[int], Awaitable[Body]]) -> None:
        """Make the message what it is in the end: what `made` makes for so many bytes a file. Raises `UserError` where
        words may be sent, but no files.
        """
        limit_bytes = self.limit_bytes
        self._is_song = True
        try:
            try:
                await self._wholly(self._put(await made(limit_bytes)))
            except discord.HTTPException as refusal:
                if refusal.code != TOO_LARGE or limit_bytes <= DEFAULT_LIMIT_BYTES:
                    raise
                await self._wholly(self._put(await made(DEFAULT_LIMIT_BYTES)))
        except discord.Forbidden as refusal:
            self._is_song = False
            raise errors.UserError(MAY_NOT_ATTACH) from refusal
        except UNDELIVERED:
            self._is_song = False
            raise

    async def put(self, body: Body) -> None:
        """Make the message this, whatever it is."""
        await self._wholly(self._put(body))

    async def _put(self, body: Body) -> None:
        if self.message_id is None:
            self.message_id = await self._create(body)
        else:
            await self._edit(body)

    async def _create(self, body: Body) -> int:
        """Make the message; returns its id."""
        raise NotImplementedError

    async def _edit(self, body: Body) -> None:
        message = self._channel_message()
        assert message is not None, "a message has to be there before it is edited"
        await message.edit(**body.edit_arguments())

    def _channel_message(self) -> discord.PartialMessage | None:
        """The message as one of the channel's, which no token is needed for."""
        if self.message_id is None or self.channel_id is None:
            return None
        return self._channel(self.channel_id).get_partial_message(self.message_id)

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self.client.get_partial_messageable(channel_id, guild_id=self.guild_id)

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


class MentionAnswer(Answer):
    """Answers a message by replying to it; the reply is edited from then on."""

    def __init__(self, client: discord.Client, message: discord.Message) -> None:
        guild_id = message.guild.id if message.guild else None
        super().__init__(client, channel_id=message.channel.id, guild_id=guild_id)
        self._asked = message

    async def _create(self, body: Body) -> int:
        reference = self._asked.to_reference(fail_if_not_exists=False)
        sent = await self._asked.channel.send(reference=reference, **body.send_arguments(nonce=self.job_id))
        return sent.id


class InteractionAnswer(Answer):
    """Answers an interaction with a message of its own; a refusal, as long as nothing else was said, is for the person
    alone.
    """

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        super().__init__(interaction.client, channel_id=interaction.channel_id, guild_id=interaction.guild_id)
        self._interaction = interaction
        self._token_was_refused = False

    @property
    def limit_bytes(self) -> int:
        """The interaction's own limit, which can be higher than the channel's, as long as its token lives."""
        own = self._interaction.filesize_limit
        return own if self._token_lives() else min(own, super().limit_bytes)

    @property
    def in_channel(self) -> bool:
        """Through the token, a message has a limit of its own."""
        return not self._token_lives()

    async def hold(self) -> None:
        """Show "is thinking…"."""
        await self._wholly(self._defer())

    async def tell(self, text: str) -> None:
        """Say it to the person alone, unless the others see already that something comes."""
        if self._interaction.response.is_done():
            await self.show(text)
        else:
            await self._wholly(whisper(self._interaction, text))

    async def _defer(self) -> None:
        if self._interaction.response.is_done():
            return
        deferred = await self._interaction.response.defer(thinking=True)
        if deferred is not None:
            self.message_id = deferred.message_id

    async def _create(self, body: Body) -> int:
        if self._interaction.response.is_done():
            return (await self._interaction.edit_original_response(**body.edit_arguments())).id
        try:
            answered = await self._interaction.response.send_message(**body.send_arguments())
        except discord.HTTPException as refusal:
            if refusal.code != ANSWERED_ALREADY:
                raise
            return (await self._interaction.edit_original_response(**body.edit_arguments())).id
        return answered.message_id or (await self._interaction.original_response()).id

    async def _edit(self, body: Body) -> None:
        message = self._channel_message()
        if message is None or self._token_lives():
            try:
                await self._interaction.edit_original_response(**body.edit_arguments())
            except discord.HTTPException as refusal:
                if message is None or refusal.code not in TOKEN_REFUSED:
                    raise
                self._token_was_refused = True
            else:
                return
        await super()._edit(body)

    def _token_lives(self) -> bool:
        return not self._token_was_refused and discord.utils.utcnow() < self._interaction.expires_at - TOKEN_MARGIN


async def held_after(answer: Answer, work: Awaitable[Any], wait_s: float) -> Any:
    """Await `work`; when it takes longer than `wait_s`, show meanwhile that something will come."""
    task = asyncio.ensure_future(work)
    if not (await asyncio.wait({task}, timeout=wait_s))[0]:
        with suppress(*UNDELIVERED):  # whoever shows the result will see whether that arrives
            await answer.hold()
    return await task
