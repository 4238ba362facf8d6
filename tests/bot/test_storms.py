"""Discord's bad days: rate limits, errors although something took effect, a database that lets one wait."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.client import TunesmithBot
from tests.discord import LocalDiscord, Message
from tests.discord.interactions import SAY, THINK


def has_files(message: Message) -> bool:
    return bool(message.files)


def bot_messages(discord: LocalDiscord) -> list[Message]:
    return [message for message in discord.messages.values() if message.author["id"] == str(discord.bot_id)]


@pytest.mark.parametrize(("method", "pattern"), [("PATCH", "messages/"), ("POST", "messages$")])
async def test_a_rate_limit_is_waited_out(discord: LocalDiscord, bot: TunesmithBot, method: str, pattern: str) -> None:
    discord.mischief(method, pattern, times=2, retry_after_s=0.4)
    exchanges = [await discord.mention("quick one"), await discord.person("Grace").slash("compose", prompt="quick two")]
    for exchange in exchanges:
        await exchange.until(has_files, timeout_s=20)
    assert len(bot_messages(discord)) == 2


async def test_a_reply_whose_sending_seemed_to_fail_is_not_sent_twice(discord: LocalDiscord, bot: TunesmithBot) -> None:
    discord.mischief("POST", "channels/.*messages$", status=503, acts=True)
    exchange = await discord.mention("slow song")
    song = await exchange.until(has_files, timeout_s=20)
    assert bot_messages(discord) == [song]


async def test_a_command_whose_answer_seemed_to_fail_still_gets_its_song_once(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    discord.mischief("POST", "callback$", status=503, acts=True)
    with discord.expecting("second first answer"):  # discord.py repeats what seemed to fail
        exchange = await discord.slash("compose", prompt="slow song")
        song = await exchange.until(has_files, timeout_s=20)
    assert bot_messages(discord) == [song]


async def test_a_song_whose_delivery_fails_is_delivered_the_next_time(discord: LocalDiscord, bot: TunesmithBot) -> None:
    exchange = await discord.slash("compose", prompt="slow song")
    await exchange.until(lambda message: "**rendering**" in message.content)
    discord.mischief("PATCH", "messages/", times=2, status=503)
    assert await exchange.until(has_files, timeout_s=20) is exchange.message


async def test_a_database_that_lets_one_wait_costs_no_answer(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    quick = await discord.slash("compose", prompt="quick one")
    assert quick.interaction is not None
    assert quick.interaction.answer_kind == SAY
    await quick.until(has_files)
    with closing(sqlite3.connect(tmp_path / "tunesmith.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        slow = await discord.slash("compose", prompt="quick two")
        assert slow.interaction is not None
        assert slow.interaction.answer_kind == THINK
        assert 1.0 < slow.first_answer_s < 3.0
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
    assert await slow.until(has_files) is slow.message
