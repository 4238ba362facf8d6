"""`/duel`: one prompt goes in, one `Studio` call comes out, and two songs for it are compared blind.

Convention: what the prompt may say is as for `/compose`; the style is part of it. Caveat: both songs count against how
many a person may wait for.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answer import InteractionAnswer
from bot.cogs.compose import read_wish
from bot.desk import origin_of
from bot.errors import guard
from bot.umpire import Ring
from engine import MAX_PROMPT_CHARS

MINUTES, VOTES = 60, 10
MOST_MINUTES = 7 * 24 * 60
MOST_VOTES = 1000


class Duel(commands.Cog):
    """Two songs, blind."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring

    @app_commands.command(name="duel", description="Two songs for the same prompt, blind: which one is better?")
    @app_commands.describe(
        prompt="What to play, e.g. “chill lofi 30s”",
        minutes=f"After how many minutes it is told who made which; {MINUTES} if left out",
        votes=f"Or after how many answers; {VOTES} if left out",
    )
    async def duel(
        self,
        interaction: discord.Interaction[Any],
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARS],
        minutes: app_commands.Range[int, 1, MOST_MINUTES] = MINUTES,
        votes: app_commands.Range[int, 1, MOST_VOTES] = VOTES,
    ) -> None:
        """Answer `/duel`."""
        answer = InteractionAnswer(interaction)

        async def work() -> None:
            request = read_wish(prompt)
            await self.ring.begin(answer, request, origin_of(interaction), minutes=minutes, votes_wanted=votes)

        await guard(work(), answer.tell)
