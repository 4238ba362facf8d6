"""`/taste`: what votes have moved here, with a figure and a switch each; one call to the engine comes out.

Convention: everybody sees it, for it is everybody's. Caveat: the switches are for moderators; the buttons say so to
others.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.body import NOBODY
from bot.cogs.top import checked_style, known_styles
from bot.desk import Desk, origin_of
from bot.errors import guard, whisper
from bot.palate import taste_embed
from bot.views.taste import switches_view


class Taste(commands.Cog):
    """What votes move."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @app_commands.command(name="taste", description="What your votes have changed in what I compose here")
    @app_commands.describe(style="Of one style, with its figures; all in short if left out")
    async def taste(self, interaction: discord.Interaction[Any], style: str | None = None) -> None:
        """Answer `/taste`."""

        async def work() -> None:
            origin = origin_of(interaction)
            await interaction.response.defer()
            chosen = await checked_style(self.desk, origin, style)
            report = await self.desk.studio.taste.report(origin=origin, style=chosen)
            await interaction.followup.send(
                embed=taste_embed(report, chosen, is_private=origin.guild_id is None),
                view=switches_view(report, chosen),
                allowed_mentions=NOBODY,
            )

        await guard(work(), lambda text: whisper(interaction, text))

    @taste.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await known_styles(self.desk, interaction, current)
