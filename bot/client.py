"""The bot itself: a `discord.py` client of as many shards as Discord recommends, which offers commands and buttons and
owns the desk.

Intents: servers, and messages in servers and private chats. Message content is not asked for: Discord hands over the
text of a message that mentions the bot anyway. Nobody is ever pinged (`AllowedMentions.none`). The studio is opened
after the login, so that a refused token costs nothing, and closed before the connection to Discord, so that songs which
end meanwhile still arrive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from bot.body import NOBODY
from bot.classroom import Classroom
from bot.cogs.cancel import Cancel
from bot.cogs.compose import Compose
from bot.cogs.duel import Duel
from bot.cogs.taste import Taste
from bot.cogs.teach import Teach
from bot.cogs.top import TopSongs
from bot.cogs.train import Train
from bot.cogs.votes import Votes
from bot.courier import House
from bot.desk import GOODBYE_S, Desk
from bot.endpoint import use_gateway_of
from bot.errors import explain, guard, whisper
from bot.offers import offer_commands
from bot.pace import MIN_GAP_S, Pace
from bot.shards import GatewayTerms, IdentifyGate
from bot.tutor import Boards
from bot.umpire import Ring, Stands
from bot.views.cancel import CancelButton, cancel_view
from bot.views.duel import AnswerButton, CallOffButton, RevealButton, calling_off_view, open_view
from bot.views.lesson import ApproveButton, ForgetButton, KeepButton, lesson_view, looking_view
from bot.views.lists import PageButton, PlayButton
from bot.views.song import AnotherButton, StarButton, VoteButton, pair_view, song_view
from bot.views.taste import EraseButton, SwitchButton
from bot.views.training import DropButton, StopButton, training_view
from engine import Studio

STOP_S = 30.0
BUTTONS = (
    VoteButton, AnotherButton, StarButton, CancelButton,
    KeepButton, ApproveButton, ForgetButton, StopButton, DropButton,
    AnswerButton, RevealButton, CallOffButton, PlayButton, PageButton, SwitchButton, EraseButton,
)  # fmt: skip
"""All that can be pressed; their state is in the store, so they work as long as their messages are there."""

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


class TunesmithBot(commands.AutoShardedBot):
    """`async with TunesmithBot(open_studio) as bot: await bot.start(token)`. `stop_s`: how long `close` may take."""

    def __init__(
        self, open_studio: Callable[[], Awaitable[Studio]], *, edit_gap_s: float = MIN_GAP_S, stop_s: float = STOP_S
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # songs are files: voice is not used
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents(),
            allowed_mentions=NOBODY,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            activity=discord.CustomActivity(name="/compose a song"),
        )
        self.desk: Desk | None = None
        self.classroom: Classroom | None = None
        self._announcement: asyncio.Task[None] | None = None
        self._gate = IdentifyGate(GatewayTerms())
        self._edit_gap_s = edit_gap_s
        self._stop_s = stop_s
        self._open_studio = open_studio

    async def setup_hook(self) -> None:
        """After the login, once a process: open the studio, offer commands and buttons, go on with what was left."""
        self._gate = IdentifyGate(await use_gateway_of(self.http))
        studio = await self._open_studio()
        house = House(
            studio=studio, pace=Pace(min_gap_s=self._edit_gap_s), making_view=cancel_view, song_view=song_view
        )
        self.desk = Desk(house)
        boards = Boards(looking=looking_view, lesson=lesson_view, training=training_view)
        self.classroom = Classroom(self, self.desk, house, boards)
        ring = Ring(self, self.desk, house, Stands(making=calling_off_view, open=open_view, over=pair_view))
        self._announcement = asyncio.create_task(self._announce(), name="announcement")
        self.tree.error(tell_command_error)
        self.add_dynamic_items(*BUTTONS)
        cogs = (
            Compose(self, self.desk),
            Cancel(self.desk),
            Teach(self, self.classroom),
            Train(self.classroom),
            Duel(ring),
            TopSongs(self.desk),
            Taste(self.desk),
            Votes(self.desk),
        )
        for cog in cogs:
            await self.add_cog(cog)
        names = ", ".join(f"/{command.name}" for command in self.tree.get_commands())
        _log.info("offering %s%s", names, "" if await offer_commands(self.tree) else ", which Discord has already")
        await self.desk.take_up(self)
        await self.classroom.take_up()
        await ring.take_up()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A shard identifies when Discord's limits let it."""
        del initial
        await self._gate.enter(shard_id or 0)

    async def on_message(self, message: discord.Message, /) -> None:
        """Mentions are read by the cogs; there are no prefix commands."""

    async def close(self) -> None:
        """Take nothing new, let songs end, tell those whose songs go on later, leave Discord."""
        if self.desk is not None:
            await self.desk.leave(grace_s=max(0.0, self._stop_s - GOODBYE_S))
        if self._announcement is not None:
            self._announcement.cancel()
            await asyncio.wait({self._announcement})
        await super().close()

    async def _announce(self) -> None:
        """Log that the gateway answers; an `on_ready` would still be called after a close that comes soon."""
        await self.wait_until_ready()
        _log.info("ready as %s in %d servers on %d shards", self.user, len(self.guilds), self.shard_count or 1)
