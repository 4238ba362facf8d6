"""While 64 songs are in the making, people are answered at once, the event loop is never held up, and the process stays
small: measured on the bot as a process of its own.

The bounds on answers are wider than those to reach, for machines that are busy with other things;
`benchmarks/bench_discord.py` tells the exact figures."""

from __future__ import annotations

import asyncio
import json
import math
import signal
from pathlib import Path

from tests.bot.processes import resident_mb, states, tiny_bot
from tests.bot.watchdog import LIMIT_S
from tests.discord import Exchange, LocalDiscord

SONGS = 64
ASKED_MEANWHILE = 60
ANSWER_P99_S = 1.5
MOST_MB = 160.0


def quantile(values: list[float], share: float) -> float:
    """The least value that so many of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


async def test_64_songs_in_the_making_hold_nobody_up(tmp_path: Path) -> None:
    async with LocalDiscord(servers=8) as discord:
        async with tiny_bot(discord, tmp_path) as process:
            process.send_signal(signal.SIGUSR1)
            songs = await asyncio.gather(*(asked(discord, number, "brew 6") for number in range(SONGS)))
            late = [await asked(discord, SONGS + number, "quick") for number in range(ASKED_MEANWHILE)]
            for exchange in (*songs, *late):
                await exchange.until(lambda message: bool(message.files), timeout_s=120)
            memory_mb = resident_mb(process.pid)
        figures = json.loads((tmp_path / "watch.json").read_text())
        assert set(states(tmp_path).values()) == {"done"}
    assert quantile([exchange.first_answer_s for exchange in late], 0.99) <= ANSWER_P99_S
    assert quantile([exchange.first_answer_s for exchange in songs], 1.0) <= 2 * ANSWER_P99_S
    assert figures["worst_s"] <= LIMIT_S
    assert memory_mb is None or memory_mb <= MOST_MB


async def asked(discord: LocalDiscord, number: int, prompt: str) -> Exchange:
    """Somebody somewhere asks."""
    person, server = discord.person(f"Person{number}"), discord.servers[number % len(discord.servers)]
    return await person.slash("compose", prompt=f"{prompt} {number}", where=server.channel_id)
