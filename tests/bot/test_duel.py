"""Duels on Discord: two songs, blind; four answers, one a person; an end that tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.client import TunesmithBot
from bot.duels import TAKEN_BACK
from bot.umpire import DUEL_GOES_ON
from engine import Origin
from tests.bot.classroom import comes_true
from tests.bot.processes import ask
from tests.bot.voting import crowd, elder, moderator, quick_bot, rows
from tests.discord import LocalDiscord, Message, Person


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with quick_bot(discord, tmp_path) as running:
        yield running


def is_open(message: Message) -> bool:
    return len(message.files) == 2


def is_over(message: Message) -> bool:
    return bool(message.embeds)


async def dueled(person: Person, prompt: str = "chill lofi", **terms: int) -> Message:
    """A duel, open."""
    return await (await person.slash("duel", prompt=prompt, **terms)).until(is_open)


def answered(number: int) -> str:
    return f"{number} person has" if number == 1 else f"{number} people have"


async def shows(message: Message, number: int) -> Message:
    return await message.until(lambda seen: answered(number) in seen.content)


async def test_two_songs_stand_side_by_side_and_nothing_tells_which_is_which(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    exchange = await elder(discord).slash("duel", prompt="chill lofi")
    assert exchange.first_answer_s < 1.0
    message = await exchange.until(is_open)
    assert list(message.files) == ["A.mp3", "B.mp3"]
    assert message.content.startswith("⚔️ `chill lofi`\n**Which one is better?**")
    assert [button.label for button in message.buttons] == ["A", "B", "Both good", "Both bad", "Tell now"]
    assert not message.embeds
    shown = str([message.content, message.components, list(message.files)])
    for song_id, receipt in ask(tmp_path, "SELECT id, receipt FROM songs"):
        assert str(song_id) not in shown
        assert receipt is not None
    assert "Tiny" not in shown
    assert len(exchange.messages) == 1


async def test_a_person_has_one_answer_which_they_change_and_take_back_and_others_see_only_how_many(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    message = await dueled(elder(discord))
    eve, alan = elder(discord, "Eve"), elder(discord, "Alan")
    for face, mine in (("A", "Your answer: **A**."), ("Both good", "Your answer: **Both good**.")):
        said = await (await eve.press(message, face)).said()
        assert said.content.startswith(mine)
        assert said.ephemeral
        await shows(message, 1)
    await alan.press(message, "Both bad")
    await shows(message, 2)
    assert rows(tmp_path, "duel_votes") == 2
    said = await (await eve.press(message, "Both good")).said()
    assert said.content == TAKEN_BACK
    await shows(message, 1)
    assert list(message.files) == ["A.mp3", "B.mp3"]


async def test_enough_answers_end_it_and_tell_who_made_which_and_both_songs_can_be_voted_on(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    message = await dueled(elder(discord), votes=4)
    people = crowd(discord, 4)
    for person, face in zip(people, ("A", "A", "Both good", "B"), strict=True):
        await person.press(message, face)
    await message.until(is_over)
    assert "🅰️ A **2** · 🅱️ B **1** · 🤝 Both good **1** · 🚫 Both bad **0**" in message.embed["description"]
    assert set(message.fields) == {"A 🏆", "B"}
    for told in message.fields.values():
        assert "Tiny chill lofi" in told
        assert "Made by the shipped lofi 3" in told
        assert "seed `" in told
    assert list(message.files) == ["A.mp3", "B.mp3"]
    assert [button.label for button in message.buttons] == ["A 0", "A 0", "A", "B 0", "B 0", "B"]


async def test_votes_for_both_songs_of_a_duel_do_not_disturb_each_other(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    message = await dueled(elder(discord), votes=1)
    eve, alan = elder(discord, "Eve"), elder(discord, "Alan")
    await eve.press(message, "Both good")
    await message.until(is_over)
    a_up, _, _, _, b_down, b_star = (button.custom_id for button in message.buttons)
    await asyncio.gather(eve.press(message, a_up), alan.press(message, b_down))
    await message.until(lambda seen: [it.label for it in seen.buttons] == ["A 1", "A 0", "A", "B 0", "B 1", "B"])
    await alan.press(message, a_up)
    await message.until(lambda seen: [it.label for it in seen.buttons] == ["A 2", "A 0", "A", "B 0", "B 1", "B"])
    assert (await (await alan.press(message, b_star)).said()).content.startswith("⭐")
    assert is_over(message)


async def test_a_crowd_that_answers_at_once_is_counted_to_the_last_and_costs_few_edits(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    message = await dueled(elder(discord), votes=100)
    versions = len(message.history)
    discord.edit_delay_s = 0.05
    faces = ("A", "B", "Both good", "Both bad")
    await asyncio.gather(*(one.press(message, faces[place % 4]) for place, one in enumerate(crowd(discord, 12))))
    await shows(message, 12)
    assert rows(tmp_path, "duel_votes") == 12
    assert len(message.history) - versions < 12


async def test_who_asked_or_a_moderator_ends_it_sooner_and_nobody_else(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    ada, eve = elder(discord), elder(discord, "Eve")
    first, second = await dueled(ada), await dueled(ada, "another one")
    refused = await (await eve.press(first, "Tell now")).said()
    assert refused.ephemeral
    assert not is_over(first)
    await ada.press(first, "Tell now")
    await first.until(is_over)
    await moderator(discord).press(second, "Tell now")
    await second.until(is_over)


async def test_whoever_answers_too_late_is_told_so_and_changes_nothing(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    ada, eve = elder(discord), elder(discord, "Eve")
    message = await dueled(ada)
    buttons = list(message.components)
    await ada.press(message, "Tell now")
    await message.until(is_over)
    told = dict(message.embed)
    message.components, shown = buttons, message.components
    said = await (await eve.press(message, "A")).said()
    message.components = shown
    assert said.ephemeral
    assert "is over" in said.content
    assert message.embed == told


async def test_a_duel_goes_on_after_a_restart_and_one_whose_time_is_over_tells_then(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    eve = elder(discord, "Eve")
    async with quick_bot(discord, tmp_path):
        message = await dueled(elder(discord))
        await eve.press(message, "B")
        await shows(message, 1)
    async with quick_bot(discord, tmp_path):
        await elder(discord, "Alan").press(message, "B")
        await shows(message, 2)
    assert not is_over(message)
    ask(tmp_path, "UPDATE duels SET closes_at = datetime('now', '-1 minutes')")
    async with quick_bot(discord, tmp_path):
        await message.until(is_over)
    assert "🅱️ B **2**" in message.embed["description"]
    versions = len(message.history)
    async with quick_bot(discord, tmp_path):
        await (await eve.slash("compose", prompt="lofi")).until(lambda seen: bool(seen.files))
    assert len(message.history) == versions


async def test_a_duel_in_the_making_goes_on_in_its_message_after_a_restart(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with quick_bot(discord, tmp_path, stop_s=0.3):
        exchange = await elder(discord).slash("duel", prompt="brew 1")
        message = await exchange.said()
        await message.until(lambda seen: "Both songs are being made" in seen.content)
    assert message.content == DUEL_GOES_ON
    async with quick_bot(discord, tmp_path):
        await message.until(is_open, timeout_s=20)
    assert list(message.files) == ["A.mp3", "B.mp3"]
    assert len([seen for seen in discord.messages.values() if seen.files]) == 1


@pytest.mark.parametrize(("prompt", "told"), [("refuse jazz", "refuse jazz"), ("break it", "incident")])
async def test_a_duel_whose_songs_cannot_be_made_says_why_and_has_no_buttons(
    discord: LocalDiscord, bot: TunesmithBot, prompt: str, told: str
) -> None:
    exchange = await elder(discord).slash("duel", prompt=prompt)
    said = await exchange.until(lambda seen: "being made" not in seen.content and told in seen.content)
    assert (said.buttons, said.files) == ([], {})
    assert "synthesiser" not in said.content


async def test_a_duel_that_is_called_off_while_it_is_made_says_so(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    ada = elder(discord)
    exchange = await ada.slash("duel", prompt="brew 2")
    message = await exchange.said()
    refused = await (await elder(discord, "Eve").press(message, "Call it off")).said()
    assert refused.ephemeral
    await ada.press(message, "Call it off")
    await message.until(lambda seen: "called off" in seen.content)
    assert (message.buttons, message.files) == ([], {})
    assert ask(tmp_path, "SELECT DISTINCT state FROM jobs") == [("cancelled",)]


async def test_a_prompt_carries_nothing_alive_into_a_duel(discord: LocalDiscord, bot: TunesmithBot) -> None:
    message = await dueled(elder(discord), "lofi @everyone <@1> https://evil.example", votes=1)
    await elder(discord, "Eve").press(message, "A")
    await message.until(is_over)
    for version in message.history:
        said = f"{version.content} {version.embeds}"
        assert "@everyone" not in said
        assert "<@1>" not in said
        assert "https://evil" not in said
    assert not message.pings


async def test_songs_that_discord_does_not_take_are_named(discord: LocalDiscord, bot: TunesmithBot) -> None:
    discord.size_limit = 5
    exchange = await elder(discord).slash("duel", prompt="chill lofi")
    said = await exchange.until(lambda seen: "Which one" in seen.content)
    assert "song A (0.0 MiB) is over the 0 MiB" in said.content


async def test_in_a_private_chat_it_is_the_same(discord: LocalDiscord, bot: TunesmithBot) -> None:
    ada = elder(discord)
    exchange = await ada.slash("duel", prompt="chill lofi", votes=1, where=discord.private_channel_id)
    message = await exchange.until(is_open)
    await ada.press(message, "B")
    await message.until(is_over)
    assert set(message.fields) == {"A", "B 🏆"}


async def test_a_duel_that_outlives_its_interaction_s_token_ends_in_its_message(
    discord: LocalDiscord, bot: TunesmithBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = elder(discord)
    exchange = await ada.slash("duel", prompt="chill lofi")
    message = await exchange.until(is_open)
    monkeypatch.setattr("bot.answer.TOKEN_MARGIN", timedelta(minutes=15))
    await ada.press(message, "Tell now")
    await message.until(is_over)
    assert list(message.files) == ["A.mp3", "B.mp3"]
    assert any(method == "PATCH" and path.startswith("/channels/") for method, path in discord.rest.requests)


async def test_a_duel_whose_message_is_deleted_ends_without_a_word(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    ada = elder(discord)
    message, making = await dueled(ada), await ada.slash("duel", prompt="brew 2")
    await discord.delete(await making.said())
    await comes_true(lambda: ask(tmp_path, "SELECT state FROM duels WHERE state != 'open'") == [("failed",)])
    number = len(discord.messages)
    await discord.delete(message)
    assert bot.desk is not None
    (duel_id,) = ask(tmp_path, "SELECT id FROM duels WHERE state = 'open'")[0]
    origin = Origin(person_id=ada.id, guild_id=discord.guild_id)
    await bot.desk.studio.taste.reveal(str(duel_id), origin=origin)
    await bot.desk.attended(str(duel_id))
    assert not bot.desk.attends(str(duel_id))
    assert len(discord.messages) == number
