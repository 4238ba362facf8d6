"""What a person who teaches gets on Discord, with everything real but Discord: `python -m bot`, its learning and
recording processes, its database."""

from __future__ import annotations

import asyncio
import io
import signal
from pathlib import Path

import av
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from PIL import Image

from engine.compose.perform import perform
from engine.music.midi.write import write_midi
from engine.music.styles import load_style
from tests.bot.processes import ask, start
from tests.discord import Attached, LocalDiscord
from tests.discord.ids import snowflake
from tests.sound.songs import band

SONG = band(bars=12, tempo_bpm=92.0)
LESSON_S = 120.0


def midi_file() -> Attached:
    data = write_midi(perform(SONG, seed=1), load_style("lofi").parts)
    return Attached(id=snowflake(), filename="My tune.mid", data=data)


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


async def test_a_piece_is_taught_shown_heard_kept_and_forgotten_without_a_trace(tmp_path: Path) -> None:
    async with LocalDiscord() as discord:
        process = await start(discord, tmp_path, module="bot")
        try:
            await discord.ready(timeout_s=60)
            exchange = await discord.slash("teach", file=midi_file(), style="jazz", licence="cc-by", credit="Ada")
            message = await exchange.until(lambda seen: bool(seen.files), timeout_s=LESSON_S)
            assert message.fields["Tempo"] == "92 bpm, 4/4"
            assert "melody" in message.fields["Roles"]
            assert message.fields["Licence"] == "CC BY (Ada)"
            with Image.open(io.BytesIO(message.files["piano-roll.png"])) as picture:
                assert picture.width >= 800
            with av.open(io.BytesIO(message.files["preview.mp3"])) as preview:
                assert preview.duration is not None
                assert preview.duration / av.time_base > SONG.duration_s - 1
            await discord.press(message, "Keep it")
            await message.until(lambda seen: "✅ Kept" in seen.content)
            again = await (await discord.slash("teach", file=midi_file(), style="jazz", licence="own")).said()
            assert "was uploaded for jazz already" in again.content
            await discord.press(message, "Forget it")
            await message.until(lambda seen: "Forgotten" in seen.content)
            assert message.files == {}
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert not list((tmp_path / "uploads").glob("*/*"))
    assert ask(tmp_path, "SELECT state, person_id, name, credit, sha256, report FROM uploads") == [
        ("forgotten", None, "", "", None, None)
    ]
