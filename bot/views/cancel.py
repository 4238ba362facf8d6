"""The button under a song in the making, which cancels it: a `custom_id` goes in, a `Studio` call comes out.

The `custom_id` holds the job's id, so the button lives as long as its message; it is also how a restarted bot knows
its message again (`bot.answer`). Whoever asked may cancel, and whoever may manage messages in that place.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.desk import NOT_IN_THE_MAKING, desk_of
from bot.errors import guard, whisper
from bot.marks import JOB_ID, cancel_mark
from engine import errors

NOT_YOURS = "Only who asked for this song, or who may manage messages here, can cancel it."


class CancelButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=cancel_mark(rf"(?P<job>{JOB_ID})")):
    """✖ Cancel."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji="✖️", label="Cancel", custom_id=cancel_mark(job_id)
            )
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> CancelButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel, if the person may; the message itself says so then."""
        await guard(self._cancel(interaction), lambda text: whisper(interaction, text))

    async def _cancel(self, interaction: discord.Interaction[Any]) -> None:
        desk = desk_of(interaction)
        ticket = desk.ticket(self.job_id)
        if ticket is None:
            raise errors.NotFound(NOT_IN_THE_MAKING)
        may_manage = interaction.guild_id is not None and interaction.permissions.manage_messages
        if interaction.user.id != ticket.origin.person_id and not may_manage:
            raise errors.UserError(NOT_YOURS)
        await interaction.response.defer()
        if not await desk.cancel(ticket):
            raise errors.NotFound(NOT_IN_THE_MAKING)


def cancel_view(job_id: str) -> discord.ui.View:
    """The row under a song in the making."""
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(job_id))
    return view
