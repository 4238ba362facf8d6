"""Votes as such: `/votes` for moderators, `/mydata` and `/forgetme` for everybody; one call to the engine comes out.

Conventions: moderators are those who may manage messages, or the server. All answers are for the person alone, but that
somebody's votes are set aside, or count again, is said to all. Caveat: to be forgotten is for good, so that is asked
once more.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.body import NOBODY
from bot.classroom import moderates
from bot.desk import Desk, origin_of
from bot.errors import guard, whisper
from bot.palate import (
    ASK_ERASE,
    NOT_A_MODERATOR,
    NOTHING_VOIDED,
    audit_embed,
    restored_text,
    too_much_text,
    voided_text,
)
from bot.views.taste import erase_view
from engine import DataFormat, Origin, errors

REASON_CHARS = 200
ONLY_SERVERS = "A server's votes are looked at on the server only; asking there would work."
FORMATS: tuple[DataFormat, ...] = ("csv", "json")


class Votes(commands.Cog):
    """Who votes how."""

    votes = app_commands.Group(
        name="votes",
        description="Who votes here and how, for moderators",
        guild_only=True,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @votes.command(name="audit", description="Who votes here, what it counts, and what is suspicious")
    async def audit(self, interaction: discord.Interaction[Any]) -> None:
        """Answer `/votes audit`."""

        async def work() -> None:
            origin = moderator_of(interaction)
            await interaction.response.defer(ephemeral=True)
            audit = await self.desk.studio.taste.audit(origin=origin)
            await interaction.followup.send(embed=audit_embed(audit), ephemeral=True, allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @votes.command(name="void", description="Set somebody's votes here aside: they count nothing any more")
    @app_commands.describe(person="Whose", reason="Why; the audit shows it")
    async def void(
        self,
        interaction: discord.Interaction[Any],
        person: discord.User,
        reason: app_commands.Range[str, 1, REASON_CHARS] | None = None,
    ) -> None:
        """Answer `/votes void`."""

        async def work() -> None:
            origin = moderator_of(interaction)
            await interaction.response.defer()
            await self.desk.studio.taste.void(person.id, origin=origin, reason=reason or "")
            await interaction.followup.send(voided_text(person.id, reason), allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @votes.command(name="restore", description="Let somebody's votes here count again")
    @app_commands.describe(person="Whose")
    async def restore(self, interaction: discord.Interaction[Any], person: discord.User) -> None:
        """Answer `/votes restore`."""

        async def work() -> None:
            origin = moderator_of(interaction)
            await interaction.response.defer()
            if not await self.desk.studio.taste.restore(person.id, origin=origin):
                raise errors.NotFound(NOTHING_VOIDED)
            await interaction.followup.send(restored_text(person.id), allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @votes.command(name="export", description="Songs and votes of this server as a file")
    @app_commands.describe(format="csv for tables, json for programs; csv if left out")
    @app_commands.choices(format=[app_commands.Choice(name=name, value=name) for name in FORMATS])
    async def export(self, interaction: discord.Interaction[Any], format: str = "csv") -> None:
        """Answer `/votes export`."""

        async def work() -> None:
            origin = moderator_of(interaction)
            await interaction.response.defer(ephemeral=True)
            form = next(it for it in FORMATS if it == format)
            data = await self.desk.studio.taste.export(origin=origin, form=form)
            await _send_file(interaction, f"votes.{form}", data)

        await guard(work(), lambda text: whisper(interaction, text))

    @app_commands.command(name="mydata", description="Your own votes, answers and favourites as a file")
    async def mydata(self, interaction: discord.Interaction[Any]) -> None:
        """Answer `/mydata`."""

        async def work() -> None:
            await interaction.response.defer(ephemeral=True)
            await _send_file(interaction, "mydata.json", await self.desk.studio.taste.my_data(interaction.user.id))

        await guard(work(), lambda text: whisper(interaction, text))

    @app_commands.command(name="forgetme", description="Forget your votes, your answers in duels and your favourites")
    async def forgetme(self, interaction: discord.Interaction[Any]) -> None:
        """Answer `/forgetme` by asking once more."""

        async def work() -> None:
            await interaction.response.send_message(ASK_ERASE, view=erase_view(interaction.user.id), ephemeral=True)

        await guard(work(), lambda text: whisper(interaction, text))


def moderator_of(interaction: discord.Interaction[Any]) -> Origin:
    """Who asks on which server. Raises `UserError` for who is no moderator there, and in a private chat."""
    origin = origin_of(interaction)
    if origin.guild_id is None:
        raise errors.UserError(ONLY_SERVERS)
    if not (moderates(interaction) or interaction.permissions.manage_guild):
        raise errors.UserError(NOT_A_MODERATOR)
    return origin


async def _send_file(interaction: discord.Interaction[Any], name: str, data: bytes) -> None:
    """A file for the person alone. Raises `UserError` where it is too large."""
    if len(data) > interaction.filesize_limit:
        raise errors.UserError(too_much_text(len(data), interaction.filesize_limit))
    await interaction.followup.send(file=discord.File(BytesIO(data), filename=name), ephemeral=True)
