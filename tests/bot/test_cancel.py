"""Songs in the making are cancelled: by their button or by /cancel, by whoever asked or looks after the channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.client import TunesmithBot
from bot.cogs.cancel import meant
from bot.desk import NOT_IN_THE_MAKING
from bot.replies import CANCELLED
from bot.views.cancel import NOT_YOURS, cancel_view
from engine import ComposeRequest, Origin, Ticket, errors
from tests.bot.conftest import running_bot
from tests.bot.processes import ask, reached
from tests.discord import Exchange, LocalDiscord, Message


def has_files(message: Message) -> bool:
    return bool(message.files)


async def is_cancelled(exchange: Exchange) -> Message:
    message = await exchange.until(lambda seen: seen.content == CANCELLED)
    assert message.buttons == []
    return message


async def test_the_button_cancels_and_the_message_says_so(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    for exchange in (await discord.slash("compose", prompt="long 8"), await discord.mention("long 8")):
        message = await exchange.said()
        await discord.press(message, "Cancel")
        assert await is_cancelled(exchange) is message
    await reached(tmp_path, {"long 8": "cancelled"})
    song = await (await discord.slash("compose", prompt="quick")).until(has_files)
    assert [button.label for button in song.buttons] == ["0", "0", "Another one", ""]
    assert ask(tmp_path, "SELECT count(*) FROM jobs WHERE state = 'cancelled' AND told_at IS NOT NULL") == [(2,)]


async def test_others_cannot_cancel_unless_they_manage_messages(discord: LocalDiscord, bot: TunesmithBot) -> None:
    song = await discord.person("Ada").slash("compose", prompt="long 8")
    message = await song.said()
    told = await (await discord.person("Eve").press(message, "Cancel")).said()
    assert told.ephemeral
    assert told.content == NOT_YOURS
    assert message.content != CANCELLED
    warden = discord.person("Grace")
    warden.may_manage_messages = True
    await warden.press(message, "Cancel")
    await is_cancelled(song)


async def test_a_button_that_outlived_its_song_s_making_says_that_it_is_too_late(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    exchange = await discord.slash("compose", prompt="brew 1")
    button = (await exchange.said()).button("Cancel")
    song = await exchange.until(has_files)
    song.components = [
        {"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": button.custom_id}]}
    ]
    told = await (await discord.press(song, "x")).said()
    assert told.ephemeral
    assert told.content == NOT_IN_THE_MAKING
    assert song.files


async def test_cancel_ends_all_of_one_s_own_songs_and_nobody_else_s(discord: LocalDiscord, bot: TunesmithBot) -> None:
    mine = [await discord.slash("compose", prompt="long 8"), await discord.mention("long 9")]
    other = await discord.person("Grace").slash("compose", prompt="long 1")
    for exchange in mine:
        await exchange.said()
    told = await (await discord.slash("cancel")).said()
    assert told.ephemeral
    assert told.content == "Cancelled 2 songs."
    for exchange in mine:
        await is_cancelled(exchange)
    nothing = await (await discord.slash("cancel")).said()
    assert nothing.content == "Nothing of yours is in the making."
    await other.until(has_files, timeout_s=20)


async def test_one_song_is_chosen_among_one_s_own(discord: LocalDiscord, bot: TunesmithBot) -> None:
    first = await discord.slash("compose", prompt="long 8 of rain")
    second = await discord.slash("compose", prompt="long 1 of snow")
    await discord.person("Grace").slash("compose", prompt="long 1 of hail")
    assert await discord.person().suggestions("cancel", "song", "") == ["long 8 of rain", "long 1 of snow"]
    (choice,) = await discord.person().choices("cancel", "song", "RAIN")
    told = await (await discord.slash("cancel", song=choice["value"])).said()
    assert told.content == "Cancelled."
    await is_cancelled(first)
    unknown = await (await discord.slash("cancel", song="@everyone of sleet")).said()
    assert "there is `long 1 of snow`" in unknown.content
    assert "@everyone" not in unknown.content
    await second.until(has_files, timeout_s=20)


async def test_cancelled_songs_make_room_for_others(discord: LocalDiscord, bot: TunesmithBot) -> None:
    for number in range(3):
        await discord.slash("compose", prompt=f"long 9 {number}")
    assert "3 are the most" in (await (await discord.slash("compose", prompt="quick")).said()).content
    await discord.slash("cancel")
    await (await discord.slash("compose", prompt="quick")).until(has_files)


async def test_what_was_cancelled_while_the_bot_was_away_is_told_after_its_return(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, stop_s=0.2):
        song = await discord.slash("compose", prompt="long 9")
        await song.said()
    ask(tmp_path, "UPDATE jobs SET state = 'cancelled', finished_at = '2026-01-01 00:00:00'")
    async with running_bot(discord, tmp_path):
        await is_cancelled(song)


def ticket(job_id: str, prompt: str) -> Ticket:
    return Ticket(job_id=job_id, song_id=job_id, origin=Origin(person_id=1), request=ComposeRequest(prompt=prompt))


def test_words_typed_by_hand_mean_the_song_whose_prompt_they_begin() -> None:
    mine = (ticket("a1", "Chill lofi"), ticket("b2", "chill jazz"))
    assert meant(mine, "b2").job_id == "b2"
    assert meant(mine, "CHILL J").job_id == "b2"
    assert meant(mine, "chill").job_id == "a1"
    with pytest.raises(errors.NotFound, match="there is `Chill lofi`, `chill jazz`"):
        meant(mine, "rock")
    with pytest.raises(errors.NotFound, match="there is none at all"):
        meant((), "rock")


def test_the_custom_id_of_the_longest_job_fits() -> None:
    (item,) = cancel_view("z" * 64).children
    assert 0 < len(getattr(item, "custom_id", "")) <= 100
