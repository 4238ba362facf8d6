"""The bot with a real studio whose learning workers are small ones (`tests.studio.small_school`): files are text, and
their words say what becomes of them. Attachments lie on the local Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.client import TunesmithBot
from engine import Settings, Studio
from engine.dispatch.lanes import config_of
from engine.jobs import InlineExecutor
from tests.bot.processes import ask
from tests.discord import Attached, Exchange, LocalDiscord, Message, Person
from tests.discord.ids import snowflake
from tests.studio.small_school import school_lanes


@asynccontextmanager
async def school_bot(
    discord: LocalDiscord, folder: Path, *, stop_s: float = 5.5, **values: Any
) -> AsyncIterator[TunesmithBot]:
    """The bot, connected; leaving closes it. `values`: settings."""

    async def opened() -> Studio:
        settings = Settings.read(_env_file=None, data_dir=folder, **values)
        return await Studio.open(settings, executor=InlineExecutor(school_lanes(), config_of(settings)))

    async with TunesmithBot(opened, edit_gap_s=0.05, stop_s=stop_s) as bot:
        task = asyncio.create_task(bot.start(discord.token))
        ready = asyncio.create_task(discord.ready())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        await (task if task.done() else ready)
        yield bot
    await task
    await discord.gone()


def file_of(words: str, *, name: str | None = None) -> Attached:
    """A file of these words, called by the first of them."""
    return Attached(id=snowflake(), filename=name or f"{words.split(maxsplit=1)[0]}.txt", data=words.encode())


async def handed_in(person: Person, words: str, *, style: str = "jazz", **options: Any) -> Exchange:
    """Somebody teaches a file of these words."""
    given = {"file": file_of(words), "style": style, "licence": "own"} | options
    return await person.slash("teach", **given)


def is_understood(message: Message) -> bool:
    return "preview.mp3" in message.files


async def understood(person: Person, words: str, **options: Any) -> Message:
    """The message that says what was understood of it."""
    return await (await handed_in(person, words, **options)).until(is_understood)


async def kept(person: Person, words: str, **options: Any) -> Message:
    """The message of a file that was kept."""
    message = await understood(person, words, **options)
    await person.press(message, "Keep it")
    return await message.until(lambda seen: seen.content.startswith("✅ Kept"))


async def three_kept(person: Person, *more: str, style: str = "jazz") -> list[Message]:
    """As many as a training needs, and these."""
    return [await kept(person, words, style=style) for words in ("one", "two", "three", *more)]


async def trained(person: Person, style: str = "jazz") -> Message:
    """The message of a training that is over."""
    exchange = await person.slash("train", style=style)
    return await exchange.until(lambda seen: "composes here" in seen.content or "not used" in seen.content)


def manager(discord: LocalDiscord, name: str = "Grace") -> Person:
    """Somebody who may manage the server."""
    person = discord.person(name)
    person.may_manage_server = person.may_manage_messages = True
    return person


def states(folder: Path, table: str = "uploads") -> list[str]:
    """The states of all uploads or models, oldest first."""
    return [str(state) for (state,) in ask(folder, f"SELECT state FROM {table} ORDER BY created_at")]  # noqa: S608


async def comes_true(is_so: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(timeout_s):
            while not is_so():  # noqa: ASYNC110 (a database tells nobody)
                await asyncio.sleep(0.05)
    except TimeoutError:
        assert is_so()


async def reached(folder: Path, wanted: list[str], table: str = "uploads") -> None:
    """Wait until all uploads or models are in these states."""
    await comes_true(lambda: states(folder, table) == wanted)


async def appears(discord: LocalDiscord, words: str, *, timeout_s: float = 10.0) -> Message:
    """A message of the bot's in the channel that says so."""

    def found() -> Message | None:
        return next((seen for seen in discord.messages.values() if words in seen.content and not seen.deleted), None)

    async with discord.changed:
        try:
            await asyncio.wait_for(discord.changed.wait_for(lambda: found() is not None), timeout_s)
        except TimeoutError:
            raise AssertionError(f"after {timeout_s} s no message says {words!r}") from None
    message = found()
    assert message is not None
    return message
