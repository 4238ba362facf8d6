"""After a restart: whose songs the last process left unfinished goes in, and the messages that showed them say so.

A bot that is told to stop says goodbye itself; one that is killed cannot, and its messages would show "composing" for
ever. Caveat: a message that is gone, or that the bot may not see any more, is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import discord

from bot.answer import NOBODY
from bot.errors import UNDELIVERED
from engine import Origin

INTERRUPTED = "I was restarted before this song was finished. Please ask again."

_log = logging.getLogger(__name__)


async def apologise(client: discord.Client, interrupted: Iterable[Origin]) -> None:
    """Tell everybody whose message is known."""
    for origin in interrupted:
        if origin.channel_id is None or origin.message_id is None:
            continue
        channel = client.get_partial_messageable(origin.channel_id, guild_id=origin.guild_id)
        try:
            await channel.get_partial_message(origin.message_id).edit(content=INTERRUPTED, allowed_mentions=NOBODY)
        except UNDELIVERED as problem:
            _log.info("a person whose song was cut short could not be told: %s", problem)
