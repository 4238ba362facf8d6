"""Eight songs of a kind that a style has never heard, taught and trained on Discord, with everything real but Discord:
what is composed afterwards comes from the new version; forgetting one of the eight takes it back."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from engine.compose.perform import perform
from engine.grammar.corpus import composed_songs
from engine.music.midi.write import write_midi
from engine.music.styles import load_style
from tests.bot.classroom import manager
from tests.bot.processes import ask, start
from tests.discord import Attached, LocalDiscord, Message, Person
from tests.discord.ids import snowflake

PIECES = 8
LESSON_S, TRAINING_S, SONG_S = 180.0, 1200.0, 120.0

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


def jazz_files() -> list[Attached]:
    """Files of songs that the project's own jazz grammar wrote."""
    songs = itertools.islice(composed_songs("jazz", PIECES, 777, drum_bars=None), PIECES)
    parts = load_style("jazz").parts
    files = [write_midi(perform(song, seed=1), parts) for song in songs]
    return [Attached(id=snowflake(), filename=f"Tune {i}.mid", data=data) for i, data in enumerate(files, start=1)]


async def test_a_style_learns_eight_songs_composes_by_them_and_unlearns_one(tmp_path: Path) -> None:
    async with LocalDiscord() as discord:
        grace = manager(discord)
        process = await start(discord, tmp_path, module="bot")
        try:
            await discord.ready(timeout_s=60)
            lessons = [await taught(grace, file) for file in jazz_files()]
            training = await grace.slash("train", style="lofi")
            said = await training.until(lambda seen: "composes here" in seen.content, timeout_s=TRAINING_S)
            assert f"learnt from {PIECES} pieces" in said.content
            assert await composed(grace, tmp_path) == "server v1"
            await grace.press(lessons[0], "Forget it")
            await lessons[0].until(lambda seen: "Forgotten" in seen.content, timeout_s=LESSON_S)
            assert ask(tmp_path, "SELECT state FROM models WHERE version = 1") == [("retired",)]
            assert await composed(grace, tmp_path) != "server v1"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def taught(person: Person, file: Attached) -> Message:
    """The message of a piece that is kept."""
    exchange = await person.slash("teach", file=file, style="lofi", licence="own")
    message = await exchange.until(lambda seen: bool(seen.files), timeout_s=LESSON_S)
    await person.press(message, "Keep it")
    return await message.until(lambda seen: "✅ Kept" in seen.content)


async def composed(person: Person, folder: Path) -> str:
    """The version that composed a new song."""
    exchange = await person.slash("compose", prompt="lofi 10s")
    await exchange.until(lambda seen: bool(seen.files), timeout_s=SONG_S)
    newest = "SELECT receipt FROM songs WHERE status = 'done' ORDER BY created_at DESC LIMIT 1"
    ((receipt,),) = ask(folder, newest)
    return str(json.loads(str(receipt))["model"]["version"])
