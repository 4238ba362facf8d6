"""A local Discord, and the real bot in this process with a real studio whose composing process is a tiny one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.client import TunesmithBot
from bot.endpoint import use_api
from engine import Settings, Studio
from engine.jobs import InlineExecutor
from tests.bot.tiny_composer import lanes
from tests.discord import LocalDiscord

OpenBot = Callable[[], Awaitable[TunesmithBot]]


def open_studio(folder: Path, *, at_once: int = 80, **more: Any) -> Callable[[], Awaitable[Studio]]:
    """Opens the studio in a folder; tiny workers in threads compose so many songs at once; `more`: settings."""

    async def opened() -> Studio:
        settings = Settings.read(_env_file=None, data_dir=folder, **more)
        executor = InlineExecutor(lanes(at_once), {"data_dir": str(folder)})
        return await Studio.open(settings, executor=executor)

    return opened


@asynccontextmanager
async def running_bot(
    discord: LocalDiscord, folder: Path, *, edit_gap_s: float = 0.25, stop_s: float = 5.5, **more: Any
) -> AsyncIterator[TunesmithBot]:
    """The bot, connected; leaving closes it. Edits come faster than in earnest, to save the tests' time. `more`:
    of `open_studio`."""
    async with TunesmithBot(open_studio(folder, **more), edit_gap_s=edit_gap_s, stop_s=stop_s) as bot:
        task = asyncio.create_task(bot.start(discord.token))
        ready = asyncio.create_task(discord.ready())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        await (task if task.done() else ready)
        yield bot
    await task
    await discord.gone()


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    """A local Discord; a broken rule fails the test."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with LocalDiscord() as local:
        use_api(local.api_base)
        yield local
    _end_heartbeats()


def _end_heartbeats() -> None:
    """End the heart of a connection that was being made when the bot left: discord.py forgets it, and it would beat on
    an event loop that is closed, in the middle of another test."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            thread.stop()
            thread.join(timeout=1.0)


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    """The bot, ready."""
    async with running_bot(discord, tmp_path) as running:
        yield running
