"""`/cancel`: a person's own songs in the making go in, all of them or one, and come to an end.

Conventions: what one song is called here is its prompt, and its value is the job's id, so that a choice says exactly
which; words typed by hand mean the song whose prompt they begin. The answer is for the person alone; each song's own
message says that it was cancelled.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.desk import Desk
from bot.errors import guard, whisper
from bot.replies import cancelled_text, clip, quoted
from engine import Ticket, errors

NAME_CHARS = 100
_CHOICES = 25


class Cancel(commands.Cog):
    """An end to songs in the making."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @app_commands.command(name="cancel", description="Cancel your songs in the making: all of them, or one")
    @app_commands.describe(song="Which one; all of yours if left out")
    async def cancel(self, interaction: discord.Interaction[Any], song: str | None = None) -> None:
        """Answer `/cancel`."""
        await guard(self._cancel(interaction, song), lambda text: whisper(interaction, text))

    async def _cancel(self, interaction: discord.Interaction[Any], song: str | None) -> None:
        await interaction.response.defer(ephemeral=True)
        person_id = interaction.user.id
        if song is None:
            number = await self.desk.studio.cancel_all(person_id)
        else:
            number = int(await self.desk.cancel(meant(self.desk.tickets_of(person_id), song)))
        if not number:
            raise errors.UserError("Nothing of yours is in the making.")
        await whisper(interaction, cancelled_text(number))

    @cancel.autocomplete("song")
    async def _songs(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        typed = current.strip().lower()
        mine = self.desk.tickets_of(interaction.user.id)
        found = [ticket for ticket in mine if typed in ticket.request.prompt.lower()]
        return [
            app_commands.Choice(name=clip(ticket.request.prompt, NAME_CHARS) or "a song", value=ticket.job_id)
            for ticket in found[:_CHOICES]
        ]


def meant(mine: tuple[Ticket, ...], song: str) -> Ticket:
    """Which of a person's requests a choice, or words typed by hand, mean. Raises `NotFound`."""
    typed = song.strip().lower()
    for ticket in mine:
        if song == ticket.job_id:
            return ticket
    for ticket in mine:
        if ticket.request.prompt.lower().startswith(typed):
            return ticket
    known = ", ".join(quoted(clip(ticket.request.prompt, NAME_CHARS)) for ticket in mine)
    raise errors.NotFound(
        f"No song of yours in the making is called {quoted(clip(song, NAME_CHARS))}; "
        + (f"there is {known}." if known else "there is none at all.")
    )
