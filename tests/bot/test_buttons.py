"""👍, 👎 and 🎲 under a song: they count, they survive a restart, they say what is wrong."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from bot.client import TunesmithBot
from bot.replies import inert
from bot.views.song import song_view
from engine import Tally
from tests.bot.conftest import running_bot
from tests.discord import LocalDiscord, Message


def has_files(message: Message) -> bool:
    return bool(message.files)


async def composed(discord: LocalDiscord, prompt: str = "chill lofi") -> Message:
    return await (await discord.slash("compose", prompt=prompt)).until(has_files)


def counts(message: Message) -> tuple[str, str]:
    return message.button("👍").label, message.button("👎").label


async def shows(message: Message, up: str, down: str) -> None:
    await message.until(lambda seen: counts(seen) == (up, down))


async def test_a_vote_is_counted_on_the_button_and_nothing_else_changes(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song = await composed(discord)
    before = (song.embeds, song.files)
    assert counts(song) == ("0", "0")
    await discord.person("Grace").press(song, "👍")
    await shows(song, "1", "0")
    assert (song.embeds, song.files) == before


async def test_the_same_person_changes_and_withdraws_a_vote(discord: LocalDiscord, bot: TunesmithBot) -> None:
    song, grace = await composed(discord), discord.person("Grace")
    await grace.press(song, "👍")
    await shows(song, "1", "0")
    await grace.press(song, "👎")
    await shows(song, "0", "1")
    await grace.press(song, "👎")
    await shows(song, "0", "0")


async def test_two_people_who_vote_are_two_votes(discord: LocalDiscord, bot: TunesmithBot) -> None:
    song = await composed(discord)
    await discord.person("Alan").press(song, "👍")
    await discord.person("Grace").press(song, "👍")
    await shows(song, "2", "0")


async def test_a_crowd_that_votes_at_once_ends_with_the_right_counts_and_few_edits(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song = await composed(discord)
    versions = len(song.history)
    discord.edit_delay_s = 0.05
    people = [discord.person(f"Person{number}") for number in range(12)]
    await asyncio.gather(*(one.press(song, "👎" if place % 4 == 0 else "👍") for place, one in enumerate(people)))
    await shows(song, "9", "3")
    assert len(song.history) - versions < 12


async def test_another_one_answers_with_a_new_message_and_leaves_the_old_one(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song = await composed(discord)
    versions = len(song.history)
    exchange = await discord.press(song, "🎲")
    second = await exchange.until(has_files)
    assert second is not song
    assert second.embed["description"] == song.embed["description"]
    assert second.fields["Seed"] != song.fields["Seed"]
    assert {button.custom_id for button in second.buttons}.isdisjoint(button.custom_id for button in song.buttons)
    assert len(song.history) == versions
    await discord.person("Grace").press(second, "👍")
    await shows(second, "1", "0")
    assert counts(song) == ("0", "0")


async def test_buttons_and_counts_outlive_a_restart(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path):
        song = await composed(discord)
        await discord.person("Alan").press(song, "👍")
        await shows(song, "1", "0")
    async with running_bot(discord, tmp_path):
        await discord.person("Grace").press(song, "👍")
        await shows(song, "2", "0")
        await discord.person("Alan").press(song, "👍")
        await shows(song, "1", "0")
        assert await (await discord.press(song, "🎲")).until(has_files) is not song


async def test_a_song_that_is_gone_is_told_to_the_one_who_pressed_only(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path / "one"):
        song = await composed(discord)
    async with running_bot(discord, tmp_path / "two"):
        told = await (await discord.press(song, "👍")).said()
        assert told.ephemeral
        assert song.button("👍").custom_id.split(":")[-1] in told.content
        said = await (await discord.press(song, "🎲")).said()
        assert said is not song
        assert not said.files
    assert counts(song) == ("0", "0")


async def test_songs_that_end_in_time_arrive_before_the_bot_goes_down(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path, stop_s=10):
        song = await discord.slash("compose", prompt="brew 1.5")
        await song.until(lambda message: "**composing**" in message.content)
    assert song.message.files


async def test_people_who_wait_are_told_when_the_bot_goes_down_and_get_their_songs_afterwards(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, stop_s=0.5):
        slash, mention = await discord.slash("compose", prompt="brew 2"), await discord.mention("brew 2")
        await slash.until(lambda message: "**composing**" in message.content)
        await mention.said()
    for exchange in (slash, mention):
        assert "goes on by itself as soon as I am back" in exchange.message.content
    async with running_bot(discord, tmp_path):
        for exchange in (slash, mention):
            assert (await exchange.until(has_files, timeout_s=20)) is exchange.message


async def test_whoever_asks_while_the_bot_leaves_is_told_so(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path) as bot:
        song = await composed(discord)
        assert bot.desk is not None
        await bot.desk.leave(grace_s=2)
        for late in (await discord.press(song, "🎲"), await discord.slash("compose", prompt="too late")):
            said = await late.said()
            assert "being restarted" in said.content
            assert said.ephemeral
    assert len(list((tmp_path / "songs").iterdir())) == 1


async def test_a_song_that_a_person_sees_already_is_not_taken_back_by_a_restart(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path):
        discord.answer_delay_s = 0.3
        song = await composed(discord)
        reply = await (await discord.mention("chill lofi")).until(has_files)
        discord.answer_delay_s = 0.0
    for message in (song, reply):
        assert message.files
        assert message.content == ""


async def test_a_bot_that_leaves_while_discord_still_greets_it_leaves_nothing_behind(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    async with running_bot(discord, tmp_path) as bot:
        pass
    assert not bot.is_ready()
    await asyncio.sleep(2.2)  # discord.py calls itself ready 2 s after the last server was named
    gc.collect()
    assert problems == []


async def test_a_reply_that_is_on_its_way_when_the_bot_goes_down_stays_one_message(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, stop_s=0.2):
        discord.answer_delay_s = 0.3
        exchange = await discord.mention("long 5")
        await exchange.said()
        discord.answer_delay_s = 0.0
    assert "being restarted" in exchange.message.content


def test_a_custom_id_fits_even_with_the_longest_song_id() -> None:
    view = song_view("z" * 64, Tally(up=10**6, down=0, own=1))
    ids = [getattr(item, "custom_id", "") for item in view.children]
    assert len(set(ids)) == 4
    assert all(0 < len(custom_id) <= 100 for custom_id in ids)


@pytest.mark.parametrize(
    "text",
    [
        "@everyone",
        "@here",
        "<@123>",
        "<@!123>",
        "<@&9>",
        "<#5>",
        "</compose:1>",
        "<:smile:2>",
        "<a:smile:2>",
        "<t:1:R>",
    ],
)
def test_inert_text_looks_the_same_and_is_no_mention(text: str) -> None:
    dead = inert(f"a {text} b")
    assert text not in dead
    assert dead.replace("\u200b", "") == f"a {text} b"
