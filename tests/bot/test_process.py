"""The bot as a process: what it says when it cannot start, how it stops, what it does not load."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.errors import GOES_ON
from bot.health import STALE_S, is_alive, keep_pulse
from bot.settings import BotSettings
from engine import errors
from tests.bot.processes import environment, start, states
from tests.discord import LocalDiscord

HEAVY = ("torch", "onnxruntime", "music21", "ray", "transformers", "numpy")


def run_bot(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_token_the_bot_says_so_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    for more in ({}, {"DISCORD_TOKEN": ""}):
        ended = run_bot(tmp_path, **more)
        assert ended.returncode == 2
        assert ended.stdout == ""
        assert len(ended.stderr.splitlines()) == 1
        assert "DISCORD_TOKEN is not set" in ended.stderr


def test_an_unusable_setting_is_named_without_the_token(tmp_path: Path) -> None:
    ended = run_bot(tmp_path, DISCORD_TOKEN="abc.def", DISCORD_API_BASE="nowhere")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "DISCORD_API_BASE" in ended.stderr
    assert "abc.def" not in ended.stderr


def test_an_unknown_option_is_named(tmp_path: Path) -> None:
    ended = run_bot(tmp_path, "--loud")
    assert ended.returncode == 2
    assert "--loud" in ended.stderr


def test_a_discord_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    ended = run_bot(tmp_path, DISCORD_TOKEN="abc.def", DISCORD_API_BASE="http://127.0.0.1:9/api")
    assert ended.returncode == 1
    assert "cannot be reached" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


async def start_bot(discord: LocalDiscord, folder: Path, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=folder,
        env=environment(folder, **discord.environment | more),
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_refused_token_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    async with LocalDiscord() as discord:
        process = await start_bot(discord, tmp_path, DISCORD_TOKEN="old.and-wrong")
        _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert len(complaint.decode().splitlines()) == 1
    assert "refuses the token" in complaint.decode()
    assert "old.and-wrong" not in complaint.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_bot_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with LocalDiscord() as discord:
        process = await start_bot(discord, tmp_path)
        await discord.ready()
        process.send_signal(number)
        _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert "Traceback" not in complaint.decode()
    assert not discord.gateway.sessions


async def test_a_stop_while_a_song_is_made_is_over_in_time_and_keeps_the_song(tmp_path: Path) -> None:
    async with LocalDiscord() as discord:
        process = await start(discord, tmp_path, TUNESMITH_STOP_S="6")
        await discord.ready(timeout_s=30)
        exchange = await discord.slash("compose", prompt="long 30")
        await exchange.until(lambda message: "**composing**" in message.content)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert time.monotonic() - began < 10
        assert exchange.message.content == GOES_ON
        assert states(tmp_path) == {"long 30": "queued"}
        await discord.gone()


def test_the_discord_process_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, bot.__main__, bot.client\n"
        "from engine import Settings, Studio\n"
        "async def main():\n"
        "    studio = await Studio.open(Settings(_env_file=None))\n"
        "    bot.client.TunesmithBot(lambda: None)\n"
        "    studio.style_names()\n"
        "    await studio.close()\n"
        "asyncio.run(main())\n"
        "print(*sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(ended.stdout.split())
    assert "discord" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_the_token_prints_as_stars(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", "abc.def")
    settings = BotSettings.read()
    assert "abc.def" not in f"{settings} {settings!r}"
    assert settings.token is not None
    assert settings.token.get_secret_value() == "abc.def"


def test_an_unknown_key_in_the_env_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("DISCORD_TOKEM=abc\nTUNESMITH_DEVICE=cpu\n")
    with pytest.raises(errors.SetupError, match="DISCORD_TOKEM"):
        BotSettings.read()


class Heart:
    """A connection whose state the test sets."""

    latency = 0.1
    ready = True

    def is_ready(self) -> bool:
        return self.ready

    def is_closed(self) -> bool:
        return False


async def test_the_pulse_beats_while_the_connection_lives_and_ends_with_it(tmp_path: Path) -> None:
    pulse, heart = tmp_path / "deep" / "bot.pulse", Heart()
    assert not is_alive(pulse)
    task = asyncio.create_task(keep_pulse(heart, pulse, beat_s=0.01))
    await asyncio.sleep(0.1)
    assert is_alive(pulse)
    heart.latency = float("inf")
    await asyncio.sleep(0.05)
    os.utime(pulse, (time.time() - STALE_S - 1,) * 2)
    await asyncio.sleep(0.05)
    assert not is_alive(pulse)
    heart.latency = 0.1
    await asyncio.sleep(0.05)
    assert is_alive(pulse)
    task.cancel()
    await asyncio.wait({task})
    assert not pulse.exists()


def test_the_health_option_says_whether_the_bot_is_alive(tmp_path: Path) -> None:
    assert run_bot(tmp_path, "--health").returncode == 1
    (tmp_path / "bot.pulse").touch()
    assert run_bot(tmp_path, "--health").returncode == 0
