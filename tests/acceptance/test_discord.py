"""What a person gets on Discord, with everything real but Discord: `python -m bot`, its composing process, its
database.

The local Discord stands in for the service; the real discord.py client connects to it. A song takes seconds here: the
networks, the text encoder and the soundfont are loaded once a start of the bot."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import symusic
from PIL import Image

from tests.discord import Exchange, LocalDiscord, Message

ROOT = Path(__file__).parents[2]
SONG_S = 180.0


def environment(discord: LocalDiscord, folder: Path) -> dict[str, str]:
    """What leads a bot to the local Discord, and nothing of this machine's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TUNESMITH_", "DISCORD_"))}
    own = {"PYTHONPATH": str(ROOT), "TUNESMITH_DATA_DIR": str(folder)}
    return kept | own | discord.environment


@asynccontextmanager
async def bot_process(discord: LocalDiscord, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot` with its data in a folder; leaving stops it as a service manager does."""
    with (folder / "bot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", cwd=folder, env=environment(discord, folder), stderr=log
        )
        try:
            await discord.ready(timeout_s=60)
            yield process
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    await discord.gone()


@pytest.fixture
async def discord() -> AsyncIterator[LocalDiscord]:
    """A local Discord; a broken rule fails the test."""
    async with LocalDiscord() as local:
        yield local


async def song_of(exchange: Exchange) -> Message:
    """Wait for the song; an answer in words instead is a failure that says which."""

    def has_ended(message: Message) -> bool:
        return bool(message.files) or not re.search(r"\*\*(queued|composing|rendering)\*\*|^$", message.content)

    message = await exchange.until(has_ended, timeout_s=SONG_S)
    assert message.files, f"instead of a song: {message.content}"
    return message


def file_of(song: Message, suffix: str) -> bytes:
    (data,) = (data for name, data in song.files.items() if name.endswith(suffix))
    return data


def decode(audio: bytes) -> tuple[np.ndarray, int]:
    """Samples [frames, channels] float32 and their rate in Hz."""
    with av.open(io.BytesIO(audio)) as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        return np.concatenate(frames, axis=1).T, stream.rate


def check_song(song: Message, *, seconds: float) -> None:
    """The card, the audio, the MIDI file and the picture, as a person would judge them."""
    assert {"Style", "Tempo", "Key", "Seed", "Length"} <= song.fields.keys()
    assert song.embed["title"]
    assert song.embed["image"]["url"].startswith("attachment://")
    samples, rate_hz = decode(file_of(song, ".mp3"))
    assert abs(len(samples) / rate_hz - seconds) <= 0.1
    assert np.isfinite(samples).all()
    assert 0.05 < np.abs(samples).max() <= 1.05
    midi = symusic.Score.from_midi(file_of(song, ".mid"))
    assert sum(len(track.notes) > 0 for track in midi.tracks) >= 3
    with Image.open(io.BytesIO(file_of(song, ".png"))) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(picture.width * picture.height) or ()) > 4
    assert [button.emoji for button in song.buttons] == ["👍", "👎", "🎲", "⭐"]


def check_progress(song: Message) -> None:
    """Phases in their order, at most one edit a second."""
    texts = [version.content for version in song.history if version.content]
    phases = [match[1] for text in texts if (match := re.search(r"\*\*(queued|composing|rendering)\*\*", text))]
    order = ["queued", "composing", "rendering"]
    assert phases[0] == "queued"
    assert [order.index(phase) for phase in phases] == sorted(order.index(phase) for phase in phases)
    edits = [version.at_s for version in song.history if version.content or version.embeds]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(edits))


async def shows(song: Message, up: str, down: str) -> None:
    await song.until(lambda seen: (seen.button("👍").label, seen.button("👎").label) == (up, down))


async def test_a_song_is_composed_voted_on_and_remembered_after_a_restart(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    ada, grace, alan = (discord.person(name) for name in ("Ada", "Grace", "Alan"))
    async with bot_process(discord, tmp_path):
        exchange = await ada.slash("compose", prompt="chill lofi 20s")
        assert exchange.first_answer_s < 3.0
        song = await song_of(exchange)
        check_song(song, seconds=20.0)
        check_progress(song)
        assert "lofi" in song.fields["Style"]
        await alan.press(song, "👍")
        await shows(song, "1", "0")
        await grace.press(song, "👎")
        await shows(song, "1", "1")
        another = await song_of(await ada.press(song, "🎲"))
        check_song(another, seconds=20.0)
        assert another.fields["Seed"] != song.fields["Seed"]
        assert file_of(another, ".mid") != file_of(song, ".mid")
    async with bot_process(discord, tmp_path):
        await grace.press(song, "👍")
        await shows(song, "2", "0")
        await alan.press(song, "👍")
        await shows(song, "1", "0")
        again = await song_of(await grace.press(song, "🎲"))
        check_song(again, seconds=20.0)


async def test_a_mention_gets_a_song_a_seed_the_same_song_again_and_a_bad_wish_one_sentence(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with bot_process(discord, tmp_path):
        by_mention = await song_of(await discord.mention("chill lofi 20s"))
        check_song(by_mention, seconds=20.0)
        check_progress(by_mention)
        seed = int(by_mention.fields["Seed"].strip("`"))
        by_command = await song_of(await discord.slash("compose", prompt="chill lofi 20s", seed=seed))
        assert file_of(by_command, ".mid") == file_of(by_mention, ".mid")
        told = await discord.slash("compose", prompt="lofi", seconds=99999)
        refused = await told.until(lambda message: "99999" in message.content, timeout_s=SONG_S)
        assert "300" in refused.content
        assert not refused.files
        helped = await (await discord.mention("help")).said()
        assert "/compose" in helped.content


async def test_workers_that_are_killed_cost_nobody_a_song(discord: LocalDiscord, tmp_path: Path) -> None:
    async with bot_process(discord, tmp_path) as process:
        exchange = await discord.slash("compose", prompt="chill lofi 20s")
        await exchange.until(lambda message: "**composing**" in message.content, timeout_s=SONG_S)
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        check_song(await song_of(exchange), seconds=20.0)
        check_song(await song_of(await discord.slash("compose", prompt="chill lofi 20s")), seconds=20.0)


async def test_a_bot_that_is_killed_while_it_composes_delivers_the_song_after_its_restart(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with bot_process(discord, tmp_path):
        exchange = await discord.slash("compose", prompt="chill lofi 20s", seed=7)
        twin = await song_of(exchange)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", cwd=tmp_path, env=environment(discord, tmp_path), stderr=asyncio.subprocess.DEVNULL
    )
    await discord.ready(timeout_s=60)
    cut_short = await discord.slash("compose", prompt="chill lofi 20s", seed=7)
    await cut_short.until(lambda message: "**composing**" in message.content, timeout_s=SONG_S)
    process.kill()
    await process.wait()
    await discord.gone()
    async with bot_process(discord, tmp_path):
        song = await song_of(cut_short)
        check_song(song, seconds=20.0)
        assert song is cut_short.message
        assert file_of(song, ".mid") == file_of(twin, ".mid")


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("this system does not list a process's children under /proc")
    return [int(child) for child in listed.read_text().split()]
