"""The desk for teaching: requests about uploads, trainings and styles pass over it to the engine.

In: what cogs and buttons want. Out: records, and couriers that attend what takes longer. Conventions: only servers are
taught, never private chats; whoever may manage messages decides on uploads, whoever may manage the server on trainings,
versions and styles. Whatever may begin a training has its turn, so that one that begins by itself is noticed once, and
gets a message of its own. Caveat: the engine's own server of the command line is nobody's here.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import discord

from bot.answer import Answer, held_after
from bot.body import NOBODY
from bot.courier import House
from bot.desk import ACCEPTED_WITHIN_S, Desk, origin_of
from bot.endpoint import other_origins
from bot.errors import UNDELIVERED
from bot.lesson import FORGOTTEN, forgotten_text
from bot.tutor import Boards, FoundLesson, FoundTraining, LessonCourier, TrainingCourier
from engine import Forgotten, GuildStyle, Material, Origin, SchoolTicket, UploadRecord, errors

ONLY_SERVERS = "I can be taught on servers only; asking there would work."
NOT_A_MANAGER = "Only who may manage this server can do that; they can be asked."
OVER_ALREADY = "This training is over already."

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Edit = Callable[..., Awaitable[Any]]
"""Changes a message, by the arguments of discord.py's `edit`."""


class Classroom:
    """What a cog or a button of teaching needs of the bot."""

    def __init__(self, client: discord.Client, desk: Desk, house: House, boards: Boards) -> None:
        self.teaching = house.studio.teaching
        self.desk = desk
        self._client, self._house, self._boards = client, house, boards
        self._turn = asyncio.Lock()
        self._asked_for: set[str] = set()

    async def teach(self, answer: Answer, material: Material, origin: Origin) -> None:
        """Take an upload; it is attended from then on. Raises what taking it raises."""
        self.desk.check_open()
        reachable = dataclasses.replace(material, origins=other_origins())
        ticket = await held_after(answer, self.teaching.teach(reachable, origin=origin), ACCEPTED_WITHIN_S)
        self._send(ticket, answer)

    async def train(self, answer: Answer, style: str, origin: Origin) -> None:
        """Begin a training; it is attended from then on. Raises what beginning it raises."""
        self.desk.check_open()
        ticket = await held_after(answer, self._begun(style, origin), ACCEPTED_WITHIN_S)
        self._send(ticket, answer)
        self._asked_for.discard(ticket.job_id)

    async def keep(self, upload_id: str, origin: Origin, *, moderator: bool) -> UploadRecord:
        """Keep an upload; a moderator approves of it with that."""
        decide = self.teaching.approve if moderator else self.teaching.keep
        return await self._deciding(decide(upload_id, origin=origin))

    async def forget(self, upload_id: str, origin: Origin, *, moderator: bool, edit: Edit | None = None) -> Forgotten:
        """Take an upload back, with all that learnt from it, and off the message that shows it; `edit`: changes it."""
        edit = edit or await self._edit_of(upload_id, origin)
        done = await self._deciding(self.teaching.forget(upload_id, origin=origin, moderator=moderator))
        await self._wipe(upload_id, edit, forgotten_text(done))
        return done

    async def drop(self, style: str, origin: Origin) -> AsyncIterator[GuildStyle]:
        """Remove a style of the server's own, of which it comes back, and then what was taught to it off the messages
        that show it.
        """
        uploads = await self.teaching.dataset(origin=origin, style=style)
        edits = [(upload.id, await self._edit_of(upload.id, origin)) for upload in uploads]
        yield await self.teaching.drop_style(style, origin=origin)
        for upload_id, edit in edits:
            await self._wipe(upload_id, edit, FORGOTTEN)

    async def stop(self, model_id: str, origin: Origin) -> None:
        """End a training of this server, whoever began it. Raises `NotFound` when it is over."""
        for ticket in await self.teaching.pending():
            is_it = ticket.job_id == model_id and ticket.guild_id == origin.guild_id
            if is_it and await self._house.cancel(ticket):
                return
        raise errors.NotFound(OVER_ALREADY)

    async def take_up(self) -> None:
        """Go on with what a process before this one left."""
        for ticket in await self.teaching.pending():
            if ticket.origin.channel_id is not None and not self.desk.attends(ticket.job_id):
                self._send(ticket, found_answer(self._client, ticket))

    async def style_names(self, origin: Origin) -> tuple[str, ...]:
        """Styles that can be taught here: the server's own before the shipped ones."""
        own = await self.teaching.styles(origin=origin)
        return (*(style.name for style in own), *self._house.studio.style_names())

    async def _begun(self, style: str, origin: Origin) -> SchoolTicket:
        """A training that somebody asked for, who has an answer for it."""
        async with self._turn:
            ticket = await self.teaching.train(style, origin=origin)
            self._asked_for.add(ticket.job_id)
            return ticket

    async def _deciding(self, decision: Awaitable[Result]) -> Result:
        """Decide on an upload, and attend the training that may begin by it."""
        async with self._turn:
            made = await decision
            with suppress(errors.StoreError):  # it is decided all the same; the next start attends the training
                await self._notice()
        return made

    async def _notice(self) -> None:
        """Attend trainings that began by themselves."""
        for ticket in await self.teaching.pending():
            is_new = ticket.kind == "train" and ticket.origin.message_id is None
            is_attended = ticket.job_id in self._asked_for or self.desk.attends(ticket.job_id)
            if is_new and ticket.origin.channel_id is not None and not is_attended:
                self._send(ticket, FoundTraining(self._client, ticket, is_new=True))

    async def _edit_of(self, upload_id: str, origin: Origin) -> Edit | None:
        """What changes the message that shows an upload, as long as it is known which one that is."""
        place = await self.teaching.shown_at(upload_id, origin=origin)
        if place is None or place.channel_id is None or place.message_id is None:
            return None
        channel = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        return channel.get_partial_message(place.message_id).edit

    async def _wipe(self, upload_id: str, edit: Edit | None, text: str) -> None:
        """Take everything off the message that shows an upload, when nobody else changes it any more."""
        await self.desk.attended(upload_id)
        if edit is None:
            return
        try:
            await edit(content=text, embed=None, attachments=[], view=None, allowed_mentions=NOBODY)
        except UNDELIVERED as problem:
            _log.warning("the message of the forgotten upload %s could not be changed: %s", upload_id, problem)

    def _send(self, ticket: SchoolTicket, answer: Answer) -> None:
        kind: type[LessonCourier | TrainingCourier] = LessonCourier if ticket.kind == "teach" else TrainingCourier
        self.desk.send(kind(ticket, answer, self._house, self._boards))


def found_answer(client: discord.Client, ticket: SchoolTicket) -> Answer:
    """Where a process before this one showed the request."""
    return FoundLesson(client, ticket) if ticket.kind == "teach" else FoundTraining(client, ticket)


def server_of(interaction: discord.Interaction[Any]) -> Origin:
    """Who asks on which server. Raises `UserError` in a private chat."""
    origin = origin_of(interaction)
    if origin.guild_id is None:
        raise errors.UserError(ONLY_SERVERS)
    return origin


def manager_of(interaction: discord.Interaction[Any]) -> Origin:
    """The same for what only who may manage the server can do. Raises `UserError` for others."""
    origin = server_of(interaction)
    if not interaction.permissions.manage_guild:
        raise errors.UserError(NOT_A_MANAGER)
    return origin


def moderates(interaction: discord.Interaction[Any]) -> bool:
    """Whether the person may decide on others' uploads."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def classroom_of(interaction: discord.Interaction[Any]) -> Classroom:
    """The classroom of the bot that a button belongs to."""
    classroom = interaction.client.classroom
    assert isinstance(classroom, Classroom)
    return classroom
