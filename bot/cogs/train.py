"""What becomes of taught music: `/train`, `/models`, `/rollback` and `/style` go in, one call to the engine each comes
out.

Conventions: all but `/models` is for who may manage the server. What changes something is said to all, lists are for
the person alone. Caveat: to remove a style forgets all that was taught to it, so that is asked once more.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answer import InteractionAnswer
from bot.body import NOBODY
from bot.classroom import Classroom, manager_of, server_of
from bot.cogs.compose import matching_styles
from bot.cogs.teach import style_choices
from bot.errors import guard, whisper
from bot.replies import plain
from bot.training import founded_text, model_label, models_embed, rolled_back_text
from bot.views.training import drop_view
from engine import errors

DESCRIPTION_CHARS = 300
SHIPPED = "0 · the version that was shipped"
_CHOICES = 25


class Train(commands.Cog):
    """Trainings, versions and styles of a server."""

    style = app_commands.Group(
        name="style",
        description="Styles of this server's own",
        guild_only=True,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )

    def __init__(self, classroom: Classroom) -> None:
        self.classroom = classroom

    @app_commands.command(name="train", description="Train a style on all that is kept of it here")
    @app_commands.describe(style="Which one")
    @app_commands.guild_only()
    async def train(self, interaction: discord.Interaction[Any], style: str) -> None:
        """Answer `/train`."""
        answer = InteractionAnswer(interaction)

        async def work() -> None:
            await self.classroom.train(answer, style.strip(), manager_of(interaction))

        await guard(work(), answer.tell)

    @train.autocomplete("style")
    async def _trainable(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await style_choices(self.classroom, interaction, current)

    @app_commands.command(name="models", description="List the versions that were trained here")
    @app_commands.describe(style="Of one style alone")
    @app_commands.guild_only()
    async def models(self, interaction: discord.Interaction[Any], style: str | None = None) -> None:
        """Answer `/models`."""

        async def work() -> None:
            origin = server_of(interaction)
            await interaction.response.defer(ephemeral=True)
            embed = models_embed(await self.classroom.teaching.models(origin=origin, style=style), style)
            await interaction.followup.send(embed=embed, ephemeral=True, allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @app_commands.command(name="rollback", description="Compose with an earlier version of a style again")
    @app_commands.describe(style="Which style", version="Which version; 0 is the one that was shipped")
    @app_commands.guild_only()
    async def rollback(
        self, interaction: discord.Interaction[Any], style: str, version: app_commands.Range[int, 0, 1_000_000]
    ) -> None:
        """Answer `/rollback`."""

        async def work() -> None:
            origin = manager_of(interaction)
            await interaction.response.defer()
            model = await self.classroom.teaching.rollback(style, version, origin=origin)
            await interaction.followup.send(rolled_back_text(style, model), allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @models.autocomplete("style")
    @rollback.autocomplete("style")
    async def _trained(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        models = await self.classroom.teaching.models(origin=server_of(interaction))
        names = tuple(dict.fromkeys(model.style for model in models))
        return [app_commands.Choice(name=name, value=name) for name in matching_styles(names, current)]

    @rollback.autocomplete("version")
    async def _versions(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[int]]:
        del current
        style = str(interaction.namespace.style or "")
        models = await self.classroom.teaching.models(origin=server_of(interaction), style=style)
        usable = [model for model in reversed(models) if model.state in ("live", "rolled_back")][: _CHOICES - 1]
        found = [app_commands.Choice(name=model_label(model), value=model.version) for model in usable]
        return [*found, app_commands.Choice(name=SHIPPED, value=0)]

    @style.command(name="create", description="Found a style of this server's own, to be taught by its people")
    @app_commands.describe(
        name="What it is called, such as dubstep",
        parent="The style that it begins as",
        description="What it sounds like, in words",
    )
    async def create(
        self,
        interaction: discord.Interaction[Any],
        name: app_commands.Range[str, 1, 32],
        parent: str,
        description: app_commands.Range[str, 1, DESCRIPTION_CHARS],
    ) -> None:
        """Answer `/style create`."""

        async def work() -> None:
            origin = manager_of(interaction)
            await interaction.response.defer()
            founded = await self.classroom.teaching.create_style(
                name.strip().lower(), parent=parent.strip(), description=description, origin=origin
            )
            await interaction.followup.send(founded_text(founded), allowed_mentions=NOBODY)

        await guard(work(), lambda text: whisper(interaction, text))

    @create.autocomplete("parent")
    async def _parents(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        del interaction
        names = matching_styles(self.classroom.desk.studio.style_names(), current)
        return [app_commands.Choice(name=name, value=name) for name in names]

    @style.command(name="remove", description="Remove a style of this server's own, with all that was taught to it")
    @app_commands.describe(name="Which one")
    async def remove(self, interaction: discord.Interaction[Any], name: str) -> None:
        """Answer `/style remove` by asking once more."""

        async def work() -> None:
            origin = manager_of(interaction)
            own = [style.name for style in await self.classroom.teaching.styles(origin=origin)]
            if name not in own:
                known = ", ".join(own)
                raise errors.NotFound(
                    f"This server has no style {name[:40]!r} of its own; "
                    + (f"{known} would work." if own else "`/style create` founds one.")
                )
            taught = len(await self.classroom.teaching.dataset(origin=origin, style=name))
            text = (
                f"Shall **{plain(name)}** go? Its versions and what was taught to it ({taught} in number) go with it,"
                " for good."
            )
            await interaction.response.send_message(text, view=drop_view(name), ephemeral=True)

        await guard(work(), lambda text: whisper(interaction, text))

    @remove.autocomplete("name")
    async def _own(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        own = tuple(style.name for style in await self.classroom.teaching.styles(origin=server_of(interaction)))
        return [app_commands.Choice(name=name, value=name) for name in matching_styles(own, current)]
