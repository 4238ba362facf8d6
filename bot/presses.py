"""What a button answers: a press goes in, one request to Discord that changes the message comes out, where it can.

Conventions: a press is answered by the change itself, which is one request; only where the database takes its time, or
others press at once, Discord is first told that something comes. Caveat: a message that only one person sees can be
changed through the press alone, never as the channel's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import discord

from bot.body import NOBODY
from bot.desk import ACCEPTED_WITHIN_S

Result = TypeVar("Result")


async def held(interaction: discord.Interaction[Any], work: Awaitable[Result]) -> Result:
    """Await `work`; when it takes long, tell Discord meanwhile that something comes."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=ACCEPTED_WITHIN_S)
    if not task.done():
        await keep(interaction)
    return await task


async def keep(interaction: discord.Interaction[Any]) -> None:
    """Leave the message as it is, for now at least."""
    if not interaction.response.is_done():
        await interaction.response.defer()


async def change(interaction: discord.Interaction[Any], **what: Any) -> None:
    """Change the message under which the button is; `what`: as for discord.py's `edit_message`."""
    if interaction.response.is_done():
        await interaction.edit_original_response(**what, allowed_mentions=NOBODY)
    else:
        await interaction.response.edit_message(**what, allowed_mentions=NOBODY)
