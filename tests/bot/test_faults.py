"""Whatever breaks, nobody's accepted song is lost and nobody is answered twice: the faults are real ones."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.found import SEARCHED_MESSAGES
from engine import ComposeRequest, Origin
from engine.store import NewJob, Store
from tests.bot.conftest import running_bot
from tests.bot.processes import ask, kill, reached, states, tiny_bot
from tests.discord import Exchange, LocalDiscord, Message
from tests.discord.messages import THINKING


def has_files(message: Message) -> bool:
    return bool(message.files)


def bot_messages(discord: LocalDiscord) -> list[Message]:
    """What the bot has sent and nobody took away."""
    own = (message for message in discord.messages.values() if message.author["id"] == str(discord.bot_id))
    return [message for message in own if not message.deleted]


def check_one_song_each(discord: LocalDiscord, exchanges: list[Exchange]) -> None:
    songs = [exchange.message for exchange in exchanges]
    assert all(song.files and not song.content for song in songs)
    assert len({song.embed["footer"]["text"] for song in songs}) == len(exchanges)
    assert len(bot_messages(discord)) == len(exchanges)


@pytest.mark.parametrize("noted", [True, False], ids=["messages noted", "died before noting the messages"])
async def test_a_killed_bot_s_songs_come_with_the_next_start_in_the_same_messages(tmp_path: Path, noted: bool) -> None:
    async with LocalDiscord() as discord:
        async with tiny_bot(discord, tmp_path, TINY_AT_ONCE="2") as process:
            discord.mischief("PATCH", "messages", times=10_000, status=503)
            people = [discord.person(f"Person{number}") for number in range(6)]
            asked = [await people[0].slash("compose", prompt="quick a"), await people[1].mention("quick b")]
            await reached(tmp_path, {"quick a": "delivering", "quick b": "delivering"})
            asked += [await people[2].slash("compose", prompt="brew 3.1"), await people[3].mention("brew 3.2")]
            await reached(tmp_path, {"brew 3.1": "composing", "brew 3.2": "composing"})
            asked += [await people[4].slash("compose", prompt="brew 0.1"), await people[5].mention("brew 0.2")]
            await reached(tmp_path, {"brew 0.1": "queued", "brew 0.2": "queued"})
            for exchange in asked:
                await exchange.until(lambda message: True)
            await kill(process, discord)
        assert not any(message.files for message in bot_messages(discord))
        if not noted:
            ask(tmp_path, "UPDATE jobs SET message_id = NULL")
        discord.rest.mischiefs.forget()
        async with tiny_bot(discord, tmp_path):
            for exchange in asked:
                await exchange.until(has_files, timeout_s=30)
            await reached(tmp_path, dict.fromkeys(states(tmp_path), "done"))
        check_one_song_each(discord, asked)


async def test_a_song_that_arrived_just_before_the_bot_died_is_not_sent_again_and_keeps_its_votes(
    tmp_path: Path,
) -> None:
    async with LocalDiscord() as discord:
        async with tiny_bot(discord, tmp_path) as process:
            song = await (await discord.slash("compose", prompt="quick a")).until(has_files)
            await reached(tmp_path, {"quick a": "done"})
            await discord.person("Grace").press(song, "👍")
            await song.until(lambda message: message.button("👍").label == "1")
            await kill(process, discord)
        ask(tmp_path, "UPDATE jobs SET state = 'delivering', finished_at = NULL, message_id = NULL")
        versions = len(song.history)
        async with tiny_bot(discord, tmp_path):
            await reached(tmp_path, {"quick a": "done"})
        assert len(song.history) == versions
        assert bot_messages(discord) == [song]


async def test_an_answer_that_was_only_thinking_when_the_bot_died_becomes_the_song(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, stop_s=0.2):
        shown = [(await discord.slash("compose", prompt=f"brew 2.{number}")).message for number in range(2)]
        await reached(tmp_path, {"brew 2.0": "composing", "brew 2.1": "composing"})
    for message in shown:  # as they would be, had the process died between deferring and saying something
        message.content, message.components, message.flags = "", [], THINKING
    ask(tmp_path, "UPDATE jobs SET message_id = NULL")
    async with running_bot(discord, tmp_path):
        for message in shown:
            await message.until(has_files, timeout_s=20)
    assert len(bot_messages(discord)) == 2


async def accepted(folder: Path, job_id: str, origin: Origin, *, prompt: str) -> None:
    """A request that a process wrote down before it died, without having answered yet."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'tunesmith.db'}", folder)
    request = ComposeRequest(prompt=prompt).to_json()
    new = NewJob(id=job_id, kind="compose", payload={"seed": 1}, origin=origin, song_id=job_id, request=request)
    await store.jobs.enqueue(new)
    await store.close()


async def test_a_request_whose_answer_never_went_out_gets_one_new_message_in_its_channel(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    ada = Origin(person_id=1, guild_id=discord.guild_id, channel_id=discord.channel_id)
    await accepted(tmp_path, "aaaaaaaaaaaaaa", ada, prompt="slow one")
    nowhere = Origin(person_id=2, guild_id=discord.guild_id, channel_id=12)
    await accepted(tmp_path, "bbbbbbbbbbbbbb", nowhere, prompt="two")
    deleted = Origin(person_id=3, guild_id=discord.guild_id, channel_id=discord.channel_id, message_id=7)
    await accepted(tmp_path, "cccccccccccccc", deleted, prompt="three")
    await accepted(tmp_path, "dddddddddddddd", ada, prompt="refuse this")
    async with running_bot(discord, tmp_path):
        await reached(tmp_path, {"slow one": "done", "refuse this": "failed"})
        await asyncio.sleep(0.5)
    there = bot_messages(discord)
    assert len(there) == 2
    assert [message.embed["description"] for message in there if message.files] == ["`slow one`"]
    assert [message.content for message in there if not message.files] == [
        "The style 'refuse this' is unknown; lofi would work."
    ]
    assert states(tmp_path)["two"] in ("cancelled", "done")
    assert states(tmp_path)["three"] in ("cancelled", "done")
    assert ask(tmp_path, "SELECT count(*) FROM jobs WHERE state IN ('failed', 'cancelled') AND told_at IS NULL") == [
        (0,)
    ]
    assert SEARCHED_MESSAGES >= 100


@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.slow)])
async def test_a_cut_gateway_costs_no_song(discord: LocalDiscord, tmp_path: Path, seconds: float) -> None:
    async with running_bot(discord, tmp_path) as bot:
        before = [await discord.slash("compose", prompt="brew 1"), await discord.mention("brew 4")]
        async with discord.cut_gateway():
            await asyncio.sleep(seconds)
            assert before[0].message.files, "the HTTP API is there, so the song can arrive meanwhile"
        await discord.ready(timeout_s=60)
        after = await discord.person("Grace").slash("compose", prompt="after the storm")
        for exchange in (*before, after):
            await exchange.until(has_files, timeout_s=20)
        check_one_song_each(discord, [*before, after])
        assert not bot.is_closed()


async def test_a_song_that_is_ready_while_discord_is_away_arrives_when_it_is_back(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path):
        asked = [await discord.slash("compose", prompt="brew 0.6"), await discord.mention("brew 0.7")]
        for exchange in asked:
            await exchange.said()
        async with discord.away():
            await reached(tmp_path, {"brew 0.6": "delivering", "brew 0.7": "delivering"})
            await asyncio.sleep(1.0)
        for exchange in asked:
            await exchange.until(has_files, timeout_s=20)
        check_one_song_each(discord, asked)
        await reached(tmp_path, {"brew 0.6": "done", "brew 0.7": "done"})


async def test_a_thousand_requests_of_one_person_are_three_songs_and_one_sentence_for_each_of_the_others(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path):
        songs = [await discord.slash("compose", prompt="long 2") for _ in range(3)]
        crowd = asyncio.Semaphore(10)  # more at once, and a slow machine's local Discord is what they wait for

        async def ask_again() -> Exchange:
            async with crowd:
                return await discord.slash("compose", prompt="again")

        refused = await asyncio.gather(*(ask_again() for _ in range(997)))
        for song in songs:
            await song.until(has_files, timeout_s=60)
    accepted_late = [exchange for exchange in refused if not exchange.message.ephemeral]
    said = Counter(exchange.message.content for exchange in refused if exchange.message.ephemeral)
    assert said
    assert all("3 are the most" in text for text in said), said
    assert len(accepted_late) <= 997 * 0.05


async def test_a_flood_of_mentions_is_answered_once_and_leaves_the_channel_to_the_others(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path):
        for _ in range(3):
            await discord.slash("compose", prompt="brew 4")
        flood = [await discord.mention("again") for _ in range(40)]
        began = time.monotonic()
        other = await discord.person("Grace").mention("quick")
        await other.until(has_files)
        assert time.monotonic() - began < 3
    told = [message for exchange in flood for message in exchange.messages]
    assert 1 <= len(told) <= 2
    assert "3 are the most" in told[0].content
