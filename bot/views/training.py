"""The buttons that end a training, and that remove a style once more is asked: a `custom_id` goes in, a `Studio` call
comes out.

Both are for who may manage the server. Caveat: a training's message is changed by its courier.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.classroom import classroom_of, manager_of
from bot.errors import guard, whisper
from bot.marks import JOB_ID, drop_mark, stop_mark
from bot.replies import plain


class StopButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=stop_mark(rf"(?P<model>{JOB_ID})")):
    """✖ Stop."""

    def __init__(self, model_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji="✖️", label="Stop", custom_id=stop_mark(model_id)
            )
        )
        self.model_id = model_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> StopButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["model"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """End the training, if the person may; its message says so then."""
        await guard(self._stop(interaction), lambda text: whisper(interaction, text))

    async def _stop(self, interaction: discord.Interaction[Any]) -> None:
        origin = manager_of(interaction)
        await interaction.response.defer()
        await classroom_of(interaction).stop(self.model_id, origin)


class DropButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=drop_mark("(?P<style>[a-z0-9-]{1,40})")):
    """Remove a style of the server's own."""

    def __init__(self, style: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.danger, emoji="🗑️", label="Remove it", custom_id=drop_mark(style)
            )
        )
        self.style = style

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> DropButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["style"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Remove the style, if the person may."""
        await guard(self._drop(interaction), lambda text: whisper(interaction, text))

    async def _drop(self, interaction: discord.Interaction[Any]) -> None:
        origin = manager_of(interaction)
        await interaction.response.defer()
        async for gone in classroom_of(interaction).drop(self.style, origin):
            text = f"🗑️ The style **{plain(gone.name)}** is removed, and all that was taught to it is forgotten."
            await interaction.edit_original_response(content=text, view=None)


def training_view(model_id: str) -> discord.ui.View:
    """The row under a training."""
    view = discord.ui.View(timeout=None)
    view.add_item(StopButton(model_id))
    return view


def drop_view(style: str) -> discord.ui.View:
    """The row under the question whether a style shall go."""
    view = discord.ui.View(timeout=None)
    view.add_item(DropButton(style))
    return view
