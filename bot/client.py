"""The bot itself: a `discord.py` client that offers commands and buttons and owns the desk.

Intents: servers, and messages in servers and private chats. Message content is not asked for: Discord hands over the
text of a message that mentions the bot anyway. Nobody is ever pinged (`AllowedMentions.none`). The studio is opened
after the login, so that a refused token costs nothing, and closed last.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from bot.answer import NOBODY
from bot.apology import apologise
from bot.cogs.compose import Compose
from bot.desk import Desk
from bot.endpoint import use_gateway_of
from bot.errors import explain, guard, whisper
from bot.progress import MIN_GAP_S
from bot.views.song import AnotherButton, VoteButton
from engine import Studio

_log = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """The least that the bot needs."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.dm_messages = True
    return wanted


async def tell_command_error(
    interaction: discord.Interaction[discord.Client], error: discord.app_commands.AppCommandError
) -> None:
    """What discord.py itself refuses before a command runs, such as a command that it no longer knows."""
    text = explain(error)
    await guard(whisper(interaction, text), lambda _: asyncio.sleep(0))


class TunesmithBot(commands.Bot):
    """`async with TunesmithBot(open_studio) as bot: await bot.start(token)`."""

    def __init__(self, open_studio: Callable[[], Awaitable[Studio]], *, edit_gap_s: float = MIN_GAP_S) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # songs are files: voice is not used
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents(),
            allowed_mentions=NOBODY,
            max_messages=None,
            activity=discord.CustomActivity(name="/compose a song"),
        )
        self.desk: Desk | None = None
        self._errands: tuple[asyncio.Task[None], ...] = ()
        self._edit_gap_s = edit_gap_s
        self._open_studio = open_studio

    async def setup_hook(self) -> None:
        """After the login: open the studio, then offer commands and buttons."""
        await use_gateway_of(self.http)
        studio = await self._open_studio()
        self.desk = Desk(studio, edit_gap_s=self._edit_gap_s)
        self._errands = (
            asyncio.create_task(apologise(self, studio.interrupted), name="apologies"),
            asyncio.create_task(self._announce(), name="announcement"),
        )
        self.tree.error(tell_command_error)
        self.add_dynamic_items(VoteButton, AnotherButton)
        await self.add_cog(Compose(self, self.desk))
        synced = await self.tree.sync()
        _log.info("offering %s", ", ".join(f"/{command.name}" for command in synced))

    async def on_message(self, message: discord.Message, /) -> None:
        """Mentions are read by the cogs; there are no prefix commands."""

    async def close(self) -> None:
        """Tell those who wait, leave Discord, close the studio."""
        if self.desk is not None:
            await self.desk.send_home()
        for errand in self._errands:
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)
        await super().close()
        if self.desk is not None:
            await self.desk.studio.close()

    async def _announce(self) -> None:
        """Log that the gateway answers; an `on_ready` would still be called after a close that comes soon."""
        await self.wait_until_ready()
        _log.info("ready as %s in %d servers", self.user, len(self.guilds))
