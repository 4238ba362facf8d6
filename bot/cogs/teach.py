"""Music that people teach: `/teach`, the message menu "Teach Tunesmith this", `/dataset` and `/forget` go in, one call
to the engine each comes out.

Conventions: whoever teaches says by what right; as their own work, only what they posted themselves. What an upload is
called here is its file's name, and its value the upload's id. Lists are for the person alone. Caveat: an attachment's
address does not last, so it is fetched before the request is accepted, and Discord gets "is thinking…" where that takes
long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answer import InteractionAnswer
from bot.body import NOBODY
from bot.classroom import Classroom, moderates, server_of
from bot.cogs.compose import matching_styles
from bot.errors import guard, whisper
from bot.lesson import LICENCE_CHOICES, dataset_embed, forgotten_text, upload_label
from bot.replies import clip, quoted
from bot.views.teach_form import CREDIT_CHARS, TeachForm
from engine import LICENCES, Material, UploadRecord, errors

MENU = "Teach Tunesmith this"
NO_FILE = "This message has no file; one with a recording, a MIDI file or a score would work."
NOT_THEIR_OWN = (
    "Only who posted this file can teach it as their own work; one of the other licences would work if it has that."
)
ENDINGS = (
    ".mp3", ".mp2", ".aac", ".ogg", ".oga", ".opus", ".wav", ".flac", ".m4a", ".mp4", ".mid", ".midi", ".kar", ".smf",
    ".musicxml", ".xml", ".mxl",
)  # fmt: skip
_CHOICES = 25


class Teach(commands.Cog):
    """Uploads, from their receipt to their end."""

    def __init__(self, bot: commands.AutoShardedBot, classroom: Classroom) -> None:
        self.bot = bot
        self.classroom = classroom
        self._menu = app_commands.ContextMenu(name=MENU, callback=self._teach_message)
        app_commands.guild_only(self._menu)

    async def cog_load(self) -> None:
        """Offer the message menu."""
        self.bot.tree.add_command(self._menu)

    @app_commands.command(name="teach", description="Teach a style your music: a recording, a MIDI file or a score")
    @app_commands.describe(
        file="mp3, ogg, wav, flac, m4a, MIDI or MusicXML",
        style="Which style learns from it",
        licence="By what right you may teach it",
        credit="The author's name, where the licence asks for it",
    )
    @app_commands.choices(
        licence=[app_commands.Choice(name=text, value=name) for name, text in LICENCE_CHOICES.items()]
    )
    @app_commands.guild_only()
    async def teach(
        self,
        interaction: discord.Interaction[Any],
        file: discord.Attachment,
        style: str,
        licence: str,
        credit: app_commands.Range[str, 1, CREDIT_CHARS] | None = None,
    ) -> None:
        """Answer `/teach`."""
        answer = InteractionAnswer(interaction)

        async def work() -> None:
            right = next(name for name in LICENCES if name == licence)
            material = Material(
                source=file.url, name=file.filename, style=style.strip(), licence=right, credit=credit or ""
            )
            await self.classroom.teach(answer, material, server_of(interaction))

        await guard(work(), answer.tell)

    @teach.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await style_choices(self.classroom, interaction, current)

    async def _teach_message(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Answer the message menu with a form."""

        async def work() -> None:
            origin = server_of(interaction)
            files = music_of(message.attachments)
            form = TeachForm(files, await self.classroom.style_names(origin), filled)
            await interaction.response.send_modal(form)

        async def filled(submitted: discord.Interaction[Any], material: Material) -> None:
            answer = InteractionAnswer(submitted)

            async def taught() -> None:
                if material.licence == "own" and message.author.id != submitted.user.id:
                    raise errors.UserError(NOT_THEIR_OWN)
                await self.classroom.teach(answer, material, server_of(submitted))

            await guard(taught(), answer.tell)

        await guard(work(), lambda text: whisper(interaction, text))

    @app_commands.command(name="dataset", description="Show what was taught on this server, by whom and by what right")
    @app_commands.describe(style="Of one style alone")
    @app_commands.guild_only()
    async def dataset(self, interaction: discord.Interaction[Any], style: str | None = None) -> None:
        """Answer `/dataset`."""

        async def work() -> None:
            origin = server_of(interaction)
            await interaction.response.defer(ephemeral=True)
            uploads = await self.classroom.teaching.dataset(origin=origin, style=style)
            embed = dataset_embed(uploads, style)
            await interaction.followup.send(embed=embed, ephemeral=True, allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @dataset.autocomplete("style")
    async def _taught(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await style_choices(self.classroom, interaction, current)

    @app_commands.command(name="forget", description="Take back a file that you taught, with all that learnt from it")
    @app_commands.describe(upload="Which one")
    @app_commands.guild_only()
    async def forget(self, interaction: discord.Interaction[Any], upload: str) -> None:
        """Answer `/forget`."""

        async def work() -> None:
            origin = server_of(interaction)
            await interaction.response.defer(ephemeral=True)
            mine = await self._theirs(interaction)
            done = await self.classroom.forget(meant(mine, upload).id, origin, moderator=moderates(interaction))
            await whisper(interaction, forgotten_text(done))

        await guard(work(), lambda text: whisper(interaction, text))

    @forget.autocomplete("upload")
    async def _uploads(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        typed = current.strip().lower()
        found = [one for one in await self._theirs(interaction) if typed in upload_label(one).lower()]
        return [app_commands.Choice(name=upload_label(one), value=one.id) for one in found[:_CHOICES]]

    async def _theirs(self, interaction: discord.Interaction[Any]) -> list[UploadRecord]:
        """What a person may take back, the newest first: their own, and, for moderators, the others' after them."""
        person_id = interaction.user.id
        uploads = list(reversed(await self.classroom.teaching.dataset(origin=server_of(interaction))))
        own = [upload for upload in uploads if upload.person_id == person_id]
        if not moderates(interaction):
            return own
        return own + [upload for upload in uploads if upload.person_id != person_id]


async def style_choices(
    classroom: Classroom, interaction: discord.Interaction[Any], current: str
) -> list[app_commands.Choice[str]]:
    """Styles for what is typed so far."""
    names = await classroom.style_names(server_of(interaction))
    return [app_commands.Choice(name=name, value=name) for name in matching_styles(names, current)]


def music_of(files: Sequence[discord.Attachment]) -> list[discord.Attachment]:
    """Those of a message's files that look like music; all of them where none does. Raises `UserError` for none."""
    if not files:
        raise errors.UserError(NO_FILE)
    music = [file for file in files if file.filename.lower().endswith(ENDINGS)]
    return music or list(files)


def meant(mine: Sequence[UploadRecord], typed: str) -> UploadRecord:
    """Which upload a choice, or a name typed by hand, means. Raises `NotFound`."""
    for upload in mine:
        if upload.id == typed:
            return upload
    for upload in mine:
        if upload.name.lower().startswith(typed.strip().lower()):
            return upload
    raise errors.NotFound(
        f"No file of yours here is called {quoted(clip(typed, 100))}; one from the list of `/forget` would work."
    )
